"""People followed through a film: the network looks at some of its frames, and motion carries what it saw to the rest.

A network that is asked about every frame answers a little differently each time: edges flicker, held things come and go,
and it takes nearly all of the time. Asked about one frame of eight it takes an eighth, and between its answers a film
moves as its pictures do, by optical flow (Kroeger et al.: Fast Optical Flow using Dense Inverse Search, 2016, arXiv
1603.03590).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from recorte.letterbox import PADDING_COLOUR, Letterbox, resize
from recorte.removal.pipeline import Pipeline
from recorte.removal.steps.looks import laid_over

SPAN = 8
"""Frames from one that is always looked at to the next."""
REACH = 2
"""Frames that were looked at before and after one which have a say in it."""
BEFORE = SPAN * (REACH + 1)
"""Frames before one that decide, at most, what is seen in it."""
STRANGE = 0.04
"""Share of people's surroundings that motion does not explain, above which a frame between is looked at, too."""
CUT = 40.0
"""Mean change of brightness, of 255, from one frame to the next from which on a new scene begins."""
UNLIKE = 12.0
"""Difference of brightness, of 255, at which what motion carries is trusted by a third."""
SIDE = 256
"""Of the pictures between which motion is found, at most."""
ZONE = 9
"""Window by which people's surroundings are wider than they, in pixels of such a picture."""


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
        calm: the same after its neighbours were heard.
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
    """Give the network's alpha for each frame, as `Pipeline.clear` takes it: `float32 (S', S')` in [0, 1].

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
        side = min(self._size, SIDE)
        self._places = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).astype(np.float32)

    def seen(self, photos: Iterable[np.ndarray], first: int) -> Iterator[_Frame]:
        """Make frames of photos, and look at those that are looked at in any case, closer than at others."""
        before: np.ndarray | None = None
        for number, photo in enumerate(photos, first):
            canvas = Letterbox.of(photo, self._size).apply(photo, PADDING_COLOUR)
            grey = resize(cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY), *self._places.shape[:2])
            soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.5)
            begins = before is None or cv2.absdiff(soft, before).mean() >= CUT
            frame = _Frame(number, canvas, grey, soft, begins)
            self._letterbox = Letterbox.of(photo, self._size)
            if begins or number % SPAN == 0:
                frame.alpha = self._enlarged(self._pipeline.look(photo)[2])
            before = soft
            yield frame

    def looked_at(self, span: Sequence[_Frame]) -> list[_Frame]:
        """Give the frames of a stretch that are looked at: its ends, and its middle while motion does not explain it."""
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
        return laid_over(alpha, self._letterbox, ()) if self._pipeline.looks > 1 and len(alpha) == self._size else alpha

    def _strange(self, frame: _Frame, *others: _Frame) -> bool:
        """Whether people, or what is near them, are not where motion from other frames would have them."""
        zone, trust = np.zeros_like(frame.grey), np.zeros_like(frame.soft)
        for other in others:
            motion, sure = self._motion(frame, other)
            assert other.alpha is not None
            alpha = resize(other.alpha, *zone.shape)
            zone |= (_moved(alpha, motion) > 0.1).astype(np.uint8)
            trust = np.maximum(trust, sure)
        zone = cv2.dilate(zone, np.ones((ZONE, ZONE), np.uint8))
        # A speck of a person is not worth a look.
        return bool(((1 - trust) * zone).sum() > STRANGE * max(float(zone.sum()), zone.size / 200))

    def _motion(self, frame: _Frame, other: _Frame) -> tuple[np.ndarray, np.ndarray]:
        """Where each pixel of a frame is in another, `float32 (F, F, 2)`, and how much that is trusted, `(F, F)`."""
        if other.number not in frame.motions:
            motion = self._flow.calc(frame.grey, other.grey, None) + self._places
            unlike = cv2.absdiff(_moved(other.soft, motion), frame.soft)
            frame.motions[other.number] = motion, np.exp(-((unlike / UNLIKE) ** 2))
        return frame.motions[other.number]

    def _carried(self, frame: _Frame, other: _Frame, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Carry an alpha of another frame to this one: what it is there, and how much that is trusted."""
        motion, trust = self._motion(frame, other)
        if alpha.shape != trust.shape:
            scale = len(alpha) / len(trust)
            motion = (cv2.resize(motion, alpha.shape[::-1]) + np.float32(0.5)) * np.float32(scale) - np.float32(0.5)
            trust = cv2.resize(trust, alpha.shape[::-1])
        return _moved(alpha, motion), trust

    def _calmed(self, frame: _Frame, keys: Sequence[_Frame]) -> np.ndarray:
        """Give what was seen in a frame once the frames that were looked at around it are heard.

        Of five answers the mean of the three in the middle: what one alone sees, and what one alone misses, is gone.
        """
        assert frame.alpha is not None
        place = keys.index(frame)
        heard = [frame.alpha]
        for distance in [*range(-REACH, 0), *range(1, REACH + 1)]:
            number = place + distance
            scene = keys[min(place, number) + 1 : max(place, number) + 1]
            if 0 <= number < len(keys) and not any(key.begins for key in scene):
                other = keys[number]
                assert other.alpha is not None
                carried, trust = self._carried(frame, other, other.alpha)
                heard.append(trust * carried + (1 - trust) * frame.alpha)
            else:
                heard.append(frame.alpha)
        return _middle(heard)

    def between(self, frame: _Frame, keys: Sequence[_Frame]) -> np.ndarray:
        """Give the alpha of a frame, of those that were looked at before and behind it."""
        number = next(place for place, key in enumerate(keys) if key.number >= frame.number)
        around = [keys[number]] if keys[number] is frame else keys[number - 1 : number + 1]
        for key in around:
            if key.calm is None:
                key.calm = self._calmed(key, keys)
        if len(around) == 1:
            calm = around[0].calm
            assert calm is not None
            return calm
        total = weights = np.zeros(1, np.float32)
        first, last = around
        far = (frame.number - first.number) / (last.number - first.number)
        for key, share in ((first, 1 - far), (last, far)):
            assert key.calm is not None
            carried, trust = self._carried(frame, key, key.calm)
            weight = (trust + np.float32(0.01)) * np.float32(share)
            total, weights = total + weight * carried, weights + weight
        result: np.ndarray = total / weights
        return result


def _moved(picture: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """Give what of a picture is where a motion, `float32 (H, W, 2)`, points."""
    return cv2.remap(picture, motion, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _middle(five: Sequence[np.ndarray]) -> np.ndarray:
    """Give the mean of the second, third and fourth of five, pixel by pixel."""
    least, most = five[0], five[0]
    total = five[0].copy()
    for one in five[1:]:
        least, most = cv2.min(least, one), cv2.max(most, one)
        total += one
    return (total - least - most) / np.float32(len(five) - 2)
