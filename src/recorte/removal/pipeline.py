"""From a photo's pixels to the pixels of a result, step by step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from recorte.boxes import boxes
from recorte.errors import PhotoError
from recorte.letterbox import PADDING_COLOUR, Letterbox
from recorte.removal.correct.method import correct
from recorte.removal.correct.touches import Touch
from recorte.removal.network import Network
from recorte.removal.options import Options
from recorte.removal.steps import people
from recorte.removal.steps.backgrounds import put_behind
from recorte.removal.steps.colours import free_colours
from recorte.removal.steps.islands import decided, drop_loose, drop_unsure
from recorte.removal.steps.looks import laid_over
from recorte.removal.steps.refinement import refine
from recorte.removal.steps.shadow import with_shadow
from recorte.removal.steps.shape import shaped
from recorte.removal.steps.smoothing import Smoothing

MOST_LOOKS = 4
"""At one photo: as a whole, and at three parts of it."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What becomes of a photo on its way to a cut-out.

    Attributes:
        letterboxed: `uint8 (S, S, 3)`, what the network sees first; S is its image size.
        first_alpha: `float32 (S, S)` in [0, 1], what the network answers to that.
        raw_alpha: `float32 (S', S')` in [0, 1], what the network answers, with further looks laid over the first; S'
            is S, or more after further looks.
        alpha: `float32 (H, W)` in [0, 1], cleared of what is no person and brought to the photo's size.
        foreground: `uint8 (H, W, 3)`, the people's colours without their old background; black where nobody is.
        cutout: `uint8 (H, W, 4)`, straight RGBA.
    """

    letterboxed: np.ndarray
    first_alpha: np.ndarray
    raw_alpha: np.ndarray
    alpha: np.ndarray
    foreground: np.ndarray
    cutout: np.ndarray


class Made(NamedTuple):
    """A result, and whether anybody is in it, which over a background its pixels do not tell.

    Attributes:
        picture: `uint8`, RGBA `(H, W, 4)`, RGB `(H, W, 3)` or a mask `(H, W)`.
        empty: nobody is in it.
    """

    picture: np.ndarray
    empty: bool


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps from pixels to pixels; photos are `uint8 (H, W, 3)`. See `BackgroundRemover` for the switches."""

    network: Network
    refine: bool = True
    colours: bool = True
    tta: bool = False
    looks: int = MOST_LOOKS

    def look(self, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give what the network sees first, its answer to that and the one of all looks; shapes as in `Steps`."""
        letterbox = Letterbox.of(photo, self.network.image_size)
        letterboxed = letterbox.apply(photo, PADDING_COLOUR)
        (alpha,) = self.seen([letterboxed])
        most = self.looks - 1
        further = boxes(letterbox.cut(alpha), letterbox.height, letterbox.width, most) if most > 0 else []
        if not further:
            return letterboxed, alpha, alpha
        parts = [photo[box.window] for box in further]
        fits = [Letterbox.of(part, self.network.image_size) for part in parts]
        seen = self.seen([fit.apply(part, PADDING_COLOUR) for fit, part in zip(fits, parts, strict=True)])
        closer = [(box, fit.cut(found)) for box, fit, found in zip(further, fits, seen, strict=True)]
        return letterboxed, alpha, laid_over(alpha, letterbox, closer)

    def seen(self, canvases: list[np.ndarray]) -> np.ndarray:
        """Ask the network about canvases, `uint8 (S, S, 3)` each, and their mirror images if wished: `(N, S, S)`."""
        alphas = self.network.alphas(np.stack(canvases))
        if self.tta:
            mirrored = self.network.alphas(np.stack([canvas[:, ::-1] for canvas in canvases]))
            alphas = (alphas + mirrored[..., ::-1]) / 2
        return alphas

    def found(self, photo: np.ndarray, smoothing: Smoothing | None = None) -> np.ndarray:
        """Give the people's alpha, cleared of what is no person: `float32 (S', S')`, with the letterbox's padding.

        `smoothing` calms it by the frames before, of a film that is looked at once (`looks` is 1).
        """
        letterboxed, _, raw = self.look(photo)
        return self.clear(smoothing(raw, letterboxed) if smoothing else raw, photo)

    def clear(self, raw: np.ndarray, photo: np.ndarray) -> np.ndarray:
        """Clear the network's answer, `float32 (S', S')`, of what is no person, and of all that is outside the photo.

        For the letterbox's padding nothing was learned, so that anything may be found there.
        """
        letterbox = Letterbox.of(photo, len(raw))
        cleared = np.zeros_like(raw)
        # The padding after the unsure: it holds together people whom the photo's border cuts in pieces.
        kept = letterbox.cut(drop_unsure(raw, self.network.sure))
        letterbox.cut(cleared)[:] = decided(drop_loose(kept)) if self.network.sure else kept
        return cleared

    def enlarge(self, alpha: np.ndarray, photo: np.ndarray, eight_bits: bool = False) -> np.ndarray:
        """Bring an alpha to the photo's size: `float32 (H, W)` in [0, 1], or `uint8 (H, W)` with `eight_bits`."""
        letterbox = Letterbox.of(photo, len(alpha))
        if self.refine:
            alpha = refine(letterbox.cut(alpha), photo, eight_bits)
        else:
            alpha = letterbox.restore(alpha).clip(0, 1)  # means of many pixels may pass 1 by a rounding error
            alpha = cv2.convertScaleAbs(alpha, alpha=255) if eight_bits else alpha  # rounds
        # Of a network that is sure of people, what is left of one after refinement may still be a ghost.
        nobody = self.network.sure and alpha.max() < (128 if eight_bits else 0.5)
        return np.zeros_like(alpha) if nobody else alpha

    def cut_out(self, alpha: np.ndarray, photo: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """Cut out what an alpha of the photo's size, `uint8 (H, W)`, shows: `uint8 (H, W, 4)`.

        Where the photo is half transparent by its `own` alpha, the person's colours are known, and taken.
        """
        shown = alpha if own is None else np.minimum(alpha, own)
        colours = free_colours(photo, shown) if self.colours else cv2.bitwise_and(photo, photo, mask=shown)
        if own is not None:
            half = (own < 255) & (shown > 0)
            share = own[half, None].astype(np.float32) / 255
            colours[half] = np.rint((photo[half] - 255 * (1 - share)) / share).clip(0, 255)
        cutout = cv2.cvtColor(colours, cv2.COLOR_RGB2RGBA)  # ten times faster on a large photo than NumPy
        cutout[..., 3] = shown
        return cutout

    def steps(self, photo: np.ndarray, own: np.ndarray | None = None) -> Steps:
        """Go all the steps and keep what each gives; `own` is the photo's own alpha, as for `results`."""
        letterboxed, first, raw = self.look(photo)
        found = _seen_of(self.clear(raw, photo), photo, own)
        cutout = self.cut_out(self.enlarge(found, photo, eight_bits=True), photo, own)
        return Steps(letterboxed, first, raw, self.enlarge(found, photo), np.ascontiguousarray(cutout[..., :3]), cutout)

    def correct(self, photo: np.ndarray, alpha: np.ndarray, touches: Sequence[Touch]) -> np.ndarray:
        """Mend an alpha of the photo's size by touches, which `check_touches` let pass; `float32 (H, W)`."""
        return correct(photo, alpha, touches)

    def results(
        self,
        photo: np.ndarray,
        options: Options,
        name: str,
        own: np.ndarray | None = None,
        alpha: np.ndarray | None = None,
    ) -> list[Made]:
        """Make what `options` ask for, one result or one for each person: RGBA, RGB or a grey mask.

        Args:
            photo: the pixels.
            options: what to make of them.
            name: what an error calls the photo.
            own: the photo's own alpha, `uint8 (H, W)`, which no result passes; None if it is opaque.
            alpha: `float32 (H, W)` in [0, 1], who is cut out; None: whom the network finds.

        Raises:
            PhotoError: nobody is in the photo whom `crop` or "each" could show, or a result would be too large.
        """
        try:
            results = [*self.results_one_by_one(photo, options, own, alpha)]
        except PhotoError as error:
            raise PhotoError(f"{name}: {error}") from None
        if not results:
            raise PhotoError(f"{name}: nobody was found in it, so there is nothing to show")
        return results

    def results_one_by_one(
        self,
        photo: np.ndarray,
        options: Options,
        own: np.ndarray | None = None,
        alpha: np.ndarray | None = None,
    ) -> Iterator[Made]:
        """Make what `results` makes, each when it is asked for; none if nobody is there and somebody must be."""
        given = alpha is not None
        if alpha is None:
            alphas = [_seen_of(self.found(photo), photo, own)]
        else:
            alphas = [alpha if own is None else alpha * (own > 0)]
        if options.people == "largest":
            alphas = [people.largest(alphas[0])]
        elif options.people == "each":
            alphas = people.each(alphas[0])
        for one in alphas:
            sized = cv2.convertScaleAbs(one, alpha=255) if given else self.enlarge(one, photo, eight_bits=True)
            result = self._result(sized, photo, options, own)
            if result is not None:
                yield result

    def _result(self, alpha: np.ndarray, photo: np.ndarray, options: Options, own: np.ndarray | None) -> Made | None:
        """Make one result of an alpha, `uint8 (H, W)`; None if nobody is in it and somebody must be."""
        if options.people == "each" and alpha.max() < 128:  # a speck that refinement wiped out is no person
            return None
        alpha = alpha if own is None else np.minimum(alpha, own)
        alpha = shaped(alpha, options.threshold, options.grow)
        frame, floor = (slice(None), slice(None)), alpha.shape[0]
        if options.layout is not None:
            place = options.layout.placed(alpha)
            if place is None:
                return None
            photo, alpha, floor = place(photo, cv2.BORDER_REPLICATE), place(alpha), place.target[0].stop
            own = None if own is None else place(own)
        elif options.crop:
            frame = people.frame(alpha)
            if alpha[frame].size == 0:
                return None
        empty = bool(alpha.max() == 0)
        if options.mask:
            return Made(np.ascontiguousarray(alpha[frame]), empty)
        cutout = self.cut_out(alpha, photo, own)
        if options.shadow:
            cutout = with_shadow(cutout, floor)
        if options.background is not None:
            cutout = put_behind(cutout, photo, options.background)
        return Made(np.ascontiguousarray(cutout[frame]), empty)


def _seen_of(found: np.ndarray, photo: np.ndarray, own: np.ndarray | None) -> np.ndarray:
    """Clear what the network found, `float32 (S', S')`, where the photo is fully transparent by its own alpha."""
    return found if own is None else found * (Letterbox.of(photo, len(found)).apply(own) > 0)
