"""Many photos over several threads."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from recorte import BackgroundRemover
from recorte.errors import ModelError
from recorte.removal.files.folder import AHEAD, cut_out_each, spread

PATIENCE = 60
"""Seconds after which a thread that waits for another gives up, so that a fault fails and does not hang."""


def plan_of(folder: Path, count: int) -> dict[Path, Path]:
    return {folder / f"{number:02}.jpg": folder / "cut" / f"{number:02}.png" for number in range(count)}


def test_photos_overlap_and_are_told_of_in_their_order(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 8)
    others_done, done = threading.Event(), []

    def cut_out(photo: Path, result: Path) -> None:
        if photo.stem == "00":  # the first is done last
            assert others_done.wait(PATIENCE)
        done.append(photo)
        if len(done) == 7:
            others_done.set()

    told = list(cut_out_each(cut_out, plan, jobs=2))
    assert [outcome.photo for outcome in told] == list(plan)
    assert {outcome.status for outcome in told} == {"written"}
    assert done[-1] == tmp_path / "00.jpg"


@pytest.mark.parametrize("jobs", [1, 3])
def test_no_more_photos_in_hand_than_asked_for(tmp_path: Path, jobs: int) -> None:
    counting, together, most = threading.Lock(), threading.Barrier(jobs), 0
    in_hand = 0

    def cut_out(photo: Path, result: Path) -> None:
        nonlocal in_hand, most
        with counting:
            in_hand += 1
            most = max(most, in_hand)
        together.wait(PATIENCE)
        with counting:
            in_hand -= 1
        together.wait(PATIENCE)

    assert len(list(cut_out_each(cut_out, plan_of(tmp_path, 4 * jobs), jobs=jobs))) == 4 * jobs
    assert most == jobs


def test_only_so_far_ahead_of_a_slow_photo(tmp_path: Path) -> None:
    begun: list[Path] = []
    told = cut_out_each(lambda photo, result: begun.append(photo), plan_of(tmp_path, 5 * AHEAD), jobs=1)
    for count in range(1, 4):
        next(told)
        assert len(begun) < count + AHEAD
    told.close()
    assert len(begun) < 4 + AHEAD


def stopping(calls: list[Path], after: int) -> Callable[[], bool]:
    return lambda: len(calls) >= after


def test_stopping_begins_no_further_photo(tmp_path: Path) -> None:
    begun: list[Path] = []
    plan = plan_of(tmp_path, 50)
    told = list(cut_out_each(lambda photo, result: begun.append(photo), plan, stopped=stopping(begun, 5)))
    assert [outcome.photo for outcome in told] == begun == list(plan)[:5]


@pytest.mark.parametrize("trouble", [ModelError("worn out"), KeyboardInterrupt()])
def test_what_ends_a_run_ends_it_for_all_threads(tmp_path: Path, trouble: BaseException) -> None:
    begun: list[Path] = []

    def cut_out(photo: Path, result: Path) -> None:
        begun.append(photo)
        if photo.stem == "02":
            raise trouble

    threads = threading.active_count()
    with pytest.raises(type(trouble)):
        list(cut_out_each(cut_out, plan_of(tmp_path, 400), jobs=2))
    assert len(begun) < 400
    assert threading.active_count() == threads


def test_threads_give_the_same_files(tmp_path: Path, best_model: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(9):
        Image.linear_gradient("L").resize((40 + number, 30)).convert("RGB").rotate(number * 20, fillcolor="red").save(
            tmp_path / "in" / f"{number}.png"
        )
    remover = BackgroundRemover(best_model)
    one, four = (remover.batch_process(tmp_path / "in", tmp_path / str(jobs), jobs=jobs) for jobs in (1, 4))
    assert len(one.written) == len(four.written) == 9
    for alone, together in zip(one.written, four.written, strict=True):
        assert alone.read_bytes() == together.read_bytes()


def test_how_cores_are_shared_out() -> None:
    assert [spread(cores) for cores in (1, 2, 4, 8, 64)] == [(2, 1), (3, 1), (5, 1), (8, 1), (8, 8)]
    assert [spread(8, jobs) for jobs in (1, 2, 3, 20)] == [(1, 8), (2, 4), (3, 2), (20, 1)]
