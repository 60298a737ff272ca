"""People cut out of a video: frame by frame, calm from one to the next, with the sound, and to be gone on with."""

import contextlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from recorte.errors import RecorteError
from recorte.files import whole_file, write_whole
from recorte.photo import Photo
from recorte.removal import output
from recorte.removal.backgrounds import Background, ReadBackground, put_behind, read_background
from recorte.removal.islands import drop_unsure
from recorte.removal.pipeline import Pipeline
from recorte.removal.remover import BackgroundRemover
from recorte.removal.video_files import KINDS, Part, VideoFile, join, load_av

FRAMES = 240
"""Of a part; so many are lost at most when the work is stopped."""
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


@dataclass
class Progress:
    """How far a video is.

    Attributes:
        job: what is made of what; another job begins anew.
        times: of all frames in finished parts, in ticks of the source.
        parts: how many are finished.
        smoothing: where the next frame goes on.
    """

    job: str
    times: list[int] = field(default_factory=list)
    parts: int = 0
    smoothing: Smoothing = field(default_factory=Smoothing)

    def save(self, folder: Path) -> None:
        """Keep it in a folder, whole or not at all."""
        with whole_file(folder / "progress.npz") as path:
            np.savez(path, job=self.job, times=np.array(self.times, np.int64), parts=self.parts,
                     alpha=self.smoothing.alpha, grey=self.smoothing.grey)  # fmt: skip

    @classmethod
    def load(cls, folder: Path, job: str) -> "Progress":
        """Give what is kept of this job; where there is nothing, or it is of another, its beginning."""
        # Nothing there, or not what this version writes: begun anew, which costs time and loses nothing.
        with (
            contextlib.suppress(OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile),
            np.load(folder / "progress.npz", allow_pickle=False) as kept,
        ):
            if str(kept["job"]) == job:
                smoothing = Smoothing(kept["alpha"], kept["grey"])
                return cls(job, kept["times"].tolist(), int(kept["parts"]), smoothing)
        return cls(job)


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

    Memory does not grow with its length. What is finished is kept in a hidden folder beside `target`; when the work is
    stopped, the same call goes on from there, and the result is the same.

    Args:
        remover: what finds people.
        source: the video; turned upright as its file says. The first track of sound is kept.
        target: by its suffix ProRes 4444 (.mov) or VP9 (.webm) with an alpha, H.264 (.mp4) over a background; or
            without one a folder of numbered PNG, one for each frame.
        background: as for `remove_background`; needed for .mp4.
        overwrite: replace a `target` that exists.
        on_frame: called after each frame with how many are done, and how many there are as far as the file says.

    Returns:
        The number of frames.

    Raises:
        RecorteError: PyAV is not installed; the video cannot be read; `target` cannot be written, or must not be.
    """
    load_av()
    source, target = Path(source), Path(target)
    folder = target.absolute().with_name(f".{target.name}.recorte-parts")
    _check_target(target, source, folder, overwrite, transparent=background is None)
    behind = read_background(background)
    job = _job(remover, source, target, background)
    with ExitStack() as open_files:
        video = open_files.enter_context(VideoFile(source))
        progress = Progress.load(folder, job)
        if not progress.parts:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        maker = _Maker(remover.pipeline, behind, target, folder, progress)
        for time, photo in video.read(first=len(progress.times)):
            maker.add(time, photo)
            if on_frame:
                on_frame(len(progress.times) + maker.waiting, video.frames)
        maker.finish_part()
        if not progress.times:
            raise RecorteError(f"{source}: there is not one frame in it that can be read")
        if target.suffix:
            parts = [folder / f"{number:06}{target.suffix}" for number in range(progress.parts)]
            with whole_file(target) as path:
                join(parts, progress.times, video, KINDS[target.suffix.lower()], path)
        shutil.rmtree(folder)
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

    @property
    def waiting(self) -> int:
        """How many frames the part has that is not finished."""
        return len(self.times)

    def add(self, time: int, photo: np.ndarray) -> None:
        """Cut people out of a frame and put it into the part, which is finished when it is full."""
        letterboxed, raw = self.pipeline.look(photo)
        found = drop_unsure(self.progress.smoothing(raw, letterboxed), self.pipeline.network.sure)
        cutout = self.pipeline.cut_out(self.pipeline.enlarge(found, photo, eight_bits=True), photo)
        self._write(cutout if self.behind is None else put_behind(cutout, photo, self.behind))
        self.times.append(time)
        if len(self.times) == FRAMES:
            self.finish_part()

    def finish_part(self) -> None:
        """Finish the part, so that it need not be made again."""
        if not self.times:
            return
        if self.part is not None:
            self.part.close()
        self.part = None
        self.progress.times += self.times
        self.progress.parts += 1
        self.progress.save(self.folder)
        self.times = []

    def _write(self, picture: np.ndarray) -> None:
        if not self.target.suffix:
            number = len(self.progress.times) + len(self.times) + 1
            content = output.encode(picture, Photo(picture))
            write_whole(self.target / f"{number:06}.png", content, durable=False)
            return
        if self.part is None:
            # H.264 and VP9 have half the colours in each direction.
            height, width = (side - side % 2 for side in picture.shape[:2])
            path = self.folder / f"{self.progress.parts:06}{self.target.suffix}"
            self.part = Part(path, KINDS[self.target.suffix.lower()], height, width)
        self.part.add(picture)


def _check_target(target: Path, source: Path, folder: Path, overwrite: bool, transparent: bool) -> None:
    valid = f"{', '.join(KINDS)}, or a name without suffix for a folder of PNG"
    if target.suffix and target.suffix.lower() not in KINDS:
        raise RecorteError(f"{target}: a video can be written as {valid}")
    if target.suffix.lower() == ".mp4" and transparent:
        raise RecorteError(f"{target}: MP4 has no transparency; give a background, or write .mov or .webm")
    if not source.is_file():
        raise RecorteError(f"{source}: no such file")
    if output.same_file(source, target):
        raise RecorteError(f"{target}: this is the video itself, which is never replaced; give another name")
    going_on = not target.suffix and (folder / "progress.npz").exists()
    there = target.exists() and (bool(target.suffix) or not target.is_dir() or any(target.iterdir()))
    if there and not overwrite and not going_on:
        raise RecorteError(f"{target}: exists already; choose another name, or allow it with --overwrite")


def _job(remover: BackgroundRemover, source: Path, target: Path, background: Background) -> str:
    """Say what is made of what, so that parts of something else are not gone on with."""
    files = [[str(file.absolute()), file.stat().st_size, file.stat().st_mtime_ns]
             for file in (source, remover.network.path)]  # fmt: skip
    pipeline = remover.pipeline
    return json.dumps([*files, pipeline.refine, pipeline.colours, pipeline.tta, str(background)[:200], target.suffix])
