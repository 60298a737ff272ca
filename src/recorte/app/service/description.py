"""The service in the words of OpenAPI."""

from typing import Any, get_args

from recorte.app.service.body import FIELD, FORM
from recorte.app.service.options import KINDS, PEOPLE
from recorte.app.service.removebg import BACKGROUND, FLAGS, FORMATS, ONLY, PHOTO, SIZES
from recorte.app.service.work import ZIP
from recorte.removal.presets import preset_names
from recorte.removal.steps.layout import Align

Described = dict[str, Any]

ERRORS = {
    400: "the connection ended before the photo had arrived",
    401: "the API key is missing, or another one",
    408: "the photo did not arrive in time",
    413: "too many bytes or pixels",
    415: "no photo, or a kind that cannot be read",
    422: "a damaged photo, a form that cannot be read, or options that cannot be",
    429: "all workers are busy and the queue is full, or too many photos are arriving",
    500: "the service failed at this photo; its log says why",
    503: "stopping, or not done in time",
}

LATER = (429, 503)
"""What is worth another try, with the header Retry-After."""

OWN_HEADERS = (
    "Recorte-Report",
    "Recorte-Not-Kept",
    "Recorte-Nobody",
    "Retry-After",
    "X-Width",
    "X-Height",
    "X-Type",
    "X-Credits-Charged",
)
"""Headers of answers that pages of other origins are let see."""


def request() -> Described:
    """A request's body and query; FastAPI's own way would read it whole before any limit is looked at."""
    flag = {"type": "boolean", "default": False}
    touched = "points x,y and boxes x0,y0,x1,y1 in the photo's pixels, or a JSON list of them and of strokes"
    touches = {"type": "string", "examples": ["120,80;300,40,360,90"]}
    options: Described = {
        "background": {
            "type": "string",
            "description": "a colour such as #ffffff or teal, or blur; in a form also a picture's file; without it: "
            "transparent",
        },
        "mask": flag | {"description": "the mask instead of the cut-out, white = person"},
        "people": {
            "type": "string",
            "enum": list(PEOPLE),
            "default": "all",
            "description": "all, their largest connected region, or each region as a picture of its own, in a ZIP",
        },
        "crop": flag | {"description": "cut the picture to the people"},
        "format": {"type": "string", "enum": list(KINDS), "default": "png"},
        "keep": touches | {"description": f"mends the result: what must be there; {touched}"},
        "drop": touches | {"description": f"mends the result: what must not; {touched}"},
        "size": {
            "type": "string",
            "description": "of the picture: 1000x1000, or one side alone: 1000x or x1000",
            "pattern": "^(|[0-9]*x[0-9]*)$",
        },
        "margin": {
            "type": "string",
            "description": "room around the people, as a share of the shorter side, such as 8%",
        },
        "align": {
            "type": "string",
            "enum": list(get_args(Align)),
            "description": "where they stand in a size of two sides",
        },
        "shadow": flag | {"description": "a soft shadow below the feet"},
        "quality": {
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
            "description": "of jpg, and of webp that may lose",
        },
        "preset": {"type": "string", "enum": preset_names(), "description": "all this in one word"},
        "report": flag | {"description": "judge the result, in the header Recorte-Report, as JSON"},
    }
    file = {"type": "string", "format": "binary", "description": "the photo"}
    form = {"type": "object", "required": [FIELD], "properties": {FIELD: file} | options}
    bare = {"schema": {"type": "string", "format": "binary"}}
    query = [
        {"name": name, "in": "query", "required": False, "schema": schema, "description": schema.get("description", "")}
        for name, schema in options.items()
    ]
    content = {FORM: {"schema": form}, "image/*": bare, "application/octet-stream": bare}
    return {"requestBody": {"required": True, "content": content}, "parameters": query}


