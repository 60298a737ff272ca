"""From a folder of photos and masks to a model of a name, or to nothing at all."""

import contextlib
import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from recorte.errors import ConfigError, DataError, ModelError, RecorteError
from recorte.files import write_whole
from recorte.home import REPLACED, check_name, home, model_named, model_names, models
from recorte.removal.network import Network
from recorte.teaching.facts import FACTS, PAIRS, SHEET, facts_of
from recorte.teaching.judging import ROWS, Judgement, drawn_figures, judge, means, write_pairs, write_sheet
from recorte.teaching.lessons import Lessons
from recorte.teaching.process import learn
from recorte.training.runs.resume import claimed

MOST_EARLIER = 8
"""Photos taught earlier that are measured again."""
WRITTEN = 10
"""What a teaching writes at most at one time, in times of the weights in half precision that it goes on from."""
AFTERWARDS = 30.0
"""Seconds, about, that exporting takes."""


@dataclass(frozen=True)
class Progress:
    """How far a teaching is.

    Attributes:
        stage: "looking", "measuring", "learning", or "finishing".
        step: of the learning.
        steps: all of them; 0 where there are none.
        seconds_left: an estimate; None as long as nothing is known.
    """

    stage: str
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None


@dataclass(frozen=True)
class Taught:
    """A model that was taught.

    Attributes:
        name: by which it is used.
        folder: where it is, with `before_after.png`.
        before: mean IoU of the photos that were kept to judge by ("judged"), of drawn figures ("drawn") and of photos
            taught earlier ("earlier", where there are such), cut out with the model that it went on from.
        after: the same, with this model.
        photos: that were learned from.
        interrupted: an earlier teaching of this name had been killed.
    """

    name: str
    folder: Path
    before: dict[str, float]
    after: dict[str, float]
    photos: int
    interrupted: bool


def teach(
    folder: Path,
    model: Path | None = None,
    name: str = "mine",
    *,
    overwrite: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    settings: Mapping[str, object] | None = None,
) -> Taught:
    """Teach a model photos with masks; the result is another model, the one that is in use stays as it is.

    Until the end everything is in a folder of this teaching, which is removed whatever happens.

    Args:
        folder: see `Lessons`.
        model: that it goes on from, as `BackgroundRemover` takes it.
        name: of the new one.
        overwrite: replace a model of this name.
        on_progress: called again and again.
        settings: keys of `conf/train.yaml` to be set otherwise than `experiment=teach` does.

    Raises:
        RecorteError: of all that can be wrong with photos, masks, models and the disk.
    """
    check_name(name)
    if model_named(name) is not None and not overwrite:
        raise RecorteError(
            f"{models() / name}: a model of this name was taught already; choose another --name, or give --overwrite"
        )
    on_progress(Progress("looking"))
    start = _start(model)
    lessons = Lessons(folder)
    lessons.check()
    with _workplace(name) as (place, interrupted):
        _check_room(place, start)
        on_progress(Progress("measuring"))
        sets = {"judged": lessons.samples(10**6), "drawn": drawn_figures()}
        if earlier := _earlier(lessons.folder):
            sets["earlier"] = earlier
        began = monotonic()
        before, alphas_before = judge(model, sets)
        left = AFTERWARDS + (monotonic() - began)
        request = _request(lessons, start, place / "run") | dict(settings or {})
        learn(request, place, _with_time_left(on_progress, left))
        new = place / "run/best_model"
        after, alphas_after = judge(new, sets)
        write_sheet(new / SHEET, sets["judged"], (alphas_before, alphas_after), (before, after))
        write_pairs(new / PAIRS, sets["judged"], (alphas_before, alphas_after))
        write_whole(new / FACTS, json.dumps(_facts(lessons, start, before, after), indent=2) + "\n")
        target = _put(new, name, overwrite)
    return Taught(name, target, means(before), means(after), len(lessons.train), interrupted)


def _start(model: Path | None) -> Network:
    """Open the model that the teaching goes on from.

    Raises:
        ModelError: it cannot be used, or not be taught.
    """
    network = Network(model)
    if not network.path.with_name("model.safetensors").is_file():
        raise ModelError(
            f"{model or network.path}: without its model.safetensors a model can be used, but not taught; give a "
            "best_model folder or a run's"
        )
    return network


