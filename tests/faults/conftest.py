"""A home for each store, made once, of which every story takes a copy."""

from __future__ import annotations

import pytest

from faults_home import Base, authorized, make_base

STORES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="session")
def made() -> dict[tuple[str, str], Base]:
    """The bases that were made in this process, by store and kind."""
    return {}


def _base(request: pytest.FixtureRequest, made: dict[tuple[str, str], Base], kind: str, requests: int, batches: int) -> Base:
    key = (request.param, kind)
    if key not in made:
        url = request.getfixturevalue("postgresql").url() if request.param == "postgresql" else ""
        folder = request.getfixturevalue("tmp_path_factory").mktemp(kind)
        made[key] = make_base(folder, url, requests=requests, batches=batches)
        if kind == "several":
            authorized(made[key])
    return made[key]


@pytest.fixture(params=STORES)
def base(request: pytest.FixtureRequest, made: dict[tuple[str, str], Base]) -> Base:
    """A batch of 300 requests, just received."""
    return _base(request, made, "one", 300, 1)


@pytest.fixture(params=STORES)
def several(request: pytest.FixtureRequest, made: dict[tuple[str, str], Base]) -> Base:
    """Three small batches, each authorized by two people and not yet committed."""
    return _base(request, made, "several", 12, 3)


@pytest.fixture(params=STORES)
def empty(request: pytest.FixtureRequest, made: dict[tuple[str, str], Base]) -> Base:
    """A home that has received nothing yet."""
    return _base(request, made, "empty", 60, 0)
