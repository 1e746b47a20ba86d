"""Who meets whom: for each request every registered person at its address, within its tolerance, or near it.

By key only; how the names compare stands in agree.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.compare.place import Place, code_places, compare_places, compare_units
from portcullis.matching.people import distinct
from portcullis.matching.places import look_up_keys
from portcullis.matching.register import Register
from portcullis.matching.requests import in_periods
from portcullis.matching.scalars import NO_YEAR
from portcullis.matching.shelf.places import sketches

__all__ = ["Meetings", "meet_places", "rows_met"]

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


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


def _found(requests: pa.Table, register: Register, close: bool) -> tuple[Rows, Rows]:
    """Distinct (request, address row) pairs that share a key; with `close` only where the addresses could be equal or within tolerance."""
    asked = sketches(requests["street_name"], requests["street_type"]) if close else None
    size, packed = register.addresses, []
    for index, wanted in zip(("index_zip", "index_city"), look_up_keys(requests), strict=True):
        owner, row = register.find(index, wanted, asked)
        packed.append(owner * size + row)
    both = distinct(np.concatenate(packed))
    return both // max(size, 1), both % max(size, 1)


def rows_met(requests: pa.Table, register: Register) -> Rows:
    """How many address rows each request's keys lead to."""
    met = [register.count(index, keys) for index, keys in zip(("index_zip", "index_city"), look_up_keys(requests), strict=True)]
    total: Rows = met[0] + met[1]
    return total


def _years(register: Register, status: npt.NDArray[np.int64]) -> tuple[Rows, Rows]:
    taken = register.group("status").select(["period_from", "period_to"]).take(pa.array(status))
    since, until = (np.asarray(pc.fill_null(taken[c], NO_YEAR)).astype(np.int64) for c in ("period_from", "period_to"))
    return np.where(since < 0, until, since), np.where(until < 0, since, until)


def meet_places(requests: pa.Table, register: Register, *, near: bool = False) -> Meetings:
    """Everybody with an address on file that is equal to the supplied one or within its tolerance; with `near` near ones as well."""
    request, row = _found(requests, register, close=not near)
    places = code_places(requests, register.filed(row))
    right = requests.num_rows + np.arange(len(row))
    level = compare_places(places, request, right)
    unit = compare_units(places, request, right)
    kept = np.flatnonzero(level >= (Place.NEAR if near else Place.WITHIN))
    request, row, level, unit = request[kept], row[kept], level[kept], unit[kept]
    status = register.column("addresses", "status")[row]
    current = register.of("status", "last_known", status) == 1
    period = np.where(current, 1, in_periods(requests["periods"], request, *_years(register, status))).astype(np.int8)
    person = register.column("addresses", "person")[row].astype(np.int64)
    return _best(Meetings(request, person, row, level, unit, period), register.column("addresses", "nth")[row])


def _best(all_rows: Meetings, nth: npt.NDArray[np.uint8]) -> Meetings:
    """One meeting per request and person: at the address before near it, then what R33 accepts, then current or requested, then the closer
    address, then the first as they were filed."""
    here = all_rows.place >= Place.WITHIN
    rank = (
        here * np.int64(128)
        + (here & (all_rows.unit >= 0)) * np.int64(64)
        + (all_rows.period == 1) * 32
        + all_rows.place * 8
        + (all_rows.unit + 1)
    )
    order = np.lexsort((all_rows.row, nth, -rank, all_rows.person, all_rows.request))
    request, person = all_rows.request[order], all_rows.person[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (request[1:] != request[:-1]) | (person[1:] != person[:-1])
    return all_rows.only(order[first])
