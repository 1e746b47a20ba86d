"""The release lock: one reader/writer lock for the whole gateway, since court orders span agreements.

`release_shared`     whoever commits or dispatches a release. Take it, then read again everything `may_release` needs.
`release_exclusive`  whoever imposes a stay, or changes anything else a release depends on. When it returns, no release that
                     began before can still commit, and every later one sees the change.
`writing`            any other change of state.   `reading`: one consistent view, nothing written.

Each gives a connection inside a transaction that commits at the end of the block and is undone by any exception.

PostgreSQL: advisory transaction locks, which queue in order of arrival. Isolation alone does not do: READ COMMITTED and
SERIALIZABLE each let releases commit after the stay, and FOR SHARE on a row starved the stay (pitfalls).
SQLite: BEGIN IMMEDIATE, so there is one writer at a time; SQLite's own waiting is a lottery, hence the queue in `turn`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from portcullis.errors import Refused
from portcullis.store import turn
from portcullis.store.connect import ALREADY_BEGUN
from portcullis.store.rehearsal import rehearsing

__all__ = ["PATIENCE", "reading", "release_exclusive", "release_shared", "writing"]

PATIENCE = 60.0
"""Seconds to wait for the lock before saying that something is stuck."""

_KEY = int.from_bytes(hashlib.sha256(b"portcullis/release-lock/1").digest()[:8], "big", signed=True)
_LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's error code
_IDLE = "60s"  # a dispatcher that hangs inside its transaction loses it, so that it cannot hold up a stay for ever


class _Hold(Enum):
    """What PostgreSQL is asked for; `NONE` leaves the lock alone."""

    NONE = None
    SHARED = "pg_advisory_xact_lock_shared"
    EXCLUSIVE = "pg_advisory_xact_lock"


def release_shared(engine: Engine, patience: float = PATIENCE) -> AbstractContextManager[Connection]:
    """A transaction that holds the release lock together with other releases. Raises Refused after `patience` seconds."""
    return _transaction(engine, _Hold.SHARED, patience)


def release_exclusive(engine: Engine, patience: float = PATIENCE) -> AbstractContextManager[Connection]:
    """A transaction that holds the release lock alone. Raises Refused after `patience` seconds."""
    return _transaction(engine, _Hold.EXCLUSIVE, patience)


def writing(engine: Engine, patience: float = PATIENCE) -> AbstractContextManager[Connection]:
    """A transaction for changes that no release depends on. Raises Refused after `patience` seconds."""
    return _transaction(engine, _Hold.NONE, patience)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the store from beginning to end and can change nothing."""
    snapshot = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.connect() as connection, connection.execution_options(**snapshot).begin():
        yield connection


@contextmanager
def _transaction(engine: Engine, hold: _Hold, patience: float) -> Iterator[Connection]:
    begun = _sqlite if engine.dialect.name == "sqlite" else _postgresql
    with begun(engine, hold, patience) as connection:
        if not rehearsing():
            yield connection
            return
        with connection.begin_nested() as undone:  # a rehearsal: everything runs, and is undone
            yield connection
            undone.rollback()


@contextmanager
def _sqlite(engine: Engine, hold: _Hold, patience: float) -> Iterator[Connection]:
    with engine.connect() as plain:
        driver = plain.connection.driver_connection
        assert driver is not None  # noqa: S101 - tells mypy; a checked-out connection has one
        driver.execute("PRAGMA query_only=OFF")
        try:
            turn.begin(driver, Path(str(engine.url.database)), alone=hold is _Hold.EXCLUSIVE, patience=patience)
            with plain.execution_options(**{ALREADY_BEGUN: True}).begin():
                yield plain
        finally:
            driver.execute("PRAGMA query_only=ON")


@contextmanager
def _postgresql(engine: Engine, hold: _Hold, patience: float) -> Iterator[Connection]:
    with engine.connect() as plain:
        connection = plain.execution_options(postgresql_readonly=False)
        with connection.begin():
            _limit(connection, patience)
            if hold is not _Hold.NONE:
                _take(connection, hold, patience)
            yield connection


def _limit(connection: Connection, patience: float) -> None:
    limits = text("SELECT set_config('lock_timeout', :wait, true), set_config('idle_in_transaction_session_timeout', :idle, true)")
    connection.execute(limits, {"wait": f"{max(1, int(patience * 1000))}ms", "idle": _IDLE})


def _take(connection: Connection, hold: _Hold, patience: float) -> None:
    try:
        connection.execute(text(f"SELECT {hold.value}(:key)"), {"key": _KEY})
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise Refused(*turn.stuck(patience)) from error
        raise
