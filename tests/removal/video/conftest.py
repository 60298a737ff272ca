from pathlib import Path

import pytest

from recorte import BackgroundRemover
from videos.clips import write_clip


@pytest.fixture
def remover(best_model: Path) -> BackgroundRemover:
    return BackgroundRemover(best_model, threads=1)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4")
