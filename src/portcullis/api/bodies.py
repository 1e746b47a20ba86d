"""The body of a call as it comes in: somebody who sends slowly, or not at all, holds nothing for long.

1. A stream without a byte for `STALL` seconds is ended (408).
2. So is one that after `GRACE` seconds has not come to `SLOWEST` bytes a second on the average: a byte now and then is no upload.
Heads of calls have their own limit (server.py).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi import Request

from portcullis.api.problems import Problem

__all__ = ["GRACE", "SLOWEST", "STALL", "chunks", "small_body"]

STALL = 30.0
GRACE = 60.0
SLOWEST = 4096
_MOST = 1 << 20


async def chunks(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces. Raises Problem 408."""
    stream, begun, received = request.stream().__aiter__(), time.monotonic(), 0
    while True:
        try:
            chunk = await asyncio.wait_for(stream.__anext__(), STALL)  # 1
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise _too_slow(f"No byte came for {STALL:.0f} seconds.") from error
        received += len(chunk)
        elapsed = time.monotonic() - begun
        if elapsed > GRACE and received < elapsed * SLOWEST:  # 2
            raise _too_slow(f"Fewer than {SLOWEST} bytes came in a second.")
        yield chunk


async def small_body(request: Request) -> bytes:
    """The body of a call, at most 1 MiB. Raises Problem 413, 408."""
    body = bytearray()
    async for chunk in chunks(request):
        body += chunk
        if len(body) > _MOST:
            raise Problem(413, "The body is too large.", f"At most {_MOST} bytes are read.")
    return bytes(body)


def _too_slow(why: str) -> Problem:
    return Problem(408, "The upload stalled.", why, "Send it again.", headers={"Connection": "close"})
