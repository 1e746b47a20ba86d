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
import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["SHARED_SHARE", "UNSHARED_SHARE", "lower_bound", "relatives", "upper_bound"]

Rows = npt.NDArray[np.int64]
UNSHARED_SHARE = 0.0002
SHARED_SHARE = 0.001

_NAMESAKES = """
WITH bearer AS (SELECT DISTINCT door, surname, given, person FROM home),
household AS (SELECT door, surname, count(DISTINCT person) AS members FROM bearer GROUP BY ALL HAVING members > 1),
named AS (SELECT door, surname, given, count(*) AS bearers FROM bearer SEMI JOIN household USING (door, surname) GROUP BY ALL)
SELECT given, CAST(sum(bearers) AS BIGINT) AS with_kin, CAST(coalesce(sum(bearers) FILTER (bearers > 1), 0) AS BIGINT) AS namesakes
FROM named GROUP BY given
"""


def upper_bound(count: int) -> float:
    """Upper 95 % confidence limit of a Poisson mean of which `count` were seen (Wilson and Hilferty 1931, within 0.5 % of exact)."""
    n = count + 1
    return float(n * (1 - 1 / (9 * n) + 1.6449 / (3 * math.sqrt(n))) ** 3)


def lower_bound(count: int) -> float:
    """Lower 95 % confidence limit of a Poisson mean of which `count` were seen (the same approximation)."""
    return max(0.0, float(count * (1 - 1 / (9 * count) - 1.6449 / (3 * math.sqrt(count))) ** 3)) if count else 0.0


def relatives(connection: duckdb.DuckDBPyConnection, home: pa.Table, tokens: int) -> tuple[Rows, Rows]:
    """For each given token: persons of that name who live with somebody of their surname, and of them those who live with a namesake.

    `home` (numbers: door, surname, given below `tokens`, person): who has which name where; all rows of a door must be given together.
    """
    connection.register("home", home)
    try:
        found = connection.sql(_NAMESAKES).to_arrow_table()
    finally:
        connection.unregister("home")
    with_kin, namesakes = np.zeros(tokens, np.int64), np.zeros(tokens, np.int64)
    given = np.asarray(found["given"])
    with_kin[given], namesakes[given] = np.asarray(found["with_kin"]), np.asarray(found["namesakes"])
    return with_kin, namesakes
