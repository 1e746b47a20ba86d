"""A register's table read from PostgreSQL: only the mapped columns, in one read-only transaction, as text.

Which server is asked is libpq's matter (`PGSERVICE`, `PGHOST`, `PGPASSFILE` and so on), so no password stands in a mapping file. Names of
tables and columns are quoted as identifiers; the server's own messages are never passed on, they may quote a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from portcullis.errors import Refused

__all__ = ["read_postgres"]

_BATCH = 50_000
_NUMBERS = frozenset({"int2", "int4", "int8", "numeric"})


def _identifier(name: str) -> Any:
    from psycopg import sql  # noqa: PLC0415  an optional dependency

    return sql.Identifier(*name.split("."))


def _types(cursor: Any, table: str) -> dict[str, str]:
    """Column → type of the table."""
    from psycopg import sql  # noqa: PLC0415

    cursor.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(_identifier(table)))
    oids = {column.name: column.type_code for column in cursor.description}
    cursor.execute("SELECT oid::int8, typname FROM pg_type WHERE oid::int8 = ANY(%s)", [list(oids.values())])
    named = dict(cursor.fetchall())
    return {name: named[oid] for name, oid in oids.items()}


def _expression(theirs: str, kind: str, width: int | None) -> Any:
    from psycopg import sql  # noqa: PLC0415

    text = sql.SQL("CAST({} AS text)").format(sql.Identifier(theirs))
    return sql.SQL("lpad({}, {}, '0')").format(text, sql.Literal(width)) if width and kind in _NUMBERS else text


def _rows(cursor: Any, table: str, chosen: Sequence[Any], ours: Sequence[str]) -> pa.Table:
    from psycopg import sql  # noqa: PLC0415

    cursor.execute(sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(chosen), _identifier(table)))
    parts, schema = [], pa.schema([(name, pa.string()) for name in ours])
    while rows := cursor.fetchmany(_BATCH):
        parts.append(pa.table([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=schema))
    return pa.concat_tables(parts) if parts else schema.empty_table()


def read_postgres(table: str, wanted: Mapping[str, str], widths: Mapping[str, int]) -> tuple[pa.Table, set[str]]:
    """(the columns of `table` that exist, under our names; our names of those that do not). `wanted` maps our names to the owner's.

    Raises Refused when the driver is not installed, or the server or the table cannot be read.
    """
    try:
        import psycopg  # noqa: PLC0415
    except ModuleNotFoundError:
        why, what = "The PostgreSQL driver is not installed.", "Install portcullis[postgresql]."
        raise Refused("The register stands in PostgreSQL and cannot be read.", why, what) from None
    try:
        with psycopg.connect("") as connection:
            connection.read_only, connection.isolation_level = True, psycopg.IsolationLevel.REPEATABLE_READ
            with connection.cursor() as cursor:
                types = _types(cursor, table)
            there = {ours: theirs for ours, theirs in wanted.items() if theirs in types}
            chosen = [_expression(theirs, types[theirs], widths.get(ours)) for ours, theirs in there.items()]
            with connection.cursor(name="portcullis_register") as cursor:
                rows = _rows(cursor, table, chosen, list(there)) if there else pa.table({})
    except psycopg.Error:
        raise Refused(
            "The register's table cannot be read from PostgreSQL.",
            "The server did not answer, or it has no such table for this user.",
            "Check the table's name in the mapping, and libpq's settings (PGSERVICE, PGHOST, PGUSER).",
        ) from None
    return rows, set(wanted) - set(there)
