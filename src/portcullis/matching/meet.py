"""Who meets whom: for each request every registered person at its address, within its tolerance, or near it, and how they compare.

First the places, by key; then the names of the persons found there. What is compared is the whole person: of several filed names,
addresses and numbers the best agreeing one counts, and a conflict only counts when nothing agrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.names import NAME_SCHEMA
from portcullis.matching.compare.coded import Names, code_names
from portcullis.matching.compare.evidence import (
    AGREES,
    CONFLICTS,
    ONE_SIDED,
    OPEN,
    compare_dob,
    compare_generation,
    compare_middle,
    compare_number,
)
from portcullis.matching.compare.family import Family, compare_family
from portcullis.matching.compare.given import Given, compare_given
from portcullis.matching.compare.place import Place, code_places, compare_places, compare_units
from portcullis.matching.hashing import text_keys
from portcullis.matching.lexicon import lexicon
from portcullis.matching.places import PLACE_COLUMNS, look_up_keys
from portcullis.matching.register import Register
from portcullis.matching.requests import in_periods

__all__ = ["Meetings", "compare_people", "meet_places", "rows_met", "token_marks"]

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
NAME_COLUMNS = tuple(f.name for f in NAME_SCHEMA)


@dataclass(frozen=True)
class Meetings:
    """Pairs of a request (row of the table given) and a person, ordered by both, with the best of the person's address rows."""

    request: Rows
    person: Rows
    row: Rows  # address row, -1 when met by number only
    place: npt.NDArray[np.int8]
    unit: npt.NDArray[np.int8]
    period: npt.NDArray[np.int8]  # the row is current or of a requested period

    def only(self, rows: Rows | Flags) -> Meetings:
        """Some of them."""
        return Meetings(*(getattr(self, f)[rows] for f in self.__dataclass_fields__))


def _found(requests: pa.Table, register: Register) -> tuple[Rows, Rows]:
    """Distinct (request, address row) pairs that share a key."""
    by_zip, by_city = look_up_keys(requests)
    size = register.tables["addresses"].num_rows
    packed = [owner * size + row for owner, row in (register.find("index_zip", by_zip), register.find("index_city", by_city))]
    both = np.unique(np.concatenate(packed))
    return both // max(size, 1), both % max(size, 1)


def rows_met(requests: pa.Table, register: Register) -> Rows:
    """How many address rows each request's keys lead to."""
    met = [register.count(index, keys) for index, keys in zip(("index_zip", "index_city"), look_up_keys(requests), strict=True)]
    total: Rows = met[0] + met[1]
    return total


def _years(register: Register, rows: Rows) -> tuple[Rows, Rows]:
    taken = register.take("addresses", rows, ("period_from", "period_to"))
    since, until = (np.asarray(pc.fill_null(taken[c], -1)).astype(np.int64) for c in ("period_from", "period_to"))
    return np.where(since < 0, until, since), np.where(until < 0, since, until)


def meet_places(requests: pa.Table, register: Register) -> Meetings:
    """Everybody with an address on file that is equal to, within tolerance of, or near the supplied one."""
    request, row = _found(requests, register)
    touched, where = np.unique(row, return_inverse=True)
    places = code_places(pa.concat_tables([requests.select(list(PLACE_COLUMNS)), register.take("addresses", touched, PLACE_COLUMNS)]))
    right = requests.num_rows + where
    level = compare_places(places, request, right)
    unit = compare_units(places, request, right)
    kept = np.flatnonzero(level >= Place.NEAR)
    request, row, level, unit = request[kept], row[kept], level[kept], unit[kept]
    current = register.column("addresses", "last_known")[row] == 1
    period = np.where(current, 1, in_periods(requests["periods"], request, *_years(register, row))).astype(np.int8)
    person = register.column("addresses", "person")[row].astype(np.int64)
    return _best(Meetings(request, person, row, level, unit, period))