def answers(key: bool) -> dict[int | str, Described]:
    """What comes back, with refusals for want of a key where the service asks for one."""
    pictures = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (*KINDS.values(), ZIP)}
    report = {"description": "if a report was asked for: how good the result is likely to be, as JSON"}
    lost = {"description": "what of the photo the result does not hold, if anything: pages 2 to 5, say"}
    nobody = {"description": "if nobody was found in the photo, so that the result shows nobody"}
    headers = {
        "Recorte-Report": report | {"schema": {"type": "string", "contentMediaType": "application/json"}},
        "Recorte-Not-Kept": lost | {"schema": {"type": "string"}},
        "Recorte-Nobody": nobody | {"schema": {"type": "string", "enum": ["true"]}},
    }
    error = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    refusals: dict[int | str, Described] = {
        status: refusal(status, reason, error) for status, reason in ERRORS.items() if key or status != 401
    }
    return {
        200: {"description": "the picture, or a ZIP of one for each person", "content": pictures, "headers": headers},
        **refusals,
    }


def removebg_request() -> Described:
    """The body of a request as remove.bg's API has it: a form, or JSON."""
    text, file = {"type": "string"}, {"type": "string", "format": "binary"}
    chosen = {name: {"type": "string", "enum": list(values), "default": values[0]} for name, values in ONLY.items()}
    flags = {name: {"type": "boolean"} for name in FLAGS}
    parameters: Described = {
        "image_file_b64": text | {"description": "the photo in base64"},
        "size": {"type": "string", "enum": list(SIZES), "default": "preview"},
        "format": {"type": "string", "enum": list(FORMATS), "default": "auto"},
        "bg_color": text | {"description": "such as 81d4fa, half transparent 81d4fa77, or green"},
        **chosen,
        **flags,
    }
    files = {PHOTO: file | {"description": "the photo"}, BACKGROUND: file | {"description": "the background"}}
    schema, form = ({"type": "object", "properties": properties} for properties in (parameters, files | parameters))
    kinds = {FORM: form, "application/json": schema, "application/x-www-form-urlencoded": schema}
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind, schema in kinds.items()}}}


def removebg_answers(key: bool) -> dict[int | str, Described]:
    """What comes back from this route."""
    whole = {"type": "integer"}
    headers: Described = {name: {"schema": whole} for name in ("X-Width", "X-Height", "X-Credits-Charged")}
    headers["X-Type"] = {"schema": {"type": "string", "enum": ["person"]}}
    picture = {"schema": {"type": "string", "format": "binary"}}
    result = {"type": "object", "required": ["result_b64"], "properties": {"result_b64": {"type": "string"}}}
    told = {"type": "object", "required": ["data"], "properties": {"data": result}}
    content = dict.fromkeys((*KINDS.values(), ZIP), picture) | {"application/json": {"schema": told}}
    one = {
        "type": "object",
        "required": ["title", "code"],
        "properties": {name: {"type": "string"} for name in ("title", "code")},
    }
    errors = {"type": "object", "required": ["errors"], "properties": {"errors": {"type": "array", "items": one}}}
    reasons = {400: "a photo or a parameter that cannot be", 403: ERRORS[401]} | {
        status: ERRORS[status] for status in (408, 429, 500, 503)
    }
    refusals: dict[int | str, Described] = {
        status: refusal(status, reason, errors) for status, reason in reasons.items() if key or status != 403
    }
    return {200: {"description": "the picture", "content": content, "headers": headers}, **refusals}


def refusal(status: int, reason: str, schema: Described) -> Described:
    """An answer that says why there is no picture."""
    later = {"headers": {"Retry-After": {"description": "in seconds", "schema": {"type": "integer"}}}}
    return as_json(reason, schema) | (later if status in LATER else {})


def facts() -> dict[int | str, Described]:
    """What GET /health answers."""
    status, number = {"type": "string", "enum": ["ok", "stopping"]}, {"type": "integer"}
    told = {"status": status, "version": {"type": "string"}, "workers": number, "taken": number}
    schema = {"type": "object", "required": list(told), "properties": told}
    return {200: as_json("photos are taken in", schema), 503: as_json("the service is stopping", schema)}


def as_json(text: str, schema: Described) -> Described:
    """An answer in JSON."""
    return {"description": text, "content": {"application/json": {"schema": schema}}}
