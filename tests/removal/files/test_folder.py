import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte import BackgroundRemover
from recorte.errors import ModelError, PhotoError, RecorteError
from recorte.removal import remover as remover_module
from recorte.removal.files.plan import plan_folder, plan_photos, result_names
from recorte.removal.files.report import Failure


@pytest.fixture
def remover(best_model: Path) -> BackgroundRemover:
    return BackgroundRemover(best_model, threads=1)


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    """Two photos that are whole and one that is not, in a tree."""
    folder = tmp_path / "holiday"
    (folder / "sub").mkdir(parents=True)
    Image.new("RGB", (20, 10), "red").save(folder / "a.jpg")
    Image.new("RGB", (10, 20), "blue").save(folder / "sub" / "a.png")
    (folder / "broken.jpg").write_bytes(b"<html>")
    (folder / "notes.txt").touch()
    return folder


def names(*photos: str) -> dict[str, str]:
    found = result_names(Path(photo) for photo in photos)
    return {photo.as_posix(): result.as_posix() for photo, result in found.items()}


def test_names_are_short_where_nothing_clashes() -> None:
    assert names("a.jpg", "b.png", "sub/a.png", "sub.jpg") == {
        "a.jpg": "a.png", "b.png": "b.png", "sub/a.png": "sub/a.png", "sub.jpg": "sub.png",
    }  # fmt: skip


def test_names_that_would_clash_keep_their_suffix() -> None:
    assert names("a.jpg", "a.png", "b.jpg") == {"a.jpg": "a.jpg.png", "a.png": "a.png.png", "b.jpg": "b.png"}
    assert names("IMG.JPG", "img.webp") == {"IMG.JPG": "IMG.JPG.png", "img.webp": "img.webp.png"}


def test_a_full_name_may_clash_with_a_third_photo() -> None:
    found = names("a.jpg", "a.png", "a.jpg.webp")
    assert found == {"a.jpg": "a.jpg.png", "a.png": "a.png.png", "a.jpg.webp": "a.jpg.webp.png"}


def test_many_names_never_clash() -> None:
    random = np.random.default_rng(0)
    for _ in range(300):
        photos = {
            "".join(random.choice(["a", "A", ".jpg", ".png"], random.integers(1, 4))) + ".webp" for _ in range(8)
        } | {"a.jpg", "a.png", "a.jpg.png"}
        assert len(set(names(*photos).values())) == len(photos)


def test_single_photos_beside_themselves_and_in_a_folder(tmp_path: Path) -> None:
    photos = [tmp_path / "a.jpg", tmp_path / "b.jpg", tmp_path / "b.png"]
    beside = [result.name for result in plan_photos(photos, None, ending="-cutout.png").values()]
    assert beside == ["a-cutout.png", "b.jpg-cutout.png", "b.png-cutout.png"]
    within = plan_photos(photos, tmp_path / "cut")
    assert list(within.values()) == [tmp_path / "cut" / name for name in ("a.png", "b.jpg.png", "b.png.png")]
    with pytest.raises(RecorteError, match=r"one/a\.jpg, .*two/a\.jpg: these have one name"):
        plan_photos([tmp_path / "one" / "a.jpg", tmp_path / "two" / "a.jpg", tmp_path / "b.jpg"], tmp_path / "cut")


def test_a_tree_is_kept_and_every_photo_accounted_for(
    remover: BackgroundRemover, holiday: Path, tmp_path: Path
) -> None:
    cut, seen = tmp_path / "cut", []
    report = remover.batch_process(holiday, cut, on_photo=lambda *call: seen.append(call))
    assert report.written == [cut / "a.png", cut / "sub" / "a.png"]
    assert report.skipped == []
    assert [failure.photo for failure in report.failed] == [holiday / "broken.jpg"]
    assert "broken.jpg: not a photo" in report.failed[0].reason
    assert seen == [(1, 3, holiday / "a.jpg"), (2, 3, holiday / "broken.jpg"), (3, 3, holiday / "sub" / "a.png")]
    with Image.open(cut / "a.png") as image:
        assert (image.mode, image.size) == ("RGBA", (20, 10))
    assert sorted(path.relative_to(cut).as_posix() for path in cut.rglob("*")) == ["a.png", "sub", "sub/a.png"]


