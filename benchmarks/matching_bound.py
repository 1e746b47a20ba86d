"""The bound: the most recall that any rule could have within a budget of wrong answers, if it sees the same comparisons.

Requests whose best candidate compares alike form a pattern. Whoever knew how many of each pattern are right could release exactly the
patterns with the fewest wrong for each right until the budget is spent. No rule over these comparisons does better on this batch; it is
fitted to the truth, so no honest rule quite reaches it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.compare.family import Family
from portcullis.matching.compare.given import Given
from portcullis.matching.match import match_in_full
from portcullis.matching.register import Register
from portcullis.matching.requests import prepare_requests
from portcullis.matching.weigh import given_share

__all__ = ["bound", "patterns"]

_PORTION = 20_000
_SHARES = (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)


def patterns(raw: pa.Table, register: Register, truth: dict[str, str | None]) -> Counter[tuple[str, bool]]:
    """(pattern, right) → requests, over the requests with one person at the address whose names are alike at all."""
    counted: Counter[tuple[str, bool]] = Counter()
    for begin in range(0, raw.num_rows, _PORTION):
        portion = raw.slice(begin, _PORTION)
        prepared = prepare_requests(portion)
        meant = dict(zip(portion["ordinal"].to_pylist(), (truth[i] for i in portion["request_id"].to_pylist()), strict=True))
        share = dict(zip(portion["ordinal"].to_pylist(), given_share(prepared, register), strict=True))
        alike: dict[int, list[dict[str, Any]]] = {}
        met = match_in_full(prepared, register).evidence
        named = pc.and_(pc.greater_equal(met["given"], int(Given.LOOSE)), pc.greater_equal(met["family"], int(Family.TYPO)))
        here = pc.and_(pc.equal(met["confirmed"], 1), pc.greater_equal(met["unit"], 0))
        for row in met.filter(pc.and_(named, here)).to_pylist():
            alike.setdefault(row["ordinal"], []).append(row)
        for ordinal, rows in alike.items():
            if len(rows) == 1:
                counted[_pattern(rows[0], share[ordinal]), rows[0]["person_id"] == meant[ordinal]] += 1
    return counted


def _pattern(row: dict[str, Any], share: float) -> str:
    compared = [row[c] for c in ("given", "family", "place", "middle", "dob", "generation", "rival")]
    return " ".join(map(str, [*compared, sum(share > limit for limit in _SHARES)]))


def bound(counted: Sequence[tuple[str, bool, int]], matchable: int, budget: int) -> dict[str, Any]:
    """Recall and wrong answers of the best choice of patterns within `budget` wrong answers."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for key, correct, count in counted:
        (right if correct else wrong)[key] += count
    spent, gained = 0, 0
    for key in sorted(right, key=lambda k: wrong[k] / right[k]):
        if spent + wrong[key] <= budget:
            spent, gained = spent + wrong[key], gained + right[key]
    return {"recall": gained / matchable if matchable else 0.0, "wrong": spent}
