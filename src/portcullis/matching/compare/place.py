"""Addresses: how a supplied one and one on file lie to each other (R33). The highest level that holds stands.

EQUAL      equal in normal form without the unit: delivery point, ZIP, city and state, where ZIP or city and state stand on both sides
           and none of the three differs
WITHIN     one edit in a street name of five letters or more (its type word counts as part of it when misspelt: Lake Dribe, Lakeview
           Cd), or none; house number, directions and unit equal, ZIP or city and state equal
NEAR       the same house number in the same ZIP or city, and a street that could be the same: its name within two edits, or the
           same first word. Enough for a rival, never for R33
ELSEWHERE  none of these

An edit is one of letters, in one word of three letters or more: 4th and 5th, Avenue J and Avenue K, 10 and 12 Main are different
places. A digit inside a word of letters is a misread letter (Landin9). Units: equal (1), on one side only (0: a veto needs two that
differ, matching.md 5), or in conflict (-1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import OSA

from portcullis.matching.compare.coded import Codes, Texts, code_texts
from portcullis.matching.compare.near import distances
from portcullis.matching.scalars import EMPTY, FALSE, FIRST, NONE, SPACE, STREET
from portcullis.matching.shelf.coding import coded, flat
from portcullis.matching.shelf.places import split_delivery

__all__ = ["Filed", "Place", "Places", "code_places", "compare_places", "compare_units"]

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Wide = npt.NDArray[np.int64]
LETTERS, WORD = 5, 3
"""R33: "a street name of five letters or more"; and the shortest word an edit may stand in."""

_READ = ("kind", "house", "predir", "street_name", "street_type", "postdir", "city", "state", "zip5", "unit_key")

_TYPES = {
    "ALY": "ALLEY", "AVE": "AVENUE", "BLVD": "BOULEVARD", "CIR": "CIRCLE", "CT": "COURT", "CRES": "CRESCENT", "DR": "DRIVE",
    "HWY": "HIGHWAY", "LN": "LANE", "LOOP": "LOOP", "PKWY": "PARKWAY", "PL": "PLACE", "RD": "ROAD", "SQ": "SQUARE", "ST": "STREET",
    "TER": "TERRACE", "TRL": "TRAIL", "WAY": "WAY",
}  # fmt: skip


class Place(IntEnum):
    """How two addresses lie to each other."""

    ELSEWHERE = 0
    NEAR = 1
    WITHIN = 2
    EQUAL = 3


@dataclass(frozen=True)
class Filed:
    """Addresses of a register as the codes of their groups, and the groups' distinct tuples (shelf/places.py)."""

    sets: Mapping[str, pa.Table]
    codes: Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Places:
    """Coded standard addresses, one entry per row; -1 is null."""

    point: Wide  # the delivery point without unit
    frame: Wide  # house number and directions of a street address
    street: Texts
    opening: Codes  # first word of the street name
    type: Texts
    zip5: Codes
    city: Codes
    state: Codes
    unit: Codes


def _joined(head: Codes, tail: Codes) -> Wide:
    """Two codes as one number, -1 where the first is null."""
    return np.where(head < 0, np.int64(-1), (head.astype(np.int64) << 32) | (tail.astype(np.int64) + 1))


def _parts(table: pa.Table) -> dict[str, pa.Array]:
    """The texts of PLACE_COLUMNS that codes are made of; what belongs to a street only is told apart later, by `street`."""
    head, rest = split_delivery(flat(table["delivery_key"]))
    return {"head": head, "rest": rest} | {c: table[c] for c in _READ}


def _street(kind: pa.Array) -> npt.NDArray[np.int8]:
    return np.asarray(pc.fill_null(pc.equal(kind, STREET), FALSE)).astype(np.int8)


def code_places(table: pa.Table, filed: Filed | None = None) -> Places:
    """Code a table of PLACE_COLUMNS, and after its rows those of `filed`, whose distinct texts only are read."""
    own = _parts(table)
    groups = {g: coded(pa.array(codes)) for g, codes in filed.codes.items()} if filed else {}

    def texts(group: str, column: str, values: pa.Array | None = None) -> Texts:
        """A column of both: the table's rows, then the filed ones'."""
        mine = flat(own[column]) if values is None else values
        if filed is None:
            return code_texts(mine)
        named = groups[group]
        theirs = flat(filed.sets[group][column]).take(named.values) if column in filed.sets[group].column_names else None
        derived = _derived(column, filed.sets[group], named.values) if theirs is None else pc.cast(theirs, pa.string())
        both = code_texts(pa.concat_arrays([mine, derived]))
        return Texts(np.append(both.code[: len(mine)], both.code[len(mine) :][named.code]), both.values)

    kind = texts("spot", "kind")
    street = np.append(_street(pa.array(kind.values, pa.string())), 0)[kind.code] == 1
    house, name = texts("spot", "house"), texts("street", "street_name")
    opening = texts("street", "opening", _opening(flat(own["street_name"])))
    way = texts("street", "ways", _ways(flat(own["predir"]), flat(own["postdir"])))
    return Places(
        point=_joined(texts("spot", "head").code, texts("street", "rest").code),
        frame=np.where(street, _joined(house.code, way.code), -1),
        street=_masked(name, street),
        opening=_masked(opening, street).code,
        type=_masked(texts("street", "street_type"), street),
        zip5=texts("town", "zip5").code,
        city=texts("town", "city").code,
        state=texts("town", "state").code,
        unit=texts("unit", "unit_key", pc.if_else(pc.equal(flat(own["unit_key"]), EMPTY), NONE, flat(own["unit_key"]))).code,
    )


