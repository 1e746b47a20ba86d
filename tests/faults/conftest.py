"""A home for each store, made once for a file of tests, of which every story takes a copy."""

from __future__ import annotations

import pytest

import pg_cluster
from faults_home import Base, make_base


def _url(request: pytest.FixtureRequest) -> str:
    """The address of an empty PostgreSQL database, or nothing for SQLite."""
    if request.param == "sqlite":
        return ""
    cluster: pg_cluster.Cluster = request.getfixturevalue("postgresql")
    return cluster.url()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Base:
    """A batch of 300 requests, just received."""
    return make_base(tmp_path_factory.mktemp("base"), _url(request))


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def several(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Four small batches, just received."""
    return make_base(tmp_path_factory.mktemp("several"), _url(request), requests=12, batches=4)
