"""Files that appear whole or not at all."""

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from recorte.errors import DiskFullError

PREFIX = ".recorte-"
"""What the name of an unfinished file begins with. One that is left over from a killed process may be removed."""

STALE = 600
"""Seconds after which an unfinished file that nobody has written to is left over: its process was killed."""

FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str], durable: bool = True) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it to `path` if the block succeeds, remove it if it fails.

    The move is atomic, since both are in one folder; the content is on the disk before it and the move right after,
    so that neither a crash nor a power cut leaves half a file. Missing parent folders are made.

    Args:
        path: where the finished file goes; an existing file there is replaced only at the end.
        durable: wait until it is on the disk. Not for what can be made again: a power cut may leave half of it.

    Yields:
        The temporary path, with the suffix of `path` (encoders choose their format by it).

    Raises:
        DiskFullError: no room; whatever was at `path` is still there.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A long name plus a random part could pass the file system's 255 bytes, so only the suffix is kept.
    temporary = path.with_name(f"{PREFIX}{secrets.token_hex(8)}{path.suffix}")
    # Not tempfile.mkstemp: its files nobody else may read, and the umask cannot be read without changing it, which
    # is not safe between threads.
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield temporary
        if durable:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in FULL:
            raise disk_full(path) from error
        raise
    if durable:
        _sync_folder(path.parent)


def remove_left_over(folder: Path) -> None:
    """Remove the unfinished files that killed processes left in a folder; those being written just now stay."""
    for path in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # gone already, or not ours to remove
            if time.time() - path.stat().st_mtime > STALE:
                path.unlink()


def disk_full(path: Path, needed: int | None = None) -> DiskFullError:
    """Describe the disk that `path` finds no room on.

    Args:
        path: of a file.
        needed: its size in bytes, where it is known.
    """
    disk = path.absolute().parent
    while not os.path.ismount(disk):
        disk = disk.parent
    size = "" if needed is None else f" of {needed / 1e6:,.1f} MB"
    free = shutil.disk_usage(disk).free / 1e6
    return DiskFullError(
        f"{path}: no room for this file{size}: the disk mounted at {disk} has {free:,.1f} MB left (or your "
        "share of it is used up). What was there before is untouched; make room and try again"
    )


def free_space(path: Path) -> int:
    """Give the bytes that are free on the disk where `path` is, or would be."""
    there = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
    return shutil.disk_usage(there).free


def _sync_folder(folder: Path) -> None:
    """Put a folder's list of names on the disk; where folders cannot be opened or synced, the system does as it can."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def write_whole(path: str | os.PathLike[str], content: bytes | memoryview | str, durable: bool = True) -> None:
    """Write `content` to `path` (text as UTF-8), whole or not at all; `durable` as in `whole_file`.

    Raises:
        DiskFullError: no room; whatever was at `path` is still there.
    """
    content = content.encode() if isinstance(content, str) else content
    try:
        with whole_file(path, durable) as temporary:
            temporary.write_bytes(content)
    except DiskFullError as error:
        raise disk_full(Path(path), len(content)) from error.__cause__
