"""A rehearsal (`--dry-run`): everything is computed and checked as for real, and every transaction is undone at its end.

Inside `rehearse()` the doors of `lock` roll back instead of committing, nothing is published, and whoever would repeat a step until
it is done asks `rehearsing()` first. Files written meanwhile are named by nothing, as after a kill.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["rehearse", "rehearsing"]

_REHEARSAL: ContextVar[bool] = ContextVar("portcullis_rehearsal", default=False)


@contextmanager
def rehearse(on: bool = True) -> Iterator[None]:
    """Undo every transaction of this block; with `on` False nothing is different."""
    token = _REHEARSAL.set(on)
    try:
        yield
    finally:
        _REHEARSAL.reset(token)


def rehearsing() -> bool:
    """Whether transactions are undone now."""
    return _REHEARSAL.get()
