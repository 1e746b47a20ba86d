"""A home for each store, made once for a file of tests, of which every story takes a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

import pg_cluster
from faults_home import Base, make_base
from portcullis.store import create_store


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Base:
    """A batch of 300 requests, just received."""
    url = ""
    if request.param == "postgresql":
        cluster: pg_cluster.Cluster = request.getfixturevalue("postgresql")
        url = cluster.url()
    return make_base(tmp_path_factory.mktemp("base"), url)
