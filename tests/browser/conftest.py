"""What the browser's tests may ask for. Without Chromium they are skipped, and say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from console_desk import Office
from journey_home import Scene, at
from webdriver import Browser, why_not

__all__ = ["at", "browser", "office"]


@pytest.fixture
def office(at: Callable[[str], Scene]) -> Iterator[Callable[[str], Office]]:
    """A console at a station of the journey, with the key files of a demonstration."""
    running: list[Office] = []

    def start(station: str) -> Office:
        running.append(Office(at(station)).start())
        running[-1].save_keys()
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Real Chromium."""
    if reason := why_not():
        pytest.skip(reason)
    opened = Browser()
    yield opened
    opened.close()
