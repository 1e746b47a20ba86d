"""A stay against a crowd of dispatches: the writers, the stay, and what is counted. Used by tests, `make faults` and benchmarks.

Every writer does what a dispatch does: take the release lock, read again whether a stay is in force, and if not append the
leaf that says it was dispatched. Leaves stand in the order of commit, so a dispatch that came late is a leaf behind the stay's.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event

from sqlalchemy import Connection, Engine, insert, select, update

from portcullis.store import append, open_store, release_exclusive, release_shared, schema

DISPATCHED, IMPOSED, LIFTED = "release.dispatched", "order.imposed", "order.lifted"
_BODY = b"x" * 512


def stayed(conn: Connection) -> bool:
    """Whether a stay is in force, read now."""
    return conn.execute(select(schema.court_order.c.id).where(schema.court_order.c.lifted_at.is_(None))).first() is not None


def dispatch(conn: Connection) -> None:
    """The leaf of a dispatch."""
    append(conn, [(DISPATCHED, None, _BODY)])


def impose(conn: Connection, name: str) -> None:
    """A stay of everything."""
    leaf = append(conn, [(IMPOSED, None, _BODY)])
    conn.execute(insert(schema.court_order).values(id=name, scope="{}", court_time=0, imposed_at=0, imposed_leaf=leaf))


def lift(conn: Connection, name: str) -> None:
    """The stay is over."""
    leaf = append(conn, [(LIFTED, None, _BODY)])
    conn.execute(update(schema.court_order).where(schema.court_order.c.id == name).values(lifted_at=0, lifted_leaf=leaf))


def late(engine: Engine) -> int:
    """Dispatches that stand behind a stay and before its lifting, in log order."""
    leaf, found, standing = schema.leaf, 0, False
    with engine.connect() as conn:
        for kind in conn.execute(select(leaf.c.type).order_by(leaf.c.idx)).scalars():
            standing = (standing and kind != LIFTED) or kind == IMPOSED
            found += standing and kind == DISPATCHED
    return found


def dispatched(engine: Engine) -> int:
    """How many dispatches there are."""
    with engine.connect() as conn:
        return len(conn.execute(select(schema.leaf.c.idx).where(schema.leaf.c.type == DISPATCHED)).all())


def _writer(url: str, seed: int, ready: Event, over: Event, longest: float) -> None:
    rng, engine = random.Random(seed), open_store(url)
    with engine.connect():
        ready.set()
    while not over.is_set():
        with release_shared(engine) as conn:
            free = not stayed(conn)
            time.sleep(rng.uniform(0, longest))
            if free:
                dispatch(conn)
        if not free:
            time.sleep(rng.uniform(0, longest))


@contextmanager
def crowd(url: str, writers: int = 16, longest: float = 0.02) -> Iterator[None]:
    """`writers` processes that dispatch one after the other, each holding the lock for up to `longest` seconds."""
    context = multiprocessing.get_context("spawn")
    over, ready = context.Event(), [context.Event() for _ in range(writers)]
    processes = [context.Process(target=_writer, args=(url, i, ready[i], over, longest)) for i in range(writers)]
    for process in processes:
        process.start()
    try:
        for i, event in enumerate(ready):
            if not event.wait(60):
                raise RuntimeError(f"writer {i} did not start")
        yield
    finally:
        over.set()
        for process in processes:
            process.join(30)
    failed = [process.exitcode for process in processes if process.exitcode != 0]
    if failed:
        raise RuntimeError(f"writers ended with {failed}")


@dataclass(frozen=True)
class Outcome:
    """Waits in seconds, one per stay; dispatches in all, and how many of them came after a stay had returned."""

    waits: tuple[float, ...]
    dispatches: int
    late: int


def trials(url: str, number: int, seed: int = 1, writers: int = 16) -> Outcome:
    """Impose and lift a stay `number` times at random moments of a crowd's work."""
    rng, engine, waits = random.Random(seed), open_store(url), []
    with crowd(url, writers):
        for i in range(number):
            time.sleep(rng.uniform(0, 0.02))
            asked = time.perf_counter()
            with release_exclusive(engine) as conn:
                impose(conn, f"O-{i}")
            waits.append(time.perf_counter() - asked)
            time.sleep(rng.uniform(0, 0.02))
            with release_exclusive(engine) as conn:
                lift(conn, f"O-{i}")
    outcome = Outcome(tuple(waits), dispatched(engine), late(engine))
    engine.dispose()
    return outcome
