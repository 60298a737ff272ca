from pathlib import Path

import pytest

from recorte.training.machine.hardware import register_resolvers


@pytest.fixture
def config_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the folders that the configs expect."""
    register_resolvers()
    for folder in ("COCO", "photos", "data/persons", "data/portraits", "persons/project", "cutouts"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path
