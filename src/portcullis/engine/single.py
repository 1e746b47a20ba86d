"""SQLite in memory, for the rules over one request: microseconds where DuckDB takes milliseconds (rules.md 3)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["single"]


@contextmanager
def single() -> Iterator[sqlite3.Connection]:
    """A database in memory that never touches a file and is gone at the end."""
    connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=1024)
    try:
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        yield connection
    finally:
        connection.close()
