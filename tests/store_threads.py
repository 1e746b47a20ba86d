"""Two or more actors at a store, one step at a time: what an interleaving needs to be certain instead of likely."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, text

SOON = 0.4  # seconds after which somebody who has not come is taken to be waiting
LONG = 30.0


class Actors:
    """Starts functions in threads and waits for what they say."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def start(self, what: Callable[..., Any], *args: Any) -> Future[Any]:
        """Run `what` beside the others."""
        return self._pool.submit(what, *args)


@contextmanager
def actors() -> Iterator[Actors]:
    """Threads that are all joined at the end."""
    with ThreadPoolExecutor(max_workers=32) as pool:
        yield Actors(pool)


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; fails after LONG seconds."""
    deadline = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.005)


def waiting_for_advisory_lock(engine: Engine) -> int:
    """How many transactions stand in PostgreSQL's queue for an advisory lock of this database."""
    mine = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    with engine.connect() as conn:
        asked = text(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND {mine}")
        return int(conn.execute(asked).scalar_one())


__all__ = ["LONG", "SOON", "Actors", "actors", "threading", "until", "waiting_for_advisory_lock"]
