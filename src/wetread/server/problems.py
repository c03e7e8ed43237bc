"""What went wrong, told as RFC 9457 problem details: a title, a status, words that say what to do. Never a traceback.

The words are those of our own errors. They name studies by id and objects as the caller named them, nobody else's data.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from traceback import extract_tb
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from wetread.errors import (
    Conflict,
    Forbidden,
    InputError,
    NotFound,
    StoreUnavailable,
    TooLarge,
    WetreadError,
)

log = structlog.wrap_logger(logging.getLogger("wetread.server"))
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
STATUSES: tuple[tuple[type[WetreadError], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (Forbidden, 403),
    (StoreUnavailable, 503),
    (TooLarge, 413),
    (InputError, 400),
)
MOST_ERRORS = 20


class Problem(BaseModel):
    """RFC 9457 problem details. `errors` says which fields of the request are wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[str] | None = None


PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem, "description": HTTPStatus(code).phrase, "content": {MEDIA_TYPE: {}}}
    for code in (400, 401, 403, 404, 409, 413, 422, 503)
}


def problem(
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[str] | None = None,
    **members: object,
) -> JSONResponse:
    """The answer that tells a problem; `members` are further ones of the document (RFC 9457 3.2)."""
    told = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=_encodable(detail),
        errors=[_encodable(one) for one in errors] if errors else None,
    )
    return JSONResponse(
        told.model_dump(exclude_none=True) | members, status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def tell_problems(app: FastAPI) -> None:
    """Every error of the app's routes becomes a problem document."""
    app.add_exception_handler(WetreadError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _unexpected)


def _encodable(text: str) -> str:
    """The text without half characters: what is wrong may quote what was sent."""
    return text.encode("utf-8", "replace").decode()


def _ours(request: Request, error: Exception) -> JSONResponse:
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    if status == 500:
        log.error("request failed", route=_route(request), error=type(error).__name__, where=_where(error))
        return problem(500, "the stored data can't be used; the operator finds the reason in the log")
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else None
    return problem(status, str(error), headers=headers)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    told = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:MOST_ERRORS]]
    return problem(422, "the request does not follow the API's schema", errors=told)


def _plain(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail), headers=error.headers)


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", route=_route(request), error=type(error).__name__, where=_where(error))
    return problem(500, "something unforeseen went wrong; the operator finds the reason in the log")


def _route(request: Request) -> str:
    """The route as it is declared: the path itself may name a study."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))


def _where(error: Exception) -> str:
    """The last places of our own code on the way to the error. Its message is not told: it may quote a patient."""
    frames = [frame for frame in extract_tb(error.__traceback__) if "wetread" in frame.filename]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-3:])
