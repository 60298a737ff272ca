import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte.app.page.correcting.aside import Put, put_aside, put_so_far
from recorte.data.folder import ImageMaskFolder
from recorte.errors import RecorteError
from recorte.files import PREFIX


def png(shade: int, side: int = 8) -> bytes:
    content = io.BytesIO()
    Image.new("L", (side, side), shade).save(content, "PNG")
    return content.getvalue()


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_same_photo_is_there_once_and_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "corrected"
    assert put_so_far(folder) == 0
    assert put_aside(folder, "a.png", png(1), png(255)) == (Put.NEW, "a.png")
    assert put_aside(folder, "a.png", png(1), png(255)) == (Put.THERE, "a.png")
    assert put_aside(folder, "a.png", png(1), png(9)) == (Put.OTHER_MASK, "a.png")
    assert (folder / "masks/a.png").read_bytes() == png(255)
    assert put_aside(folder, "a.png", png(1), png(9), replace=True) == (Put.REPLACED, "a.png")
    assert (folder / "masks/a.png").read_bytes() == png(9)
    assert put_aside(folder, "a.jpg", png(2), png(255)) == (Put.NEW, "a-2.jpg")  # one mask cannot be of two photos
    assert put_aside(folder, "A.png", png(3), png(255), replace=True) == (Put.NEW, "A-3.png")
    assert names(folder) == ["masks/A-3.png", "masks/a-2.png", "masks/a.png", "photos/A-3.png", "photos/a-2.jpg",
                             "photos/a.png"]  # fmt: skip
    assert put_so_far(folder) == 3


def test_what_was_put_aside_trains(tmp_path: Path) -> None:
    for number in range(2):
        put_aside(tmp_path, f"Ñandú {number}.png", png(number), png(255))
    samples = [sample for split in ("train", "val") for sample in ImageMaskFolder(tmp_path, split)]
    assert len(samples) == 2
    assert all(np.all(sample.alpha == 255) for sample in samples)


def test_what_a_killed_process_left_is_finished(tmp_path: Path) -> None:
    put_aside(tmp_path, "a.png", png(1), png(255))
    (tmp_path / "photos/a.png").unlink()
    assert put_aside(tmp_path, "a.png", png(1), png(255)) == (Put.NEW, "a.png")
    (tmp_path / "photos/a.png").unlink()
    assert put_aside(tmp_path, "a.png", png(2), png(9)) == (Put.NEW, "a-2.png")  # whose mask it is nobody knows


@pytest.mark.parametrize("name", ["é" * 300 + ".jpg", "😀" * 100 + ".jpg"])
def test_long_names(tmp_path: Path, name: str) -> None:
    for number in range(2):
        put_aside(tmp_path, name, png(number), png(255))
    assert put_so_far(tmp_path) == 2


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecorteError, match="file"):
        put_aside(tmp_path / "file", "a.png", png(1), png(255))


def test_a_full_disk_leaves_neither(small_disk: Path) -> None:
    with pytest.raises(RecorteError, match="no room"):
        put_aside(small_disk, "a.png", b"x" * 300_000, png(255))
    assert names(small_disk) == []
    assert not list(small_disk.rglob(f"{PREFIX}*"))
