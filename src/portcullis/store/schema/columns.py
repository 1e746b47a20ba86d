"""The three column types of the store, and the few shapes a table is made of.

SQLite STRICT with Alembic holds only Text, Integer and LargeBinary (pitfalls), so nothing else is offered here:
times are whole seconds since 1970 UTC, dates are days since 1970-01-01, booleans are 0 or 1, hashes and keys are text
in hex or base64, and bytes are bytes. There is no column for a personal value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.sql.schema import SchemaItem

__all__ = ["blob", "flag", "leaf_ref", "metadata", "number", "one_of", "serial", "table", "text"]

WHOLE = Integer().with_variant(BigInteger(), "postgresql")
"""A whole number of 64 bits on both stores: PostgreSQL's own `integer` ends in the year 2038."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
"""Every table of the store. Constraints are named so that a later migration can drop them on both stores."""


def table(name: str, *items: SchemaItem) -> Table:
    """A table that takes no value of another type (STRICT on SQLite; PostgreSQL always does)."""
    return Table(name, metadata, *items, sqlite_strict=True)


def text(name: str, *items: Any, null: bool = False, key: bool = False) -> Column[Any]:
    """A text column; `key` makes it part of the primary key."""
    return Column(name, Text, *items, nullable=null, primary_key=key)


def number(name: str, *items: Any, null: bool = False, key: bool = False) -> Column[Any]:
    """A whole number given by the caller, never by the database."""
    return Column(name, WHOLE, *items, nullable=null, primary_key=key, autoincrement=False)


def serial(name: str) -> Column[Any]:
    """A primary key the database counts up; gaps are possible and mean nothing."""
    return Column(name, WHOLE, primary_key=True, autoincrement=True)


def blob(name: str, *, null: bool = False) -> Column[Any]:
    """A column of bytes."""
    return Column(name, LargeBinary, nullable=null)


def flag(name: str) -> Column[Any]:
    """A truth value, 0 or 1."""
    return number(name, CheckConstraint(f"{name} IN (0, 1)", name=name))


def one_of(name: str, values: Iterable[str], *, null: bool = False) -> Column[Any]:
    """A text column that holds only the given words, which come from the closed vocabulary of `model`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return text(name, CheckConstraint(f"{name} IN ({listed})", name=name), null=null)


def leaf_ref(name: str = "leaf_idx", *, null: bool = False) -> Column[Any]:
    """The index of the leaf that records this row; the leaf must be there first."""
    return number(name, ForeignKey("leaf.idx"), null=null)
