"""The application: some addresses of OpenAI's interface, for one model."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from typing import TypeVar

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ...interp import Model, TruthVector, check_fits
from ..web import Guard, media_type, read_body
from ._engine import Engine
from ._errors import ApiError, answer_errors, error_response
from ._limits import MOST_BODY, Limits
from ._places import Places
from ._prepare import prepare
from ._requests import ChatRequest, CompletionRequest, Kind, TextRequest, parse, schema_of
from ._responses import ResponsesShape
from ._responses_request import ResponsesRequest
from ._shapes import Shape
from ._work import Done

#: Answers are data; a browser that is led to one shows nothing of it as a page.
_POLICY = "default-src 'none'; frame-ancestors 'none'"
_UPLOAD_SECONDS = 20.0
#: How often the server looks whether the client of an answer that is not streamed is still there.
_WATCH_SECONDS = 0.2
_Wanted = TypeVar("_Wanted")


def create_app(
    model: Model,
    vector: TruthVector | None = None,
    *,
    name: str | None = None,
    hosts: Iterable[str] = ("localhost", "127.0.0.1", "::1"),
    limits: Limits | None = None,
) -> FastAPI:
    """The application.

    - `model`, `vector`: what answers, and what it is steered with; each request may say otherwise.
      Generation is one text at a time: a hook acts on the network itself.
    - `name`: what requests call the model (its own name). `hosts`: names under which it
      answers. `limits`: how much it takes at once.

    **Raises** `InterpError` for a vector of another width; that it belongs to another model is for
    the caller to refuse (`interp.check_fits`).
    """
    if vector is not None:
        check_fits(model, vector, force=True)
    limits = limits or Limits()
    name = name or model.name
    engine = Engine(model, vector)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(engine.close)

    app = FastAPI(title="nullcline serve", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_middleware(Guard, hosts=tuple(hosts), policy=_POLICY, refuse=_refusal)
    answer_errors(app)
    _add_models(app, name)
    _add_texts(app, engine, name, limits)
    return app


def _add_models(app: FastAPI, name: str) -> None:
    entry = {"id": name, "object": "model", "created": int(time.time()), "owned_by": "nullcline"}

    @app.get("/v1/models")
    async def models() -> Response:
        """The one model that is served."""
        return JSONResponse({"object": "list", "data": [entry]})

    @app.get("/v1/models/{model_id:path}")
    async def one(model_id: str) -> Response:
        """The same, by its name."""
        _check_name(model_id, name)
        return JSONResponse(entry)


def _add_texts(app: FastAPI, engine: Engine, name: str, limits: Limits) -> None:
    places = Places(limits.concurrent, queue=limits.queue, wait=limits.wait)

    @app.post("/v1/completions", openapi_extra=schema_of(CompletionRequest))
    async def completions(request: Request) -> Response:
        """Continue a prompt, or score it."""
        body = await _read(request, CompletionRequest)
        return await _answered(request, body, _shape(body, name))

    @app.post("/v1/chat/completions", openapi_extra=schema_of(ChatRequest))
    async def chat(request: Request) -> Response:
        """Continue a conversation."""
        body = await _read(request, ChatRequest)
        return await _answered(request, body, _shape(body, name))

    @app.post("/v1/responses", openapi_extra=schema_of(ResponsesRequest))
    async def responses(request: Request) -> Response:
        """Answer an input; nothing of it is kept."""
        body = await _read(request, ResponsesRequest)
        return await _answered(request, body, ResponsesShape(body, model=name))

    async def _answered(
        request: Request, body: TextRequest, shape: Shape | ResponsesShape
    ) -> Response:
        _check_name(body.model, name)
        async with contextlib.AsyncExitStack() as held:
            await _unless_gone(request, lambda: held.enter_async_context(places.place()))
            works = await asyncio.to_thread(prepare, engine.model, engine.vector, body, limits)
            if body.stream:
                events = engine.events(works, stream=True)
                pieces = shape.streamed(events)
                return _Stream(pieces, held=held.pop_all(), closing=(pieces, events))

            async def collect() -> list[Done]:
                async with contextlib.aclosing(engine.events(works, stream=False)) as events:
                    return [item async for _, item in events if isinstance(item, Done)]

            return JSONResponse(shape.whole(await _unless_gone(request, collect)))


def _shape(body: CompletionRequest | ChatRequest, name: str) -> Shape:
    options = body.stream_options
    return Shape(
        model=name,
        chat=isinstance(body, ChatRequest),
        choices=body.choices,
        usage=options is not None and bool(options.include_usage),
    )


class _Stream(StreamingResponse):
    """An answer in pieces, which gives back what it holds however it ends, begun or not."""

    def __init__(
        self,
        pieces: AsyncIterator[str],
        *,
        held: contextlib.AsyncExitStack,
        closing: tuple[AsyncGenerator[object], ...],
    ) -> None:
        super().__init__(
            pieces, media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
        )
        self._held, self._closing = held, closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held:
            try:
                await super().__call__(scope, receive, send)
            finally:
                for iterator in self._closing:
                    await iterator.aclose()


async def _unless_gone(
    request: Request, wanted: Callable[[], Coroutine[None, None, _Wanted]]
) -> _Wanted:
    """What is waited for, unless the client leaves before it is there: then the work ends too."""
    work = asyncio.create_task(wanted())
    try:
        while not (await asyncio.wait([work], timeout=_WATCH_SECONDS))[0]:
            if await request.is_disconnected():
                raise ApiError(499, "the client has gone")
        return work.result()
    finally:
        if not work.done():
            work.cancel()
            await asyncio.wait([work])


async def _read(request: Request, kind: type[Kind]) -> Kind:
    if media_type(request) != "application/json":
        raise ApiError(415, "send the request as application/json")
    return parse(kind, await read_body(request, limit=MOST_BODY, seconds=_UPLOAD_SECONDS))


def _refusal(status: int, message: str) -> Response:
    code = "host_refused" if status == 403 else None
    return error_response(ApiError(status, message, code=code))


def _check_name(model_id: str, name: str) -> None:
    if model_id != name:
        raise ApiError(
            404,
            f"no model {model_id[:100]!r} here; this server has {name!r}",
            param="model",
            code="model_not_found",
        )
