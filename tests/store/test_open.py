"""Opening a store: never by accident, never of another version, and nothing changes outside a transaction made for it."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import DBAPIError

from portcullis.errors import Refused
from portcullis.store import create_store, current, open_store, schema, writing
from portcullis.store.connect import build
from store_rows import count, one_leaf


def test_a_store_that_is_not_there_is_not_made_by_opening_it(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="portcullis init"):
        open_store(empty_url)
    assert current(empty_url) is None
    assert not list(tmp_path.iterdir())


def test_a_lost_file_is_not_replaced_by_an_empty_one_even_under_an_open_engine(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    create_store(url)
    engine = build(url)
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(DBAPIError), engine.connect():
        pass
    assert not (tmp_path / "store.db").exists()


@pytest.mark.parametrize(("revision", "advice"), [("0000", "portcullis store upgrade"), ("9999", "newer")])
def test_a_store_of_another_revision_is_refused_with_what_to_type(store_url: str, revision: str, advice: str) -> None:
    engine = build(store_url)
    with writing(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    with pytest.raises(Refused, match=advice):
        open_store(store_url)


def test_a_store_of_this_revision_opens(store: Engine) -> None:
    assert count(store, schema.ledger_head) == 1


def test_a_plain_connection_only_reads(store: Engine) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), store.begin() as conn:
        conn.execute(insert(schema.meta).values(key="k", value="v"))
    with writing(store) as conn:
        conn.execute(insert(schema.meta).values(key="k", value="v"))
    assert count(store, schema.meta) == 1


def test_a_connection_that_has_written_goes_back_to_reading(store: Engine) -> None:
    with writing(store) as conn:
        one_leaf(conn)
    for _ in range(3):
        with pytest.raises(DBAPIError, match=r"read-?only"), store.begin() as conn:
            one_leaf(conn)


def test_sqlite_keeps_what_was_committed_and_checks_references(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    create_store(url)
    with open_store(url).connect() as conn:
        found = {name: conn.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert (tmp_path / "store.db").stat().st_mode & 0o077 == 0, "others must not read the store"


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://host/db", "not a url", "", "oracle+nothing://x", "sqlite:///file:x?uri=true"]
)
def test_an_address_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(Refused, match=r"store_url|sqlite:///"):
        open_store(url)


@pytest.mark.parametrize("content", [b"", b"not a database at all, but text", b"SQLite format 3\x00" + bytes(200)])
def test_a_file_that_is_not_a_store_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    with pytest.raises(Refused):
        open_store(f"sqlite:///{path}")


def test_somebody_elses_database_is_not_a_store(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "store.db")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(Refused, match="no store"):
        open_store(f"sqlite:///{tmp_path / 'store.db'}")


def test_a_server_that_does_not_answer_is_refused_without_saying_the_password(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="does not answer") as refused:
        open_store(f"postgresql://user:canary-secret@/db?host={tmp_path}")
    assert "canary-secret" not in str(refused.value)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Refused, match="pip install"):
        open_store("postgresql://localhost/db")


def test_values_never_stand_in_an_error(store: Engine) -> None:
    with pytest.raises(DBAPIError) as failed, writing(store) as conn:
        conn.execute(insert(schema.meta), [{"key": "canary-key", "value": "canary-value"}] * 2)
    assert "canary-value" not in str(failed.value)
