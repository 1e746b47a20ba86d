"""The worker: does the long work of every batch as soon as no person is needed, so that no screen and no call ever waits for it.

| state                          | what the worker does                                                    |
| ------------------------------ | ----------------------------------------------------------------------- |
| received, checked, matched     | `journey.run`: rules, register, decisions once every referral is closed |
| sampled                        | `journey.run`: prepares what would leave                                |
| authorized                     | `commit_release`: seals what two officers signed                        |

Once an hour it also says in its log what has come due or is overdue (safeguards/due.py), each once; it sends nothing to anybody.
It never decides, signs or dispatches. Several workers may run: one is at a batch at a time, and another follows one that died (work.py).
A batch that cannot go on is left alone for `REST` seconds; what kept it is told once by its code.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from portcullis.errors import OutOfOrder, PortcullisError, Tampered
from portcullis.home import Home
from portcullis.journey import run
from portcullis.model import BatchState
from portcullis.publish import publish
from portcullis.release import commit_release
from portcullis.safeguards import Due, due
from portcullis.store import reading, schema
from portcullis.work import at_work, left_behind

__all__ = ["REST", "Reminders", "Worker", "waiting"]

REST = 60.0
"""Seconds before a batch that could not go on is tried again."""
_HOUR, _DAY = 3600.0, 86_400
_RUNS = (BatchState.RECEIVED, BatchState.CHECKED, BatchState.MATCHED)


def waiting(conn: Connection) -> list[tuple[str, BatchState]]:
    """Batches with work that needs no person, oldest first."""
    b, r = schema.batch, schema.referral
    states = [*_RUNS, BatchState.SAMPLED, BatchState.AUTHORIZED]
    query = select(b.c.id, b.c.state, b.c.answers_root).where(b.c.state.in_([s.value for s in states]), b.c.held == 0).order_by(b.c.id)
    found = []
    for row in conn.execute(query):
        state = BatchState(row.state)
        unresolved = select(r.c.ordinal).where(r.c.batch_id == row.id, r.c.resolution.is_(None)).limit(1)
        if state is BatchState.MATCHED and conn.execute(unresolved).first():
            continue
        if state is BatchState.SAMPLED and row.answers_root is not None:
            continue
        found.append((row.id, state))
    return found


@dataclass
class Worker:
    """Moves the batches of one home. `clock` counts seconds for the rest after a failure."""

    home: Home
    clock: Callable[[], float] = time.monotonic
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    _tried: dict[str, float] = field(default_factory=dict)

    def advance(self, stop: Callable[[], bool] = lambda: False) -> Iterator[tuple[str, str]]:
        """Do what waits now; yields each batch with the state it reached, or the kind of error that kept it. Raises Tampered."""
        with reading(self.home.engine) as conn:
            batches = waiting(conn)
        for batch, state in batches:
            if stop():
                return
            if self.clock() < self._tried.get(batch, 0.0):
                continue
            if left_behind(self.home, batch):
                yield batch, "the worker before has died; its work is taken up"
            with at_work(self.home, batch, state.value, self.name) as mine:
                told = self._one(batch, state) if mine else "another worker is at it"
            yield batch, told

    def _one(self, batch: str, state: BatchState) -> str:
        try:
            if state is BatchState.AUTHORIZED:
                commit_release(self.home, batch)
                publish(self.home)
                return BatchState.COMMITTED.value
            return run(self.home, batch).value
        except Tampered:
            raise
        except OutOfOrder:
            return "moved by another"
        except (PortcullisError, DBAPIError, OSError) as error:
            self._tried[batch] = self.clock() + REST
            return f"kept: {getattr(error, 'code', None) or type(error).__name__}"


@dataclass
class Reminders:
    """What came due since it was last asked, each thing once, and once more when it is overdue. `clock` counts seconds."""

    home: Home
    clock: Callable[[], float] = time.monotonic
    _next: float = 0.0
    _said: set[tuple[str, str, bool]] = field(default_factory=set)

    def new(self) -> list[Due]:
        """At most once an hour: what is due within a day or overdue, and was not said before."""
        if self._next and self.clock() < self._next:
            return []
        self._next = self.clock() + _HOUR
        with reading(self.home.engine) as conn:
            found = [one for one in due(self.home, conn, _DAY) if one.at is not None]
        fresh = [one for one in found if (one.matter, one.step, one.overdue) not in self._said]
        self._said |= {(one.matter, one.step, one.overdue) for one in fresh}
        return fresh
