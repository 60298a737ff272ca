"""Unpacking a ZIP: into its own folders only, each file whole or not at all, going on where it stopped."""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath

from recorte.errors import DataError
from recorte.files import FULL, PREFIX, disk_full


def unpack(
    archive: Path, root: Path, folders: Collection[str], progress: Callable[[int, int], None] = lambda *_: None
) -> int:
    """Unpack a ZIP below `root`; files that are there in their full size are not unpacked again.

    Args:
        archive: the ZIP.
        root: where its folders go.
        folders: names of the only folders that it may have at its top.
        progress: told how many files are done, of how many.

    Returns:
        How many files were written.

    Raises:
        DataError: no ZIP, a damaged one, or one with entries that do not lie in these folders, or are links.
        DiskFullError: no room.
    """
    written = 0
    try:
        with zipfile.ZipFile(archive) as content:
            members = [member for member in content.infolist() if not member.is_dir()]
            for member in members:  # all of them before the first is written
                _check(archive, member, folders)
            for number, member in enumerate(members, start=1):
                target = root / member.filename
                if not (target.is_file() and target.stat().st_size == member.file_size):
                    _unpack_one(content, member, target)
                    written += 1
                progress(number, len(members))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{archive}: damaged, or no ZIP ({error}); remove it, so that it is fetched again") from None
    except OSError as error:
        if error.errno in FULL:
            raise disk_full(root) from error
        raise
    return written


def _check(archive: Path, member: zipfile.ZipInfo, folders: Collection[str]) -> None:
    path = PurePosixPath(member.filename)
    odd = "\\" in member.filename or ":" in member.filename or ".." in path.parts or path.is_absolute()
    if odd or path.parts[0] not in folders or len(path.parts) < 2:
        raise DataError(
            f"{archive}: its entry {member.filename!r} does not lie in {' or '.join(sorted(folders))}; nothing of it "
            "was unpacked, since it may be meant to harm"
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise DataError(f"{archive}: its entry {member.filename!r} is a link; nothing of it was unpacked")


def _unpack_one(content: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    # Not `whole_file`, which waits for the disk at each file: an unfinished one is known by its name and made again.
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{PREFIX}{target.name}")
    try:
        with content.open(member) as source, unfinished.open("wb") as file:
            shutil.copyfileobj(source, file)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
