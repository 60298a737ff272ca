"""The HTTP service: photos in, cut-outs out. `recorte.app.service.server` runs it."""

import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response, Security
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.security import APIKeyHeader
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from recorte import __version__
from recorte.app.limits import Limits, Refusal
from recorte.app.service import description, removebg, removebg_http
from recorte.app.service.body import BACKGROUND, FIELD, read_request
from recorte.app.service.measures import Measures
from recorte.app.service.options import Options
from recorte.app.service.settings import KEY_HEADER, Settings
from recorte.app.service.work import cut_out
from recorte.app.service.workers import Workers

if TYPE_CHECKING:
    from recorte import BackgroundRemover

log = logging.getLogger("recorte.service")

REMOVEBG = "/v1.0/removebg"


def create_app(
    remover: "BackgroundRemover",
    limits: Limits | None = None,
    workers: int | None = None,
    settings: Settings | None = None,
) -> FastAPI:
    """Build the service.

    Args:
        remover: shared by all workers; made with `threads=1`, since every core has its own photo.
        limits: what is taken at most.
        workers: photos worked on at once; None = one per core.
        settings: how it meets other machines.
    """
    limits, settings, measures = limits or Limits(), settings or Settings(), Measures()
    crew = Workers(limits, measures, workers)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        crew.close()

    app = FastAPI(title="Recorte", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None,
                  root_path=settings.root_path)  # fmt: skip
    app.state.workers = crew
    app.add_middleware(_HeadAsGet)
    if settings.origins:
        app.add_middleware(CORSMiddleware, allow_origins=settings.origins, allow_methods=["GET", "POST"],
                           allow_headers=[KEY_HEADER], expose_headers=description.OWN_HEADERS)  # fmt: skip
    key = [Security(APIKeyHeader(name=KEY_HEADER, auto_error=False))] if settings.api_key else []

    @app.post("/cutout", summary="Cut the people out of a photo", openapi_extra=description.request(),
              response_class=Response, responses=description.answers(bool(key)), dependencies=key)  # fmt: skip
    async def cutout(request: Request) -> Response:
        """Answer with the picture, or say in one sentence why there is none."""
        return await _told(lambda: _cut_out(request, remover, crew, settings, measures), _refuse, measures)

    @app.post(REMOVEBG, summary="The same, as programs ask that were written for remove.bg", dependencies=key,
              openapi_extra=description.removebg_request(), response_class=Response,
              responses=description.removebg_answers(bool(key)))  # fmt: skip
    async def as_removebg(request: Request) -> Response:
        """Answer as remove.bg does."""
        return await _told(lambda: _as_removebg(request, remover, crew, settings, measures),
                           removebg_http.refuse, measures)  # fmt: skip

    _add_what_is_told(app, crew, measures)
    return app


def _add_what_is_told(app: FastAPI, crew: Workers, measures: Measures) -> None:
    """Add what everybody may ask, and the answers to who asks for something else."""

    @app.get("/health", summary="Whether photos are taken in", responses=description.facts())
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
    async def refuse(request: Request, error: HTTPException) -> JSONResponse:
        """Answer who asks for what is not there, in the form of the route that was asked."""
        form = removebg_http.refuse if request.url.path.endswith(REMOVEBG) else _refuse
        answer = form(Refusal(error.status_code, f"{error.detail}; GET /docs tells what there is"))
        answer.headers.update(error.headers or {})
        if answer.headers.get("allow") == "GET":
            answer.headers["allow"] = "GET, HEAD"
        return answer


class _HeadAsGet:
    """Answers HEAD as GET, which FastAPI does not; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = scope["type"] == "http" and scope["method"] == "HEAD"
        await self._app({**scope, "method": "GET"} if head else scope, receive, send)


async def _told(
    work: Callable[[], Awaitable[Response]], refuse: Callable[[Refusal], Response], measures: Measures
) -> Response:
    """Answer with what `work` gives, or with the reason why it gives nothing; and count it."""
    try:
        answer = await work()
    except Refusal as error:
        answer = refuse(error)
    except Exception:
        log.exception("A photo could not be cut out")
        answer = refuse(Refusal(500, "The service failed at this photo; its log says why"))
    measures.requests.labels(answer.status_code).inc()
    return answer


async def _cut_out(
    request: Request, remover: "BackgroundRemover", crew: Workers, settings: Settings, measures: Measures
) -> Response:
    if not settings.admits(request.headers.get(KEY_HEADER, "")):
        raise Refusal(401, f"The header {KEY_HEADER} must hold this service's API key")
    async with crew.place() as place:
        body = await read_request(request, crew.limits)
        options = Options.read(body.texts, body.files.get(BACKGROUND))
        measures.received.inc(sum(map(len, body.files.values())))
        result = await place.do(lambda: cut_out(remover, body.files[FIELD], options, crew.limits))
    headers = {"Recorte-Report": json.dumps(result.report.as_dict())} if result.report else {}
    if result.not_kept:
        headers["Recorte-Not-Kept"] = ", ".join(result.not_kept)
    if result.empty:
        headers["Recorte-Nobody"] = "true"
    return Response(result.content, media_type=result.media_type, headers=headers)


async def _as_removebg(
    request: Request, remover: "BackgroundRemover", crew: Workers, settings: Settings, measures: Measures
) -> Response:
    if not settings.admits(request.headers.get(KEY_HEADER, "")):
        raise Refusal(403, f"The header {KEY_HEADER} must hold this service's API key")
    async with crew.place() as place:
        take_apart = await removebg_http.read_body(request, crew.limits)

        def work() -> tuple[removebg.Answer, bool]:
            """Take the request apart and do what it asks for."""
            body = take_apart()
            wanted = removebg.Wanted.read(body.texts, body.files.get(removebg.BACKGROUND))
            content = removebg_http.photo_of(body)
            measures.received.inc(len(content))
            return removebg.cut_out(remover, content, wanted, crew.limits), wanted.typed

        result, typed = await place.do(work)
    return removebg_http.answer(request, result, typed)


def _refuse(error: Refusal) -> JSONResponse:
    headers = {"Retry-After": "1"} if error.status in description.LATER else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "ApiKey"
    return JSONResponse({"error": str(error)}, error.status, headers)
