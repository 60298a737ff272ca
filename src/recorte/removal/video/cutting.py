"""People cut out of a video: frame by frame, calm from one to the next, with the sound, and to be gone on with."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from recorte.errors import RecorteError
from recorte.files import whole_file, write_whole
from recorte.photo import Photo
from recorte.removal.files import output
from recorte.removal.pipeline import Pipeline
from recorte.removal.remover import BackgroundRemover
from recorte.removal.steps.backgrounds import Background, ReadBackground, is_transparent, put_behind, read_background
from recorte.removal.video.reading.files import KINDS, Part, VideoFile, load_av
from recorte.removal.video.writing.joining import Sound, choose_sound, join
from recorte.removal.video.reading.pictures import Inside
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
    overwrite: bool = False,
    on_frame: Callable[[int, int], None] | None = None,
) -> int:
    """Cut the people out of a video.

    Memory does not grow with its length. What is finished is kept in a hidden folder, beside a file or in a folder of
    PNG; when the work is stopped, the same call goes on from there, and the result is the same.

    Args:
        remover: what finds people.
        source: the video; shown as players do it, upright and with square pixels, and all of it as large as its first
            frame: others are fitted into that. The first track of sound is kept.
        target: by its suffix ProRes 4444 (.mov) or VP9 (.webm) with an alpha, H.264 (.mp4) over a background; or
            without one a folder of numbered PNG, one for each frame.
        background: as for `remove_background`; .mp4 needs an opaque one.
        overwrite: replace a `target` that exists; in a folder, the pictures of an older sequence and nothing else.
        on_frame: called after each frame with how many are done, and how many there are as far as the file says. What
            it raises, a KeyboardInterrupt say, stops the work, and all frames until then are kept.

    Returns:
        The number of frames.

    Raises:
        DiskFullError: no room; after some was made, the same call goes on.
        RecorteError: PyAV is not installed; the video cannot be read; `target` cannot be written, or must not be.
    """
    load_av()
    source, target = Path(source), Path(target)
    behind = read_background(background)
    with naming(target):
        check_names(source, target, is_transparent(behind))
        job, folder = describe_job(remover, source, target, behind), parts_of(target)
        progress = Progress.load(folder, job)
        check_free(target, progress is not None, overwrite)
    with VideoFile(source) as video:
        sound = choose_sound(video, KINDS[target.suffix.lower()]) if target.suffix else None
        progress = progress or Progress(job)
        # One look: boxes that come and go with the people would flicker.
        maker = _Maker(replace(remover.pipeline, looks=1), behind, target, folder, progress)
        try:
            for time, photo, inside, own in video.read(first=len(progress.times)):
                with naming(target):
                    maker.add(time, photo, inside, own)
                if on_frame:
                    on_frame(len(progress.times) + maker.waiting, video.frames)
        except BaseException:  # Ctrl-C above all
            with naming(target):
                maker.keep()
            raise
        with naming(target):
            maker.finish(video, sound)
    return len(progress.times)


class _Maker:
    """Makes frames, and parts of them."""

    def __init__(
        self,
        pipeline: Pipeline,
        behind: ReadBackground,
        target: Path,
        folder: Path,
        progress: Progress,
    ) -> None:
        self.pipeline, self.behind, self.target, self.folder, self.progress = pipeline, behind, target, folder, progress
        self.times: list[int] = []
        self.part: Part | None = None
        self.whole = True
        """Whether the part has all that it should; not while something is being written."""

    @property
    def waiting(self) -> int:
        """How many frames the part has that is not finished."""
        return len(self.times)

    def add(self, time: int, photo: np.ndarray, inside: Inside, own: np.ndarray | None) -> None:
        """Cut people out of a frame, in what of it is filled, and put it into the part; a full one is finished.

        Where it is transparent by its own alpha, `uint8 (H, W)`, the result is too.
        """
        if not self.times and not self.progress.times:
            self._begin()  # not before there is a frame, so that a video without any leaves no folder
        if not self.times and not self.target.suffix:
            # Of another job, which may be replaced, or of a part that was stopped.
            drop_frames(self.target, len(self.progress.times) + 1)
        smoothing = replace(self.progress.smoothing)  # what is interrupted must not have counted
        found = self.pipeline.found(photo, smoothing)
        alpha = np.zeros(photo.shape[:2], np.uint8)
        alpha[inside] = self.pipeline.enlarge(found, photo, eight_bits=True)[inside]
        cutout = self.pipeline.cut_out(alpha, photo, own)
        picture = cutout if self.behind is None else put_behind(cutout, photo, self.behind)
        self.whole = False
        self._write(picture)
        self.times.append(time)
        self.progress.smoothing = smoothing
        self.whole = True
        if len(self.times) == FRAMES:
            self._finish_part()

    def keep(self) -> None:
        """Keep the frames that are made, if all of them are whole, when the work is stopped."""
        if self.whole:
            self._finish_part()

    def finish(self, video: VideoFile, sound: Sound | None) -> None:
        """Make the result of the parts, and remove them.

        Raises:
            RecorteError: there are none.
        """
        self._finish_part()
        if not self.progress.times:
            raise RecorteError(f"{video.path}: there is not one frame in it that can be read")
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
        self.part.add(picture)
