"""Files of results, which appear whole or not at all, in words where they cannot be written."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from recorte.errors import DataError
from recorte.files import whole_file


@contextlib.contextmanager
def result_file(path: Path) -> Iterator[Path]:
    """Give a temporary path that is moved to `path` if the block succeeds, as `whole_file` does.

    Raises:
        DataError: nothing can be written there.
        DiskFullError: no room.
    """
    try:
        with whole_file(path) as temporary:
            yield temporary
    except OSError as error:
        is_file = isinstance(error, FileExistsError)
        reason = f"{path.parent} is a file, not a folder" if is_file else error.strerror or error
        raise DataError(f"{path}: cannot be written ({reason}); give another folder") from None
