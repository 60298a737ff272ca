from pathlib import Path

import pytest

from commands import write_lessons
from tiny_models import write_teachable


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    return write_lessons(tmp_path / "lessons", 4)


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, not the one of whoever runs the tests."""
    place = tmp_path / "home"
    monkeypatch.setenv("RECORTE_HOME", str(place))
    return place


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network that knows nothing."""
    return write_teachable(tmp_path_factory.mktemp("start"))
