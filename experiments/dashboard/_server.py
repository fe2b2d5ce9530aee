"""The dashboard's server: a page, views as JSON, and uploads."""

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..web import Guard, Refused, bounded, media_type
from ._choices import (
    CLAIMS,
    FIRST,
    INDEX,
    Ask,
    Choice,
    Flow,
    ask_card,
    ask_view,
    begin,
    check_flow,
    choose,
    find_table,
    shipped_tables,
    unknown,
)
from ._errors import JobError
from ._inside import inside_view
from ._page import LIVE_POLICY, live_page, plotly_script, script, static
from ._store import Job, Store
from ._uploads import MOST_BYTES, MOST_FILES

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


#: The names of the files, and what stands between them, come on top.
_MOST_BODY = MOST_BYTES + 1200 * MOST_FILES
_UPLOAD_SECONDS = 60.0
_READ_SECONDS = 90.0

ViewName = Literal[
    "overview",
    "family",
    "table",
    "next",
    "scan",
    "card",
    "dynamics",
    "frontier",
    "inside",
    "claims",
]
_OF_A_TABLE = ("overview", "family", "table", "next", "scan", "dynamics")


class Message(BaseModel):
    """Why a request was not answered, in words for the reader, with the row of the table if any."""

    message: str
    row: int | None = None


#: A table: one CSV or results file, or the results of a folder, each under its path inside it.
_UPLOAD = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_FILES,
            "items": {"type": "string", "format": "binary"},
        }
    },
}
_ERRORS = (400, 403, 404, 405, 408, 413, 415, 422, 429, 503)


