"""Refusals as problem documents (RFC 9457): what, why, what next, in the words every other door uses.

`type` is `about:blank` or a reason of ours under `/v1/problems/`; `code` is a reason code of the rules where one applies. No member ever
holds a value of a request: texts come from `errors`, whose rule that is.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from portcullis.errors import OutOfOrder, PortcullisError, Refused

__all__ = ["MEDIA_TYPE", "Problem", "install", "problem"]

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "The call cannot be read",
    401: "Who calls is not known",
    403: "This is not for the caller",
    404: "There is no such thing here",
    405: "It cannot be called so",
    408: "It came too slowly",
    409: "It is not its turn",
    411: "The length is missing",
    413: "It is too large",
    415: "It is of another kind",
    422: "It is refused",
    429: "Too many calls",
    500: "Something failed inside",
    503: "It cannot be answered now",
}
_log = logging.getLogger("portcullis.api")


class Problem(Exception):
    """A refusal with its status; `headers` go with the answer."""

    def __init__(
        self, status: int, what: str, why: str = "", next_step: str = "", *, headers: Mapping[str, str] | None = None, **more: object
    ):
        super().__init__(what)
        self.status, self.what, self.why, self.next_step, self.headers, self.more = status, what, why, next_step, headers, more


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: object) -> Response:
    """One problem document."""
    body: dict[str, object] = {"type": "about:blank", "title": _TITLES.get(status, "It is refused"), "status": status, "detail": detail}
    body |= {name: value for name, value in more.items() if value is not None}
    return Response(json.dumps(body, ensure_ascii=False), status, dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Every error of this application ends here."""
    app.add_exception_handler(Problem, _own)
    app.add_exception_handler(PortcullisError, _ours)
    app.add_exception_handler(RequestValidationError, _form)
    app.add_exception_handler(HTTPException, _routing)
    app.add_exception_handler(DBAPIError, _store)
    app.add_exception_handler(OSError, _store)
    app.add_exception_handler(Exception, _defect)


async def _own(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - tells mypy
    detail = " ".join(part for part in (error.what, error.why, error.next_step) if part)
    return problem(error.status, detail, error.headers, **error.more)


async def _ours(_: Request, error: Exception) -> Response:
    """Their data is refused with 422, a step out of turn with 409; evidence that contradicts itself says nothing of itself outside."""
    if isinstance(error, Refused):
        return problem(422, str(error), code=error.code)
    if isinstance(error, OutOfOrder):
        return problem(409, error.what)
    _log.critical("evidence contradicts itself; run portcullis ledger verify")
    return problem(503, "The gateway has stopped until a person has looked.")


async def _form(_: Request, error: Exception) -> Response:
    """A malformed call; the library's own message would repeat what was sent."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - tells mypy
    named = sorted({str(part) for each in error.errors() for part in each["loc"][1:2] if isinstance(part, str)})
    return problem(400, "A header, parameter or member is missing or malformed.", members=named or None)


async def _routing(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - tells mypy
    return problem(error.status_code, _TITLES.get(error.status_code, "It is refused") + ".", error.headers)


async def _store(_: Request, error: Exception) -> Response:
    _log.error("the store or the disk failed: %s", type(error).__name__)
    return problem(503, "The store cannot be used now. Nothing that was not finished has been recorded; call again.", {"Retry-After": "5"})


async def _defect(_: Request, error: Exception) -> Response:
    _log.error("a defect: %s", type(error).__name__)  # no message: it could hold a personal value
    return problem(500, "This is a defect; nothing that was not finished has been recorded.")
