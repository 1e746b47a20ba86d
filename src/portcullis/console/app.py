"""The console as an application: routes from the screens, one door for every request and every error."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as Call
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portcullis.console.guard import admit
from portcullis.console.request import Desk, Request, Screen
from portcullis.console.screens import SCREENS
from portcullis.console.security import HEADERS
from portcullis.console.sessions import Sessions
from portcullis.errors import OutOfOrder, PortcullisError, Refused
from portcullis.home import Home

__all__ = ["COOKIE", "console"]

COOKIE = "portcullis-session"
_MOST = 256 << 10
_STATIC = Path(__file__).parent / "static"
_log = logging.getLogger("portcullis.console")


def console(home: Home, origin: str, *, clock: Callable[[], float] = time.time, others: ASGIApp | None = None) -> ASGIApp:
    """The console of `home`, reached at `origin`. `others` answers what is no screen: the public part of the API."""
    desk = Desk(home, Sessions(home, clock), origin)
    routes: list[Route | Mount] = [Route(one.path, _door(desk, one), methods=[one.method]) for one in SCREENS]
    routes.append(Mount("/static", StaticFiles(directory=_STATIC)))
    if others is not None:
        routes.append(Mount("/", others))
    app = Starlette(routes=routes)
    app.state.desk = desk
    return _Headers(app)


def _door(desk: Desk, screen: Screen) -> Callable[[Call], Awaitable[Response]]:
    async def answer(call: Call) -> Response:
        form = await _form(call) if screen.method == "POST" else {}
        if form is None:
            return Response("The form is too large.", 413, media_type="text/plain")
        request = Request(desk, screen, call.url.path, call.path_params, dict(call.query_params), form)
        return await run_in_threadpool(_answer, request, call.headers.get("origin"), call.cookies.get(COOKIE))

    return answer


async def _form(call: Call) -> dict[str, str] | None:
    body = bytearray()
    async for chunk in call.stream():
        body += chunk
        if len(body) > _MOST:
            return None
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=4000))


def _answer(request: Request, origin: str | None, token: str | None) -> Response:
    try:
        request = replace(request, session=request.desk.sessions.find(token, by_itself=request.screen.polled))
        admitted = admit(request, origin)
        if isinstance(admitted, Response):
            return admitted
        answer = admitted.screen.answer(admitted)
        return _cookies(admitted, answer, token)
    except PortcullisError as error:
        return _refused(request, error)
    except (DBAPIError, OSError) as error:
        _log.error("the store or the disk failed: %s", type(error).__name__)
        text = "The store cannot be used now; nothing that was not finished has been recorded."
        return request.page("refused.html", 503, what=text, why="", next_step="Go back and send it again.")
    except Exception as error:  # noqa: BLE001 - the edge of a handler; a traceback could print a personal value
        _log.error("a defect: %s", type(error).__name__)
        text = "This is a defect; nothing that was not finished has been recorded."
        return request.page("refused.html", 500, what=text, why="", next_step="Report it with what you did.")


def _refused(request: Request, error: PortcullisError) -> Response:
    status = 422 if isinstance(error, Refused) else 409 if isinstance(error, OutOfOrder) else 503
    if status == 503:
        _log.critical("evidence contradicts itself; run portcullis ledger verify")
    return request.page("refused.html", status, what=error.what, why=error.why, next_step=error.next_step)


def _cookies(request: Request, answer: Response, token: str | None) -> Response:
    """A sign-in sets a new token and forgets the old session; a sign-out ends it."""
    begun = answer.headers.get("x-session")
    if begun is not None:
        del answer.headers["x-session"]
        request.desk.sessions.end(token)
        if begun:
            secure = request.desk.origin.startswith("https://")
            answer.set_cookie(COOKIE, begun, httponly=True, samesite="strict", path="/", secure=secure)
        else:
            answer.delete_cookie(COOKIE, path="/")
    return answer


class _Headers:
    """Adds the headers of `security` to every answer that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fixed = scope.get("path", "").startswith("/static/")
        wanted = [(n.lower().encode(), v.encode()) for n, v in HEADERS.items()]

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                added = [pair for pair in wanted if pair[0] not in there]
                if fixed:
                    added = [(n, b"public, max-age=3600" if n == b"cache-control" else v) for n, v in added]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self.app(scope, receive, sent)
