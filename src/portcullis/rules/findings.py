"""What a findings table says: totals per request, and the statutory elements a requester may be told are missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.model import Verdict
from portcullis.rules.ruleset import RuleSet

__all__ = ["rules_of", "summarise", "told"]

Counts = npt.NDArray[np.int32]


def rules_of(findings: pa.Table) -> tuple[str, ...]:
    """The ids of the rules in a findings table, in its order."""
    return tuple(name for name in findings.column_names if name != "ordinal" and not name.endswith("_reason"))


def _tellable(ruleset: RuleSet, stage: str, rules: Sequence[str]) -> frozenset[str]:
    """Rules whose failure is named to the requester: only at stage check, only where the rule says deficient."""
    if stage != "check":
        return frozenset()
    return frozenset(rule for rule in rules if ruleset.rule(rule).tell_requester == "deficient")


def summarise(findings: pa.Table, ruleset: RuleSet, stage: str) -> pa.Table:
    """Per row, in order: `ordinal` int64, and int32 counts `fail_deficient` (told), `fail_uniform` (all other failures), `refer`."""
    rules = rules_of(findings)
    tellable = _tellable(ruleset, stage, rules)
    deficient, uniform, refer = (np.zeros(findings.num_rows, np.int32) for _ in range(3))
    for rule in rules:
        verdicts = findings.column(rule).to_numpy()
        _add(deficient if rule in tellable else uniform, verdicts == Verdict.FAIL)
        _add(refer, verdicts == Verdict.REFER)
    return pa.table({"ordinal": findings.column("ordinal"), "fail_deficient": deficient, "fail_uniform": uniform, "refer": refer})


def _add(counts: Counts, found: npt.NDArray[np.bool_]) -> None:
    np.add(counts, found, out=counts, casting="unsafe")


def told(findings: pa.Table, ruleset: RuleSet) -> pa.Table:
    """What the requester is told of its deficient requests: `ordinal` int64, `element` text, one row per missing element.

    Only for the findings of stage check. It names the statutory element, never the rule, the code or the detector.
    """
    rules = rules_of(findings)
    parts = []
    for rule in sorted(_tellable(ruleset, "check", rules)):
        ordinals = findings.column("ordinal").filter(pc.equal(findings.column(rule), int(Verdict.FAIL)))
        parts.append(pa.table({"ordinal": ordinals, "element": pa.array([ruleset.rule(rule).message] * len(ordinals), pa.string())}))
    empty = pa.table({"ordinal": pa.array([], pa.int64()), "element": pa.array([], pa.string())})
    together = pa.concat_tables([empty, *parts]).group_by(["ordinal", "element"]).aggregate([])
    return together.select(["ordinal", "element"]).sort_by([("ordinal", "ascending"), ("element", "ascending")])
