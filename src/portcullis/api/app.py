"""The application: routes, limits and headers, put together for one home."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portcullis.api import afterwards, agreements, answering, ledger, problems, receiving
from portcullis.api.limits import Limiter
from portcullis.api.sequencer import Sequencer
from portcullis.config import Settings
from portcullis.home import Home

__all__ = ["VERSION", "application", "public"]

VERSION = "1"
_ABOUT = (
    "The gateway of a source agency, for the systems of an agency that asks. Calls under /v1/batches need mutual TLS with a certificate "
    "issued under the caller's own root key. Errors are problem documents (RFC 9457). Nothing that tells of a match is answered before two "
    "officers acted, and then for the whole batch at once."
)


def application(home: Home | None, *, rate: float | None = None, burst: int | None = None) -> FastAPI:
    """The API of `home`; without one it only describes itself (docs/openapi.json). `rate` and `burst` replace the home's settings."""
    stated = home.settings if home is not None else Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.sequencer.start()
        yield
        app.state.sequencer.stop()

    app = FastAPI(
        title="Portcullis", version=VERSION, description=_ABOUT, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    if home is not None:
        app.state.home, app.state.sequencer = home, Sequencer(home)
    app.state.uploads = Counter[str]()
    app.include_router(receiving.router, prefix="/v1")
    app.include_router(answering.router, prefix="/v1")
    app.include_router(afterwards.router, prefix="/v1")
    _mount_public(app)
    problems.install(app)
    app.add_middleware(Limiter, rate=rate or stated.calls_per_second, burst=burst or stated.calls_at_once)
    app.add_middleware(_Headers)
    return app


def public(home: Home) -> FastAPI:
    """Only what anybody may read: the public part of agreements, checkpoint and tiles."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.home = home
    _mount_public(app)
    problems.install(app)
    app.add_middleware(_Headers)
    return app


def _mount_public(app: FastAPI) -> None:
    app.include_router(agreements.router, prefix="/v1")
    app.include_router(ledger.router, prefix="/ledger")


class _Headers:
    """Nothing is kept by caches unless a route says so, and no answer is taken for what it is not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                wanted = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
                message["headers"] = [*message["headers"], *(pair for pair in wanted if pair[0] not in names)]
            await send(message)

        await self.app(scope, receive, sent)
