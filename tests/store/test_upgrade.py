"""Migrations: one way from nothing to this revision, all of it or none, the same tables as the schema names."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from portcullis.errors import Refused
from portcullis.store import create_store, current, open_store, schema, size, upgrade, writing
from portcullis.store.connect import build
from portcullis.store.migrations import make_sql
from portcullis.store.open import REVISION
from store_rows import one_leaf

MIGRATIONS = files("portcullis.store") / "migrations"


def test_an_empty_store_has_an_empty_ledger(store: Engine) -> None:
    with store.connect() as conn:
        assert size(conn) == 0
        assert set(inspect(conn).get_table_names()) == {*schema.metadata.tables, "alembic_version"}


def test_a_store_is_never_made_over_another(store_url: str) -> None:
    with writing(open_store(store_url)) as conn:
        one_leaf(conn)
    with pytest.raises(Refused, match="already"):
        create_store(store_url)
    with open_store(store_url).connect() as conn:
        assert size(conn) == 1


def test_a_store_is_not_made_over_a_file_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"")
    with pytest.raises(FileExistsError):
        create_store(f"sqlite:///{tmp_path / 'store.db'}")


def test_upgrade_refuses_where_there_is_no_store(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="portcullis init"):
        upgrade(empty_url)
    assert not list(tmp_path.iterdir())


def test_upgrade_of_a_store_that_is_up_to_date_changes_nothing(store_url: str) -> None:
    assert upgrade(store_url) == (REVISION, REVISION)
    assert current(store_url) == REVISION


def test_the_migrations_make_what_the_schema_says(store: Engine) -> None:
    with store.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        assert [one for one in compare_metadata(context, schema.metadata) if "alembic_version" not in str(one)] == []


def test_the_text_of_the_first_migration_is_the_schema_in_full() -> None:
    """Constraints too, which a comparison by reflection does not see. A later migration replaces this by a frozen copy."""
    frozen = (MIGRATIONS / "versions" / "r0001_initial.sql").read_text(encoding="utf-8")
    assert frozen == make_sql.sql(), "run: python -m portcullis.store.migrations.make_sql > …/versions/r0001_initial.sql"


def test_the_program_needs_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_a_migration_that_fails_half_way_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(make_sql.WORDS["sqlite"], "bytes", "NO SUCH TYPE (")
    monkeypatch.setitem(make_sql.WORDS["postgresql"], "bytes", "NO SUCH TYPE (")
    with pytest.raises(Exception, match="syntax"):
        create_store(empty_url)
    monkeypatch.undo()
    assert current(empty_url) is None
    with build(empty_url).connect() as conn:
        assert inspect(conn).get_table_names() == []
