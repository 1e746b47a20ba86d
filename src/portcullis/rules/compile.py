"""Rules to SQL: one sqlglot syntax tree per stage, rendered for DuckDB, SQLite and PostgreSQL.

The query reads a table `facts` (one row per request with `ordinal`, or one row of batch facts) and gives, per rule, its verdict as
0 not applicable, 1 pass, 2 refer, 3 fail, and its reason code when the verdict is 2 or 3. Three steps, so that nothing is computed twice:
`judged` one column per check · `ruled` one per rule, the worst of its checks · the reason of the first check that gave the worst.

Only comparisons, AND, OR, NOT, CASE, IN, IS NULL, GREATEST and COUNT … GROUP BY are used, whose meaning over 64-bit integers and text is
the same on every engine; SQL's own three-valued logic is Kleene's. Counts within the batch are grouped once and joined once per
key; a null key joins nothing, so the count is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from portcullis.model import Verdict
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
    WithinBatch,
    walk,
)
from portcullis.rules.rule import Check
from portcullis.rules.ruleset import RuleSet

__all__ = ["DIALECTS", "Plan", "plan", "render"]

DIALECTS = ("duckdb", "sqlite", "postgres")

_Key = tuple[tuple[str, ...], str | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """The compiled form of one stage: which checks of which rules, the fields they read, and the syntax tree."""

    rules: tuple[str, ...]
    checks: Mapping[str, tuple[Check, ...]]
    fields: tuple[str, ...]
    tree: exp.Select


def plan(ruleset: RuleSet, stage: str, switches: Mapping[str, bool] | None = None, frame: str = "request") -> Plan:
    """Compile every check of the stage that its switch leaves on. Raises OutOfOrder when a rule stands in several versions."""
    positions = ruleset.positions(switches)
    checks: dict[str, tuple[Check, ...]] = {}
    for rule in ruleset.rules:
        here = [check for check in ruleset.rule(rule.id).at(stage) if ruleset.frame(check) == frame]
        if here:
            checks[rule.id] = tuple(c for c in here if c.switch is None or positions[c.switch.name] == c.switch.when_on)
    fields = sorted({name for group in checks.values() for check in group for name in check.fields})
    return Plan(tuple(checks), checks, tuple(fields), _tree(checks))


def render(tree: exp.Expression, dialect: str) -> str:
    """The query's text in one engine's language; every identifier quoted."""
    return tree.sql(dialect=dialect, identify=True)


def _tree(checks: Mapping[str, tuple[Check, ...]]) -> exp.Select:
    keys = _keys(checks)
    judged = exp.select(_column("ordinal", "f")).from_(exp.to_table("facts", alias="f"))
    for rule, group in checks.items():
        for number, check in enumerate(group):
            judged = judged.select(exp.alias_(_judge(check, keys), f"{rule}_{number}"))
    judged = _join_counts(judged, keys)
    ruled = exp.select("ordinal").from_(judged.subquery("judged"))
    for rule, group in checks.items():
        columns = [_column(f"{rule}_{number}") for number in range(len(group))]
        ruled = ruled.select(exp.alias_(_worst(columns), rule), *([] if len(group) < 2 else columns))
    final = exp.select("ordinal").from_(ruled.subquery("ruled"))
    for rule, group in checks.items():
        final = final.select(_column(rule), exp.alias_(_reason(rule, group), f"{rule}_reason"))
    return final


def _column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table)


def _number(value: int) -> exp.Expression:
    return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))


def _worst(columns: list[exp.Column]) -> exp.Expression:
    if not columns:
        return _number(Verdict.NOT_APPLICABLE)
    return columns[0] if len(columns) == 1 else exp.Greatest(this=columns[0], expressions=columns[1:])


def _reason(rule: str, group: tuple[Check, ...]) -> exp.Expression:
    """The reason of the first check whose verdict is the rule's, null where that is a pass or not applicable."""
    if not group:
        return exp.cast(exp.null(), "text")
    verdict, case = _column(rule), exp.Case()
    if len({check.reason for check in group}) == 1:
        return case.when(verdict >= _number(Verdict.REFER), exp.Literal.string(group[0].reason))
    case = case.when(verdict < _number(Verdict.REFER), exp.null())
    for number, check in enumerate(group):
        case = case.when(_column(f"{rule}_{number}").eq(verdict), exp.Literal.string(check.reason))
    return case


