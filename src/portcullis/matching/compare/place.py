"""Addresses: how a supplied one and one on file lie to each other (R33). The highest level that holds stands.

EQUAL      equal in normal form without the unit, and ZIP or city and state equal
WITHIN     one edit in a street name of five letters or more without digits; house number, directions, type, unit equal; ZIP or city equal
NEAR       the same house number in the same ZIP or city, and a street that could be the same one: enough for a rival, never for R33
ELSEWHERE  none of these

Units: equal (1), one side only (0: a veto needs two that differ, matching.md 5), or in conflict (-1).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.compare.coded import Codes, Texts, code_texts
from portcullis.matching.compare.near import distances

__all__ = ["Place", "Places", "code_places", "compare_places", "compare_units"]

Rows = npt.NDArray[np.int64]
LETTERS = 5
"""R33: "a street name of five letters or more"."""


class Place(IntEnum):
    """How two addresses lie to each other."""

    ELSEWHERE = 0
    NEAR = 1
    WITHIN = 2
    EQUAL = 3


@dataclass(frozen=True)
class Places:
    """Coded standard addresses, one entry per row; -1 is null."""

    point: Codes  # the delivery point without unit
    rest: Codes  # the delivery point of a street without its street name
    street: Texts
    tolerant: npt.NDArray[np.bool_]  # a street name that R33's tolerance may touch
    zip5: Codes
    city: Codes
    state: Codes
    unit: Codes


def _joined(table: pa.Table, columns: tuple[str, ...]) -> pa.Array:
    return pc.binary_join_element_wise(*[pc.fill_null(table[c], "") for c in columns], "|")


def code_places(table: pa.Table) -> Places:
    """Code a table of PLACE_COLUMNS."""
    street = pc.fill_null(pc.equal(table["kind"], "street"), False)
    plain = pc.fill_null(pc.match_substring_regex(table["street_name"], r"^[^0-9]*$"), False)
    letters = pc.utf8_length(pc.replace_substring_regex(pc.fill_null(table["street_name"], ""), r"[^A-Za-z]", ""))
    rest = pc.if_else(street, _joined(table, ("house", "predir", "street_type", "postdir")), None)
    return Places(
        point=code_texts(table["delivery_key"]).code,
        rest=code_texts(rest).code,
        street=code_texts(table["street_name"]),
        tolerant=np.asarray(pc.and_(pc.and_(street, plain), pc.greater_equal(letters, LETTERS))),
        zip5=code_texts(table["zip5"]).code,
        city=code_texts(table["city"]).code,
        state=code_texts(table["state"]).code,
        unit=code_texts(pc.if_else(pc.equal(table["unit_key"], ""), None, table["unit_key"])).code,
    )


def compare_units(places: Places, left: Rows, right: Rows) -> npt.NDArray[np.int8]:
    """1 equal or both absent, 0 one side only, -1 in conflict."""
    a, b = places.unit[left], places.unit[right]
    return np.where(a == b, 1, np.where((a < 0) | (b < 0), 0, -1)).astype(np.int8)


def _equal(code: Codes, left: Rows, right: Rows) -> npt.NDArray[np.bool_]:
    same: npt.NDArray[np.bool_] = (code[left] == code[right]) & (code[left] >= 0)
    return same


def compare_places(places: Places, left: Rows, right: Rows) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """(level, whether ZIP, city and state are all free of conflict) of each pair of rows."""
    same_zip, same_city, same_state = (_equal(c, left, right) for c in (places.zip5, places.city, places.state))
    here = same_zip | (same_city & same_state)
    apart = np.minimum(distances(places.street, left, right, 2), 3)
    shape = (places.rest[left] == places.rest[right]) & (places.rest[left] >= 0)
    edit = shape & (apart == 1) & places.tolerant[left] & places.tolerant[right] & (places.unit[left] == places.unit[right])
    levels = np.where(here & (apart <= 2), np.int8(Place.NEAR), np.int8(Place.ELSEWHERE))
    levels[here & edit] = Place.WITHIN
    levels[here & _equal(places.point, left, right)] = Place.EQUAL
    calm = np.ones(len(left), np.bool_)
    for code, same in ((places.zip5, same_zip), (places.city, same_city), (places.state, same_state)):
        calm &= same | (code[left] < 0) | (code[right] < 0)
    return levels, calm
