"""A stay and a dispatch that meet: the losing order of events, made certain.

The dispatch has looked and seen no stay; before it writes, the stay comes. With the release lock the stay waits for it, so
nothing leaves after the stay has returned. Take the lock away and the dispatch comes late.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from portcullis.store import open_store, release_exclusive, release_shared, writing
from portcullis.store.connect import ALREADY_BEGUN, build
from store_threads import LONG, SOON, actors
from store_trials import dispatch, dispatched, impose, late, lift, stayed, trials

Door = Callable[[Engine], AbstractContextManager[Connection]]


def meet(engine: Engine, for_dispatch: Door, for_stay: Door) -> None:
    """Run both: the stay starts once the dispatch has looked, and the dispatch writes once the stay returned or must be waiting."""
    looked, returned = threading.Event(), threading.Event()

    def dispatcher() -> None:
        with for_dispatch(engine) as conn:
            free = not stayed(conn)
            looked.set()
            returned.wait(SOON)
            if free:
                dispatch(conn)

    def counsel() -> None:
        assert looked.wait(LONG)
        with for_stay(engine) as conn:
            impose(conn, "O-1")
        returned.set()

    with actors() as crew:
        for one in [crew.start(dispatcher), crew.start(counsel)]:
            one.result(LONG)


def test_a_dispatch_under_way_is_waited_for_and_nothing_leaves_after_the_stay(store: Engine) -> None:
    meet(store, release_shared, release_exclusive)
    assert (dispatched(store), late(store)) == (1, 0)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_without_the_lock_a_dispatch_leaves_after_the_stay_on_postgresql(store: Engine) -> None:
    """The attack succeeds once the safeguard is gone: both go through plain transactions."""
    meet(store, writing, writing)
    assert late(store) == 1


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_it_takes_both_sides_of_the_lock(store: Engine) -> None:
    meet(store, writing, release_exclusive)
    assert late(store) == 1


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_without_begin_immediate_sqlite_undoes_the_late_dispatch(store: Engine) -> None:
    """A plain BEGIN looks at an old state, and SQLite refuses to write on top of it: an error instead of an answer."""

    def plain(engine: Engine) -> AbstractContextManager[Connection]:
        conn = engine.connect()
        conn.exec_driver_sql("PRAGMA query_only=OFF")
        conn.rollback()
        return conn.execution_options(**{ALREADY_BEGUN: False}).begin().connection

    with pytest.raises(OperationalError, match="locked"):
        meet(store, plain, release_exclusive)
    assert late(store) == 0


def wait_behind(engine: Engine) -> bool:
    """A dispatch that comes while a stay is being imposed; returns whether it saw the stay once it had the lock."""
    imposing, asked = threading.Event(), threading.Event()

    def counsel() -> None:
        with release_exclusive(engine) as conn:
            impose(conn, "O-1")
            imposing.set()
            assert asked.wait(LONG)
            threading.Event().wait(SOON)  # the dispatch is now in the queue

    def dispatcher() -> bool:
        assert imposing.wait(LONG)
        asked.set()
        with release_shared(engine) as conn:
            if not stayed(conn):
                dispatch(conn)
                return False
        return True

    with actors() as crew:
        both = [crew.start(dispatcher), crew.start(counsel)]
        both[1].result(LONG)
        return bool(both[0].result(LONG))


def test_a_dispatch_that_waited_for_the_stay_sees_it(store: Engine) -> None:
    assert wait_behind(store)
    assert late(store) == 0


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_at_another_isolation_it_would_see_the_state_from_before_it_waited(store_url: str) -> None:
    """Why READ COMMITTED is set on every connection: the dispatch sees no stay and goes on, into the last wall, the head row."""
    engine = build(store_url).execution_options(isolation_level="REPEATABLE READ")
    with pytest.raises(OperationalError, match="could not serialize"):
        wait_behind(engine)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_the_servers_default_isolation_does_not_matter(store_url: str) -> None:
    engine = open_store(f"{store_url}&options=-c%20default_transaction_isolation%3Dserializable")
    assert wait_behind(engine)


def test_once_a_stay_is_lifted_a_dispatch_goes_out(store: Engine) -> None:
    with release_exclusive(store) as conn:
        impose(conn, "O-1")
    with release_exclusive(store) as conn:
        lift(conn, "O-1")
    with release_shared(store) as conn:
        assert not stayed(conn)
        dispatch(conn)
    assert (dispatched(store), late(store)) == (1, 0)


def test_twenty_stays_in_a_crowd_return_at_once_and_nothing_leaves_after_them(store_url: str) -> None:
    """The short form of tests/faults/test_stay_race.py."""
    outcome = trials(store_url, 20, writers=4)
    assert outcome.late == 0
    assert max(outcome.waits) < 1.0
    assert outcome.dispatches > 0
