import json
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from recorte import BackgroundRemover
from recorte.errors import PhotoError, RecorteError
from recorte.letterbox import resize
from recorte.messages import LANGUAGES, MESSAGES, say
from recorte.removal.quality import (
    DOUBT,
    DOUBT_LOGARITHM,
    LEAST_DOUBT,
    QualityReport,
    Thresholds,
    doubt,
    judge,
    likely_iou,
    report,
)


def judged(alpha: np.ndarray, **thresholds: float) -> QualityReport:
    return report(np.zeros((*alpha.shape, 3), np.uint8), alpha.astype(np.float32), thresholds=Thresholds(**thresholds))


def block(top: int, bottom: int, left: int, right: int, size: int = 240) -> np.ndarray:
    alpha = np.zeros((size, size), np.float32)
    alpha[top:bottom, left:right] = 1
    return alpha


def test_a_sharp_sure_mask_has_the_full_score() -> None:
    found = judged(block(80, 160, 80, 160), coverage=5, resolution=20)
    assert (found.score, found.found, found.advice) == (99, True, ("fine",))
    assert (found.contrast, found.edges) == (100, 100)
    assert found.coverage == pytest.approx(100 / 9, abs=0.1)
    assert found.resolution == 24  # the root of 0.24 x 0.24 megapixels
    assert found.places == ((0, 0, 0), (0, 100, 0), (0, 0, 0))
    assert found.histogram == (88.9, 0, 0, 0, 0, 0, 0, 0, 0, 11.1)


def test_the_figures_of_a_doubtful_mask() -> None:
    alpha = np.full((100, 100), 0.02, np.float32)
    alpha[40:80, 40:80] = 0.9
    # 1,600 pixels lack 0.1 and 8,400 have 0.02 too much: 328 of an area of 1,600.
    assert doubt(alpha) == pytest.approx(log(0.205 + LEAST_DOUBT), abs=1e-5)
    logit = DOUBT + DOUBT_LOGARITHM * log(0.205 + LEAST_DOUBT)
    assert likely_iou(alpha) == pytest.approx(1 / (1 + exp(-logit)), abs=1e-5)
    found = judged(alpha)
    assert (found.score, found.coverage, found.contrast) == (round(100 * likely_iou(alpha)), 16, 88)
    # 1,600 half-transparent pixels along an outline of 4 x 39: a band of 26.3 of 256 pixels, 6 / (6 + 26.3).
    assert found.edges == pytest.approx(18.6, abs=0.1)
    assert found.advice == ("poor", "edges_low", "resolution_low")


def test_the_networks_own_doubts_count_where_they_are_known() -> None:
    mask, photo = block(40, 200, 80, 160), np.zeros((240, 240, 3), np.uint8)
    doubtful, sure = np.where(mask == 1, np.float32(0.7), np.float32(0.05)), report(photo, mask)
    # 12,800 * 0.3 and 44,800 * 0.05 of 12,800 are doubtful to the one look, nothing to the other.
    assert doubt(mask, [doubtful, mask]) == pytest.approx((log(0.475 + LEAST_DOUBT) + log(LEAST_DOUBT)) / 2, abs=1e-5)
    once, twice = report(photo, mask, [doubtful, mask]), report(photo, mask, [resize(doubtful, 120, 120)] * 2)
    assert sure.score == 99 > once.score > twice.score
    assert (sure.figures, sure.places) == (twice.figures, twice.places)


def test_the_steps_of_a_photo_are_judged_without_the_padding(best_model: Path, red_square: np.ndarray) -> None:
    one, more = (BackgroundRemover(best_model, looks=looks).steps(red_square) for looks in (1, 4))
    assert one.first_alpha.shape == one.raw_alpha.shape == (64, 64)
    # 60 x 80 pixels lie in 48 x 64
    assert judge(red_square, one) == report(red_square, one.alpha, [one.raw_alpha[8:56]] * 2)
    assert np.array_equal(more.first_alpha, one.first_alpha)
    assert len(more.raw_alpha) == 80 > len(more.first_alpha)
    assert judge(red_square, more) == report(red_square, more.alpha, [more.first_alpha[8:56], more.raw_alpha[10:70]])


