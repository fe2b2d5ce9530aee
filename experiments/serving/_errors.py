"""Errors in the shape that clients of OpenAI's interface read."""

from collections.abc import Mapping
from typing import TypedDict

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...interp import InterpError
from ..web import Refused


class ApiError(Exception):
    """A request that is not answered: HTTP status, message, the field at fault and a short code."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code
        self.headers = dict(headers or {})


class ErrorDetail(TypedDict):
    """What clients of OpenAI's interface read of an error."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(TypedDict):
    """The body of an answer that is none."""

    error: ErrorDetail


def error_body(error: ApiError) -> ErrorBody:
    """`{"error": {...}}`, the body that clients turn into their own exceptions."""
    kind = "server_error" if error.status >= 500 else "invalid_request_error"
    kind = "rate_limit_error" if error.status == 429 else kind
    return {
        "error": {
            "message": " ".join(error.message.split()),
            "type": kind,
            "param": error.param,
            "code": error.code,
        }
    }


def error_response(error: ApiError) -> Response:
    """The same as an HTTP answer."""
    return JSONResponse(error_body(error), status_code=error.status, headers=error.headers)


def as_api_error(error: Exception) -> ApiError:
    """What a client learns of an exception; of an unforeseen one only that it happened."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, Refused):
        code = "request_too_large" if error.status == 413 else None
        return ApiError(error.status, error.message, code=code)
    if isinstance(error, InterpError):
        return ApiError(400, str(error))
    if isinstance(error, HTTPException):
        return ApiError(error.status_code, str(error.detail), headers=error.headers)
    return ApiError(500, "the server failed at this request; its stderr says why")


def answer_errors(app: FastAPI) -> None:
    """Give every exception of an application that shape."""

    async def answer(_: Request, error: Exception) -> Response:
        return error_response(as_api_error(error))

    for kind in (ApiError, Refused, InterpError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)
