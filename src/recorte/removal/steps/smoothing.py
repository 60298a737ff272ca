"""An alpha averaged over the frames of a film, where the picture stands still."""

from dataclasses import dataclass

import cv2
import numpy as np

INERTIA = 0.6
"""What the alpha before counts where the picture has not changed at all."""
STILL = 6.0
"""Change of brightness, of 255, at which that has fallen to a third."""
CUT = 40.0
"""Mean change of brightness, of 255, from which on a new scene begins."""


@dataclass
class Smoothing:
    """Averages the alpha over time, where the picture stands still: there edges would flicker, and nothing moves.

    Attributes:
        alpha: `float32 (S, S)`, of the frame before; None at the beginning.
        grey: `float32 (S, S)`, its brightness.
    """

    alpha: np.ndarray | None = None
    grey: np.ndarray | None = None

    def __call__(self, alpha: np.ndarray, canvas: np.ndarray) -> np.ndarray:
        """Give a frame's alpha with those before it in it.

        Args:
            alpha: `float32 (S, S)`, as the network finds it.
            canvas: `uint8 (S, S, 3)`, what it saw.
        """
        grey = cv2.blur(cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY).astype(np.float32), (5, 5))
        if self.alpha is not None and self.grey is not None:
            change = cv2.absdiff(grey, self.grey)
            if change.mean() < CUT:
                before = INERTIA * np.exp(-((change / STILL) ** 2))
                alpha = before * self.alpha + (1 - before) * alpha
        self.alpha, self.grey = alpha, grey
        return alpha
