import os
import signal
import subprocess

# Before torch is imported, and inherited by every command that a test starts: on tiny tensors a second thread only
# waits, and costs whatever else the machine is doing.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tiny_models import write_best_model

# What a shell starts in the background ignores Ctrl-C, and so would every process that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def best_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder whose person is whatever is red; its network sees 64 x 64 pixels."""
    return write_best_model(tmp_path_factory.mktemp("model") / "best_model")


@pytest.fixture
def red_square() -> np.ndarray:
    """uint8 (60, 80, 3): blue, with a red person at rows 10 to 40 and columns 10 to 30; nothing in it is symmetric."""
    pixels = np.full((60, 80, 3), (30, 60, 220), np.uint8)
    pixels[10:40, 10:30] = (230, 20, 10)
    return pixels


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], check=False).returncode == 0
    if not mounted:
        pytest.skip("file systems can be mounted by root only")
    yield place
    subprocess.run(["umount", place], check=True)
