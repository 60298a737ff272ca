"""Files that appear whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it to `path` if the block succeeds, remove it if it fails.

    The move is atomic, since both are in one folder; the content is on the disk before it, so that neither a
    crash nor a power cut leaves half a file. Missing parent folders are made.

    Args:
        path: where the finished file goes; an existing file there is replaced only at the end.

    Yields:
        The temporary path, with the suffix of `path` (encoders choose their format by it).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A long name plus a random part could pass the file system's 255 bytes, so only the suffix is kept.
    temporary = path.with_name(f".recorte-{secrets.token_hex(8)}{path.suffix}")
    # Not tempfile.mkstemp: its files nobody else may read, and the umask cannot be read without changing it, which
    # is not safe between threads.
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write `content` to `path` (text as UTF-8), whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
