"""What the tests of the API may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api_server import Served
from journey_home import Scene, at, at_both

__all__ = ["at", "at_both", "served", "served_both"]


@pytest.fixture
def served(at: Callable[[str], Scene], tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """A gateway at a station of the journey, served over mutual TLS."""
    yield from _served(at, tmp_path)


@pytest.fixture
def served_both(at_both: Callable[[str], Scene], tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """The same on SQLite and then on PostgreSQL."""
    yield from _served(at_both, tmp_path)


def _served(at: Callable[[str], Scene], tmp_path: Path) -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(station: str, **limits: object) -> Served:
        folder = tmp_path / f"served-{len(running)}"
        folder.mkdir()
        running.append(Served(at(station), folder).start(**limits))
        return running[-1]

    yield start
    for each in running:
        each.stop()