def test_a_second_run_skips_what_is_there(remover: BackgroundRemover, holiday: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    remover.batch_process(holiday, cut)
    (cut / "a.png").write_bytes(b"touched by hand")
    (cut / "sub" / "a.png").unlink()
    report = remover.batch_process(holiday, cut)
    assert (report.written, report.skipped) == ([cut / "sub" / "a.png"], [cut / "a.png"])
    assert (cut / "a.png").read_bytes() == b"touched by hand"
    report = remover.batch_process(holiday, cut, overwrite=True)
    assert report.written == [cut / "a.png", cut / "sub" / "a.png"]
    assert Image.open(cut / "a.png").size == (20, 10)


def test_results_inside_the_folder_are_not_photos(remover: BackgroundRemover, holiday: Path) -> None:
    for _ in range(2):
        report = remover.batch_process(holiday, holiday / "cut")
        assert len(report.written) + len(report.skipped) == 2
    assert not (holiday / "cut" / "cut").exists()


def test_results_above_the_folder(remover: BackgroundRemover, holiday: Path) -> None:
    report = remover.batch_process(holiday / "sub", holiday)
    assert report.written == [holiday / "a.png"]


def test_a_photo_is_never_replaced_by_the_cutout_of_another(remover: BackgroundRemover, tmp_path: Path) -> None:
    inner = tmp_path / "x" / "x"
    inner.mkdir(parents=True)
    Image.new("RGB", (4, 4), "red").save(inner / "a.png")
    Image.new("RGB", (5, 5), "red").save(tmp_path / "x" / "a.png")
    before = (tmp_path / "x" / "a.png").read_bytes()
    report = remover.batch_process(tmp_path / "x", tmp_path, overwrite=True)
    assert [failure.photo for failure in report.failed] == [inner / "a.png"]
    assert "one of the photos" in report.failed[0].reason
    assert (tmp_path / "x" / "a.png").read_bytes() == before


def test_folders_that_cannot_be(remover: BackgroundRemover, holiday: Path, tmp_path: Path) -> None:
    with pytest.raises(RecorteError, match="must not go into the folder of the photos itself"):
        remover.batch_process(holiday, holiday / "sub" / "..")
    with pytest.raises(PhotoError, match="nowhere: no such folder"):
        remover.batch_process(tmp_path / "nowhere", tmp_path / "cut")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PhotoError, match=r"empty: no photos in it \(\.jpg, \.png, "):
        remover.batch_process(tmp_path / "empty", tmp_path / "cut")
    assert not (tmp_path / "cut").exists()
    with pytest.raises(RecorteError, match=r"notes\.txt.*cannot be made"):
        remover.batch_process(holiday, holiday / "notes.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_to_write(remover: BackgroundRemover, holiday: Path, tmp_path: Path) -> None:
    (tmp_path / "sealed").mkdir(mode=0o555)
    with pytest.raises(RecorteError, match="sealed: no permission to write"):
        remover.batch_process(holiday, tmp_path / "sealed")


def test_any_trouble_with_one_photo_is_that_photos_alone(
    remover: BackgroundRemover, holiday: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trouble(pipeline: object, options: object, photo: Path, result: Path, **_: object) -> None:
        if photo.name == "a.jpg":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(remover_module, "remove", trouble)
    report = remover.batch_process(holiday, tmp_path / "cut")
    path = holiday / "a.jpg"
    assert report.failed == [Failure(path, f"{path}: OSError: [Errno {errno.ENOSPC}] No space left on device")]
    assert len(report.written) == 2


def test_trouble_with_the_model_ends_the_run(
    remover: BackgroundRemover, holiday: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trouble(*_: object, **__: object) -> None:
        raise ModelError("worn out")

    monkeypatch.setattr(remover_module, "remove", trouble)
    with pytest.raises(ModelError, match="worn out"):
        remover.batch_process(holiday, tmp_path / "cut")


def test_the_plan_follows_the_photos_not_what_is_written(holiday: Path, tmp_path: Path) -> None:
    first = plan_folder(holiday, tmp_path / "cut")
    (tmp_path / "cut" / "a.png").touch()
    assert plan_folder(holiday, tmp_path / "cut") == first
