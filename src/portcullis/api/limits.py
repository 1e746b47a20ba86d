"""Rate limits: a bucket of calls for each caller, filled at a steady rate.

A caller is the certificate it shows, or else its address; an empty bucket answers 429 with `Retry-After` (RFC 9110 10.2.3). Buckets that
are full again are forgotten, so that many addresses cannot fill the memory.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from portcullis.api.problems import problem

__all__ = ["Limiter"]

_MOST = 10_000


@dataclass
class _Bucket:
    left: float
    at: float


@dataclass
class Limiter:
    """ASGI middleware: `rate` calls a second for each caller, `burst` at once."""

    app: ASGIApp
    rate: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, or answer 429."""
        wait = self._wait(_caller(scope)) if scope["type"] == "http" else 0.0
        if wait <= 0:
            await self.app(scope, receive, send)
            return
        refused = problem(429, "There were too many calls in a short time.", {"Retry-After": str(max(1, round(wait + 0.5)))})
        await refused(scope, receive, send)

    def _wait(self, caller: str) -> float:
        """Take one call out of the caller's bucket; returns the seconds to wait when it is empty."""
        now = self.clock()
        if len(self._buckets) > _MOST:
            self._forget(now)
        bucket = self._buckets.setdefault(caller, _Bucket(self.burst, now))
        bucket.left = min(self.burst, bucket.left + (now - bucket.at) * self.rate)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) / self.rate
        bucket.left -= 1
        return 0.0

    def _forget(self, now: float) -> None:
        full = [name for name, one in self._buckets.items() if one.left + (now - one.at) * self.rate >= self.burst]
        for name in full:
            del self._buckets[name]


def _caller(scope: Scope) -> str:
    der = scope.get("extensions", {}).get("tls", {}).get("client_cert")
    if der:
        return hashlib.sha256(der).hexdigest()
    return str(scope["client"][0]) if scope.get("client") else ""
