"""Every kind of photo that is read counts in folders and patterns, too, and what is left out is counted."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import recorte
from recorte import BackgroundRemover
from recorte.listing import EXTENSIONS, list_photos
from recorte.photo import read_photo
from recorte.photo.heif import KINDS


@pytest.fixture
def inbox(tmp_path: Path, red_square: np.ndarray) -> Path:
    """A folder of a photo of each kind and of files that are none."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    for name, kind in {
        "a.jpg": "JPEG", "b.jfif": "JPEG", "c.JPE": "JPEG", "d.gif": "GIF", "e.jp2": "JPEG2000", "f.apng": "PNG",
        "g.dib": "BMP", "h.pnm": "PPM", "i.tga": "TGA",
    }.items():  # fmt: skip
        Image.fromarray(red_square).save(folder / name, kind)
    for name in ("1.CR2", "2.cr2", "notes.txt", "README", ".hidden"):
        (folder / name).write_text("")
    return folder


def test_a_folder_of_all_kinds(inbox: Path, best_model: Path) -> None:
    done = recorte("inbox", "-m", best_model, "-o", "cut", cwd=inbox.parent)
    assert done.returncode == 0, done.stderr
    left = "4 left out, of kinds that are not read (2 .cr2, 1 .txt, 1 without a suffix)"
    assert done.stdout == f"9 written, {left}\n"
    assert len([*(inbox.parent / "cut").iterdir()]) == 9


def test_a_pattern_of_a_rarer_kind_and_one_of_all(inbox: Path, best_model: Path) -> None:
    done = recorte("inbox/*.jfif", "-m", best_model, "-o", "one", cwd=inbox.parent)
    assert (done.returncode, done.stdout) == (0, "1 written\n"), done.stderr
    done = recorte("inbox/[bh12]*", "-m", best_model, "-o", "some", cwd=inbox.parent)
    assert done.stdout == "2 written, 2 left out, of kinds that are not read (2 .cr2)\n"


def test_results_in_the_folder_itself_are_not_left_out(inbox: Path, best_model: Path) -> None:
    (inbox / "cut").mkdir()
    (inbox / "cut" / "list.csv").write_text("")
    report = BackgroundRemover(best_model, threads=1).batch_process(inbox, inbox / "cut")
    assert len(report.written) == 9
    assert report.left_out == Counter({".cr2": 2, ".txt": 1, "without a suffix": 1})


def test_every_suffix_of_every_kind_counts() -> None:
    Image.init()
    known = {suffix for suffix, kind in Image.registered_extensions().items() if kind in KINDS}
    assert known - EXTENSIONS <= {".pfm"}  # floating-point numbers, of which no one knows what is white


def test_what_is_listed_can_be_read(inbox: Path) -> None:
    photos = list_photos(inbox)
    assert [photo.name for photo in photos] == [
        "a.jpg", "b.jfif", "c.JPE", "d.gif", "e.jp2", "f.apng", "g.dib", "h.pnm", "i.tga",
    ]  # fmt: skip
    assert all(read_photo(photo).pixels.shape == (60, 80, 3) for photo in photos)


def test_an_animation_in_a_folder_is_sent_to_the_command_for_videos(
    tmp_path: Path, best_model: Path, red_square: np.ndarray
) -> None:
    pictures = [Image.fromarray(red_square), Image.new("RGB", (80, 60))]
    pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:])
    pictures[0].save(tmp_path / "b.png")
    done = recorte(tmp_path, "-m", best_model, "-o", "cut", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "1 written, 1 failed\n")
    assert f"a.gif: an animation, not a photo; recorte video {tmp_path / 'a.gif'}" in done.stderr
