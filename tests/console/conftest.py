"""What the tests of the console may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from console_desk import Office
from journey_home import Scene, at

__all__ = ["at", "office"]


@pytest.fixture
def office(at: Callable[[str], Scene]) -> Iterator[Callable[[str], Office]]:
    """A console at a station of the journey."""
    running: list[Office] = []

    def start(station: str) -> Office:
        running.append(Office(at(station)).start())
        return running[-1]

    yield start
    for each in running:
        each.stop()
