"""Figures of one batch that an overseer compares with what is plausible (R57): counts over all its requests, and nothing about any one."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["FIGURES", "figures"]

FIGURES: Mapping[str, str] = {
    "requests": "requests in the batch",
    "departures": "requests that assert a failure to depart under 8 U.S.C. 1253(a)(1)(A)",
    "deficient": "requests that lack an element of the statute",
    "same_reason": "requests that share one reason, names, numbers and dates aside",
    "same_case": "requests under one case id",
}
"""Name of each figure, and what it counts."""


def figures(facts: pa.Table, totals: pa.Table) -> dict[str, int]:
    """Every figure, from the facts and totals of stage check."""
    return {
        "requests": facts.num_rows,
        "departures": _count(pc.equal(facts["cites_1253a1a"], 1)),
        "deficient": _count(pc.greater(totals["fail_deficient"], 0)),
        "same_reason": _largest(facts["masked_reason"]),
        "same_case": _largest(facts["case_key"]),
    }


def _count(holds: pa.ChunkedArray) -> int:
    return int(pc.sum(holds).as_py() or 0)


def _largest(column: pa.ChunkedArray) -> int:
    """How many rows have the value that most have; unknown is no value."""
    known = column.drop_null()
    return int(pc.max(pc.value_counts(pa.concat_arrays(known.chunks)).field("counts")).as_py()) if len(known) else 0
