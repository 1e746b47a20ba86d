"""The end of a free-text address: country, ZIP and state, found for all rows at once by stepping back from the last token."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from portcullis.intake.addresses.vocabulary import places

__all__ = ["Tail", "TokenEnds", "ends_of", "find_tail"]

_Ints = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]

_COUNTRY = frozenset({"USA", "US", "U", "UNITED", "STATES", "AMERICA", "EEUU"})
_NONE = -1


@dataclass(frozen=True, slots=True)
class TokenEnds:
    """Per different token: is it a ZIP, four digits, a comma, a country word; which state alone; which word of a two-word state."""

    zip: _Flags
    plus4: _Flags
    comma: _Flags
    country: _Flags
    alone: _Ints
    part: _Ints


@dataclass(frozen=True, slots=True)
class Tail:
    """Per row: the state (index into places().codes, -1 none), the flat place of the ZIP token (-1 none), and where the tail begins."""

    state: _Ints
    zip_at: _Ints
    start: _Ints


@lru_cache(maxsize=1)
def _pairs() -> tuple[dict[str, int], npt.NDArray[np.int64]]:
    """Word numbers of two-word states, and the state of each pair of words."""
    words: dict[str, int] = {}
    table = np.full((64, 64), _NONE, np.int64)
    codes = places().codes
    for name, code in sorted(places().by_name.items()):
        parts = name.split()[-2:]
        if len(parts) == 2 and name not in ("WASHINGTON DC", "WASH DC", "WASHINGTON STATE"):
            first, second = (words.setdefault(part, len(words) + 1) for part in parts)
            table[first, second] = codes.index(code)
    return words, table


def ends_of(tokens: list[str]) -> TokenEnds:
    """What each of these different tokens can be at the end of an address."""
    codes, by_name = places().codes, places().by_name
    words, _ = _pairs()
    return TokenEnds(
        zip=np.array([(len(t) == 5 and t.isdigit()) or (len(t) == 10 and t[5] == "-" and t[:5].isdigit()) or (len(t) == 9 and t.isdigit()) for t in tokens], np.bool_),
        plus4=np.array([len(t) == 4 and t.isdigit() for t in tokens], np.bool_),
        comma=np.array([t in (",", "|") for t in tokens], np.bool_),
        country=np.array([t in _COUNTRY for t in tokens], np.bool_),
        alone=np.array([codes.index(by_name[t]) if t in by_name else _NONE for t in tokens], np.int64),
        part=np.array([words.get(t, 0) for t in tokens], np.int64),
    )


def find_tail(codes: _Ints, starts: _Ints, stops: _Ints, ends: TokenEnds) -> Tail:
    """Step back over country words, ZIP, state. `starts` is the place of each row's field mark, which is never stepped over."""
    at = stops - 1

    def token(flags: _Flags, place: _Ints) -> _Flags:
        return np.asarray((place > starts) & flags[codes[np.maximum(place, 0)]])

    def back_over(flags: _Flags, place: _Ints, times: int) -> _Ints:
        for _ in range(times):
            place = place - token(flags, place)
        return place

    idle = ends.comma | ends.country
    at = back_over(idle, at, 6)
    plus4 = token(ends.plus4, at) & token(ends.zip, at - 1)
    at = at - plus4
    has_zip = token(ends.zip, at)
    zip_at = np.where(has_zip, at, _NONE)
    at = back_over(ends.comma, at - has_zip, 2)
    before_country = at
    at = np.where(has_zip, back_over(idle, at, 4), at)
    state, at = _state(codes, starts, at, ends)
    lost = (state == _NONE) & (before_country != at)
    at = np.where(lost, before_country, at)
    late = (state != _NONE) & ~has_zip & token(ends.zip, back_over(ends.comma, at, 1))
    zip_at = np.where(late, back_over(ends.comma, at, 1), zip_at)
    at = np.where(late, back_over(ends.comma, at, 1) - 1, at)
    return Tail(state, zip_at, at + 1)


def _state(codes: _Ints, starts: _Ints, at: _Ints, ends: TokenEnds) -> tuple[_Ints, _Ints]:
    """The state that ends at `at`, two words before one, and the place before it."""
    _, table = _pairs()
    here = np.where(at > starts, codes[np.maximum(at, 0)], 0)
    before = np.where(at - 1 > starts, codes[np.maximum(at - 1, 0)], 0)
    inside, inside2 = at > starts, at - 1 > starts
    pair = np.where(inside2, table[ends.part[before], ends.part[here]], _NONE)
    alone = np.where(inside, ends.alone[here], _NONE)
    state = np.where(pair != _NONE, pair, alone)
    return state, at - np.where(pair != _NONE, 2, np.where(alone != _NONE, 1, 0))
