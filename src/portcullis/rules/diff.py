"""What changed between two rule sets: text, and, on the same facts, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from portcullis.model import Verdict
from portcullis.rules.findings import rules_of
from portcullis.rules.ruleset import RuleSet, rules_json
from portcullis.rules.run import evaluate

__all__ = ["diff", "diff_outcomes", "diff_text"]

_Json = dict[str, Any]


def diff(old: RuleSet, new: RuleSet, facts: Mapping[str, pa.Table] | None = None) -> dict[str, object]:
    """Changed text, and with `facts` (stage to table) the changed outcomes by rule; plain JSON values."""
    found: dict[str, object] = {"old": old.hash, "new": new.hash, "text": diff_text(old, new)}
    if facts is not None:
        found["outcomes"] = {stage: diff_outcomes(old, new, stage, table) for stage, table in facts.items()}
    return found


def diff_text(old: RuleSet, new: RuleSet) -> list[dict[str, object]]:
    """Every rule, list, threshold, switch or field that was added, removed or changed, with both texts of what changed."""
    before, after = _parts(old), _parts(new)
    changes: list[dict[str, object]] = []
    for name in sorted(before.keys() | after.keys()):
        one, two = before.get(name), after.get(name)
        if one != two:
            kind = "added" if one is None else "removed" if two is None else "changed"
            changes.append({"what": name, "change": kind, **_sides(one, two)})
    return changes


def _parts(ruleset: RuleSet) -> _Json:
    whole: Any = rules_json(ruleset)
    parts: _Json = {f"rule {rule['id']}" + (f" from {rule['valid']['start']}/{rule['known']['start']}"): rule for rule in whole["rules"]}
    for part in ("fields", "lists", "thresholds", "switches"):
        parts.update({f"{part.rstrip('s')} {name}": value for name, value in whole[part].items()})
    return parts


def _sides(one: Any, two: Any) -> _Json:
    if isinstance(one, dict) and isinstance(two, dict):
        changed = sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key))
        return {"old": {key: one.get(key) for key in changed}, "new": {key: two.get(key) for key in changed}}
    return {"old": one, "new": two}


def diff_outcomes(old: RuleSet, new: RuleSet, stage: str, facts: pa.Table) -> list[dict[str, object]]:
    """Per rule: how many requests went from one verdict and reason to another, most first. A rule that is absent is not_applicable."""
    before, after = (evaluate(ruleset, stage, facts) for ruleset in (old, new))
    changes: list[dict[str, object]] = []
    for rule in sorted({*rules_of(before), *rules_of(after)}):
        sides = pa.table(
            {
                f"{part}_{side}": _column(table, rule, part)
                for side, table in (("old", before), ("new", after))
                for part in ("verdict", "reason")
            }
        )
        moved = pc.or_(pc.not_equal(sides["verdict_old"], sides["verdict_new"]), pc.not_equal(sides["reason_old"], sides["reason_new"]))
        counted = sides.filter(moved).group_by(sides.column_names).aggregate([([], "count_all")]).sort_by([("count_all", "descending")])
        changes += [_change(rule, row) for row in counted.to_pylist()]
    return changes


def _column(table: pa.Table, rule: str, part: str) -> pa.ChunkedArray:
    name = rule if part == "verdict" else f"{rule}_reason"
    if name in table.column_names:
        return pc.fill_null(table.column(name), 0 if part == "verdict" else "")
    return pa.chunked_array([pa.array([0 if part == "verdict" else ""] * table.num_rows, pa.int8() if part == "verdict" else pa.string())])


def _change(rule: str, row: _Json) -> dict[str, object]:
    sides = {
        side: {"verdict": Verdict(row[f"verdict_{side}"]).name.lower(), "reason": row[f"reason_{side}"] or None} for side in ("old", "new")
    }
    return {"rule": rule, "requests": row["count_all"], **sides}