def _judge(check: Check, keys: Mapping[_Key, str]) -> exp.Expression:
    """One check's verdict as an integer expression."""
    require, when, case = _truth(check.require, keys), None, exp.Case()
    if check.when is not None:
        when = exp.paren(_truth(check.when, keys))
        case = case.when(exp.not_(when.copy()), _number(Verdict.NOT_APPLICABLE))
    case = case.when(_both(when, require), _number(Verdict.PASS))
    if check.on_false != check.on_null:
        case = case.when(_both(when, exp.not_(exp.paren(require.copy()))), _number(check.on_false))
    return case.else_(_number(check.on_null))


def _both(when: exp.Expression | None, require: exp.Expression) -> exp.Expression:
    return require if when is None else exp.and_(when.copy(), require)


def _truth(predicate: Predicate, keys: Mapping[_Key, str]) -> exp.Expression:
    """One predicate as a three-valued boolean expression."""
    match predicate:
        case Present(field):
            return exp.not_(_column(field, "f").is_(exp.null()))
        case Is(field):
            return _column(field, "f").eq(1)
        case OneOf(field, values, form):
            found = _among(field, values)
            return exp.not_(exp.paren(found)) if form == "not_one_of" else found
        case Compare(field, form, bound):
            column, number = _column(field, "f"), _number(bound.value)
            return column >= number if form == "at_least" else column <= number
        case Order(field, form, than):
            column, other = _column(field, "f"), _column(than, "f") if isinstance(than, str) else _number(than)
            return column < other if form == "before" else column > other
        case DaysBetween(start, end, least, most):
            return _within(exp.Sub(this=_column(end, "f"), expression=_column(start, "f")), None, least, most)
        case CountWithinBatch(_, _, least, most):
            return _within(_column("n", keys[_key(predicate)]), None, least, most)
        case ShareWithinBatch(_, least, most):
            return _within(_column("n", keys[_key(predicate)]), _column("n", "total"), least, most)
        case AllOf(parts):
            return exp.and_(*[_truth(part, keys) for part in parts])
        case AnyOf(parts):
            return exp.or_(*[_truth(part, keys) for part in parts])
        case NoneOf(parts):
            return exp.not_(exp.paren(exp.or_(*[_truth(part, keys) for part in parts])))


def _among(field: str, values: tuple[str, ...] | tuple[int, ...]) -> exp.Expression:
    literals = [exp.Literal.string(value) if isinstance(value, str) else _number(value) for value in values]
    column = _column(field, "f")
    return column.eq(literals[0]) if len(literals) == 1 else column.isin(*literals)


def _within(amount: exp.Expression, total: exp.Expression | None, least: Bound | None, most: Bound | None) -> exp.Expression:
    """The amount within its bounds; of a share, by cross-multiplication, so that no engine divides."""
    sides = []
    for bound, greater in ((least, True), (most, False)):
        if bound is not None:
            scaled = amount.copy() if bound.unit == 1 else exp.Mul(this=amount.copy(), expression=_number(bound.unit))
            limit = _number(bound.value) if total is None else exp.Mul(this=total.copy(), expression=_number(bound.value))
            sides.append(scaled >= limit if greater else scaled <= limit)
    return exp.and_(*sides)


def _key(predicate: WithinBatch) -> _Key:
    return (predicate.by, predicate.of if isinstance(predicate, CountWithinBatch) else None)


def _keys(checks: Mapping[str, tuple[Check, ...]]) -> dict[_Key, str]:
    """One alias for every different grouping that any check asks for, in the order first met."""
    keys: dict[_Key, str] = {}
    for group in checks.values():
        for check in group:
            for predicate in (check.require, *((check.when,) if check.when else ())):
                for part in walk(predicate):
                    if isinstance(part, CountWithinBatch | ShareWithinBatch):
                        keys.setdefault(_key(part), f"g{len(keys)}")
    return keys


def _join_counts(query: exp.Select, keys: Mapping[_Key, str]) -> exp.Select:
    if keys:
        total = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_("facts")
        query = query.join(total.subquery("total"), join_type="cross")
    for (by, of), alias in keys.items():
        on = exp.and_(*[_column(name, "f").eq(_column(name, alias)) for name in by])
        query = query.join(_grouped(by, of).subquery(alias), on=on, join_type="left")
    return query


def _grouped(by: tuple[str, ...], of: str | None) -> exp.Select:
    """How many rows, or how many different values of `of`, stand under each key; keys with a null are left out."""
    known = exp.and_(*[exp.not_(_column(name).is_(exp.null())) for name in by])
    rows = exp.select(*[_column(name) for name in by]).from_("facts").where(known)
    counted: exp.Expression = exp.Star()
    if of is not None:
        different = rows.select(_column(of)).distinct()
        rows, counted = exp.select(*[_column(name) for name in by]).from_(different.subquery("different")), _column(of)
    return rows.select(exp.alias_(exp.Count(this=counted), "n")).group_by(*[_column(name) for name in by])
