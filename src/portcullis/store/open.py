"""Opening a store: it must be there, and of this program's version."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

from portcullis.errors import Refused
from portcullis.store.connect import build, sqlite_path

__all__ = ["REVISION", "current", "open_store"]

REVISION = "0001"
"""The migration this program's tables are at."""

_UNDEFINED_TABLE = "42P01"  # PostgreSQL's error code


def open_store(url: str) -> Engine:
    """An engine for an existing store at this program's revision. Plain connections of it only read; see `lock`.

    Raises Refused when there is no store, it cannot be reached, or it is of another revision; says what to type.
    """
    found = current(url)
    if found is None:
        raise Refused("There is no store there.", "Only init makes one.", "Type: portcullis init --home DIR")
    if found != REVISION:
        older = found < REVISION
        raise Refused(
            f"The store is at revision {found}, and this program needs {REVISION}.",
            "Its tables are older." if older else "It was made by a newer program.",
            "Type: portcullis store upgrade" if older else "Use the program of that version or a newer one.",
        )
    return build(url)


def current(url: str) -> str | None:
    """The revision of the store, or None when there is none.

    Raises Refused when it cannot be reached or is something else.
    """
    engine = build(url)
    if engine.dialect.name == "sqlite" and not sqlite_path(url).is_file():
        return None
    try:
        with engine.connect() as conn:
            found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except (ProgrammingError, OperationalError) as error:
        if _has_no_tables(error):
            return None
        raise Refused("The store cannot be reached.", "Its database does not answer.", "See store_url in portcullis.toml.") from error
    except (DatabaseError, sqlite3.DatabaseError) as error:
        raise Refused("The store cannot be read.", "It is not a database, or is damaged.", "Type: portcullis backup restore") from error
    finally:
        engine.dispose()
    return str(found) if found is not None else None


def _has_no_tables(error: DatabaseError) -> bool:
    return getattr(error.orig, "sqlstate", None) == _UNDEFINED_TABLE or "no such table" in str(error.orig)