def test_judge_says_what_it_takes(best_model: Path, red_square: np.ndarray) -> None:
    steps = BackgroundRemover(best_model, threads=1).steps(red_square)
    with pytest.raises(PhotoError, match=r"must be an array, uint8 \(height, width, 3\), not str"):
        judge("photo.jpg", steps)  # type: ignore[arg-type]
    with pytest.raises(RecorteError, match=r"judge takes what remover.steps\(photo\) gives, not ndarray"):
        judge(red_square, steps.alpha)  # type: ignore[arg-type]
    with pytest.raises(RecorteError, match=r"float32 \(30, 80\) as the photo, not float32 \(60, 80\)"):
        judge(red_square[:30], steps)


def test_softer_edges_are_worth_less_and_size_does_not_matter() -> None:
    def ramp(width: int, size: int) -> np.ndarray:
        row = np.clip((np.arange(size) - size // 2) / (width * size / 256) + 0.5, 0, 1)
        return np.repeat(row[None], size, axis=0).astype(np.float32)

    sharp, soft, softer = (judged(ramp(width, 256)) for width in (2, 8, 24))
    assert 100 > sharp.edges > soft.edges > softer.edges > 0
    assert sharp.score > soft.score > softer.score
    large = judged(ramp(8, 1024))
    assert large.edges == pytest.approx(soft.edges, abs=1)
    assert abs(large.score - soft.score) <= 1
    assert (large.resolution, soft.resolution) == (100, 25.6)


@pytest.mark.parametrize("alpha", [np.zeros((60, 80)), np.full((60, 80), 0.49), block(0, 16, 0, 16)])
def test_nobody_found(alpha: np.ndarray) -> None:
    nothing = judged(alpha)  # the last: 0.44 % of the photo, less than counts as somebody
    assert (nothing.score, nothing.found, nothing.advice, nothing.edges) == (0, False, ("nobody",), 0)
    assert nothing.sentences("es")[0].startswith("No se ha encontrado a nadie")


@pytest.mark.parametrize(
    ("side", "place"),
    {
        "left": (80, 160, 0, 90),
        "right": (80, 160, 150, 240),
        "top": (0, 90, 80, 160),
        "bottom": (150, 240, 80, 160),
    }.items(),
)
def test_a_person_cut_at_a_border(side: str, place: tuple[int, int, int, int]) -> None:
    found = judged(block(*place), coverage=5, resolution=20)
    assert found.advice == (f"cut_{side}",)
    assert found.sentences() == [f"The person is cut at the {side} border."]


def test_a_toe_at_the_border_is_not_cut_and_everything_else_is_told_in_order() -> None:
    assert judged(block(40, 240, 100, 106) + block(40, 200, 80, 160), resolution=20).advice == ("fine",)
    everywhere = judged(np.full((60, 80), 0.55, np.float32))
    cut = ("cut_left", "cut_right", "cut_top", "cut_bottom")
    assert everywhere.advice == ("poor", *cut, "contrast_low", "edges_low", "resolution_low")
    assert everywhere.coverage == 100


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (2000, 3), (2, 2)])
def test_odd_sizes(shape: tuple[int, int]) -> None:
    full = judged(np.ones(shape, np.float32))
    assert (full.score, full.coverage) == (99, 100)
    assert [len(row) for row in full.places] == [3, 3, 3]


def test_as_plain_data() -> None:
    plain = json.loads(json.dumps(judged(block(80, 160, 0, 90)).as_dict("es")))
    assert plain["figures"]["coverage"] == {"value": 12.5, "threshold": 15, "enough": False}
    assert list(plain["figures"]) == ["coverage", "contrast", "edges", "resolution"]
    assert plain["places"][1] == [100, 12.5, 0]
    assert plain["advice"] == ["cut_left", "coverage_low", "resolution_low"]
    assert plain["sentences"][0] == "La persona está cortada por el borde izquierdo."
    assert (plain["score"], plain["found"]) == (99, True)


def test_photo_and_alpha_must_be_of_one_size() -> None:
    with pytest.raises(ValueError, match=r"one size, not \(5, 4\) and \(4, 5\)"):
        report(np.zeros((5, 4, 3), np.uint8), np.zeros((4, 5), np.float32))


def test_every_message_is_there_in_both_languages() -> None:
    for key, texts in MESSAGES.items():
        assert len(texts) == len(LANGUAGES) == len({*filter(None, texts)}), key
        fields = [{part.split("}")[0] for part in text.split("{")[1:]} for text in texts]
        assert fields[0] == fields[1], key
    assert say("nobody").startswith("Nobody found")
