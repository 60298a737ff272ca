"""Reading what a request brings: a form with a file, or bare bytes; never more than the limit, and never on disk."""

import sys
from collections.abc import AsyncGenerator

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from recorte.app.limits import Limits, Refusal, too_many_bytes

FIELD = "file"
FORM_MARGIN = 20_000
"""Bytes that a form may have beside its file: boundaries, headers and options."""


async def read_request(request: Request, limits: Limits) -> tuple[bytes, dict[str, str]]:
    """Give the photo's bytes, and the options of form and query.

    Raises:
        Refusal: too large, of another type, or no form that can be read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    options = _once(list(request.query_params.multi_items()))
    if kind == "multipart/form-data":
        return await _read_form(request, limits, options)
    if kind.startswith("image/") or kind == "application/octet-stream":
        body = bytearray()
        async for chunk in _limited(request, limits, limits.bytes):
            body += chunk
        return bytes(body), options
    wanted = f"a form (multipart/form-data) with the photo in the field {FIELD!r}, or its bytes as image/*"
    raise Refusal(415, f"Content-Type {kind or 'is missing, and'} cannot be used; send {wanted}")


async def _read_form(request: Request, limits: Limits, options: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    # No limit of the parser's own for one field, since the form's is enough: a long option is refused as an option is.
    most = limits.bytes + FORM_MARGIN
    stream = _limited(request, limits, most)
    parser = _InMemory(request.headers, stream, max_files=1, max_fields=16, max_part_size=most)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Refusal(422, f"The form cannot be read: {error.message}") from None
    except (UnicodeError, ValueError, AssertionError):
        raise Refusal(422, "The form cannot be read: its headers are damaged") from None
    if not parser.complete:
        raise Refusal(422, "The form cannot be read: it ends before its last boundary")
    file = form.get(FIELD)
    if not isinstance(file, UploadFile):
        raise Refusal(422, f"The form has no file in the field {FIELD!r}")
    content = await file.read()
    if len(content) > limits.bytes:
        raise too_many_bytes(limits)
    return content, options | _once(_texts(form))


class _InMemory(MultiPartParser):
    """A parser that keeps the file in memory, which the limit bounds, and knows whether the form came to its end."""

    spool_max_size = sys.maxsize  # of SpooledTemporaryFile: never written to disk

    complete = False

    def on_end(self) -> None:
        """Note the closing boundary."""
        self.complete = True


def _texts(form: FormData) -> list[tuple[str, str]]:
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _once(items: list[tuple[str, str]]) -> dict[str, str]:
    options = dict(items)
    if len(options) < len(items):
        raise Refusal(422, "An option is given twice")
    return options


async def _limited(request: Request, limits: Limits, most: int) -> AsyncGenerator[bytes, None]:
    """Pass a body on as it arrives, and stop as soon as it is too long."""
    promised = request.headers.get("content-length", "")
    if promised.isdigit() and int(promised) > most:
        raise too_many_bytes(limits)
    arrived = 0
    try:
        async for chunk in request.stream():
            arrived += len(chunk)
            if arrived > most:
                raise too_many_bytes(limits)
            yield chunk
    except ClientDisconnect:
        raise Refusal(400, "The connection ended before the photo had arrived") from None