def _check_room(place: Path, start: Network) -> None:
    """Look for room before anything is measured; while it learns a full disk would be told in training's words.

    Raises:
        RecorteError: the disk has too little.
    """
    free = shutil.disk_usage(place).free
    needed = WRITTEN * start.path.with_name("model.safetensors").stat().st_size
    if free < needed:
        raise RecorteError(
            f"{place}: {free / 1e6:,.0f} MB are free on its disk, and teaching needs {needed / 1e6:,.0f} MB for a "
            "while; make room, or let RECORTE_HOME name a folder on another disk"
        )


def steps_for(photos: int) -> int:
    """Say how many steps so many photos are worth."""
    return min(60 + 10 * photos, 240)


def _request(lessons: Lessons, start: Network, run_dir: Path) -> dict[str, object]:
    source = lessons.source
    return {
        "data.root": str(lessons.folder),
        "data.sources.lessons._target_": f"{source.__module__}.{source.__name__}",
        "data.image_size": start.image_size,
        "init": str(start.path.parent),
        "run_dir": str(run_dir),
        "trainer.limit_train_batches": steps_for(len(lessons.train)),
        "trainer.limit_val_batches": math.ceil(len(lessons.judged) / 4),
    }


def _facts(lessons: Lessons, start: Network, before: Judgement, after: Judgement) -> dict[str, Any]:
    return {
        "lessons": str(lessons.folder),
        "photos": len(lessons.train),
        "judged_by": len(lessons.judged),
        "went_on_from": str(start.path.parent),
        "before": means(before),
        "after": means(after),
        "shown": [
            {"name": lessons.judged.name(number), "before": round(old, 4), "after": round(new, 4)}
            for number, (old, new) in enumerate(zip(before["judged"][:ROWS], after["judged"], strict=False))
        ],
    }


def _earlier(folder: Path) -> list[Any]:
    """Read photos that earlier teachings, from other folders, were judged by, as far as they are still there."""
    samples: list[Any] = []
    for name in model_names():
        with contextlib.suppress(OSError, ValueError, KeyError, RecorteError):
            facts = facts_of(model_named(name) or models())
            if Path(facts["lessons"]) != folder:
                samples += Lessons(Path(facts["lessons"])).samples(MOST_EARLIER)
    return samples[:MOST_EARLIER]


def _with_time_left(on_progress: Callable[[Progress], None], rest: float) -> Callable[[int, int], None]:
    """Make of steps a progress with the time that is left: the mean of the steps so far, and what comes after them."""
    began = 0.0

    def on_step(step: int, steps: int) -> None:
        nonlocal began
        if step <= 1:  # the first one warms everything up
            began = monotonic()
        left = (monotonic() - began) / (step - 1) * (steps - step) + rest if step > 1 else None
        on_progress(Progress("finishing", 0, 0, rest) if step == steps else Progress("learning", step, steps, left))

    return on_step


@contextlib.contextmanager
def _workplace(name: str) -> Iterator[tuple[Path, bool]]:
    """Give a folder for a teaching, empty, and whether one that was killed had left something there."""
    place = home() / "teaching" / name
    try:
        with claimed(place):
            remains = [path for path in place.iterdir() if path.name != ".running"]
            _clear(remains)
            try:
                yield place, bool(remains)
            finally:
                _clear([path for path in place.iterdir() if path.name != ".running"])
    except ConfigError:
        raise RecorteError(f"--name {name}: this name is being taught just now; wait, or choose another one") from None


def _clear(paths: list[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _put(new: Path, name: str, overwrite: bool) -> Path:
    """Move a whole model to its name; one that is replaced is found until the new one is there."""
    target, before = models() / name, models() / f"{REPLACED}{name}"
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and overwrite:
        shutil.rmtree(before, ignore_errors=True)
        target.rename(before)
    try:
        new.rename(target)
    except OSError as error:
        raise DataError(f"{target}: the model cannot be put there ({error.strerror})") from None
    shutil.rmtree(before, ignore_errors=True)
    return target
