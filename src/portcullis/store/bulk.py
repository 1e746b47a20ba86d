"""Many rows at once, inside the caller's transaction: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, Text
from sqlalchemy.exc import DBAPIError

__all__ = ["insert_many"]


def insert_many(conn: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert `rows`, each with the values of `columns` in their order. Constraints hold, and fail, as for single inserts."""
    quoted = conn.dialect.identifier_preparer.quote
    target = f"{quoted(table.name)} ({', '.join(quoted(table.c[name].name) for name in columns)})"
    if conn.dialect.name == "sqlite":
        if held := list(rows):
            conn.exec_driver_sql(f"INSERT INTO {target} VALUES ({', '.join('?' * len(columns))})", held)
    else:
        _copy(conn, f"COPY {target} FROM STDIN (FORMAT BINARY)", [_wire_type(table.c[name].type) for name in columns], rows)


def _copy(conn: Connection, statement: str, types: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    driver: Any = conn.connection.driver_connection
    failures: Any = conn.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except failures as error:  # as SQLAlchemy would have put it, so that callers need not know of COPY
        raise DBAPIError.instance(statement, None, error, failures, hide_parameters=True, dialect=conn.dialect) from error


def _wire_type(kind: Any) -> str:
    if isinstance(kind, LargeBinary):
        return "bytea"
    return "text" if isinstance(kind, Text) else "int8"
