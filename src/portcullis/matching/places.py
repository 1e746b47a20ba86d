"""Addresses on file: standard parts, keys to find them by, who lives there, and which row is a person's answer.

Two keys per row, both of the house number (or the whole delivery point for a box): with the ZIP, and with city and state. They
find every address that can be equal to, or within one edit of, a supplied one, and the neighbours that could be the same place.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses import standardise_addresses
from portcullis.matching.hashing import Keys, combine, text_keys
from portcullis.matching.people import flags
from portcullis.matching.shelf.places import point_keys

__all__ = ["PLACE_COLUMNS", "answer_rows", "look_up_keys", "place_columns", "places", "years"]

PLACE_COLUMNS = ("kind", "house", "predir", "street_name", "street_type", "postdir", "city", "state", "zip5", "delivery_key", "unit_key")
"""What a comparison of two addresses reads (`house` is the standard form's number); the rest serves the judgement of an address alone."""

ORIGINAL = ("address_line", "unit", "city", "state", "postal_code")
Rows = npt.NDArray[np.int64]


def years(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The year a period text begins with (2019, 2019-04-15), or null."""
    found = pc.extract_regex(pc.fill_null(column, ""), r"^\s*(?P<year>(?:19|20)\d\d)(?:$|[^\d])")
    year = pc.cast(pc.struct_field(found, "year"), pa.int32())
    return year.combine_chunks() if isinstance(year, pa.ChunkedArray) else year


def place_columns(standard: pa.Table) -> dict[str, pa.ChunkedArray]:
    """PLACE_COLUMNS of a table that `standardise_addresses` made."""
    return {c: standard["number" if c == "house" else c] for c in PLACE_COLUMNS}


def look_up_keys(parts: pa.Table) -> tuple[Keys, Keys]:
    """(number with ZIP, number with city and state) of standardised addresses; 0 where a part is missing."""
    point = point_keys(parts)
    return combine(point, text_keys(parts["zip5"])), combine(point, combine(text_keys(parts["city"]), text_keys(parts["state"])))


def _standard(rows: pa.Table) -> pa.Table:
    """The standard form of each row, made once per distinct address (a household writes one address many times)."""
    written = pc.binary_join_element_wise(*[pc.fill_null(rows[c], "\x1e") for c in ORIGINAL], "\x1f")
    encoded = (written.combine_chunks() if isinstance(written, pa.ChunkedArray) else written).dictionary_encode()
    codes = np.asarray(encoded.indices)
    _, first = np.unique(codes, return_index=True)
    return standardise_addresses(rows.take(pa.array(first))).take(encoded.indices)


def places(rows: pa.Table, person: npt.NDArray[np.int32]) -> pa.Table:
    """Addresses clustered by person (columns: person, standard parts, periods, marks, `as_filed_*`)."""
    parts = _standard(rows)
    marks = {"last_known": flags(rows["last_known"], "last_known"), "joint": flags(rows["joint"], "joint")}
    columns = {
        "person": pa.array(person),
        **place_columns(parts),
        "period_from": years(rows["period_from"]),
        "period_to": years(rows["period_to"]),
        **{k: pa.array(v) for k, v in marks.items()},
        **{f"as_filed_{c}": rows[c] for c in ORIGINAL},
    }
    return pa.table(columns)


def answer_rows(table: pa.Table, size: int) -> tuple[npt.NDArray[np.int64], int]:
    """Each person's last-known address row, -1 where none or where the register leaves it open; and how many were left open.

    Order: marked last-known, then latest period. Two different addresses that are equally last leave it open: the register
    does not say which, so nothing can be answered without a person looking.
    """
    if not table.num_rows:
        return np.full(size, -1, np.int64), 0
    person = np.asarray(table["person"])
    last = np.asarray(table["last_known"]).astype(np.int64)
    until, since = (np.asarray(pc.fill_null(table[c], -1)).astype(np.int64) for c in ("period_to", "period_from"))
    rank = (last << 40) | ((until + 1) << 20) | (since + 1)
    order = np.lexsort((np.arange(len(person)), -rank, person))
    first = order[np.minimum(np.searchsorted(person[order], np.arange(size)), len(order) - 1)]
    answer = np.full(size, -1, np.int64)
    present = np.isin(np.arange(size), person)
    answer[present] = first[present]
    same_rank = (answer[person] >= 0) & (rank == rank[answer[person]])
    text = pc.binary_join_element_wise(*[pc.fill_null(table[f"as_filed_{c}"], "") for c in ORIGINAL], "\x1f")
    place = pc.coalesce(pc.binary_join_element_wise(table["delivery_key"], pc.fill_null(table["unit_key"], ""), "\x1f"), text)
    codes = np.asarray((place.combine_chunks() if isinstance(place, pa.ChunkedArray) else place).dictionary_encode().indices)
    torn = np.unique(person[same_rank & (codes != codes[answer[person]])])
    answer[torn] = -1
    return answer, len(torn)
