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

__all__ = ["EXAMPLES", "diff", "diff_decisions", "diff_outcomes", "diff_text"]

EXAMPLES = 5
"""How many requests are named, by ordinal, for each change."""

Switches = Mapping[str, bool] | None

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


def diff_outcomes(
    old: RuleSet, new: RuleSet, stage: str, facts: pa.Table, switches: tuple[Switches, Switches] = (None, None)
) -> list[dict[str, object]]:
    """Per rule: how many requests went from one verdict and reason to another, most first, with examples (ordinals).

    A rule that is absent is not_applicable. `switches` are each side's positions.
    """
    before, after = (evaluate(one, stage, facts, switches=each) for one, each in zip((old, new), switches, strict=True))
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
        changes += [_change(rule, row) for row in _counted(sides.append_column("ordinal", before["ordinal"]).filter(moved))]
    return changes


def diff_decisions(old: pa.Table, new: pa.Table) -> list[dict[str, object]]:
    """How many requests went from one decision and reason to another, most first, with examples.

    Both tables have `ordinal`, `decision` and `reason` (text or null) of the same requests in the same order.
    """
    columns = {
        f"{name}_{side}": pc.fill_null(table[name], "") for side, table in (("old", old), ("new", new)) for name in ("decision", "reason")
    }
    sides = pa.table(columns)
    moved = pc.or_(pc.not_equal(sides["decision_old"], sides["decision_new"]), pc.not_equal(sides["reason_old"], sides["reason_new"]))
    rows = _counted(sides.append_column("ordinal", old["ordinal"]).filter(moved))
    return [
        {"requests": row["count_all"], "examples": row["examples"]}
        | {side: {"decision": row[f"decision_{side}"], "reason": row[f"reason_{side}"] or None} for side in ("old", "new")}
        for row in rows
    ]


def _counted(sides: pa.Table) -> list[_Json]:
    """Equal rows counted, most first, with the first few of their ordinals."""
    names = [name for name in sides.column_names if name != "ordinal"]
    grouped = sides.group_by(names, use_threads=False).aggregate([([], "count_all"), ("ordinal", "list")])
    rows: list[_Json] = [row | {"examples": sorted(row["ordinal_list"])[:EXAMPLES]} for row in grouped.to_pylist()]
    return sorted(rows, key=lambda row: (-row["count_all"], row["examples"]))


def _column(table: pa.Table, rule: str, part: str) -> pa.ChunkedArray:
    name = rule if part == "verdict" else f"{rule}_reason"
    if name in table.column_names:
        return pc.fill_null(table.column(name), 0 if part == "verdict" else "")
    return pa.chunked_array([pa.array([0 if part == "verdict" else ""] * table.num_rows, pa.int8() if part == "verdict" else pa.string())])


def _change(rule: str, row: _Json) -> dict[str, object]:
    sides = {
        side: {"verdict": Verdict(row[f"verdict_{side}"]).name.lower(), "reason": row[f"reason_{side}"] or None} for side in ("old", "new")
    }
    return {"rule": rule, "requests": row["count_all"], "examples": row["examples"], **sides}
