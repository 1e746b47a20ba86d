"""The engines: DuckDB for batches; SQLite and PostgreSQL row by row. Each gives the findings in the order of the facts.

DuckDB compares numbers several times faster than text. So of a text that rules only compare with constants it gets the place in a
dictionary of the batch's own values, and each constant becomes the place it has there, or one that no value has. Equal means equal to
the byte on either side, and an unknown text stays unknown.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlglot import exp

from portcullis.rules import sql
from portcullis.rules.compile import Plan, render

__all__ = ["on_duckdb", "on_rows", "schema"]

_Ordinals = npt.NDArray[np.int64]

_MORSEL = 122_880
"""Rows DuckDB gives one thread at a time; a table of one batch would be read by one thread alone."""
_RUNS = 2_000
_NOWHERE = -1
"""A place that no value of a dictionary has."""


def schema(compiled: Plan) -> pa.Schema:
    """The columns of the findings."""
    fields = [pa.field("ordinal", pa.int64())]
    for rule in compiled.rules:
        fields += [pa.field(rule, pa.int8()), pa.field(f"{rule}_reason", pa.string())]
    return pa.schema(fields)


def on_duckdb(compiled: Plan, table: pa.Table, con: Any = None) -> pa.Table:
    """Counts first, over few columns; then every rule in one pass without a join. `con` is a DuckDB connection, else a private one."""
    connection = con if con is not None else _private()
    batches = pa.Table.from_batches(table.to_batches(max_chunksize=_MORSEL), table.schema)  # one batch is one thread's work
    try:
        if compiled.counts is not None:
            connection.register("facts", batches)
            counts = connection.sql(render(compiled.counts, "duckdb")).to_arrow_table()
            batches = _beside(batches, _in_order(counts, table))
        coded, tree = _coded(batches, compiled.narrow)
        connection.register("counted", coded)
        found = connection.sql(render(tree, "duckdb")).to_arrow_table()
        return _in_order(found.cast(schema(compiled)), table)
    finally:
        for name in ("facts", "counted"):
            connection.unregister(name)
        if con is None:
            connection.close()


def _coded(table: pa.Table, narrow: exp.Select) -> tuple[pa.Table, exp.Select]:
    """The facts with numbers in place of texts that are only compared with constants, and the query over them."""
    tree = narrow.copy()
    comparisons = [found for found in tree.find_all(exp.In) if found.expressions and found.expressions[0].is_string]
    places: dict[str, dict[str, int]] = {}
    for name in dict.fromkeys(found.this.name for found in comparisons):
        encoded = table.column(name).combine_chunks().dictionary_encode()
        places[name] = {value: place for place, value in enumerate(encoded.dictionary.to_pylist())}
        table = table.set_column(table.column_names.index(name), name, encoded.indices)
    for found in comparisons:
        here = places[found.this.name]
        codes = [here[value.this] for value in found.expressions if value.this in here]
        found.set("expressions", [sql.literal(code) for code in codes or [_NOWHERE]])
    return pa.Table.from_batches(table.to_batches(max_chunksize=_MORSEL), table.schema), tree


def _beside(facts: pa.Table, counts: pa.Table) -> pa.Table:
    for name in counts.column_names[1:]:
        facts = facts.append_column(name, counts.column(name))
    return pa.Table.from_batches(facts.to_batches(max_chunksize=_MORSEL), facts.schema)


def _private() -> duckdb.DuckDBPyConnection:
    """A connection that reads only what it is given and never spills facts to a disk."""
    connection = duckdb.connect(":memory:", config={"temp_directory": "", "python_enable_replacements": False})
    connection.execute("SET enable_external_access = false")
    return connection


def on_rows(compiled: Plan, table: pa.Table, engine: str, con: Any = None) -> pa.Table:
    """One query over a temporary table of SQLite (private unless `con`) or PostgreSQL (`con`)."""
    rows = _query(compiled, table, engine, con)
    wanted = schema(compiled)
    columns = list(zip(*rows, strict=True)) or [()] * len(wanted)
    found = pa.table([pa.array(values, field.type) for values, field in zip(columns, wanted, strict=True)], schema=wanted)
    return _in_order(found, table)


def _query(compiled: Plan, table: pa.Table, engine: str, con: Any) -> Iterable[Sequence[Any]]:
    """Load the facts into a temporary table of a row engine, ask, drop it again."""
    connection = con if con is not None else sqlite3.connect(":memory:")
    whole, text, mark, dialect = ("BIGINT", "TEXT", "%s", "postgres") if engine == "postgres" else ("INTEGER", "TEXT", "?", "sqlite")
    kinds = [text if pa.types.is_string(field.type) else whole for field in table.schema]
    columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(table.column_names, kinds, strict=True))
    cursor = connection.cursor()
    cursor.execute(f"CREATE TEMPORARY TABLE facts ({columns})")
    try:
        marks = ", ".join([mark] * table.num_columns)
        cursor.executemany(f"INSERT INTO facts VALUES ({marks})", list(zip(*[column.to_pylist() for column in table.columns], strict=True)))
        cursor.execute(render(compiled.tree, dialect))
        return list(cursor.fetchall())
    finally:
        cursor.execute("DROP TABLE facts")
        if con is None:
            connection.close()


def _in_order(found: pa.Table, facts: pa.Table) -> pa.Table:
    """The rows in the order of the facts. Engines give them back in runs, so mostly whole runs are put in place, without copying."""
    have, want = found.column("ordinal").to_numpy(), facts.column("ordinal").to_numpy()
    if np.array_equal(have, want):
        return found
    places = _places(have, want)
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    if len(breaks) > _RUNS:
        rows = np.empty(len(places), np.int64)
        rows[places] = np.arange(len(places))
        return found.take(pa.array(rows))
    runs = sorted(zip(places[[0, *breaks]], [0, *breaks], [*breaks, len(places)], strict=True))
    return pa.concat_tables([found.slice(begin, end - begin) for _, begin, end in runs])


def _places(have: _Ordinals, want: _Ordinals) -> _Ordinals:
    """Where each of `have` stands in `want`, which holds the same ordinals."""
    if want[-1] - want[0] == len(want) - 1 and (np.diff(want) == 1).all():
        shifted: _Ordinals = have - want[0]
        return shifted
    order = np.argsort(want, kind="stable")
    return np.take(order, np.searchsorted(want[order], have)).astype(np.int64)
