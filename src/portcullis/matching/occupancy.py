"""Occupancy: how many unrelated surnames a register holds at one delivery point and unit at the same time (R15, matching.md 9).

Many unrelated people at one door without a unit is what a jail, a shelter or an office looks like in a register, whatever its
name. Turnover is not occupancy, so surnames are counted year by year and the fullest year stands.
"""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["door_text", "occupancy", "surname_of"]

_FULLEST_YEAR = """
WITH home AS (
    SELECT door, surname, coalesce(period_from, period_to, 2000) AS since, coalesce(period_to, period_from, 2000) AS until, row AS place
    FROM place WHERE door IS NOT NULL),
crowded AS (SELECT door, count(DISTINCT surname) AS total FROM home GROUP BY door),
yearly AS (
    SELECT door, year, count(DISTINCT surname) AS present
    FROM (
        SELECT door, surname, unnest(range(since, least(until, since + 60) + 1)) AS year
        FROM home SEMI JOIN (SELECT door FROM crowded WHERE total > 3) USING (door))
    GROUP BY door, year),
fullest AS (SELECT door, max(present) AS present FROM yearly GROUP BY door)
SELECT place, CAST(coalesce(fullest.present, crowded.total) AS INTEGER) AS present
FROM home JOIN crowded USING (door) LEFT JOIN fullest USING (door) ORDER BY place
"""


def door_text(place: pa.Table) -> pa.Array:
    """One text for each door (delivery point, ZIP or city and state, unit), null without a delivery point."""
    filled = {c: pc.fill_null(place[c], "") for c in ("city", "state", "unit_key")}
    town = pc.coalesce(place["zip5"], pc.binary_join_element_wise(filled["city"], filled["state"], "/"))
    joined = pc.binary_join_element_wise(place["delivery_key"], town, filled["unit_key"], "|")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def surname_of(names: pa.Table, size: int) -> pa.Array:
    """One surname token per person, the first core token of the first filed name that has one (double surnames share it)."""
    token = pc.list_element(pc.split_pattern(pc.fill_null(names["family_tokens"], ""), " "), 0)
    person = np.asarray(names["person"])
    filled = np.asarray(pc.not_equal(token, ""))
    owners, first = np.unique(person[filled], return_index=True)
    rows = np.full(size, -1, np.int64)
    rows[owners] = np.flatnonzero(filled)[first]
    return token.take(pa.array(rows, mask=rows < 0))


def occupancy(connection: duckdb.DuckDBPyConnection, table: pa.Table, surnames: pa.Array) -> npt.NDArray[np.int32]:
    """Unrelated surnames at the door of each address row in its fullest year; 0 for an address without a delivery point."""
    columns = ("period_from", "period_to")
    surname = surnames.take(table["person"].combine_chunks() if isinstance(table["person"], pa.ChunkedArray) else table["person"])
    row = pa.array(np.arange(table.num_rows))
    connection.register("place", pa.table({**{c: table[c] for c in columns}, "door": door_text(table), "surname": surname, "row": row}))
    try:
        found = connection.sql(_FULLEST_YEAR).to_arrow_table()
    finally:
        connection.unregister("place")
    present = np.zeros(table.num_rows, np.int32)
    present[np.asarray(found["place"])] = np.asarray(found["present"])
    return present
