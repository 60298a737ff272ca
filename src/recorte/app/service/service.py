"""The HTTP service: photos in, cut-outs out. `serve` runs it until SIGTERM or Ctrl-C."""

import contextlib
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from recorte import __version__
from recorte.app.limits import Limits, Refusal
from recorte.app.listening import listen, shown
from recorte.app.service.body import FIELD, read_request
from recorte.app.service.measures import Measures
from recorte.app.service.work import KINDS, PEOPLE, Options, cut_out
from recorte.app.service.workers import Workers

if TYPE_CHECKING:
    from recorte import BackgroundRemover

log = logging.getLogger("recorte.service")

ERRORS = {
    400: "the connection ended before the photo had arrived",
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


def create_app(remover: "BackgroundRemover", limits: Limits | None = None, workers: int | None = None) -> FastAPI:
    """Build the service.

    Args:
        remover: shared by all workers; made with `threads=1`, since every core has its own photo.
        limits: what is taken at most.
        workers: photos worked on at once; None = one per core.
    """
    limits, measures = limits or Limits(), Measures()
    crew = Workers(limits, measures, workers)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        crew.close()

    app = FastAPI(title="Recorte", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.workers = crew

    @app.post("/cutout", summary="Cut the people out of a photo", openapi_extra=_describe(), response_class=Response,
              responses=_answers())  # fmt: skip
    async def cutout(request: Request) -> Response:
        """Answer with the picture, or say in one sentence why there is none."""
        try:
            answer = await _answer(request, remover, crew, measures)
        except Refusal as error:
            answer = _refuse(error.status, str(error))
        except Exception:
            log.exception("A photo could not be cut out")
            answer = _refuse(500, "The service failed at this photo; its log says why")
        measures.requests.labels(answer.status_code).inc()
        return answer

    @app.get("/health", summary="Whether photos are taken in", responses=_facts())
    async def health() -> JSONResponse:
        status = "stopping" if crew.stopping else "ok"
        facts = {"status": status, "version": __version__, "workers": crew.count, "taken": crew.taken}
        return JSONResponse(facts, 503 if crew.stopping else 200)

    @app.get("/metrics", summary="Counters for Prometheus", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(measures.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(Path(__file__).with_name("docs.html").read_text(encoding="utf-8"))

    @app.exception_handler(HTTPException)
    async def refuse(_: Request, error: HTTPException) -> JSONResponse:
        answer = _refuse(error.status_code, f"{error.detail}; GET /docs tells what there is")
        answer.headers.update(error.headers or {})
        return answer

    return app


async def _answer(request: Request, remover: "BackgroundRemover", crew: Workers, measures: Measures) -> Response:
    async with crew.place() as place:
        content, given = await read_request(request, crew.limits)
        options = Options.read(given)
        measures.received.inc(len(content))
        result = await place.do(lambda: cut_out(remover, content, options, crew.limits))
    headers = {"Recorte-Report": json.dumps(result.report.as_dict())} if result.report else {}
    return Response(result.content, media_type=result.media_type, headers=headers)


def _refuse(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status, {"Retry-After": "1"} if status in LATER else None)


def _describe() -> dict[str, object]:
    """The request's body in the words of OpenAPI; FastAPI's own would read it whole before any limit is looked at."""
    flag = {"type": "boolean", "default": False}
    options = {
        "background": {
            "type": "string",
            "description": "a colour such as #ffffff or teal, or blur; without it: transparent",
        },
        "mask": flag | {"description": "the mask instead of the cut-out, white = person"},
        "people": {"type": "string", "enum": list(PEOPLE), "default": "all"},
        "crop": flag | {"description": "cut the picture to the people"},
        "format": {"type": "string", "enum": list(KINDS), "default": "png"},
        "report": flag | {"description": "judge the result, in the header Recorte-Report, as JSON"},
    }
    file = {"type": "string", "format": "binary", "description": "the photo"}
    form = {"type": "object", "required": [FIELD], "properties": {FIELD: file} | options}
    bare = {"schema": {"type": "string", "format": "binary"}}
    query = [
        {"name": name, "in": "query", "required": False, "schema": schema, "description": schema.get("description", "")}
        for name, schema in options.items()
    ]
    content = {"multipart/form-data": {"schema": form}, "image/*": bare, "application/octet-stream": bare}
    return {"requestBody": {"required": True, "content": content}, "parameters": query}


def _answers() -> dict[int | str, dict[str, object]]:
    pictures = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS.values()}
    report = {"description": "if a report was asked for: how good the result is likely to be, as JSON"}
    headers = {"Recorte-Report": report | {"schema": {"type": "string", "contentMediaType": "application/json"}}}
    error = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    later = {"headers": {"Retry-After": {"description": "in seconds", "schema": {"type": "integer"}}}}
    refusals = {status: _json(reason, error) | (later if status in LATER else {}) for status, reason in ERRORS.items()}
    return {200: {"description": "the picture", "content": pictures, "headers": headers}} | refusals


def _facts() -> dict[int | str, dict[str, object]]:
    status, number = {"type": "string", "enum": ["ok", "stopping"]}, {"type": "integer"}
    facts = {"status": status, "version": {"type": "string"}, "workers": number, "taken": number}
    schema = {"type": "object", "required": list(facts), "properties": facts}
    return {200: _json("photos are taken in", schema), 503: _json("the service is stopping", schema)}


def _json(description: str, schema: dict[str, object]) -> dict[str, object]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


class _Server(uvicorn.Server):
    """Stops by finishing: what was taken in is done, and whoever asks meanwhile is told so."""

    def __init__(self, config: uvicorn.Config, crew: Workers) -> None:
        super().__init__(config)
        self._crew = crew

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; a second signal closes the door at once, and what was taken in is finished all the same."""
        if self._crew.stopping:
            super().handle_exit(sig, frame)
        self._crew.stopping = True

    async def on_tick(self, counter: int) -> bool:
        """Tell uvicorn, ten times a second, whether it is time to go."""
        return await super().on_tick(counter) or (self._crew.stopping and self._crew.taken == 0)


def serve(
    remover: "BackgroundRemover", host: str, port: int, limits: Limits | None = None, workers: int | None = None
) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what was taken in.

    Raises:
        RecorteError: the address cannot be listened on.
    """
    import cv2

    cv2.setNumThreads(1)  # every core has its own photo
    app = create_app(remover, limits, workers)
    listening = listen(host, port)
    print(f"Recorte serves at http://{shown(host)}:{listening.getsockname()[1]} (Ctrl-C stops it)", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, app.state.workers).run([listening])
