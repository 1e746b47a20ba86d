"""Writes the SQL of the first migration from the schema: python -m portcullis.store.migrations.make_sql > r0001_initial.sql

One text serves both databases; what they spell differently stands as a word in braces.
"""

from __future__ import annotations

import re
import sys

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from portcullis.store.schema import metadata

__all__ = ["WORDS", "sql"]

WORDS = {
    "sqlite": {"whole": "INTEGER", "serial": "INTEGER", "bytes": "BLOB", "strict": " STRICT"},
    "postgresql": {"whole": "BIGINT", "serial": "BIGSERIAL", "bytes": "BYTEA", "strict": ""},
}
_HEAD = "INSERT INTO ledger_head (id, size, published_size) VALUES (1, 0, 0)"


def sql() -> str:
    """Every table and index of the schema, with the words of `WORDS` in braces, and the head row of an empty ledger."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    parts: list[str] = []
    for table in metadata.sorted_tables:
        parts.append(_worded(str(CreateTable(table).compile(dialect=dialect))) + "{strict}")
        parts += [str(CreateIndex(index).compile(dialect=dialect)) for index in sorted(table.indexes, key=lambda one: str(one.name))]
    return ";\n\n".join([*parts, _HEAD]) + ";\n"


def _worded(ddl: str) -> str:
    lines = [line.rstrip().replace("\t", "    ") for line in ddl.strip().splitlines()]
    text = "\n".join(lines)
    for spelt, word in (("BIGSERIAL", "serial"), ("BIGINT", "whole"), ("BYTEA", "bytes")):
        text = re.sub(rf"\b{spelt}\b", f"{{{word}}}", text)
    return text


if __name__ == "__main__":
    sys.stdout.write(sql())
