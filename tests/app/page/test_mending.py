import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte import BackgroundRemover
from recorte.app.limits import Limits
from recorte.app.page.correcting.mending import Mending
from recorte.app.page.cutting import Made, make
from recorte.app.page.showing.look import Look
from recorte.removal.correct.touches import MOST

KEEP = {"keep": True, "stroke": {"points": [[60, 45], [64, 50]], "radius": 3}}
DROP = {"keep": False, "stroke": {"points": [[20, 20], [20, 30]], "radius": 3}}


@pytest.fixture
def remover(best_model: Path) -> BackgroundRemover:
    return BackgroundRemover(best_model, threads=1)


def made_of(remover: BackgroundRemover, pixels: np.ndarray) -> Made:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return make(remover, content.getvalue(), Limits())


@pytest.fixture
def mending(remover: BackgroundRemover, red_square: np.ndarray) -> Mending:
    return Mending(remover, "key", "photo.png", made_of(remover, red_square))


def said(turn: int, *touches: object) -> dict[str, object]:
    return {"turn": turn, "seen": True, "touches": list(touches)}


def alpha_of(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))[..., -1]


def test_touches_undo_and_redo(mending: Mending, remover: BackgroundRemover, red_square: np.ndarray) -> None:
    first = mending.alpha
    assert first[48, 62] == 0
    assert first[25, 20] == 255
    mending.take(said(1, KEEP))
    kept = mending.alpha
    mending.take(said(2, KEEP, DROP))
    assert (mending.alpha[48, 62], mending.alpha[25, 20]) == (255, 0)
    both = mending.alpha
    mending.take(said(3, KEEP))
    assert np.array_equal(mending.alpha, kept)
    mending.take(said(4))
    assert np.array_equal(mending.alpha, first)
    mending.take(said(5, KEEP, DROP))
    assert np.array_equal(mending.alpha, both)
    mending.take(said(6, DROP))  # another way than before
    assert (mending.alpha[48, 62], mending.alpha[25, 20]) == (0, 0)
    asked = remover.correct(red_square, first / np.float32(255), drop=[DROP["stroke"]])
    assert np.abs(mending.alpha - asked * 255).max() <= 0.5
    assert mending.data()["turn"] == 6


def test_what_was_corrected_is_made_again(mending: Mending, remover: BackgroundRemover) -> None:
    assert not mending.changed
    mending.take(said(1, KEEP, DROP))
    assert mending.changed
    made = mending.made()
    assert np.array_equal(alpha_of(made.cutout), mending.alpha)
    assert made.report.found
    rows, columns = made.box
    assert alpha_of(Look(crop=True).file(remover, made)).shape == (rows.stop - rows.start, columns.stop - columns.start)
    again = Mending(remover, "key", "photo.png", made)
    assert not again.changed
    again.take(said(1))
    assert again.changed
    assert again.made().mask == made.first


def test_what_is_transparent_in_a_photo_stays_so(remover: BackgroundRemover, red_square: np.ndarray) -> None:
    own = np.full(red_square.shape[:2], 255, np.uint8)
    own[:, 60:] = 0
    mending = Mending(remover, "key", "photo.png", made_of(remover, np.dstack([red_square, own])))
    mending.take(said(1, {"keep": True, "stroke": {"points": [[52, 48], [66, 48]], "radius": 3}}))
    alpha = alpha_of(mending.made().cutout)
    assert alpha[48, 55] == 255
    assert alpha[:, 60:].max() == 0


@pytest.mark.parametrize(
    "message",
    [
        None, [], {}, said("x", KEEP), {"turn": 1, "seen": True, "touches": 5}, said(1, 7), said(1, {"keep": True}),
        said(1, {"keep": True, "stroke": {"points": [], "radius": 3}}),
        said(1, {"keep": True, "stroke": {"points": [[500, 500]], "radius": 3}}),
        said(1, {"keep": True, "stroke": {"points": [[5, 5]], "radius": float("nan")}}),
        said(1, {"keep": True, "stroke": {"points": [["a", 5]], "radius": 3}}),
        said(1, *[KEEP] * (MOST + 1)), said(1, *[KEEP] * (5 * MOST)),
    ],
)  # fmt: skip
def test_messages_that_cannot_be_change_nothing(mending: Mending, message: object) -> None:
    mending.take(said(1, DROP))
    before = mending.alpha
    mending.take(message)
    assert mending.problem in ("touch_refused", "touches_most")
    assert np.array_equal(mending.alpha, before)
    assert len(mending.touches) == 1
    mending.take(said(2, DROP, KEEP))
    assert mending.problem is None


@pytest.mark.parametrize("radius", [1e9, 1e300])
def test_a_brush_larger_than_any_photo(mending: Mending, radius: float) -> None:
    mending.take(said(1, {"keep": False, "stroke": {"points": [[5, 5]], "radius": radius}}))
    assert mending.problem == "touch_refused"
    mending.take(said(2, {"keep": False, "stroke": {"points": [[5, 5], [1e9, 1e9]], "radius": 80}}))
    assert mending.alpha[:60, :60].max() == 0
