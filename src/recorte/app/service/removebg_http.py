"""How remove.bg's API is asked and answers."""

import base64
import binascii
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from recorte.app.limits import Limits, Refusal
from recorte.app.service.body import FORM, FORM_MARGIN, Body, once, query_of, read_bytes, read_form, type_of
from recorte.app.service.removebg import BACKGROUND, NOTHING_FETCHED, PHOTO, Answer

JSON, URLENCODED = "application/json", "application/x-www-form-urlencoded"

CODES = {
    400: "invalid_request", 403: "auth_failed", 404: "not_found", 405: "method_not_allowed", 408: "timeout",
    413: "file_too_large", 415: "invalid_file_type", 422: "failed_to_read_image", 429: "rate_limit_exceeded",
    500: "internal_error", 503: "unavailable",
}  # fmt: skip
"""What a program is told, where a refusal has no code of its own."""

MISTAKES = (413, 415, 422)
"""Statuses of /cutout for which this API has 400."""


async def read_body(request: Request, limits: Limits) -> Callable[[], Body]:
    """Read a form with files, one without, or JSON; what is returned takes it apart, for which a worker has time.

    Raises:
        Refusal: too large, of another type, or no form that can be read.
    """
    kind = type_of(request)
    most = limits.bytes * 3 // 2 + FORM_MARGIN  # base64 takes a third more, and an address's way of writing a bit more
    if kind == FORM:
        body = await read_form(request, limits, (PHOTO, BACKGROUND), most)
        return lambda: body
    if kind in (JSON, URLENCODED):
        query = query_of(request)
        return partial(_apart, await read_bytes(request, limits, most), kind, query)
    raise Refusal(400, f"Send {PHOTO} in a form ({FORM}), or image_file_b64 in one or in JSON", "missing_source")


def photo_of(body: Body) -> bytes:
    """Give the photo's bytes, from whichever parameter they are in.

    Raises:
        Refusal: none, several, an address, or what is not base64.
    """
    given = [name for name in (PHOTO, "image_file_b64", "image_url") if body.files.get(name) or body.texts.get(name)]
    if not given:
        raise Refusal(400, f"No photo: send {PHOTO} or image_file_b64", "missing_source")
    if len(given) > 1:
        raise Refusal(400, f"{' and '.join(given)} are given; send one photo a request", "multiple_sources")
    if given == ["image_url"]:
        message = f"image_url: {NOTHING_FETCHED}; send {PHOTO} or image_file_b64"
        raise Refusal(400, message, "failed_image_download")
    if given == [PHOTO]:
        if PHOTO not in body.files:
            raise Refusal(400, f"{PHOTO} is a text; send a file", "missing_source")
        return body.files[PHOTO]
    text = body.texts["image_file_b64"].strip()
    if text.startswith("data:"):
        text = text.partition(",")[2]
    # A plus that nobody quoted arrives as a space; line ends are usual in base64.
    text = text.replace(" ", "+").replace("\r", "").replace("\n", "")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, "image_file_b64 is not base64", "failed_to_read_image") from None


def answer(request: Request, result: Answer, typed: bool) -> Response:
    """Answer with a picture, or with JSON if that is all that is wanted."""
    headers = {"X-Width": str(result.width), "X-Height": str(result.height), "X-Credits-Charged": "0"}
    if typed:
        headers["X-Type"] = "person"
    accepted = request.headers.get("accept", "")
    # Libraries that ask for JSON by themselves say that anything else will do as well.
    if JSON in accepted and "*/*" not in accepted and "image/" not in accepted:
        return JSONResponse({"data": {"result_b64": base64.b64encode(result.content).decode()}}, headers=headers)
    return Response(result.content, media_type=result.media_type, headers=headers)


def refuse(error: Refusal) -> JSONResponse:
    """Say why there is no picture, in this API's form."""
    status = 400 if error.status in MISTAKES else error.status
    told = {"title": str(error), "code": error.code or CODES.get(error.status, CODES[400])}
    return JSONResponse({"errors": [told]}, status, {"Retry-After": "1"} if status in (429, 503) else None)


def _apart(content: bytes, kind: str, query: dict[str, str]) -> Body:
    try:
        if kind == JSON:
            given = json.loads(content)
            if not isinstance(given, dict):
                raise ValueError("no object")
            texts = {name: _text(name, value) for name, value in given.items() if value is not None}
        else:
            pairs = parse_qsl(content.decode("utf-8"), keep_blank_values=True, max_num_fields=40)
            texts = once([(name, value) for name, value in pairs if value])
    except (ValueError, RecursionError):
        raise Refusal(400, f"The body is not {kind} that can be read") from None
    return Body({}, query | texts)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise Refusal(400, f"{name[:40]!r} must be a text, a number or true or false")
