"""Engines for the two stores: SQLite (the default) and PostgreSQL.

A plain connection of these engines only reads. Writing goes through `lock`, so that on SQLite every writer stands in the same
fair queue, and on either store nothing can change outside a transaction that somebody opened for it.

SQLite: WAL, synchronous=FULL (NORMAL can tear), foreign keys on, never created by opening. PostgreSQL: READ COMMITTED, so that
what is read after the release lock was taken is what holds now, not what held when the wait began.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from portcullis.errors import Refused

__all__ = ["ALREADY_BEGUN", "build", "sqlite_path"]

ALREADY_BEGUN = "portcullis_already_begun"
"""Execution option of a connection on which `lock` has issued BEGIN IMMEDIATE itself."""

_PRAGMAS = (
    "synchronous=FULL",
    "fullfsync=ON",  # macOS: without it FULL stops at the drive's cache
    "checkpoint_fullfsync=ON",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "cache_size=-65536",  # KiB, negative by SQLite's convention
    "temp_store=MEMORY",
    "query_only=ON",
)
_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": -1}  # without a ceiling: a stay never waits for a connection
_READ_TIMEOUT = 5.0  # seconds; readers wait only while a WAL is recovered


def build(url: str) -> Engine:
    """An engine for `url`; nothing is opened yet.

    Raises Refused when the address is not one of SQLite (a file) or PostgreSQL, or its driver is not installed.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(sqlite_path(url))
    try:
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            isolation_level="READ COMMITTED",
            hide_parameters=True,
            execution_options={"postgresql_readonly": True},
            pool_pre_ping=True,
            **_POOL,
        )
    except ModuleNotFoundError as error:
        raise Refused(
            "The PostgreSQL driver is not installed.", "The store's address names PostgreSQL.", 'Type: pip install "portcullis[postgresql]"'
        ) from error


def sqlite_path(url: str) -> Path:
    """The file of a SQLite store. Raises Refused for a store in memory: it would hold no evidence."""
    database = _parse(url).database
    if not database or database == ":memory:" or database.startswith("file:"):
        raise Refused(
            "The store's address names no file.", "A store in memory keeps no evidence.", "Write it as sqlite:////path/to/store.db."
        )
    return Path(os.path.abspath(database))


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise Refused("The store's address cannot be read.", "It is not an SQLAlchemy URL.", "See store_url in portcullis.toml.") from error
    if backend not in ("sqlite", "postgresql"):
        raise Refused(
            "The store's address names another database.", "Only sqlite and postgresql are known.", "See store_url in portcullis.toml."
        )
    return parsed


def _sqlite(path: Path) -> Engine:
    if sqlite3.sqlite_version_info < (3, 37):
        raise Refused("SQLite is too old.", f"STRICT tables need 3.37; this is {sqlite3.sqlite_version}.", "Use a newer Python.")
    engine = create_engine(URL.create("sqlite", database=str(path)), creator=_opener(path), hide_parameters=True, **_POOL)
    event.listen(engine, "begin", _begin)
    return engine


def _opener(path: Path) -> Callable[[], sqlite3.Connection]:
    """Opens the file only if it is there: SQLite's own default would make an empty store in its place."""
    address = f"file:{quote(str(path))}?mode=rw"

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=_READ_TIMEOUT, isolation_level=None, check_same_thread=False)
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            connection.close()
            raise Refused(
                "The store cannot be kept safely here.", "Its file system allows no write-ahead log.", "Put the home on a local disk."
            )
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    return opened


def _begin(connection: Connection) -> None:
    """SQLAlchemy leaves BEGIN to the driver, whose own would come late; `lock` has already issued it for writers."""
    if not connection.get_execution_options().get(ALREADY_BEGUN):
        connection.exec_driver_sql("BEGIN")
