"""Homes at every station of the journey, and how a long test says what it counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from journey_home import at, at_both

__all__ = ["at", "at_both"]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints past pytest, for benchmarks/run_all.py."""

    def say(words: str) -> None:
        with capsys.disabled():
            print(f"\n{words}")

    return say
