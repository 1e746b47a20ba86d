"""Relatives by the register's own count: how often somebody shares a given name with a relative at the same address.

The danger of a name without further evidence is a relative of that name who is not on the register. How often that happens can be
seen among those who are: of all persons of a given name who live with somebody of their surname, how many live with one who bears
the same given name as well. Daughters hardly ever bear their mother's name, sons sometimes their father's, and the custom differs
by name and by people, so the register is asked about each name and nothing is assumed.

*Unshared*: with 95 % confidence fewer than 0.02 % share it, which takes some 15,000 persons with relatives and nobody who shares.
*Shared*: with 95 % confidence more than 0.1 % share it; such a name is no evidence however rare it is.
"""

from __future__ import annotations

import math

import duckdb
import pyarrow as pa

from portcullis.matching.occupancy import door_text, surname_of

__all__ = ["SHARED_SHARE", "UNSHARED_SHARE", "lower_bound", "relatives", "upper_bound"]

UNSHARED_SHARE = 0.0002
SHARED_SHARE = 0.001

_NAMESAKES = """
WITH bearer AS (
    SELECT DISTINCT h.door, s.surname, n.given_first AS given, n.person
    FROM home h JOIN surname s ON s.person = h.person JOIN bearers n ON n.person = h.person
    WHERE h.door IS NOT NULL AND s.surname IS NOT NULL AND n.given_first IS NOT NULL),
household AS (SELECT door, surname, count(DISTINCT person) AS members FROM bearer GROUP BY ALL HAVING members > 1),
named AS (SELECT door, surname, given, count(*) AS bearers FROM bearer SEMI JOIN household USING (door, surname) GROUP BY ALL)
SELECT given, CAST(sum(bearers) AS BIGINT) AS with_kin, CAST(sum(bearers) FILTER (bearers > 1) AS BIGINT) AS namesakes
FROM named GROUP BY given
"""


def upper_bound(count: int) -> float:
    """Upper 95 % confidence limit of a Poisson mean of which `count` were seen (Wilson and Hilferty 1931, within 0.5 % of exact)."""
    n = count + 1
    return float(n * (1 - 1 / (9 * n) + 1.6449 / (3 * math.sqrt(n))) ** 3)


def lower_bound(count: int) -> float:
    """Lower 95 % confidence limit of a Poisson mean of which `count` were seen (the same approximation)."""
    return max(0.0, float(count * (1 - 1 / (9 * count) - 1.6449 / (3 * math.sqrt(count))) ** 3)) if count else 0.0


def relatives(connection: duckdb.DuckDBPyConnection, names: pa.Table, place: pa.Table, size: int) -> dict[str, tuple[int, int]]:
    """First given token → (persons of that name who live with somebody of their surname, of them those who live with a namesake)."""
    connection.register("home", pa.table({"door": door_text(place), "person": place["person"]}))
    connection.register("surname", pa.table({"person": pa.array(range(size), pa.int32()), "surname": surname_of(names, size)}))
    connection.register("bearers", names.select(["person", "given_first"]))
    try:
        found = connection.sql(_NAMESAKES).to_arrow_table()
    finally:
        for table in ("home", "surname", "bearers"):
            connection.unregister(table)
    rows = zip(*(found[c].to_pylist() for c in ("given", "with_kin", "namesakes")), strict=True)
    return {given: (int(with_kin), int(namesakes or 0)) for given, with_kin, namesakes in rows}
