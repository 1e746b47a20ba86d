"""A stay that comes while several processes commit and dispatch real batches, and what is then counted."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

from sqlalchemy import select

from faults_child import _CONTEXT
from faults_home import Story
from portcullis.batches import get
from portcullis.errors import OutOfOrder, Refused
from portcullis.home import open_home
from portcullis.model import BatchState, LeafType, Role
from portcullis.orders import Scope, impose, lift
from portcullis.orders.stay import Imposed, lift_content, order_content
from portcullis.publish import publish
from portcullis.release import commit_release, deliver, dispatch
from portcullis.store import reading, schema

EVERYTHING = Scope()


def release(env: Mapping[str, str], batch: str, ready: Event, go: Event) -> None:
    """What an operator's process does with an authorized batch; it goes on trying for a moment after it was refused."""
    os.environ.update(env)
    home = open_home(Path(env["PORTCULLIS_HOME"]))
    ready.set()
    go.wait(60)
    for attempt in (commit_release, dispatch, dispatch):
        try:
            attempt(home, batch)
        except (Refused, OutOfOrder):
            time.sleep(0.01)
        publish(home)


@dataclass(frozen=True)
class Race:
    """One stay among releases: seconds it waited, what it said, how many dispatches came before it and how many after."""

    waited: float
    imposed: Imposed
    before: int
    after: int


@contextmanager
def crowd(told: Story) -> Iterator[None]:
    """Every batch of the story is let go, each in a process of its own, from the beginning of the block."""
    go, ready = _CONTEXT.Event(), [_CONTEXT.Event() for _ in told.batches]
    processes = [_CONTEXT.Process(target=release, args=(told.env, batch, one, go)) for batch, one in zip(told.batches, ready, strict=True)]
    for process in processes:
        process.start()
    assert all(one.wait(60) for one in ready)
    go.set()
    yield
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def undisturbed(told: Story) -> float:
    """Seconds until the last batch has been dispatched when no stay comes."""
    begun = time.perf_counter()
    with crowd(told):
        begun = time.perf_counter()
        while any(told.state(batch) is not BatchState.DISPATCHED for batch in told.batches):
            time.sleep(0.01)
            assert time.perf_counter() - begun < 60, "they are not dispatched"
        lasted = time.perf_counter() - begun
    return lasted


def race(told: Story, after: float) -> Race:
    """Let every batch go, and impose a stay of everything `after` so many seconds."""
    with crowd(told):
        time.sleep(after)
        imposed, waited = stay(told)
    return Race(waited, imposed, *dispatches(told))


def stay(told: Story, order: str = "O-1") -> tuple[Imposed, float]:
    """Counsel imposes a stay of everything; returns what it did and how many seconds it took."""
    now = told.home.now()
    act = told.cast.act(told.cast.person(Role.COUNSEL), "order.impose", order_content(order, EVERYTHING, now))
    asked = time.perf_counter()
    imposed = impose(told.home, order, EVERYTHING, now, act)
    return imposed, time.perf_counter() - asked


def lifted(told: Story, order: str = "O-1") -> tuple[str, ...]:
    """Counsel and the safeguards officer lift it; returns the batches that are free again."""
    content = lift_content(order)
    return lift(
        told.home, order, [told.cast.act(told.cast.person(role), "order.lift", content) for role in (Role.COUNSEL, Role.SAFEGUARDS)]
    )


def dispatches(told: Story) -> tuple[int, int]:
    """How many `release.dispatched` stand before and behind the stay, in log order."""
    leaf = schema.leaf
    kinds = [LeafType.ORDER_IMPOSED.value, LeafType.RELEASE_DISPATCHED.value]
    with reading(told.home.engine) as conn:
        found = list(conn.execute(select(leaf.c.type).where(leaf.c.type.in_(kinds)).order_by(leaf.c.idx)).scalars())
    at = found.index(LeafType.ORDER_IMPOSED.value)
    return at, len(found) - at - 1


def nothing_of_it_left(told: Story, imposed: Imposed) -> None:
    """What was held is back at sampled with nothing pending, and what had left is listed."""
    assert sorted([*imposed.held, *imposed.already_left]) == sorted(told.batches)
    with reading(told.home.engine) as conn:
        for batch in told.batches:
            row, gone = get(conn, batch), batch in imposed.already_left
            assert (BatchState(row["state"]), row["held"]) == (BatchState.DISPATCHED if gone else BatchState.SAMPLED, int(not gone))
            box = schema.outbox
            states = set(conn.execute(select(box.c.state).where(box.c.batch_id == batch)).scalars())
            assert states == {"sent"} if gone else states <= {"withheld"}


def let_go(told: Story) -> None:
    """The lawful end: authorized anew, each batch is committed, dispatched and delivered."""
    for batch in told.batches:
        if told.state(batch) is BatchState.SAMPLED:
            told.people(batch)
            commit_release(told.home, batch)
            publish(told.home)
            assert isinstance(dispatch(told.home, batch), int)
            publish(told.home)
        deliver(told.home, batch)
