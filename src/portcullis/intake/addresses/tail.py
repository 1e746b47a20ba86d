"""The end of a free-text address: country, ZIP and state, found for all rows at once by stepping back from the last token."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from portcullis.intake.addresses.lexicon import END_COMMA, END_COUNTRY, END_PLUS4, END_ZIP, state_words
from portcullis.intake.addresses.stream import Ints, Stream

__all__ = ["Tail", "find_tail"]

_NONE = -1


@dataclass(frozen=True, slots=True)
class Tail:
    """Per row: the state (index into places().codes, -1 none), the flat place of the ZIP token (-1 none), and where the tail begins."""

    state: Ints
    zip_at: Ints
    start: Ints


@cache
def _pairs() -> Ints:
    words, pairs = state_words()
    table = np.full((len(words) + 1, len(words) + 1), _NONE, np.int64)
    for (first, second), state in pairs.items():
        table[first, second] = state
    return table


class _Steps:
    """Looks at tokens by their place; a row's own field mark is never stepped over."""

    def __init__(self, stream: Stream) -> None:
        self.codes, self.starts = stream.codes, stream.bounds[:-1]
        self.ends = stream.facts.numbers["end"]
        self.states = stream.facts.numbers["state"]
        self.parts = stream.facts.numbers["part"]

    def here(self, bits: int, place: Ints) -> npt.NDArray[np.bool_]:
        """Whether the token at `place` can be one of `bits`."""
        return np.asarray((place > self.starts) & (self.ends[self.codes[np.maximum(place, 0)]] & bits > 0))

    def back(self, bits: int, place: Ints, times: int) -> Ints:
        """Step back over tokens of `bits`, at most `times`."""
        for _ in range(times):
            place = place - self.here(bits, place)
        return place

    def state(self, place: Ints) -> tuple[Ints, Ints]:
        """The state that ends at `place`, two words before one, and the place before it."""
        last, before = (np.where(at > self.starts, self.codes[np.maximum(at, 0)], _NONE) for at in (place, place - 1))
        pair = np.where(before >= 0, _pairs()[self.parts[before], self.parts[last]], _NONE)
        alone = np.where(last >= 0, self.states[last], _NONE)
        words = np.where(pair != _NONE, 2, np.where(alone != _NONE, 1, 0))
        return np.where(pair != _NONE, pair, alone), place - words


def find_tail(stream: Stream) -> Tail:
    """Step back over country, ZIP and state, in this order or with the state last."""
    steps = _Steps(stream)
    idle = END_COMMA | END_COUNTRY
    at = steps.back(idle, stream.bounds[1:] - 1, 6)
    at = at - (steps.here(END_PLUS4, at) & steps.here(END_ZIP, at - 1))
    has_zip = steps.here(END_ZIP, at)
    zip_at = np.where(has_zip, at, _NONE)
    nearest = steps.back(END_COMMA, at - has_zip, 2)
    state, at = steps.state(np.where(has_zip, steps.back(idle, nearest, 4), nearest))
    at = np.where((state == _NONE) & has_zip, nearest, at)
    comma = steps.back(END_COMMA, at, 1)
    late = (state != _NONE) & ~has_zip & steps.here(END_ZIP, comma)
    return Tail(state, np.where(late, comma, zip_at), np.where(late, comma - 1, at) + 1)