def _masked(texts: Texts, street: Flags) -> Texts:
    return Texts(np.where(street, texts.code, np.int32(-1)), texts.values)


def _opening(names: pa.Array) -> pa.Array:
    """The first word of each street name."""
    return pc.list_element(pc.split_pattern(names, " "), FIRST)


def _ways(predir: pa.Array, postdir: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pc.fill_null(predir, EMPTY), pc.fill_null(postdir, EMPTY), SPACE)


def _derived(column: str, distinct: pa.Table, codes: pa.Array) -> pa.Array:
    """A text made of a group's columns."""
    one, two = (pc.cast(flat(distinct[c]).take(codes), pa.string()) for c in ("predir", "postdir"))
    return _ways(one, two) if column == "ways" else _opening(pc.cast(flat(distinct["street_name"]).take(codes), pa.string()))


def compare_units(places: Places, left: Rows, right: Rows) -> npt.NDArray[np.int8]:
    """1 equal or both absent, 0 one side only, -1 in conflict."""
    a, b = places.unit[left], places.unit[right]
    return np.where(a == b, 1, np.where((a < 0) | (b < 0), 0, -1)).astype(np.int8)


def _equal(code: Codes | Wide, left: Rows, right: Rows) -> Flags:
    same: Flags = (code[left] == code[right]) & (code[left] >= 0)
    return same


def _letters(name: str) -> int:
    return sum(c.isalpha() for c in name)


def _one_edit(left: str, right: str) -> bool:
    """Whether two street names differ by one edit of letters, in one word that is long enough, or by one gap."""
    if min(_letters(left), _letters(right)) < LETTERS or OSA.distance(left, right, score_cutoff=1) != 1:
        return False
    if left.replace(" ", "") == right.replace(" ", ""):
        return True
    a, b = left.split(), right.split()
    differing = [(x, y) for x, y in zip(a, b, strict=False) if x != y]
    if len(a) != len(b) or len(differing) != 1:
        return False
    return all(len(word) >= WORD and word.isalpha() for word in differing[0]) or _misread(*differing[0])


def _misread(left: str, right: str) -> bool:
    """Whether one of two words that are one edit apart is letters with a digit misread for one of them."""
    digit, word = (left, right) if right.isalpha() else (right, left)
    return word.isalpha() and len(digit) == len(word) and digit[0].isalpha() and _letters(digit) >= WORD


def _type_misspelt(bare: str, name: str, kind: str) -> bool:
    """Whether `bare` is `name` and one edit of the type word `kind` (san pablo deive, San Pablo Drive).

    A type of two letters says little, so then the name itself must have five: Lakeview Cd, but not Lake Cd.
    """
    head, _, last = bare.rpartition(" ")
    if head != name or not last.isalpha() or _letters(bare if len(last) >= WORD else name) < LETTERS:
        return False
    alike = [word for word in (kind, _TYPES.get(kind, kind)) if len(last) == len(word) == 2 or min(len(last), len(word)) >= WORD]
    return any(OSA.distance(last, word, score_cutoff=1) == 1 for word in alike)


def _within(places: Places, left: Rows, right: Rows, apart: npt.NDArray[np.uint8]) -> Flags:
    """One edit, for pairs whose frame and unit are equal."""
    a, b = places.type.code[left], places.type.code[right]
    rows = np.flatnonzero(((a == b) & (apart == 1)) | ((a < 0) ^ (b < 0)))
    texts = [column.text(side[rows]) for column in (places.street, places.type) for side in (left, right)]
    within = np.zeros(len(left), np.bool_)
    for row, x, y, s, t in zip(rows.tolist(), *texts, strict=True):
        within[row] = _one_edit(x, y) if s == t else (_type_misspelt(x, y, t) if not s else _type_misspelt(y, x, s))
    return within


def _calm(places: Places, left: Rows, right: Rows) -> Flags:
    """Whether ZIP, city and state are all free of conflict."""
    calm = np.ones(len(left), np.bool_)
    for code in (places.zip5, places.city, places.state):
        calm &= (code[left] == code[right]) | (code[left] < 0) | (code[right] < 0)
    return calm


def compare_places(places: Places, left: Rows, right: Rows) -> npt.NDArray[np.int8]:
    """The level of each pair of rows."""
    same_zip, same_city, same_state = (_equal(c, left, right) for c in (places.zip5, places.city, places.state))
    here = same_zip | (same_city & same_state)
    equal = here & _equal(places.point, left, right)
    levels = np.where(here & _equal(places.opening, left, right), np.int8(Place.NEAR), np.int8(Place.ELSEWHERE))
    rows = np.flatnonzero(here & ~equal)
    apart = distances(places.street, left[rows], right[rows], 2)
    levels[rows[apart <= 2]] = Place.NEAR
    shape = _equal(places.frame, left[rows], right[rows]) & (places.unit[left[rows]] == places.unit[right[rows]])
    rows, apart = rows[shape], apart[shape]
    levels[rows[_within(places, left[rows], right[rows], apart)]] = Place.WITHIN
    calm = _calm(places, left, right)
    levels[equal] = Place.NEAR
    levels[equal & (places.unit[left] == places.unit[right])] = Place.WITHIN
    levels[equal & calm] = Place.EQUAL
    return levels
