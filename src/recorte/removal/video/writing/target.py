"""Where a video's result goes: whether it may, where its parts are meanwhile, and how trouble there is told."""

import errno
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np

from recorte.errors import DiskFullError, RecorteError
from recorte.files import FULL, disk_full
from recorte.listing import no_such_file, shortened
from recorte.removal.files import output
from recorte.removal.remover import BackgroundRemover
from recorte.removal.video.reading.folders import frames_in
from recorte.removal.video.writing.parts import KINDS

PARTS = ".recorte-parts"
"""What the name of a folder ends with that holds what is finished of a video."""


METHOD = 2
"""Of making frames; parts that another version made otherwise are not gone on with."""


def parts_of(target: Path) -> Path:
    """Name the hidden folder that holds what is finished: beside a file, in a folder of PNG.

    In it, so that a folder which was removed, or moved, takes along what is known of it.
    """
    return target.absolute().with_name(f".{target.name}{PARTS}") if target.suffix else target / PARTS


def frame_of(target: Path, number: int) -> Path:
    """Name the picture of a frame, counted from 1, in a folder of PNG."""
    return target / f"{number:06}.png"


def drop_frames(target: Path, first: int) -> None:
    """Remove the pictures of an older sequence from frame `first` on, and no other files."""
    last = first - 1
    while frame_of(target, last + 1).is_file():
        last += 1
    # From the end, so that what is left when this is stopped can still be seen to be one sequence.
    for number in range(last, first - 1, -1):
        frame_of(target, number).unlink()


def check_names(source: Path, target: Path, transparent: bool = False) -> None:
    """Find out, before any work, whether a video of this name can be made of that.

    Raises:
        RecorteError: `source` is no file; `target` is of an unknown kind or none that can be transparent, or it is the
            video itself.
    """
    valid = f"{', '.join(KINDS)}, or a name without suffix for a folder of PNG"
    if target.suffix and target.suffix.lower() not in KINDS:
        raise RecorteError(f"{target}: a video can be written as {valid}")
    if target.suffix.lower() == ".mp4" and transparent:
        raise RecorteError(f"{target}: MP4 has no transparency; give an opaque background, or write .mov or .webm")
    check_source(source, target)


def check_source(source: Path, target: Path) -> None:
    """Find out, before any work, whether a video is there, or a folder of frames, and is not itself the result.

    Raises:
        RecorteError: it is not, or it is.
    """
    try:
        folder, there = source.is_dir(), source.is_file()
    except OSError as error:  # a name that is too long, say
        raise RecorteError(f"{source}: cannot be read ({error.strerror})") from None
    if folder:
        frames_in(source)
    elif not there:
        raise RecorteError(f"{shortened(str(source))}: {no_such_file(source)}")
    if output.same_file(source, target):
        raise RecorteError(f"{target}: this is the video itself, which is never replaced; give another name")


def check_free(target: Path, going_on: bool, overwrite: bool) -> None:
    """Find out whether anything is in the way.

    Args:
        target: the result.
        going_on: it was begun by the very job that is to be done.
        overwrite: replace what is there.

    Raises:
        RecorteError: something is, which must not be replaced.
    """
    if target.suffix and target.is_dir():
        raise RecorteError(f"{target}: this is a folder; give the name of a file")
    if target.suffix or not target.is_dir():
        there = target.exists()
    else:
        there = not going_on and any(path.name != PARTS for path in target.iterdir())
    if there and not overwrite:
        raise RecorteError(f"{target}: exists already; choose another name, or allow it with --overwrite")


def describe_job(remover: BackgroundRemover, source: Path, target: Path, made: Sequence[object]) -> str:
    """Say what is made of what, so that parts of something else are not gone on with.

    Args:
        remover: what finds people.
        source: the video, or a folder of its frames.
        target: the result.
        made: what else decides how it looks: of pictures what they show, as their files may have been replaced.
    """
    pictures = frames_in(source) if source.is_dir() else [source]
    files = [_file(path) for path in (*pictures, remover.network.path)]
    pipeline = remover.pipeline
    switches = [pipeline.refine, pipeline.colours, pipeline.tta, pipeline.looks]
    return json.dumps([METHOD, sha256(json.dumps(files).encode()).hexdigest(), switches, [*map(_described, made)],
                       target.suffix])  # fmt: skip


def _file(path: Path) -> list[object]:
    return [str(path.absolute()), path.stat().st_size, path.stat().st_mtime_ns]


def _described(value: object) -> object:
    if isinstance(value, np.ndarray):
        return [value.shape, sha256(value.tobytes()).hexdigest()]
    if isinstance(value, Path):
        return _file(value)
    return str(value)


@contextmanager
def naming(target: Path) -> Iterator[None]:
    """Tell of whatever cannot be written as trouble with `target`, of which it is a part.

    Raises:
        DiskFullError: no room.
        RecorteError: any other reason.
    """
    import av

    try:
        yield
    except DiskFullError as error:
        # A picture of a folder is named by its own name.
        raise (disk_full(target) if target.suffix else error) from error.__cause__
    except (OSError, av.FFmpegError) as error:
        if error.errno in FULL:
            raise disk_full(target) from error
        kind = DiskFullError if error.errno == errno.EFBIG else RecorteError
        raise kind(f"{target}: cannot be written ({error.strerror or error})") from error
