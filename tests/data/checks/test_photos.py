import os
from pathlib import Path

import pytest

from recorte.data.checks.photos import read_header


def test_what_is_no_file_is_called_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    assert read_header(tmp_path / "folder.png", tmp_path).problem == "this is a folder, not a photo"
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes have names here")
    os.mkfifo(tmp_path / "pipe.png")
    assert read_header(tmp_path / "pipe.png", tmp_path).problem == "this is a pipe or a device, not a photo"


def test_a_program_under_a_photos_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    assert read_header(tmp_path / "a.jpg", tmp_path).problem == "not a photo: it begins with '%!PS-Adobe-3.0 E'"
