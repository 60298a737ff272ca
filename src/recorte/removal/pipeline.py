"""From a photo's pixels to the pixels of a result, step by step."""

from dataclasses import dataclass

import cv2
import numpy as np

from recorte.errors import PhotoError
from recorte.letterbox import PADDING_COLOUR, Letterbox
from recorte.removal.network import Network
from recorte.removal.options import Options
from recorte.removal.steps import people
from recorte.removal.steps.backgrounds import put_behind
from recorte.removal.steps.colours import free_colours
from recorte.removal.steps.islands import drop_loose, drop_unsure
from recorte.removal.steps.refinement import refine


@dataclass(frozen=True, slots=True)
class Steps:
    """What becomes of a photo on its way to a cut-out.

    Attributes:
        letterboxed: `uint8 (S, S, 3)`, what the network sees; S is its image size.
        raw_alpha: `float32 (S, S)` in [0, 1], what the network answers.
        alpha: `float32 (H, W)` in [0, 1], cleared of what is no person and brought to the photo's size.
        foreground: `uint8 (H, W, 3)`, the people's colours without their old background; black where nobody is.
        cutout: `uint8 (H, W, 4)`, straight RGBA.
    """

    letterboxed: np.ndarray
    raw_alpha: np.ndarray
    alpha: np.ndarray
    foreground: np.ndarray
    cutout: np.ndarray


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps from pixels to pixels; photos are `uint8 (H, W, 3)`. See `BackgroundRemover` for the switches."""

    network: Network
    refine: bool = True
    colours: bool = True
    tta: bool = False

    def look(self, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give what the network sees and what it answers, `uint8 (S, S, 3)` and `float32 (S, S)`."""
        letterboxed = self._letterbox(photo).apply(photo, PADDING_COLOUR)
        alpha = self.network.alpha(letterboxed)
        if self.tta:
            mirrored = self.network.alpha(np.ascontiguousarray(letterboxed[:, ::-1]))
            alpha = (alpha + mirrored[:, ::-1]) / 2
        return letterboxed, alpha

    def found(self, photo: np.ndarray) -> np.ndarray:
        """Give the people's alpha at the network's size, cleared of what is no person: `float32 (S, S)`."""
        return self.clear(self.look(photo)[1], photo)

    def clear(self, raw: np.ndarray, photo: np.ndarray) -> np.ndarray:
        """Clear the network's answer, `float32 (S, S)`, of what is no person, and of all that lies outside the photo.

        For the letterbox's padding nothing was learned, so that anything may be found there.
        """
        letterbox = self._letterbox(photo)
        cleared = np.zeros_like(raw)
        # The padding after the unsure: it holds together people whom the photo's border cuts in pieces.
        letterbox.cut(cleared)[:] = letterbox.cut(drop_unsure(raw, self.network.sure))
        return drop_loose(cleared) if self.network.sure else cleared

    def enlarge(self, alpha: np.ndarray, photo: np.ndarray, eight_bits: bool = False) -> np.ndarray:
        """Bring an alpha to the photo's size: `float32 (H, W)` in [0, 1], or `uint8 (H, W)` with `eight_bits`."""
        letterbox = self._letterbox(photo)
        if self.refine:
            alpha = refine(letterbox.cut(alpha), photo, eight_bits)
        else:
            alpha = letterbox.restore(alpha).clip(0, 1)  # means of many pixels may pass 1 by a rounding error
            alpha = cv2.convertScaleAbs(alpha, alpha=255) if eight_bits else alpha  # rounds
        # Of a network that is sure of people, what is left of one after refinement may still be a ghost.
        nobody = self.network.sure and alpha.max() < (128 if eight_bits else 0.5)
        return np.zeros_like(alpha) if nobody else alpha

    def cut_out(self, alpha: np.ndarray, photo: np.ndarray) -> np.ndarray:
        """Cut out what an alpha of the photo's size, `uint8 (H, W)`, shows: `uint8 (H, W, 4)`."""
        colours = free_colours(photo, alpha) if self.colours else cv2.bitwise_and(photo, photo, mask=alpha)
        cutout = cv2.cvtColor(colours, cv2.COLOR_RGB2RGBA)  # ten times faster on a large photo than NumPy
        cutout[..., 3] = alpha
        return cutout

    def steps(self, photo: np.ndarray) -> Steps:
        """Go all the steps and keep what each gives."""
        letterboxed, raw = self.look(photo)
        found = self.clear(raw, photo)
        cutout = self.cut_out(self.enlarge(found, photo, eight_bits=True), photo)
        return Steps(letterboxed, raw, self.enlarge(found, photo), np.ascontiguousarray(cutout[..., :3]), cutout)

    def results(self, photo: np.ndarray, options: Options, name: str) -> list[np.ndarray]:
        """Make what `options` ask for, one result or one for each person: RGBA, RGB or a grey mask.

        Args:
            photo: the pixels.
            options: what to make of them.
            name: what an error calls the photo.

        Raises:
            PhotoError: nobody is in the photo whom `crop` or "each" could show.
        """
        alphas = [self.found(photo)]
        if options.people == "largest":
            alphas = [people.largest(alphas[0])]
        elif options.people == "each":
            alphas = people.each(alphas[0])
        made = [self._result(alpha, photo, options) for alpha in alphas]
        results = [result for result in made if result is not None]
        if not results:
            raise PhotoError(f"{name}: nobody was found in it, so there is nothing to show")
        return results

    def _result(self, alpha: np.ndarray, photo: np.ndarray, options: Options) -> np.ndarray | None:
        """Make one result; None if nobody is in it and somebody must be."""
        alpha = self.enlarge(alpha, photo, eight_bits=True)
        if options.people == "each" and alpha.max() < 128:  # a speck that refinement wiped out is no person
            return None
        frame = people.frame(alpha) if options.crop else (slice(None), slice(None))
        if alpha[frame].size == 0:
            return None
        if options.mask:
            return np.ascontiguousarray(alpha[frame])
        cutout = self.cut_out(alpha, photo)
        if options.background is not None:
            cutout = put_behind(cutout, photo, options.background)
        return np.ascontiguousarray(cutout[frame])

    def _letterbox(self, photo: np.ndarray) -> Letterbox:
        return Letterbox(*photo.shape[:2], self.network.image_size)
