"""Who has which request on the desk now, and when a reviewer should rest.

Two reviewers who open the next request get two different ones: what one has opened is kept for them for a quarter of an hour. This is
courtesy, kept in memory; that a request is decided once is the store's rule. Kept per process and home, and never at rest.

A break is advised after 50 minutes of reviews without a pause of ten: errors of clerical review rise with weariness. It is advice: the page
says so and goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

__all__ = ["DESKS", "Desks", "stretch", "tired"]

HELD = 15 * 60
PAUSE = 10 * 60
TIRING = 50 * 60

_Item = tuple[Path, str, int]


@dataclass
class Desks:
    """What lies on whose desk: (home, batch, ordinal) → (person, since). `clock` counts seconds."""

    clock: Callable[[], float] = time.monotonic
    _held: dict[_Item, tuple[str, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def choose(self, home: Path, batch: str, ordinals: Sequence[int], person: str) -> int | None:
        """The first that lies on nobody else's desk, or the first of all when each does; it lies on this person's now."""
        now = self.clock()
        with self._lock:
            self._held = {item: held for item, held in self._held.items() if now - held[1] < HELD}
            free = (one for one in ordinals if self._held.get((home, batch, one), (person, 0.0))[0] == person)
            chosen = next(free, ordinals[0] if ordinals else None)
            if chosen is not None:
                self._held.setdefault((home, batch, chosen), (person, now))
            return chosen

    def leave(self, home: Path, batch: str, ordinal: int) -> None:
        """It was decided."""
        with self._lock:
            self._held.pop((home, batch, ordinal), None)


DESKS = Desks()
"""Those of this process."""


def stretch(times: Iterable[int], now: int) -> int:
    """How many seconds of reviews without a pause end now; `times` are when this person decided, in any order."""
    begun, last = now, now
    for at in sorted(times, reverse=True):
        if last - at >= PAUSE:
            break
        begun = last = at
    return now - begun


def tired(times: Iterable[int], now: int) -> int:
    """Minutes without a pause, when a break is advised; 0 when none is."""
    seconds = stretch(times, now)
    return seconds // 60 if seconds >= TIRING else 0
