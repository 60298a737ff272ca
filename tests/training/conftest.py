from pathlib import Path

import pytest

from recorte.training.machine.hardware import register_resolvers


@pytest.fixture
def config_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the folders that the configs expect."""
    register_resolvers()
    more = (f"data/more/{name}" for name in ("voc_people", "coco_scenes", "coco_small_people", "nobody_animals"))
    for folder in ("COCO", "photos", "data/persons", "data/portraits", "persons/project", "cutouts", *more):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path
