"""What the tests of the console may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from console_desk import Office
from journey_home import Scene, at, at_both

__all__ = ["at", "at_both", "office", "office_both"]


@pytest.fixture
def office(at: Callable[[str], Scene]) -> Iterator[Callable[[str], Office]]:
    """A console at a station of the journey."""
    yield from _offices(at)


@pytest.fixture
def office_both(at_both: Callable[[str], Scene]) -> Iterator[Callable[[str], Office]]:
    """The same on SQLite and then on PostgreSQL."""
    yield from _offices(at_both)


def _offices(at: Callable[[str], Scene]) -> Iterator[Callable[[str], Office]]:
    running: list[Office] = []

    def start(station: str) -> Office:
        running.append(Office(at(station)).start())
        return running[-1]

    yield start
    for each in running:
        each.stop()
