"""`match evaluate`: decisions against the truth, with the rate's upper bound and which rate it is.

Pure counting; the decisions come from the one pipeline every batch goes through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portcullis.matching.strata import wrong_bound

__all__ = ["RELEASED", "Truth", "score"]

RELEASED = frozenset({"disclose", "confirm"})
Truth = Mapping[str, str | None]


def score(ids: Sequence[str], decisions: Sequence[str], persons: Sequence[str | None], truth: Truth) -> dict[str, Any]:
    """Counts and rates over the requests of which `truth` knows something (null: known not to be on the register).

    released = disclose + confirm · precision = correct / released · recall = correct / matchable. `wrong_per_request_upper` and
    `wrong_per_disclosure_upper` bound the two different false-match rates.
    """
    rows = [(d, p, truth[i]) for i, d, p in zip(ids, decisions, persons, strict=True) if i in truth]
    released = [(p, t) for d, p, t in rows if d in RELEASED]
    correct = sum(p == t for p, t in released)
    matchable = sum(t is not None for _, _, t in rows)
    wrong = len(released) - correct
    return {
        "requests": len(rows),
        "released": len(released),
        "correct": correct,
        "wrong": wrong,
        "matchable": matchable,
        "precision": correct / len(released) if released else None,
        "recall": correct / matchable if matchable else None,
        "referred": sum(d == "refer" for d, _, _ in rows),
        "wrong_per_request_upper": wrong_bound(wrong, len(rows)),
        "wrong_per_disclosure_upper": wrong_bound(wrong, len(released)),
    }
