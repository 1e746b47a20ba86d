"""Occupancy: how many unrelated surnames a register holds at one delivery point and unit at the same time (R15, matching.md 9).

Many unrelated people at one door without a unit is what a jail, a shelter or an office looks like in a register, whatever its
name. Turnover is not occupancy, so surnames are counted year by year and the fullest year stands.
"""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["occupancy"]

Rows = npt.NDArray[np.int64]

_FULLEST_YEAR = """
WITH home AS (
    SELECT door, surname, coalesce(period_from, period_to, 2000) AS since, coalesce(period_to, period_from, 2000) AS until, row AS place
    FROM place WHERE door >= 0),
crowded AS (SELECT door, count(DISTINCT surname) AS total FROM home GROUP BY door),
yearly AS (
    SELECT door, year, count(DISTINCT surname) AS present
    FROM (
        SELECT door, surname, unnest(range(since, least(until, since + 60) + 1)) AS year
        FROM home SEMI JOIN (SELECT door FROM crowded WHERE total > 3) USING (door))
    GROUP BY door, year),
fullest AS (SELECT door, max(present) AS present FROM yearly GROUP BY door)
SELECT place, CAST(coalesce(fullest.present, crowded.total) AS INTEGER) AS present
FROM home JOIN crowded USING (door) LEFT JOIN fullest USING (door)
"""


def occupancy(connection: duckdb.DuckDBPyConnection, door: Rows, surname: Rows, since: pa.Array, until: pa.Array) -> npt.NDArray[np.int64]:
    """Unrelated surnames at the door of each address row in its fullest year; 0 for an address without a delivery point.

    `door` and `surname` are numbers, -1 none; `since` and `until` years, null unknown. All rows of a door must be given together.
    """
    columns = {"door": pa.array(door), "surname": pa.array(surname, mask=surname < 0), "row": pa.array(np.arange(len(door)))}
    connection.register("place", pa.table(columns | {"period_from": since, "period_to": until}))
    try:
        found = connection.sql(_FULLEST_YEAR).to_arrow_table()
    finally:
        connection.unregister("place")
    present = np.zeros(len(door), np.int64)
    present[np.asarray(found["place"])] = np.asarray(found["present"])
    return present
