"""What every test may ask for: a store on each database, and the same hypothesis everywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from sqlalchemy import Engine, delete, text, update

import pg_cluster
from portcullis.store import create_store, open_store, schema, writing
from portcullis.store.connect import build
from portcullis.store.open import REVISION

settings.register_profile(
    "tests",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    phases=[phase for phase in Phase if phase is not Phase.explain],  # it traces every line of every example, and costs more than it tells
)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> Iterator[pg_cluster.Cluster]:
    """A private PostgreSQL server for this test process; `make faults` has one that commits to the disk."""
    if reason := pg_cluster.why_not():
        pytest.skip(reason)
    cluster = pg_cluster.start(durable=request.config.getoption("markexpr") == "faults")
    yield cluster
    cluster.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store could be made: a file that is not there, then an empty PostgreSQL database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    cluster: pg_cluster.Cluster = request.getfixturevalue("postgresql")
    return cluster.url()


@pytest.fixture(scope="session")
def shared_url(postgresql: pg_cluster.Cluster) -> str:
    """The address of a PostgreSQL store that one test after the other empties: making one takes half a second."""
    url = postgresql.url()
    create_store(url)
    return url


def _emptied(url: str) -> str:
    engine = build(url)
    with writing(engine, patience=5.0) as conn:
        for table in reversed(schema.metadata.sorted_tables):
            if table is not schema.ledger_head:
                conn.execute(delete(table))
        conn.execute(update(schema.ledger_head).values(size=0, published_size=0, published_root=None))
        conn.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": REVISION})
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store with an empty ledger, on SQLite and then on PostgreSQL."""
    if request.param == "postgresql":
        return _emptied(request.getfixturevalue("shared_url"))
    url = f"sqlite:///{tmp_path / 'store.db'}"
    create_store(url)
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    """A new store, opened."""
    engine = open_store(store_url)
    yield engine
    engine.dispose()
