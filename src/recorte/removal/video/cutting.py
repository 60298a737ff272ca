"""People cut out of a video: calm from frame to frame, with the sound, and to be gone on with when it was stopped."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from recorte.errors import RecorteError
from recorte.files import whole_file, write_whole
from recorte.photo import Photo
from recorte.removal.files import output
from recorte.removal.files.folder import usable_cores
from recorte.removal.remover import BackgroundRemover
from recorte.removal.steps.backgrounds import Background
from recorte.removal.video.backgrounds import MovingBackground
from recorte.removal.video.following import BEFORE, SPAN, followed
from recorte.removal.video.making import Frame, Making
from recorte.removal.video.reading import Film, open_film
from recorte.removal.video.reading.files import load_av
from recorte.removal.video.reading.window import Moment, Window
from recorte.removal.video.side_by_side import ahead, in_order
from recorte.removal.video.writing.joining import Sound, choose_sound, join
from recorte.removal.video.writing.parts import KINDS, Part
from recorte.removal.video.writing.progress import Progress
from recorte.removal.video.writing.target import (
    check_free,
    check_names,
    describe_job,
    drop_frames,
    frame_of,
    naming,
    parts_of,
)

FRAMES = 240
"""Of a part; so many are lost at most when the work is killed. Stopped in another way, it ends its part first."""


def cut_out_video(
    remover: BackgroundRemover,
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    background: Background = None,
    mask: bool = False,
    start: Moment = None,
    end: Moment = None,
    overwrite: bool = False,
    on_frame: Callable[[int, int], None] | None = None,
) -> int:
    """Cut the people out of a video.

    Memory does not grow with its length. What is finished is kept in a hidden folder, beside a file or in a folder of
    PNG; when the work is stopped, the same call goes on from there, and the result is the same.

    Args:
        remover: what finds people.
        source: the video; shown as players do it, upright and with square pixels, and all of it as large as its first
            frame: others are fitted into that. The first track of sound is kept. Or a folder of its frames, 25 a
            second, in the order of the numbers in their names.
        target: by its suffix ProRes 4444 (.mov) or VP9 (.webm) with an alpha, H.264 (.mp4) over a background, or an
            animation (.gif, .webp, .png or .apng); or without one a folder of numbered PNG, one for each frame.
        background: as for `remove_background`, or the path of a film or an animation, which begins anew when it is
            over; .mp4 needs an opaque one.
        mask: give the alpha itself, a matte in grey.
        start: of what is taken of the video, in seconds (83.5) or as text ("1:23.5").
        end: of that.
        overwrite: replace a `target` that exists; in a folder, the pictures of an older sequence and nothing else.
        on_frame: called after each frame with how many are done, and how many there are as far as the file says. What
            it raises, a KeyboardInterrupt say, stops the work, and all frames until then are kept.

    Returns:
        The number of frames.

    Raises:
        DiskFullError: no room; after some was made, the same call goes on.
        RecorteError: PyAV is not installed; the video cannot be read; `target` cannot be written, or must not be; an
            option is not valid.
    """
    load_av()
    source, target, window = Path(source), Path(target), Window.of(start, end)
    with naming(target):
        check_names(source, target)
    # Half of the cores for the network, half for the rest, which is done at the same time.
    one = remover if remover.threads else remover.with_threads(max(1, usable_cores() // 2))
    making = Making.of(one, background, mask)
    with naming(target):
        check_names(source, target, making.transparent)
        job, folder = describe_job(remover, source, target, [making.behind, mask, window]), parts_of(target)
        progress = Progress.load(folder, job)
        check_free(target, progress is not None, overwrite)
    with open_film(source, window) as video, open_film(source, window) as again:
        sound = choose_sound(video, KINDS[target.suffix.lower()]) if target.suffix else None
        progress = progress or Progress(job)
        writer = _Writer(target, folder, progress)
        workers = min(usable_cores(), remover.threads or usable_cores())
        frames = in_order(making, _frames(making, video, again, len(progress.times)), workers)
        try:
            for time, picture in frames:
                with naming(target):
                    writer.add(time, picture)
                if on_frame:
                    on_frame(len(progress.times) + writer.waiting, video.frames)
        except BaseException:  # Ctrl-C above all
            frames.close()  # before the files that it reads
            with naming(target):
                writer.keep()
            raise
        with naming(target):
            writer.finish(video, sound)
    return len(progress.times)


def _frames(making: Making, video: Film, again: Film, first: int) -> Iterator[Frame]:
    """Give the frames from number `first`; `again` is the same video, of which is read what the network sees ahead."""
    from_there = max(0, (first - BEFORE) // SPAN * SPAN)
    photos = (photo for _, photo, *_ in ahead(again.read(from_there)))
    found = ahead(followed(making.pipeline, photos, from_there), SPAN)
    for _ in range(from_there, first):
        next(found, None)
    moving = MovingBackground(making.behind) if isinstance(making.behind, Path) else None
    for (time, photo, inside, own), alpha in zip(ahead(video.read(first)), found, strict=True):
        behind = moving.at(time * video.time_base) if moving else making.behind
        assert not isinstance(behind, Path)
        yield Frame(time, photo, inside, own, alpha, behind)
    if moving:
        moving.close()


class _Writer:
    """Writes frames, and finishes parts of them."""

    def __init__(self, target: Path, folder: Path, progress: Progress) -> None:
        self.target, self.folder, self.progress = target, folder, progress
        self.times: list[int] = []
        self.part: Part | None = None
        self.whole = True
        """Whether the part has all that it should; not while something is being written."""

    @property
    def waiting(self) -> int:
        """How many frames the part has that is not finished."""
        return len(self.times)

    def add(self, time: int, picture: np.ndarray) -> None:
        """Put a frame into the part; a full one is finished."""
        if not self.times and not self.progress.times:
            self._begin()  # not before there is a frame, so that a video without any leaves no folder
        if not self.times and not self.target.suffix:
            # Of another job, which may be replaced, or of a part that was stopped.
            drop_frames(self.target, len(self.progress.times) + 1)
        self.whole = False
        self._write(picture)
        self.times.append(time)
        self.whole = True
        if len(self.times) == FRAMES:
            self._finish_part()

    def keep(self) -> None:
        """Keep the frames that are made, if all of them are whole, when the work is stopped."""
        if self.whole:
            self._finish_part()

    def finish(self, video: Film, sound: Sound | None) -> None:
        """Make the result of the parts, and remove them.

        Raises:
            RecorteError: there are none.
        """
        self._finish_part()
        if not self.progress.times:
            where = "" if not video.window.start else f" from second {float(video.window.start):.4g} on"
            raise RecorteError(f"{video.path}: there is not one frame in it that can be read{where}")
        if suffix := self.target.suffix:
            parts = [self.folder / f"{number:06}{suffix}" for number in range(self.progress.parts)]
            with whole_file(self.target) as path:
                join(parts, self.progress.times, video, KINDS[suffix.lower()], sound, path)
        shutil.rmtree(self.folder)

    def _begin(self) -> None:
        """Begin the job: what is kept of another goes, and this one can be gone on with from now on."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.progress.save(self.folder)

    def _finish_part(self) -> None:
        """Finish the part, so that it need not be made again."""
        if not self.times:
            return
        self.whole = False
        if self.part is not None:
            self.part.close()
        self.part = None
        self.progress.times += self.times
        self.progress.parts += 1
        self.progress.save(self.folder)
        self.times = []
        self.whole = True

    def _write(self, picture: np.ndarray) -> None:
        if not self.target.suffix:
            number = len(self.progress.times) + len(self.times) + 1
            content = output.encode(picture, Photo(picture))
            write_whole(frame_of(self.target, number), content, durable=False)
            return
        if self.part is None:
            path = self.folder / f"{self.progress.parts:06}{self.target.suffix}"
            self.part = Part(path, KINDS[self.target.suffix.lower()], *picture.shape[:2])
        self.part.add(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB) if picture.ndim == 2 else picture)
