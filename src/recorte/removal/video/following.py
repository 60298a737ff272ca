"""People followed through a film: the network looks at some frames, and motion carries what it saw to the others.

A network that is asked about every frame answers a little differently each time: edges flicker, held things come and
go; and it takes nearly all of the time. Asked about one frame of eight it takes an eighth. Between its answers a film
moves as its pictures do, by optical flow.

Kroeger, Timofte, Dai, Van Gool: Fast Optical Flow using Dense Inverse Search, 2016 (arXiv 1603.03590).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from recorte.letterbox import PADDING_COLOUR, Letterbox, resize
from recorte.removal.pipeline import Pipeline
from recorte.removal.steps.islands import INSIDE
from recorte.removal.steps.looks import laid_over

SPAN = 8
"""Frames from one that is always looked at to the next."""
LOOKS = 2
"""At such a frame, at most: as a whole, and closer."""
REACH = 2
"""Frames that were looked at before and after one which have a say in it."""
BEFORE = SPAN * (REACH + 1)
"""Frames before one that decide, at most, what is seen in it."""
STRANGE = 0.06
"""Share of people's area above which pixels that motion does not explain have a frame between be looked at, too."""
LEAST = 0.05
"""Of the picture, what counts as people's area where they are smaller."""
CUT = 40.0
"""Mean change of brightness, of 255, from one frame to the next from which on a new scene begins."""
UNLIKE = 12.0
"""Difference of brightness, of 255, at which what motion carries is trusted by a third."""
SIDE = 256
"""Of the pictures between which motion is found, at most."""


@dataclass(eq=False)
class _Frame:
    """A frame that is followed.

    Attributes:
        number: in the film, from 0 on.
        canvas: `uint8 (S, S, 3)`, what the network sees.
        grey: `uint8 (F, F)`, its brightness.
        soft: `float32 (F, F)`, the same, blurred.
        begins: a new scene.
        alpha: `float32 (S', S')`, what the network answered; None: it was not asked.
        calm: `float32 (h, w)`, the same after its neighbours were heard, cleared, without the letterbox's padding.
        motions: to other frames, by their numbers, as `_Follower` finds them.
    """

    number: int
    canvas: np.ndarray
    grey: np.ndarray
    soft: np.ndarray
    begins: bool
    alpha: np.ndarray | None = None
    calm: np.ndarray | None = None
    motions: "dict[int, tuple[np.ndarray, np.ndarray]]" = field(default_factory=dict)


def followed(pipeline: Pipeline, photos: Iterable[np.ndarray], first: int = 0) -> Iterator[np.ndarray]:
    """Give the people's alpha in each frame, as `Pipeline.found` gives it: `float32 (S', S')` in [0, 1].

    What is given for a frame depends on the frames from the `BEFORE`th before it on, and on some behind it.

    Args:
        pipeline: what asks the network. At every `SPAN`th frame it looks once more, closer, if it may.
        photos: `uint8 (H, W, 3)`, all of one size, in their order; up to some forty are taken ahead.
        first: number of the first of them in the film, a multiple of `SPAN`.
    """
    keys: list[_Frame] = []
    waiting: list[_Frame] = []
    follower = _Follower(pipeline)
    for span in _spans(follower.seen(photos, first)):
        new = follower.looked_at(span)
        keys += new if not keys or keys[-1] is not new[0] else new[1:]
        waiting += span if not waiting or waiting[-1] is not span[0] else span[1:]
        while len(keys) > REACH and waiting and waiting[0].number <= keys[-1 - REACH].number:
            yield follower.between(waiting.pop(0), keys)
        del keys[: max(0, len(keys) - 2 * REACH - 2 - SPAN)]
    for frame in waiting:
        yield follower.between(frame, keys)


def _spans(frames: Iterable[_Frame]) -> Iterator[list[_Frame]]:
    """Part frames into stretches: each begins with the last frame of the one before, or with a new scene."""
    span: list[_Frame] = []
    for frame in frames:
        if frame.begins and span:
            yield span
            span = []
        span.append(frame)
        if frame.number % SPAN == 0 and len(span) > 1:
            yield span
            span = [frame]
    if span:
        yield span