def _best(all_rows: Meetings) -> Meetings:
    """One meeting per request and person: by what R33 accepts, then current or requested, then the closer address, then the first."""
    good = ((all_rows.place >= Place.WITHIN) & (all_rows.unit >= 0)).astype(np.int64)
    rank = good * 64 + (all_rows.period == 1) * 32 + all_rows.place * 8 + (all_rows.unit + 1)
    order = np.lexsort((all_rows.row, -rank, all_rows.person, all_rows.request))
    request, person = all_rows.request[order], all_rows.person[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (request[1:] != request[:-1]) | (person[1:] != person[:-1])
    return all_rows.only(order[first])


def token_marks(names: Names, register: Register) -> tuple[Flags, Flags]:
    """For each name row whether its first given token is a known given name, and whether it is rare, in this register."""
    words, tokens = lexicon(), names.first.values
    keys = text_keys(pa.array(tokens, pa.string()))
    table_keys = register.column("given", "key")
    at = np.minimum(np.searchsorted(table_keys, keys), max(len(table_keys) - 1, 0))
    hit = (table_keys[at] == keys) if len(table_keys) else np.zeros(len(keys), np.bool_)
    marks = []
    for column in ("known", "rare"):
        stated = (register.column("given", column)[at] == 1) & hit if len(table_keys) else hit
        marks.append(stated)
    known = marks[0] | np.array([words.is_name(t) for t in tokens], np.bool_)
    code = names.first.code
    return np.append(known, False)[code], np.append(marks[1], False)[code]


def _regrouped(names: Names, left: Rows, right: Rows) -> tuple[Flags, Flags]:
    """(the same tokens in other fields or order, the same with a full second name on either side)."""
    plain = names.bag[left] == names.bag[right]
    full = names.bag_middle[left] == names.bag_middle[right]
    crossed = (names.bag_middle[left] == names.bag[right]) | (names.bag[left] == names.bag_middle[right])
    named = (
        (names.first.code[left] >= 0) & (names.family.code[left] >= 0) & (names.first.code[right] >= 0) & (names.family.code[right] >= 0)
    )
    return (plain | full | crossed) & named, (full | crossed) & ~plain & named


def _best_of(values: npt.NDArray[np.int8], edges: Rows) -> npt.NDArray[np.int8]:
    """The best agreeing of each person's rows; a conflict or one-sidedness only where nothing agrees."""
    top, bottom = np.maximum.reduceat(values, edges), np.minimum.reduceat(values, edges)
    return np.where(top > 0, top, bottom).astype(np.int8)


def compare_people(requests: pa.Table, register: Register, meetings: Meetings) -> tuple[dict[str, npt.NDArray[np.int64]], dict[str, Flags]]:
    """How each meeting's request and person agree (columns of the ladder), and the evidence marks that need the register."""
    touched, where = np.unique(meetings.person, return_inverse=True)
    owner, name_row = register.names_of(touched)
    counts = np.bincount(owner, minlength=len(touched))
    begin = np.cumsum(counts) - counts
    names = code_names(pa.concat_tables([requests.select(list(NAME_COLUMNS)), register.take("names", name_row, NAME_COLUMNS)]))
    known, rare = token_marks(names, register)
    many = counts[where]
    edges = np.cumsum(many) - many
    left = np.repeat(meetings.request, many)
    inside = np.arange(len(left)) - np.repeat(edges, many)
    right = requests.num_rows + np.repeat(begin[where], many) + inside
    pairs = (
        _pairs(names, known, left, right, edges)
        if len(left)
        else dict.fromkeys(("given", "family", "middle", "dob", "number", "generation"), np.zeros(0, np.int64))
    )
    pairs |= {"place": meetings.place.astype(np.int64), "unit": meetings.unit.astype(np.int64)}
    return pairs, _evidence(pairs, requests, register, meetings, rare[meetings.request] if len(rare) else np.zeros(0, np.bool_))


def _pairs(names: Names, known: Flags, left: Rows, right: Rows, edges: Rows) -> dict[str, npt.NDArray[np.int64]]:
    given, family = compare_given(names, known, left, right), compare_family(names, left, right)
    middle = compare_middle(names, left, right)
    regrouped, with_middle = _regrouped(names, left, right)
    moved = regrouped & ((given < Given.SPELLING) | (family < Family.PART) | with_middle)
    given, family = np.where(moved, np.int8(Given.SPELLING), given), np.where(moved, np.int8(Family.ORDER), family)
    middle = np.where(with_middle, AGREES, middle)
    levels = {"given": np.maximum.reduceat(given, edges), "family": np.maximum.reduceat(family, edges)}
    states = {
        "middle": middle,
        "dob": compare_dob(names, left, right),
        "number": compare_number(names, left, right),
        "generation": compare_generation(names, left, right),
    }
    return {k: v.astype(np.int64) for k, v in (levels | {k: _best_of(v, edges) for k, v in states.items()}).items()}


def _evidence(
    pairs: dict[str, npt.NDArray[np.int64]], requests: pa.Table, register: Register, meetings: Meetings, rare: Flags
) -> dict[str, Flags]:
    one_line = pairs["generation"] != ONE_SIDED
    owner, person = register.find("index_number", text_keys(requests["number"]))
    holders = np.bincount(np.unique(owner * register.size + person) // max(register.size, 1), minlength=requests.num_rows)
    return {
        "number": (pairs["number"] == AGREES) & (holders[meetings.request] == 1),
        "dob": pairs["dob"] == AGREES,
        "middle": (pairs["middle"] == AGREES) & one_line,
        "rare": rare & one_line,
    }


assert CONFLICTS < OPEN  # noqa: S101 - the reduction of several filed rows relies on the order of the states
