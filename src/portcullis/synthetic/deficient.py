"""Addresses that are none: the wordings and shapes reported of 2025 [R] and others like them [I], in the five address columns.

Reported: "Failed to Provide", "Unknown Address", "NA NA", a street without its number or a number without its street, jails without a
building, a ZIP alone, and the court's own examples "Don't Care 12345" and "00000". The others vary language, spelling, spacing and
noise, because lists of examples are not the test (rules.md §2).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.synthetic import geography as geo
from portcullis.synthetic.draw import Ints, join, listed, padded, pick, words
from portcullis.synthetic.places import street_names
from portcullis.synthetic.render import cased

__all__ = ["REPORTED", "SHAPES", "deficient"]

REPORTED = ("Failed to Provide", "Unknown Address", "NA NA", "Don't Care", "00000")
"""Wordings that were accepted in 2025 or named by the court [R]."""
_VARIETY = listed(
    """
    Unknown; UNK; Address Unknown; Not Provided; No Address; No Fixed Address; No Fixed Abode; Homeless; Transient; N/A; n.a.; None;
    None Given; Refused; Refused to Answer; Did Not Provide; Failed 2 Provide; Faild to Provide; Unkown Adress; To Be Determined; TBD;
    See File; Same as Above; Address Not Given; Whereabouts Unknown; Desconocido; Sin Domicilio; Domicilio desconocido; No
    proporcionado; Inconnu; Sans domicile fixe; Nao informado; XXXXX; XXX XXX; Not Available; Undisclosed; Left Blank; No Permanent
    Address; 123 Unknown St; 0 No Street; General
    """,
    by=";",
)
SHAPES = ("wording", "street_without_number", "number_without_street", "institution", "zip_only", "blank")
_JAILS = listed(
    "County Jail; County Detention Center; Processing Center; Correctional Facility; State Prison; Family Shelter; Field Office; City Jail",
    by=";",
)
_TYPES = ("St", "Ave", "Road", "Dr", "Lane", "Blvd")


def deficient(rng: np.random.Generator, count: int, *, with_zip: bool) -> tuple[dict[str, pa.Array], Ints]:
    """The five columns of `count` addresses that are none, and the shape of each (index into `SHAPES`).

    `with_zip` gives each a five-digit number, so that the only test of 2025 passes; without it none has a number of five or nine digits.
    """
    shape = pick(rng, np.array([0.55, 0.67, 0.75, 0.90, 1.0]) if with_zip else np.array([0.55, 0.67, 0.75, 0.85, 0.85, 1.0]), count)
    cities = pick(rng, geo.city_weights(), count)
    empty = pa.nulls(count, pa.string())
    line = empty
    bare = padded(rng.integers(1, 9999, count), 0)
    for index, text in enumerate((_wordings(rng, count), _streets(rng, count), bare, _institutions(rng, cities))):
        line = pc.if_else(pa.array(shape == index), text, line)
    named = pa.array((rng.random(count) < 0.5) & (shape < SHAPES.index("zip_only")))
    columns = {
        "address_line": cased(line, rng.integers(0, 3, count)),
        "unit": empty,
        "city": pc.if_else(named, geo.city_names().take(pa.array(cities)), empty),
        "state": pc.if_else(named, geo.states_of(cities), empty),
        "postal_code": _zips(rng, cities) if with_zip else empty,
    }
    return columns, shape


def _wordings(rng: np.random.Generator, count: int) -> pa.Array:
    """Two thirds of the wordings are the reported ones, the rest the variety; some with stray blanks or marks."""
    reported = words([text for text in REPORTED if text != "00000"], rng.integers(0, len(REPORTED) - 1, count))
    text = pc.if_else(pa.array(rng.random(count) < 0.66), reported, words(_VARIETY, rng.integers(0, len(_VARIETY), count)))
    before, after = rng.integers(0, 6, (2, count))
    return join(words(("", "", "", " ", "** ", "("), before), text, words(("", "", "", " ", " .", ")"), after), by="")


def _streets(rng: np.random.Generator, count: int) -> pa.Array:
    """A street without its house number."""
    names = street_names()
    chosen = names.take(pa.array((rng.random(count) ** 2 * len(names)).astype(np.int64)))
    return join(chosen, words(_TYPES, rng.integers(0, len(_TYPES), count)))


def _institutions(rng: np.random.Generator, cities: Ints) -> pa.Array:
    """A jail, centre or office by name, without a building or a street."""
    return join(geo.city_names().take(pa.array(cities)), words(_JAILS, rng.integers(0, len(_JAILS), len(cities))))


def _zips(rng: np.random.Generator, cities: Ints) -> pa.Array:
    """Any five digits: mostly a real ZIP, else 00000, 12345 or 99999."""
    chance = pa.array(rng.random(len(cities)) < 0.7)
    return pc.if_else(chance, padded(geo.city_zips()[cities], 5), words(("00000", "12345", "99999"), rng.integers(0, 3, len(cities))))
