"""Folders on this machine and in object stores, by one set of names."""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import fsspec
from fsspec.core import url_to_fs
from fsspec.registry import known_implementations

from recorte.errors import DiskFullError, RecorteError
from recorte.files import FULL, PREFIX, write_whole

ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory"})
"""Kinds of stores in which what is written appears whole, at the end."""

S3 = frozenset({"s3", "s3a"})

FULL_STORE = ("QuotaExceeded", "InsufficientCapacity", "XMinioStorageFull", "InsufficientStorage", "No space left")
"""What the answers of stores without room have in them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, on this machine or in a store, whose files are called by their names below it: `sub/a.jpg`.

    Attributes:
        address: `s3://bucket/photos`, say; of a folder on this machine its absolute path.
        protocol: `s3`, say; `file` for this machine.
        root: the address as its file system has it.
    """

    address: str
    protocol: str
    root: str

    @classmethod
    def of(cls, address: str) -> "Place":
        """Understand what a user gives.

        Raises:
            RecorteError: nothing is installed for an address of this kind, or there is no such kind.
        """
        with told(address, "cannot be opened"):
            _, root = url_to_fs(address)
        protocol = address.partition("://")[0] if "://" in address else "file"
        root = root.rstrip("/") or "/"
        return cls(root if protocol == "file" else f"{protocol}://{root}", protocol, root)

    @property
    def fs(self) -> Any:
        """The file system; it is made once, and kept by fsspec."""
        return fsspec.filesystem(self.protocol)

    def path(self, name: str) -> str:
        """Give a file as the file system calls it."""
        return f"{self.root.rstrip('/')}/{name}"

    def full(self, name: str) -> str:
        """Give the address of a file."""
        return f"{self.address.rstrip('/')}/{name}"

    def holds(self, other: "Place") -> bool:
        """Tell whether another place is this one, or lies in it."""
        one, two = (os.path.realpath(place.root) if place.protocol == "file" else place.root for place in (self, other))
        return self.protocol == other.protocol and (f"{two}/").startswith(f"{one.rstrip('/')}/")

    def names(self) -> Iterator[str]:
        """Name every file below, page by page or folder by folder; what is hidden (`.a`) is passed over.

        Linked folders of this machine are passed over, too.

        Raises:
            RecorteError: it cannot be looked into.
        """
        with told(self.address, "cannot be listed"):
            found = self._listed() if self.protocol in S3 else self._walked()
            for name in found:
                if name and not any(part.startswith(".") for part in name.split("/")):
                    yield name

    def _listed(self) -> Iterator[str]:
        """Page by page, since of a million objects what S3 tells is more than a gigabyte."""
        bucket, _, key = self.root.partition("/")
        prefix = f"{key}/" if key else ""
        more: dict[str, str] = {}
        while True:
            answer = self.fs.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, **more)
            for one in answer.get("Contents", ()):
                if not one["Key"].endswith("/"):
                    yield one["Key"][len(prefix) :]
            if not answer.get("IsTruncated"):
                return
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    def _walked(self) -> Iterator[str]:
        if self.protocol == "file":
            walked: Any = os.walk(self.root, onerror=_raise)
        else:
            self.fs.invalidate_cache()
            walked = self.fs.walk(self.root, on_error="raise")
        for base, folders, names in walked:
            if isinstance(folders, list):
                folders[:] = [name for name in folders if not name.startswith(".")]
            inner = os.path.relpath(base, self.root) if base != self.root else ""
            yield from (f"{inner}/{name}" if inner else name for name in names)

    def exists(self, name: str) -> bool:
        """Tell whether there is such a file now."""
        self.fs.invalidate_cache()
        return bool(self.fs.exists(self.path(name)))

    def read(self, name: str) -> bytes:
        """Read a file.

        Raises:
            FileNotFoundError: there is none.
        """
        return bytes(self.fs.cat_file(self.path(name)))

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            DiskFullError: there is no room.
        """
        path = self.path(name)
        if self.protocol == "file":
            write_whole(path, content)
            return
        try:
            if self.protocol in ATOMIC:
                self.fs.pipe_file(path, content)
                return
            folder, _, last = path.rpartition("/")
            temporary = f"{folder}/{PREFIX}{secrets.token_hex(8)}{os.path.splitext(last)[1]}"  # noqa: PTH122
            self.fs.makedirs(folder, exist_ok=True)
            self.fs.pipe_file(temporary, content)
            self.fs.mv(temporary, path)
        except Exception as error:
            if getattr(error, "errno", None) in FULL or any(word in str(error) for word in FULL_STORE):
                raise DiskFullError(f"{self.full(name)}: no room for it in this store ({error})") from error
            raise

    def create(self, name: str, content: bytes) -> None:
        """Write a file that must not be there yet.

        Raises:
            FileExistsError: it is there.
        """
        if self.protocol == "file":
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)  # noqa: PTH103, PTH120
            with open(self.path(name), "xb") as file:  # noqa: PTH123
                file.write(content)
            return
        self.fs.pipe_file(self.path(name), content, mode="create")

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens if it is gone already."""
        with contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(self.path(name))


@contextlib.contextmanager
def told(address: str, what: str) -> Iterator[None]:
    """Tell of whatever a file system answers in one sentence that names the address.

    Raises:
        RecorteError: instead of every other exception.
    """
    try:
        yield
    except RecorteError:
        raise
    except Exception as error:  # each file system has exceptions of its own
        raise RecorteError(f"{address}: {what}: {reason_of(error, address)}") from error


def reason_of(error: Exception, address: str) -> str:
    """Say in a few words what a file system's exception means, and what to do."""
    kind, protocol = type(error).__name__, address.partition("://")[0]
    if isinstance(error, ImportError):
        package = known_implementations.get(protocol, {}).get("class", protocol).split(".")[0]
        return f"nothing is installed for {protocol}:// addresses; pip install {package}"
    if isinstance(error, ValueError) and "Protocol not known" in str(error):
        return f"there are no {protocol}:// addresses; s3://, gs://, az:// and those of fsspec are known"
    if isinstance(error, FileNotFoundError):
        return "there is no such bucket or folder" if "://" in address else "there is no such file or folder"
    if isinstance(error, PermissionError) or getattr(error, "errno", None) == errno.EACCES:
        return f"no right to it ({getattr(error, 'strerror', None) or error}); give this account the right"
    if "Credential" in kind or "credential" in str(error).lower():
        return f"no credentials, or wrong ones ({error}); give them as the store's own tools take them"
    if "Connection" in kind or "Connect" in kind:
        return f"the store cannot be reached ({error})"
    return f"{kind}: {error}"


def _raise(error: OSError) -> None:
    raise error
