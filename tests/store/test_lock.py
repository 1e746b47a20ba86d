"""The four doors to the store: who waits for whom, in which order, and what is undone."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import InvalidRequestError

from portcullis.errors import Refused
from portcullis.store import once, open_store, reading, release_exclusive, release_shared, schema, size, turn, writing
from store_rows import BATCH, count, furnish, one_leaf
from store_threads import LONG, SOON, actors, until, waiting_for_advisory_lock

DOORS = [release_shared, release_exclusive, writing]


@pytest.mark.parametrize("door", DOORS)
def test_what_is_done_inside_is_kept(store: Engine, door: object) -> None:
    with door(store) as conn:  # type: ignore[operator]
        one_leaf(conn)
    assert count(store, schema.leaf) == 1


@pytest.mark.parametrize("door", DOORS)
def test_an_exception_undoes_state_step_and_leaf_together(store: Engine, door: object) -> None:
    furnish(store)
    with pytest.raises(ZeroDivisionError), door(store) as conn:  # type: ignore[operator]
        once(conn, BATCH, "check", one_leaf(conn), at=1)
        raise ZeroDivisionError
    assert (count(store, schema.step), count(store, schema.leaf)) == (0, 0)
    with store.connect() as conn:
        assert size(conn) == 0
    with door(store) as conn:  # type: ignore[operator]
        once(conn, BATCH, "check", one_leaf(conn), at=1)
    assert (count(store, schema.step), count(store, schema.leaf)) == (1, 1)


KILLED = """
import os, signal, sys
sys.path[:0] = {path!r}
from store_rows import BATCH, one_leaf
from portcullis.store import once, open_store, outbox, {door}
with {door}(open_store({url!r})) as conn:
    once(conn, BATCH, "check", one_leaf(conn), at=1)
    outbox.put(conn, BATCH, "answer", [("a", "00")], at=1)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("door", ["release_shared", "release_exclusive"])
def test_a_kill_before_the_commit_leaves_nothing_and_no_lock(store_url: str, door: str) -> None:
    engine = open_store(store_url)
    furnish(engine)
    script = KILLED.format(path=[str(Path(__file__).parents[1])], url=store_url, door=door)
    killed = subprocess.run([sys.executable, "-c", script], env=dict(os.environ), check=False)
    assert killed.returncode == -signal.SIGKILL
    with release_exclusive(engine, patience=10) as conn:
        assert size(conn) == 0
    assert [count(engine, table) for table in (schema.leaf, schema.step, schema.outbox)] == [0, 0, 0]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_releases_do_not_wait_for_each_other(store: Engine) -> None:
    with release_shared(store) as one, release_shared(store, patience=5) as other:
        assert size(one) == size(other) == 0


@pytest.mark.parametrize(("first", "second"), [(release_shared, release_exclusive), (release_exclusive, release_shared)])
def test_a_release_and_a_stay_wait_for_each_other(store: Engine, first: object, second: object) -> None:
    done: list[str] = []

    def come() -> None:
        with second(store):  # type: ignore[operator]
            done.append("second")

    with actors() as crew:
        with first(store):  # type: ignore[operator]
            other = crew.start(come)
            time.sleep(SOON)
            done.append("first")
        other.result(LONG)
    assert done == ["first", "second"]


def queue_up(store: Engine) -> list[str]:
    """A release holds the lock; a stay asks for it, then eight more releases. Who has it in which order."""
    came: list[str] = []

    def come(name: str, door: object) -> None:
        with door(store):  # type: ignore[operator]
            came.append(name)
            time.sleep(0.01)

    with actors() as crew:
        with release_shared(store):
            crew.start(come, "stay", release_exclusive)
            until(lambda: _stay_is_waiting(store))
            others = [crew.start(come, "release", release_shared) for _ in range(8)]
            time.sleep(SOON)
        for one in others:
            one.result(LONG)
    return came


def _stay_is_waiting(store: Engine) -> bool:
    if store.dialect.name == "postgresql":
        return waiting_for_advisory_lock(store) > 0
    with turn._turnstile(Path(str(store.url.database))) as gate:
        return not turn._pass(gate, fcntl.LOCK_SH)


def test_a_stay_goes_before_the_releases_that_come_after_it(store: Engine) -> None:
    assert queue_up(store) == ["stay"] + ["release"] * 8


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_without_the_turnstile_releases_go_before_a_stay_that_is_less_lucky(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "_pass", lambda gate, how: True)
    monkeypatch.setattr(turn, "_ALONE_PAUSE", 1.0)
    monkeypatch.setitem(globals(), "_stay_is_waiting", lambda store: True)
    assert queue_up(store)[0] == "release"


@pytest.mark.parametrize(("held", "asked"), [(release_exclusive, release_exclusive), (release_exclusive, release_shared)])
def test_a_lock_that_is_not_to_be_had_is_refused_in_time(store: Engine, held: object, asked: object) -> None:
    refused = threading.Event()

    def come() -> None:
        with pytest.raises(Refused, match=r"0\.2 seconds"), asked(store, patience=0.2):  # type: ignore[operator]
            raise AssertionError
        refused.set()

    with actors() as crew, held(store) as conn:  # type: ignore[operator]
        crew.start(come).result(LONG)
        one_leaf(conn)
    assert refused.is_set()
    assert count(store, schema.leaf) == 1


def test_the_lock_cannot_be_given_back_early(store: Engine) -> None:
    with pytest.raises(InvalidRequestError), release_shared(store) as conn:
        conn.commit()
        one_leaf(conn)
    assert count(store, schema.leaf) == 0


def test_a_reader_sees_one_state_throughout(store: Engine) -> None:
    with reading(store) as conn:
        assert size(conn) == 0
        with writing(store) as other:
            one_leaf(other)
        assert size(conn) == 0
    with reading(store) as conn:
        assert size(conn) == 1


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_dispatcher_that_hangs_loses_the_lock(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portcullis.store.lock._IDLE", "200ms")
    with pytest.raises(Exception, match=r"idle|closed"), release_shared(store) as conn:
        one_leaf(conn)
        time.sleep(1)
        with release_exclusive(store, patience=5):
            pass
        one_leaf(conn)
    assert count(store, schema.leaf) == 0
