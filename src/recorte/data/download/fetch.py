"""One large file over HTTP: cut connections are taken up where they broke, and what arrived is what was meant."""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from recorte.errors import DataError
from recorte.files import FULL, disk_full, free_space

BLOCK = 1 << 20
TIMEOUT = 60
"""Seconds without a byte after which a connection counts as cut."""
TRIES = 5
"""Attempts in a row that bring nothing, before it is given up."""

Progress = Callable[[int], None]
"""Is told how many bytes of the file are there."""


class Remote(NamedTuple):
    """A file to fetch.

    Attributes:
        url: `http` or `https`.
        size: bytes.
        sha256: of its content, in hexadecimal.
    """

    url: str
    size: int
    sha256: str


def fetch(remote: Remote, target: Path, progress: Progress = lambda _: None, pause: float = 2.0) -> None:
    """Download a file unless it is there; it appears at `target` only when whole and right.

    What has arrived is kept beside it as `<name>.part`, for the next call to go on from.

    Args:
        remote: what to fetch.
        target: where it goes; its folder is made.
        progress: told about every block.
        pause: seconds before a second try, doubled for each further one.

    Raises:
        DataError: the server does not have it, gives something else, or cannot be reached after several tries.
        DiskFullError: no room.
    """
    if target.is_file() and target.stat().st_size == remote.size:
        progress(remote.size)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        for turn in (1, 2):
            _fetch_all(remote, part, progress, pause)
            if _sha256(part) == remote.sha256:
                break
            part.unlink()
            if turn == 2:
                raise DataError(
                    f"{remote.url}: what it gives is not the file that was meant: its SHA-256 differs, twice"
                )
        part.replace(target)
    except OSError as error:
        if error.errno in FULL:
            raise disk_full(target) from error
        raise


def _fetch_all(remote: Remote, part: Path, progress: Progress, pause: float) -> None:
    """Fetch what is missing of `part`, in as many connections as it takes."""
    failed = most = 0
    while (have := _size(part)) != remote.size:
        if have > remote.size:
            part.unlink()
            continue
        most = max(most, have)
        try:
            _fetch_some(remote, part, have, progress)
            reason: object = "the connection was cut"
        except urllib.error.HTTPError as error:
            if error.code not in (408, 429) and error.code < 500:
                raise DataError(f"{remote.url}: the server answers {error.code} ({error.reason})") from None
            reason = f"the server answers {error.code}"
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            reason = getattr(error, "reason", None) or error or type(error).__name__
        # A server that knows no ranges begins anew each time: what comes again is no progress.
        failed = 0 if _size(part) > most else failed + 1
        if failed == TRIES:
            have = _size(part)
            kept = f"; {have / 1e6:,.1f} MB are kept, and the same command goes on from there" if have else ""
            raise DataError(f"{remote.url}: cannot be fetched ({reason}){kept}")
        if failed:
            time.sleep(pause * 2 ** (failed - 1))


def _fetch_some(remote: Remote, part: Path, have: int, progress: Progress) -> None:
    request = urllib.request.Request(remote.url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        _require_the_file(remote, answer)
        goes_on = answer.status == 206 and (answer.headers["Content-Range"] or "").startswith(f"bytes {have}-")
        if have and not goes_on:  # a server that knows no ranges sends all of it
            have = 0
        with part.open("ab" if goes_on else "wb") as file:
            while have < remote.size and (block := answer.read(min(BLOCK, remote.size - have))):
                file.write(block)
                have += len(block)
                progress(have)


def _require_the_file(remote: Remote, answer: http.client.HTTPResponse) -> None:
    """Refuse what is no part of the file, such as the page of a network that wants a login, before a byte is kept."""
    if answer.headers.get_content_type() == "text/html":
        given = "a web page"
    else:
        whole = answer.headers["Content-Length"]
        if answer.status == 206:
            whole = (answer.headers["Content-Range"] or "").rpartition("/")[2]
        if not (whole or "").isdigit() or int(whole) == remote.size:
            return
        given = f"a file of {int(whole):,} bytes"
    raise DataError(
        f"{remote.url}: the answer is {given}, but the file has {remote.size:,} bytes; open the address in a browser, "
        "since a network may want a login first, or the server has another file"
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_room(folder: Path, needed: int) -> None:
    """Make sure that a disk has room before anything is fetched.

    Args:
        folder: on the disk; it need not exist yet.
        needed: bytes.

    Raises:
        DataError: it has not.
    """
    free = free_space(folder)
    if free < needed:
        raise DataError(
            f"{folder}: {needed / 1e9:,.1f} GB are needed and {free / 1e9:,.1f} GB are free on this disk; make room, "
            "or give another data.root"
        )
