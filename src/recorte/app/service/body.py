"""Reading what a request brings: a form with files, or bare bytes; never more than the limit, and never on disk."""

import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TypeVar

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from recorte.app.limits import Limits, Refusal, too_many_bytes

Value = TypeVar("Value", str, bytes)

FIELD, BACKGROUND = "file", "background"
"""The form's fields that hold pictures: the photo, and what goes behind the people, unless that is a colour."""

FORM = "multipart/form-data"

FORM_MARGIN = 20_000
"""Bytes that a form may have beside its files: boundaries, headers and options."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a request brings.

    Attributes:
        files: bytes by the names of their fields.
        texts: the other fields, and the query.
    """

    files: dict[str, bytes]
    texts: dict[str, str]


def type_of(request: Request) -> str:
    """The type of a request's body, in lower case and without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_request(request: Request, limits: Limits) -> Body:
    """Give the photo's bytes, perhaps the background's, and the options of form and query.

    Raises:
        Refusal: too large, of another type, or no form that can be read.
    """
    kind = type_of(request)
    if kind == FORM:
        body = await read_form(request, limits, (FIELD, BACKGROUND), limits.bytes + FORM_MARGIN)
        if FIELD not in body.files:
            raise Refusal(422, f"The form has no file in the field {FIELD!r}; as curl sends it: -F {FIELD}=@photo.jpg")
        return body
    if kind.startswith("image/") or kind == "application/octet-stream":
        content = await read_bytes(request, limits, limits.bytes)
        return Body({FIELD: content}, query_of(request))
    wanted = f"a form ({FORM}) with the photo in the field {FIELD!r}, or its bytes as image/*"
    raise Refusal(415, f"Content-Type {kind[:100] or 'is missing, and'} cannot be used; send {wanted}")


def query_of(request: Request) -> dict[str, str]:
    """The options in a request's address.

    Raises:
        Refusal: one is given twice.
    """
    return once(request.query_params.multi_items())


async def read_bytes(request: Request, limits: Limits, most: int) -> bytes:
    """Read a body of at most `most` bytes as it is.

    Raises:
        Refusal: it is larger, or the connection ends.
    """
    body = bytearray()
    async for chunk in _limited(request, limits, most):
        body += chunk
    return bytes(body)


async def read_form(request: Request, limits: Limits, names: tuple[str, ...], most: int) -> Body:
    """Read a form with a file in some of the fields `names`.

    Empty texts, and files without a name and without bytes, are what a browser sends for fields that were left empty;
    only of the first of `names`, in which there must be something, that is told.

    Raises:
        Refusal: it is larger than `most`, its files are together larger than the limit, or it cannot be read.
    """
    # No limit of the parser's own for one field, since the form's is enough: a long option is refused as an option is.
    stream = _limited(request, limits, most)
    parser = _InMemory(request.headers, stream, max_files=len(names), max_fields=40, max_part_size=most)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        reason = error.message
        if reason.startswith("Too many files"):
            reason = f"more files than its fields for them, {' and '.join(names)}; send one photo a request"
        raise Refusal(422, f"The form cannot be read: {reason}") from None
    except (UnicodeError, ValueError, AssertionError):
        raise Refusal(422, "The form cannot be read: its headers are damaged") from None
    if not parser.complete:
        raise Refusal(422, "The form cannot be read: it ends before its last boundary")
    files: list[tuple[str, bytes]] = []
    texts: list[tuple[str, str]] = []
    for name, value in form.multi_items():
        if isinstance(value, str):
            texts += [(name, value)] if value else []
        elif value.filename or value.size or name == names[0]:
            files.append((name, await _content(name, value, names)))
    if sum(len(content) for _, content in files) > limits.bytes:
        raise too_many_bytes(limits, "The photo has" if len(files) == 1 else "Photo and background have together")
    body = Body(once(files), query_of(request) | once(texts))
    if twice := [name for name in body.files if body.texts.get(name)]:
        raise Refusal(422, f"{twice[0]} is given twice, as a file and as a text")
    return body


async def _content(name: str, file: UploadFile, names: tuple[str, ...]) -> bytes:
    if name not in names:
        raise Refusal(422, f"The form has a file in the field {name[:40]!r}; files belong in {' and '.join(names)}")
    return await file.read()


class _InMemory(MultiPartParser):
    """A parser that keeps files in memory, which the limit bounds, and knows whether the form came to its end."""

    spool_max_size = sys.maxsize  # of SpooledTemporaryFile: never written to disk

    complete = False

    def on_end(self) -> None:
        """Note the closing boundary."""
        self.complete = True


def once(items: list[tuple[str, Value]]) -> dict[str, Value]:
    """Make a dictionary of what may be given once.

    Raises:
        Refusal: something is given twice.
    """
    options = dict(items)
    if len(options) < len(items):
        names = [name for name, _ in items]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refusal(422, f"{twice[:40]} is given twice")
    return options


async def _limited(request: Request, limits: Limits, most: int) -> AsyncGenerator[bytes, None]:
    """Pass a body on as it arrives, and stop as soon as it is too long."""
    promised = request.headers.get("content-length", "")
    if promised.isdigit() and int(promised) > most:
        raise too_many_bytes(limits, "What was sent has")
    arrived = 0
    try:
        async for chunk in request.stream():
            arrived += len(chunk)
            if arrived > most:
                raise too_many_bytes(limits, "What was sent has")
            yield chunk
    except ClientDisconnect:
        raise Refusal(400, "The connection ended before the photo had arrived") from None
