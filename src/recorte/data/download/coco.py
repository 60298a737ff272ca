"""COCO 2017 from its own server, as far as it is not there yet."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from recorte.data.download.fetch import Remote, fetch, require_room
from recorte.data.download.unpack import unpack
from recorte.errors import ConfigError, DataError

SERVER = "http://images.cocodataset.org"


class Part(NamedTuple):
    """An archive of COCO.

    Attributes:
        path: on the server.
        size: bytes.
        sha256: of the archive. COCO publishes none; these are what several mirrors agree on.
        folder: what it unpacks to.
        files: how many files that are, of those that are counted.
        counted: a pattern of the names of these.
        unpacked: bytes that they take.
    """

    path: str
    size: int
    sha256: str
    folder: str
    files: int
    counted: str
    unpacked: int

    def missing(self, root: Path) -> bool:
        """Tell whether some of its files are not below `root`."""
        return len(_shown(root / self.folder, self.counted)) < self.files

    def to_unpack(self, root: Path) -> int:
        """Count the bytes that are still to be unpacked below `root`, where a stopped unpacking may have left some."""
        return max(0, self.unpacked - sum(path.stat().st_size for path in _shown(root / self.folder, "*")))


def _shown(folder: Path, pattern: str) -> list[Path]:
    """List the files of a folder but those whose names begin with a dot: unfinished ones, and what macOS adds."""
    return [path for path in folder.glob(pattern) if not path.name.startswith(".")]


PARTS = {
    "annotations": Part(
        "annotations/annotations_trainval2017.zip",
        252_907_541,
        "113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268",
        "annotations",
        2,
        "person_keypoints_*2017.json",
        850_000_000,
    ),
    "val": Part(
        "zips/val2017.zip",
        815_585_330,
        "4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05",
        "val2017",
        5_000,
        "*.jpg",
        820_000_000,
    ),
    "train": Part(
        "zips/train2017.zip",
        19_336_861_798,
        "69a8bb58ea5f8f99d24875f21416de2e9ded3178e903f1f7603e283b9e06d929",
        "train2017",
        118_287,
        "*.jpg",
        19_500_000_000,
    ),
}
"""By the name that a user chooses them by, smallest first."""


class Reporter(Protocol):
    """Is told how the work goes."""

    def begin(self, what: str, unit: str) -> None:
        """A piece of work begins, counted in bytes or files."""

    def reached(self, done: int, total: int) -> None:
        """So much of it is done."""


def download(
    root: str | os.PathLike[str],
    report: Reporter,
    parts: Sequence[str] = tuple(PARTS),
    keep_archives: bool = False,
    server: str = SERVER,
    pause: float = 2.0,
) -> list[str]:
    """Fetch and unpack what of COCO 2017 is missing below `root`; a stopped download goes on.

    Args:
        root: the data set's folder; made if missing.
        report: told how it goes.
        parts: which of `PARTS`.
        keep_archives: leave the ZIPs, which are removed once they are unpacked.
        server: where they are.
        pause: seconds before a second try, doubled for each further one.

    Returns:
        The parts that were missing and are there now.

    Raises:
        ConfigError: `server` is no address.
        DataError: no room, nothing to be had from the server, something else than was meant, or a folder that cannot be
            written to.
    """
    _require_address(server)
    root = Path(root)
    try:
        return _download(root, report, parts, keep_archives, server, pause)
    except OSError as error:
        if error.filename is None:
            raise
        reason = "it is a file, not a folder" if isinstance(error, FileExistsError) else error.strerror
        raise DataError(f"{error.filename}: cannot be written ({reason}); give another data.root") from None


def _download(
    root: Path, report: Reporter, parts: Sequence[str], keep_archives: bool, server: str, pause: float
) -> list[str]:
    missing = [name for name in parts if PARTS[name].missing(root)]
    require_room(root, _needed(root, [PARTS[name] for name in missing], keep_archives))
    for name in missing:
        part = PARTS[name]
        archive = root / Path(part.path).name
        remote = Remote(f"{server}/{part.path}", part.size, part.sha256)
        report.begin(f"fetching {archive.name}", "bytes")
        fetch(remote, archive, partial(report.reached, total=part.size), pause)
        report.begin(f"unpacking {archive.name}", "files")
        unpack(archive, root, {part.folder}, report.reached)
        if not keep_archives:
            archive.unlink()
    return missing


def _require_address(server: str) -> None:
    try:
        address = urlsplit(str(server))
        valid = address.scheme in ("http", "https") and bool(address.hostname)
    except ValueError:  # brackets that are not closed
        valid = False
    if not valid:
        raise ConfigError(f"server={server}: must be an address with http:// or https://, such as {SERVER}")


def _needed(root: Path, parts: Sequence[Part], keep_archives: bool) -> int:
    """Count the bytes that are still to be written; of archives that do not stay, the largest at a time."""
    remaining = []
    for part in parts:
        archive = root / Path(part.path).name
        have = [path.stat().st_size for path in (archive, archive.with_name(f"{archive.name}.part")) if path.exists()]
        remaining.append(max(0, part.size - sum(have)))
    archives = sum(remaining) if keep_archives else max(remaining, default=0)
    return archives + sum(part.to_unpack(root) for part in parts)