def create_app(
    store: Store, *, hosts: Iterable[str], records: tuple[Path, ...] = (), warm: bool = True
) -> FastAPI:
    """The application.

    - `store`: where views come from; closed with the application.
    - `hosts`: names under which it answers.
    - `records`: folders of records for the view inside a model.
    - `warm`: compute the shipped views once the index is there, before a reader wants them.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if warm:
            await asyncio.to_thread(begin, store)
        yield
        store.close()

    app = FastAPI(
        title="nullcline",
        lifespan=lifespan,
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        responses={code: {"model": Message} for code in _ERRORS},
    )
    app.add_middleware(Guard, hosts=tuple(hosts), policy=LIVE_POLICY, refuse=_say, opened=("/",))
    _answer_errors(app)
    _add_pages(app)
    _add_views(app, store, records, warm=warm)
    _add_uploads(app, store)
    return app


def _say(status: int, message: str, row: int | None = None) -> Response:
    return JSONResponse({"message": message, "row": row}, status_code=status)


def _answer_errors(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return _say(error.status, error.message, error.row)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return _say(422, _first_problem(error.errors()))

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> Response:
        return _say(500, f"this could not be answered ({type(error).__name__}); try it again")

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> Response:
        answer = _say(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer


def _first_problem(errors: "Sequence[ErrorDetails]") -> str:
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("query", "body"))
    text = f"{where}: {first['msg']}" if where else str(first["msg"])
    return text.encode("utf-8", "replace").decode("utf-8")


def _add_pages(app: FastAPI) -> None:
    kinds = {
        "app.js": (script, "text/javascript"),
        "plotly.min.js": (plotly_script, "text/javascript"),
        "style.css": (lambda: static("style.css"), "text/css"),
    }

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return Response(live_page(), media_type="text/html")

    @app.get("/static/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        if name not in kinds:  # names are looked up, never joined to a path
            raise HTTPException(404, "there is no such file")
        content, kind = kinds[name]
        return Response(content(), media_type=f"{kind}; charset=utf-8")


def _add_views(app: FastAPI, store: Store, records: tuple[Path, ...], *, warm: bool) -> None:
    @app.get("/api/index")
    def index() -> Response:
        """What can be chosen, once it is known, and how far the computing is."""
        parts = store.parts(*INDEX)
        if isinstance(parts, Job):
            return JSONResponse({"tables": None, "progress": store.progress()})
        answer = _json(f'{{"index":{parts["index"]},"progress":null}}')
        answer.background = BackgroundTask(_warm, store) if warm else None
        return answer

    @app.get("/api/example.csv")
    def example() -> Response:
        """A table to try things with."""
        parts = store.parts(*INDEX)
        if isinstance(parts, Job):
            parts = parts.future.result(timeout=_READ_SECONDS)
        headers = {"Content-Disposition": 'attachment; filename="my_scores.csv"'}
        return Response(parts["example"], media_type="text/csv", headers=headers)

    @app.get("/api/progress")
    def progress() -> Response:
        """How many views were wanted and are there, and what is being computed."""
        return JSONResponse(store.progress())

    @app.get("/api/views/{view}", responses={202: {"description": "being computed"}})
    def show(
        view: ViewName,
        table: Annotated[str, Query(max_length=64)] = "uniform",
        reasoning: Annotated[str | None, Query(max_length=200)] = None,
        truth: Annotated[str | None, Query(max_length=200)] = None,
        family: Annotated[str | None, Query(max_length=400)] = None,
        penalty: Literal["l1", "ridge", "stlsq"] = "l1",
        along: Literal["params", "tokens", "flops", "step", "date"] = "params",
        unseen: Annotated[str | None, Query(max_length=400)] = None,
        trained_on: Literal["uniform", "own", "both"] | None = None,
        model: Annotated[str, Query(max_length=200)] = "",
        scores: Annotated[str, Query(max_length=2000)] = "",
    ) -> Response:
        """A view as data for the page; 202 with the progress while it is computed."""
        if view == "inside":  # small files, which may change: read at once, nothing heavy
            return JSONResponse(inside_view(list(records)))
        choice: Choice | None = None
        if view in _OF_A_TABLE:
            choice = choose(store, table, reasoning, truth)
            flow = Flow(penalty, along, unseen or None, trained_on)
            ask = ask_view(view, choice, check_flow(flow, choice), family)
        elif view == "card":
            ask = ask_card(store, table, model, scores)
        else:
            ask = Ask(view, {}, view)
        parts = store.parts(*ask)
        if isinstance(parts, Job):
            return JSONResponse(store.progress(), status_code=202)
        part: str = view
        if view == "family":
            names = [key.removeprefix("family/") for key in parts if key.startswith("family/")]
            known = choice.families if choice else []
            part = f"family/{family or next((n for n in known if n in names), '')}"
            if part not in parts:
                others = names if family in known else known
                raise unknown(404, "family with both scores in this table", family or "", others)
        return _json(parts[part])


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")


def _warm(store: Store) -> None:
    """Begin what a reader will look at next, once what they look at first is there."""
    first = store.parts(*FIRST)
    if isinstance(first, Job):
        concurrent.futures.wait([first.future], timeout=_READ_SECONDS)
    for entry in shipped_tables(store)[:1]:
        choice = choose(store, entry["name"], None, None)
        family, flow, table = (
            ask_view(view, choice, Flow()) for view in ("family", "dynamics", "table")
        )
        for ask in (family, Ask("frontier", {}, "frontier"), CLAIMS, flow, table):
            store.parts(*ask, urgent=False)


def _add_uploads(app: FastAPI, store: Store) -> None:
    content = {"multipart/form-data": {"schema": _UPLOAD}}
    description = {"requestBody": {"required": True, "content": content}}

    @app.post("/api/tables", status_code=201, openapi_extra=description)
    async def add(request: Request) -> Response:
        """Read a table of one's own; the reader's message, with the row, if it cannot be used."""
        files = await _files(request)
        name, future = await asyncio.to_thread(store.add_table, files)
        try:
            parts = await asyncio.wait_for(asyncio.wrap_future(future), _READ_SECONDS)
        except JobError as error:
            store.uploads.forget(name)
            raise Refused(422, str(error), error.row) from None
        except TimeoutError:
            store.uploads.forget(name)
            raise Refused(408, "reading this table took too long") from None
        except RuntimeError as error:
            store.uploads.forget(name)
            raise Refused(503, f"this table was not read: {error}; give it again") from None
        store.uploads.describe(name, parts["entry"])
        return Response(parts["entry"], status_code=201, media_type="application/json")

    @app.get("/api/tables/{name}")
    async def entry(name: str) -> Response:
        """What can be chosen of a table."""
        known, _ = await asyncio.to_thread(find_table, store, name)
        return JSONResponse(known)


async def _files(request: Request) -> list[tuple[str, bytes]]:
    """Names and contents of the files of an upload; files of a megabyte lie on disk until here."""
    if media_type(request) != "multipart/form-data":
        raise Refused(415, "send the files as multipart/form-data, each as a part named files")
    try:
        async with (
            bounded(request, limit=_MOST_BODY, seconds=_UPLOAD_SECONDS) as body,
            # The parser bounds fields, of which there is none; files it bounds by their number.
            body.form(max_files=MOST_FILES, max_fields=0) as form,
        ):
            return [
                # Browsers write the quotation mark so, and leave other signs as they are.
                ((file.filename or "").replace("%22", '"'), await file.read())
                for file in form.getlist("files")
                if isinstance(file, UploadFile)
            ]
    except HTTPException as error:
        hint = f"send at most {MOST_FILES} files, each as a part named files with its file name"
        raise Refused(400, f"the upload cannot be read: {error.detail} {hint}") from None