class _Follower:
    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline, self._size = pipeline, pipeline.network.image_size
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._side = min(self._size, SIDE)
        self._grids: dict[tuple[int, int], np.ndarray] = {}

    def seen(self, photos: Iterable[np.ndarray], first: int) -> Iterator[_Frame]:
        """Make frames of photos, and look at those that are looked at in any case, closer than at others."""
        before: np.ndarray | None = None
        for number, photo in enumerate(photos, first):
            canvas = Letterbox.of(photo, self._size).apply(photo, PADDING_COLOUR)
            grey = resize(cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY), self._side, self._side)
            soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.5)
            begins = before is None or cv2.absdiff(soft, before).mean() >= CUT
            frame = _Frame(number, canvas, grey, soft, begins)
            self._photo = photo
            if begins or number % SPAN == 0:
                frame.alpha = self._enlarged(self._pipeline.look(photo)[2])
            before = soft
            yield frame

    def looked_at(self, span: Sequence[_Frame]) -> list[_Frame]:
        """Give the frames of a stretch that are looked at: its ends, and its middle while motion does not tell it."""
        ends = [span[0]] if len(span) == 1 else [span[0], span[-1]]
        for frame in ends:
            self._look(frame)
        if len(span) < 3:
            return ends
        middle = len(span) // 2
        if not self._strange(span[middle], *ends):
            return ends
        self._look(span[middle])
        return [*self.looked_at(span[: middle + 1]), *self.looked_at(span[middle:])[1:]]

    def _look(self, frame: _Frame) -> None:
        if frame.alpha is None:
            frame.alpha = self._enlarged(self._pipeline.seen([frame.canvas])[0])

    def _enlarged(self, alpha: np.ndarray) -> np.ndarray:
        """Give an alpha the size that further looks would have given it, so that all of a film have one."""
        return (
            laid_over(alpha, Letterbox.of(self._photo, self._size), ())
            if self._pipeline.looks > 1 and len(alpha) == self._size
            else alpha
        )

    def _strange(self, frame: _Frame, *others: _Frame) -> bool:
        """Whether motion from other frames does not tell what is seen in this one, in as much as people are large."""
        # Of all of the picture: who moves too fast for it is where nobody is looked for.
        trust = np.maximum(*(self._motion(frame, other)[1] for other in others))
        people = np.maximum(*(resize(_alpha(other), *trust.shape) for other in others)) > INSIDE
        return bool((1 - trust).sum() > STRANGE * max(float(people.sum()), LEAST * trust.size))

    def _motion(self, frame: _Frame, other: _Frame) -> tuple[np.ndarray, np.ndarray]:
        """How far each pixel of a frame is from where it is in another, `float32 (F, F, 2)`; its trust, `(F, F)`."""
        if other.number not in frame.motions:
            motion = self._flow.calc(frame.grey, other.grey, None)  # type: ignore[call-overload]
            moved = _moved(other.soft, motion + self._grid(self._side, self._side))
            unlike = cv2.absdiff(moved, frame.soft)
            frame.motions[other.number] = motion, np.exp(-((unlike / UNLIKE) ** 2))
        return frame.motions[other.number]

    def _carried(self, frame: _Frame, other: _Frame, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Carry an alpha of another frame to this one: what it is there, and how much that is trusted.

        Either with the letterbox's padding, or without.
        """
        motion, trust = self._motion(frame, other)
        height, width = alpha.shape
        if height != width:  # a square letterbox has no padding
            motion, trust = (Letterbox.of(self._photo, len(trust)).cut(part) for part in (motion, trust))
        scale = width / trust.shape[1]
        motion = cv2.resize(motion, (width, height)) * np.float32(scale) + self._grid(height, width)
        return _moved(alpha, motion), cv2.resize(trust, (width, height))

    def _grid(self, height: int, width: int) -> np.ndarray:
        """Give each pixel's own place, `float32 (height, width, 2)`."""
        if (height, width) not in self._grids:
            self._grids[height, width] = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(
                np.float32
            )
        return self._grids[height, width]

    def _calmed(self, frame: _Frame, keys: Sequence[_Frame]) -> np.ndarray:
        """Give who is in a frame once the frames that were looked at around it are heard: `float32 (h, w)`.

        Of five answers the mean of the three in the middle: what one alone sees, and what one alone misses, is gone.
        """
        place = keys.index(frame)
        heard = [_alpha(frame)]
        for distance in [*range(-REACH, 0), *range(1, REACH + 1)]:
            number = place + distance
            scene = keys[min(place, number) + 1 : max(place, number) + 1]
            if 0 <= number < len(keys) and not any(key.begins for key in scene):
                other = keys[number]
                carried, trust = self._carried(frame, other, _alpha(other))
                heard.append(trust * carried + (1 - trust) * heard[0])
            else:
                heard.append(heard[0])
        cleared = self._pipeline.clear(_middle(heard), self._photo)
        return np.ascontiguousarray(Letterbox.of(self._photo, len(cleared)).cut(cleared))

    def between(self, frame: _Frame, keys: Sequence[_Frame]) -> np.ndarray:
        """Give the alpha of a frame, of those that were looked at before and behind it: `float32 (S', S')`."""
        number = next(place for place, key in enumerate(keys) if key.number >= frame.number)
        around = [keys[number]] if keys[number] is frame else keys[number - 1 : number + 1]
        total = weights = np.zeros(1, np.float32)
        for key in around:
            if key.calm is None:
                key.calm = self._calmed(key, keys)
            if len(around) == 1:
                total, weights = key.calm, np.ones(1, np.float32)
                continue
            carried, trust = self._carried(frame, key, key.calm)
            share = 1 - abs(frame.number - key.number) / (around[1].number - around[0].number)
            weight = (trust + np.float32(0.01)) * np.float32(share)
            total, weights = total + weight * carried, weights + weight
        side = max(total.shape)
        result = np.zeros((side, side), np.float32)
        Letterbox.of(self._photo, side).cut(result)[:] = total / weights
        return result


def _alpha(frame: _Frame) -> np.ndarray:
    """What the network answered, where it was asked."""
    assert frame.alpha is not None
    return frame.alpha


def _moved(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Give what of a picture is at places in it, `float32 (H, W, 2)`."""
    # The types of OpenCV do not know that a map of both coordinates stands alone.
    moved: np.ndarray = cv2.remap(  # type: ignore[call-overload]
        picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return moved


def _middle(five: Sequence[np.ndarray]) -> np.ndarray:
    """Give the mean of the second, third and fourth of five, pixel by pixel."""
    least, most = five[0], five[0]
    total = five[0].copy()
    for one in five[1:]:
        least, most = cv2.min(least, one), cv2.max(most, one)
        total += one
    mean: np.ndarray = (total - least - most) / np.float32(len(five) - 2)
    return mean
