"""The plain meaning of a rule, in Python, row by row: slow, obvious, and what every engine must equal to the bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portcullis.model import Verdict
from portcullis.rules.compile import Plan
from portcullis.rules.predicate import (
    AllOf,
    AnyOf,
    Bound,
    Compare,
    CountWithinBatch,
    DaysBetween,
    Is,
    NoneOf,
    OneOf,
    Order,
    Predicate,
    Present,
    ShareWithinBatch,
)
from portcullis.rules.rule import Check

__all__ = ["Row", "judge", "judge_rows", "truth"]

Row = Mapping[str, int | str | None]


def judge_rows(plan: Plan, rows: Sequence[Row]) -> list[dict[str, int | str | None]]:
    """What the compiled query gives for these rows: ordinal, then verdict and reason per rule."""
    found = []
    for row in rows:
        line: dict[str, int | str | None] = {"ordinal": row["ordinal"]}
        for rule, checks in plan.checks.items():
            verdicts = [judge(check, row, rows) for check in checks]
            worst = max(verdicts, default=Verdict.NOT_APPLICABLE)
            line[rule] = int(worst)
            line[f"{rule}_reason"] = checks[verdicts.index(worst)].reason if worst >= Verdict.REFER else None
        found.append(line)
    return found


def judge(check: Check, row: Row, batch: Sequence[Row]) -> Verdict:
    """One check: pass only on true; `when` false is not applicable; anything unknown is `on_null`."""
    applies = True if check.when is None else truth(check.when, row, batch)
    if applies is False:
        return Verdict.NOT_APPLICABLE
    met = truth(check.require, row, batch)
    if applies is None or met is None:
        return check.on_null
    return Verdict.PASS if met else check.on_false


def truth(predicate: Predicate, row: Row, batch: Sequence[Row]) -> bool | None:
    """Three-valued truth of one predicate over one row of its batch; None is unknown."""
    match predicate:
        case Present(field):
            return row[field] is not None
        case Is(field):
            return None if row[field] is None else row[field] == 1
        case OneOf(field, values, form):
            return None if row[field] is None else (row[field] in values) != (form == "not_one_of")
        case Compare(field, form, bound):
            return _within(row[field], *((bound, None) if form == "at_least" else (None, bound)))
        case Order(field, form, than):
            return _before(row[field], row[than] if isinstance(than, str) else than, form == "after")
        case DaysBetween(start, end, least, most):
            first, last = row[start], row[end]
            return _within(last - first if isinstance(first, int) and isinstance(last, int) else None, least, most)
        case CountWithinBatch(by, of, least, most):
            return _within(_count(by, of, row, batch), least, most)
        case ShareWithinBatch(by, least, most):
            return _within(_count(by, None, row, batch), least, most, len(batch))
        case AllOf(parts):
            return _all([truth(part, row, batch) for part in parts])
        case AnyOf(parts):
            return _not(_all([_not(truth(part, row, batch)) for part in parts]))
        case NoneOf(parts):
            return _all([_not(truth(part, row, batch)) for part in parts])


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(values: Sequence[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def _before(value: int | str | None, other: int | str | None, after: bool) -> bool | None:
    if not isinstance(value, int) or not isinstance(other, int):
        return None
    return value > other if after else value < other


def _within(amount: int | str | None, least: Bound | None, most: Bound | None, total: int = 1) -> bool | None:
    if not isinstance(amount, int):
        return None
    enough = least is None or amount * least.unit >= least.value * total
    return enough and (most is None or amount * most.unit <= most.value * total)


def _count(by: Sequence[str], of: str | None, row: Row, batch: Sequence[Row]) -> int | None:
    key = [row[name] for name in by]
    if None in key:
        return None
    same = [other for other in batch if [other[name] for name in by] == key]
    return len(same) if of is None else len({other[of] for other in same} - {None})
