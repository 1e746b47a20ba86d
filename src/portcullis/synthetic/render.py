"""Writing a place out: the same address in the styles people use, all of them the same address under Publication 28.

A style is three choices per row: words in full or abbreviated, letter case (0 as written, 1 upper, 2 lower), and the unit in its own
column or at the end of the line. `misspell` changes one letter of a street's name, as R33's tolerance allows (rules.md §3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.synthetic import geography as geo
from portcullis.synthetic.draw import Bools, Ints, join, padded
from portcullis.synthetic.places import PLAIN

__all__ = ["ADDRESS_COLUMNS", "Style", "can_misspell", "cased", "in_one_line", "misspell", "register_style", "render", "request_style"]

ADDRESS_COLUMNS = ("address_line", "unit", "city", "state", "postal_code")
_DIRECTIONS = (
    ("N", "E", "S", "W", "NE", "SE", "SW", "NW"),
    ("North", "East", "South", "West", "Northeast", "Southeast", "Southwest", "Northwest"),
)
_ROUTES = tuple(f"RR {n} Box" for n in range(1, 10)), tuple(f"Rural Route {n} Box" for n in range(1, 10))
_CONTRACTS = tuple(f"HC {n} Box" for n in (1, 33, 61)), tuple(f"Highway Contract {n} Box" for n in (1, 33, 61))
_CAMPS = ("PSC 802 Box", "PSC 1010 Box", "Unit 2050 Box")
_PRETYPES = (
    ("Hwy", "US Hwy", "State Hwy", "County Rd", "PO Box", *_ROUTES[0], *_CONTRACTS[0], *_CAMPS, "Calle"),
    ("Highway", "US Highway", "State Highway", "County Road", "P.O. Box", *_ROUTES[1], *_CONTRACTS[1], *_CAMPS, "Calle"),
)
_TYPES = (
    ("St", "Ave", "Rd", "Dr", "Ln", "Ct", "Blvd", "Pl", "Way", "Cir", "Ter", "Trl", "Pkwy"),
    ("Street", "Avenue", "Road", "Drive", "Lane", "Court", "Boulevard", "Place", "Way", "Circle", "Terrace", "Trail", "Parkway"),
)
_UNITS = ("Apt", "Unit", "Lot"), ("Apartment", "Unit", "Lot")


@dataclass(frozen=True, slots=True)
class Style:
    """One style choice per row: `full` words, letter `case` (0, 1 upper, 2 lower), unit `inline`, ZIP+4 digits (-1 for none)."""

    full: Bools
    case: Ints
    inline: Bools
    plus_four: Ints


def register_style(rng: np.random.Generator, count: int) -> Style:
    """How the register writes: abbreviated, mostly upper case, the unit apart."""
    none = np.zeros(count, dtype=np.bool_)
    return Style(rng.random(count) < 0.15, np.where(rng.random(count) < 0.7, 1, 0), none, np.full(count, -1, dtype=np.int64))


def request_style(rng: np.random.Generator, count: int) -> Style:
    """How requests write: everything, independently of the register."""
    case = rng.choice(np.array([0, 1, 2]), count, p=[0.45, 0.5, 0.05])
    plus = np.where(rng.random(count) < 0.05, rng.integers(1, 9999, count), -1)
    return Style(rng.random(count) < 0.4, case, rng.random(count) < 0.3, plus)


def cased(text: pa.Array, case: Ints) -> pa.Array:
    """Text as written, in upper or in lower case, by row."""
    return pc.if_else(pa.array(case == 1), pc.utf8_upper(text), pc.if_else(pa.array(case == 2), pc.utf8_lower(text), text))


def _word(places: pa.Table, column: str, forms: tuple[tuple[str, ...], tuple[str, ...]], full: Bools) -> pa.Array:
    """A coded part in its short or full form."""
    codes = pc.add(places[column].combine_chunks(), pa.array(np.where(full, len(forms[0]), 0)))
    return pa.array(forms[0] + forms[1], type=pa.string()).take(codes)


def _flat(values: Any) -> pa.Array:
    """One array, whatever the chunks."""
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def render(places: pa.Table, style: Style) -> dict[str, pa.Array]:
    """The five address columns of each place, in that style."""
    full = style.full
    unit = pc.binary_join_element_wise(_word(places, "unit_kind", _UNITS, full), _flat(places["unit_id"]), " ")
    inside = pc.if_else(pa.array(style.inline), unit, pa.nulls(len(full), pa.string()))
    apart = pc.if_else(pa.array(style.inline), pa.nulls(len(full), pa.string()), unit)
    before = (_flat(places["number"]), _word(places, "predir", _DIRECTIONS, full), _word(places, "pretype", _PRETYPES, full))
    after = (_word(places, "type", _TYPES, full), _word(places, "postdir", _DIRECTIONS, full), inside)
    line = join(*before, _flat(places["name"]), *after)
    cities = places["city"].to_numpy()
    zips = padded(places["zip"].to_numpy(), 5)
    plus = pc.if_else(pa.array(style.plus_four >= 0), padded(np.maximum(style.plus_four, 0), 4), pa.nulls(len(full), pa.string()))
    return {
        "address_line": cased(line, style.case),
        "unit": cased(apart, style.case),
        "city": cased(geo.city_names().take(pa.array(cities)), style.case),
        "state": geo.states_of(cities),
        "postal_code": join(zips, plus, by="-"),
    }


def can_misspell(places: pa.Table) -> Bools:
    """Rows whose street name is one plain word of six letters or more."""
    letters = pc.fill_null(pc.match_substring_regex(places["name"], "^[A-Za-z]{6,}$"), False).to_numpy()
    out: Bools = letters & (places["kind"].to_numpy() == PLAIN)
    return out


def misspell(rng: np.random.Generator, places: pa.Table, chosen: Bools) -> pa.Table:
    """One letter in the middle of the street's name left out, doubled or changed, on the chosen rows that allow it."""
    rows = np.flatnonzero(chosen & can_misspell(places))
    if not len(rows):
        return places
    names = places["name"].take(pa.array(rows)).to_pylist()
    draws = rng.integers(0, 1 << 30, (len(rows), 3)).tolist()
    edited = [_one_edit(name, *draw) for name, draw in zip(names, draws, strict=True)]
    mask = np.zeros(len(places), dtype=np.bool_)
    mask[rows] = True
    changed = pc.replace_with_mask(_flat(places["name"]), pa.array(mask), pa.array(edited, type=pa.string()))
    return places.set_column(places.schema.get_field_index("name"), "name", changed)


def _one_edit(word: str, kind: int, at: int, letter: int) -> str:
    """`word` with one letter (never the first two or the last) left out, doubled or changed."""
    position = 2 + at % (len(word) - 3)
    other = "aeioulnrst"[letter % 10]
    other = "z" if other == word[position].lower() else other
    replacement = ("", word[position] * 2, other)[kind % 3]
    return word[:position] + replacement + word[position + 1 :]


def in_one_line(columns: Mapping[str, pa.Array]) -> pa.Array:
    """The five columns as the free-text `address` of the interface: 'line, unit, city, state ZIP'."""
    return join(
        join(columns["address_line"], columns["unit"], columns["city"], by=", "), join(columns["state"], columns["postal_code"]), by=", "
    )
