"""Rules to SQL: one sqlglot syntax tree per stage, rendered for DuckDB, SQLite and PostgreSQL.

The query gives, per rule, its verdict as 0 not applicable, 1 pass, 2 refer, 3 fail, and its reason code when the verdict is 2 or 3. Four
steps, so that nothing is computed twice: `counted` the table `facts` (one row per request, or one of batch facts) with the counts within
the batch beside it · `judged` one column per check · `ruled` one per rule, the worst of its checks · the reason of the first check that
gave the worst. `counts` gives the counts alone by ordinal, for engines where a narrow join and a wide projection apart are faster.

Only comparisons, AND, OR, NOT, CASE, IN, IS NULL, GREATEST and COUNT … GROUP BY are used, whose meaning over 64-bit integers and text is
the same on every engine; SQL's own three-valued logic is Kleene's. Counts within the batch are grouped once and joined once per
key; a null key joins nothing, so the count is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from portcullis.model import Verdict
from portcullis.rules import sql
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

__all__ = ["DIALECTS", "TOTAL", "Plan", "plan", "render"]

DIALECTS = ("duckdb", "sqlite", "postgres")

TOTAL = "rows_in_batch"
"""The column of `counted` that holds the number of all rows."""

_Key = tuple[tuple[str, ...], str | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """The compiled form of one stage: the checks of each rule, the fields they read, and the syntax trees.

    `tree` reads `facts`; `narrow` reads `counted`, the facts with the columns of `counts`, which is None where nothing is counted.
    """

    checks: Mapping[str, tuple[Check, ...]]
    fields: tuple[str, ...]
    tree: exp.Select
    narrow: exp.Select
    counts: exp.Select | None

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules, in order."""
        return tuple(self.checks)


def plan(ruleset: RuleSet, stage: str, switches: Mapping[str, bool] | None = None, frame: str = "request") -> Plan:
    """Compile every check of the stage that its switch leaves on. Raises OutOfOrder when a rule stands in several versions."""
    positions = ruleset.positions(switches)
    checks: dict[str, tuple[Check, ...]] = {}
    for rule in ruleset.rules:
        here = [check for check in ruleset.rule(rule.id).at(stage) if ruleset.frame(check) == frame]
        if here:
            checks[rule.id] = tuple(c for c in here if c.switch is None or positions[c.switch.name] == c.switch.when_on)
    fields = sorted({name for group in checks.values() for check in group for name in check.fields})
    keys = _keys(checks)
    narrow = _tree(checks, keys)
    tree = narrow.with_("counted", as_=_counted(keys, exp.Column(this=exp.Star(), table=exp.to_identifier("f"))))
    return Plan(checks, tuple(fields), tree, narrow, _counted(keys, sql.column("ordinal", "f")) if keys else None)


def render(tree: exp.Expr, dialect: str) -> str:
    """The query's text in one engine's language; every identifier quoted."""
    return tree.sql(dialect=dialect, identify=True)


def _tree(checks: Mapping[str, tuple[Check, ...]], keys: Mapping[_Key, str]) -> exp.Select:
    """The last three steps, one inside the other."""
    columns: list[list[exp.Expr]] = [[sql.column("ordinal", source)] for source in ("f", None, None)]
    for rule, group in checks.items():
        columns[0] += [sql.named(_judge(check, keys), f"{rule}_{number}") for number, check in enumerate(group)]
        columns[1] += [sql.named(_worst(rule, len(group)), rule), *(_parts(rule, len(group)) if len(group) > 1 else ())]
        columns[2] += [sql.column(rule), sql.named(_reason(rule, group), f"{rule}_reason")]
    tree = sql.query(columns[0], sql.table("counted", "f"))
    for outer, name in ((columns[1], "judged"), (columns[2], "ruled")):
        tree = sql.query(outer, tree.subquery(name, copy=False))
    return tree


def _parts(rule: str, count: int) -> list[exp.Expr]:
    return [sql.column(f"{rule}_{number}") for number in range(count)]


def _worst(rule: str, count: int) -> exp.Expr:
    parts = _parts(rule, count)
    if not parts:
        return sql.literal(int(Verdict.NOT_APPLICABLE))
    return parts[0] if count == 1 else exp.Greatest(this=parts[0], expressions=parts[1:])


def _reason(rule: str, group: tuple[Check, ...]) -> exp.Expr:
    """The reason of the first check whose verdict is the rule's, null where that is a pass or not applicable."""
    if not group:
        return exp.Cast(this=exp.Null(), to=exp.DataType.build("text"))
    open_ = sql.relate(exp.GTE, sql.column(rule), sql.literal(int(Verdict.REFER)))
    if len({check.reason for check in group}) == 1:
        return sql.case([(open_, sql.literal(group[0].reason))])
    whens: list[tuple[exp.Expr, exp.Expr]] = [(sql.negate(open_), exp.Null())]
    for part, check in zip(_parts(rule, len(group)), group, strict=True):
        whens.append((sql.relate(exp.EQ, part, sql.column(rule)), sql.literal(check.reason)))
    return sql.case(whens)


def _judge(check: Check, keys: Mapping[_Key, str]) -> exp.Expr:
    """One check's verdict as an integer expression; what is neither true nor false falls to `on_null`."""
    when = check.when
    applies = [] if when is None else [_truth(when, keys)]
    met = sql.both(*applies, _truth(check.require, keys))
    whens = [] if when is None else [(sql.negate(_truth(when, keys)), sql.literal(int(Verdict.NOT_APPLICABLE)))]
    whens.append((met, sql.literal(int(Verdict.PASS))))
    if check.on_false != check.on_null:
        applies = [] if when is None else [_truth(when, keys)]
        whens.append((sql.both(*applies, sql.negate(_truth(check.require, keys))), sql.literal(int(check.on_false))))
    return sql.case(whens, sql.literal(int(check.on_null)))


def _fact(name: str) -> exp.Column:
    return sql.column(name, "f")


def _truth(predicate: Predicate, keys: Mapping[_Key, str]) -> exp.Expr:
    """One predicate as a three-valued boolean expression."""
    match predicate:
        case Present(field):
            return sql.known(_fact(field))
        case Is(field):
            return sql.relate(exp.EQ, _fact(field), sql.literal(1))
        case OneOf(field, values, form):
            found = exp.In(this=_fact(field), expressions=[sql.literal(value) for value in values])
            return sql.negate(found) if form == "not_one_of" else found
        case Compare(field, form, bound):
            return sql.relate(_SIGNS[form], _fact(field), sql.literal(bound.value))
        case Order(field, form, than):
            return sql.relate(_SIGNS[form], _fact(field), _fact(than) if isinstance(than, str) else sql.literal(than))
        case DaysBetween(start, end, least, most):
            return _within(lambda: sql.relate(exp.Sub, _fact(end), _fact(start)), None, least, most)
        case CountWithinBatch(_, _, least, most):
            return _within(lambda: _fact(keys[_key(predicate)]), None, least, most)
        case ShareWithinBatch(_, least, most):
            return _within(lambda: _fact(keys[_key(predicate)]), _fact(TOTAL), least, most)
        case AllOf(parts):
            return sql.both(*[_truth(part, keys) for part in parts])
        case AnyOf(parts):
            return sql.either(*[_truth(part, keys) for part in parts])
        case NoneOf(parts):
            return sql.negate(sql.either(*[_truth(part, keys) for part in parts]))


_SIGNS: Mapping[str, type[exp.Expression]] = {"at_least": exp.GTE, "at_most": exp.LTE, "before": exp.LT, "after": exp.GT}


def _within(amount: Callable[[], exp.Expr], total: exp.Expr | None, least: Bound | None, most: Bound | None) -> exp.Expr:
    """The amount within its bounds; of a share, by cross-multiplication, so that no engine divides."""
    sides = []
    for bound, form in ((least, "at_least"), (most, "at_most")):
        if bound is not None:
            scaled = amount() if bound.unit == 1 else sql.relate(exp.Mul, amount(), sql.literal(bound.unit))
            limit = sql.literal(bound.value) if total is None else sql.relate(exp.Mul, total.copy(), sql.literal(bound.value))
            sides.append(sql.relate(_SIGNS[form], scaled, limit))
    return sql.both(*sides)


def _key(predicate: WithinBatch) -> _Key:
    return (predicate.by, predicate.of if isinstance(predicate, CountWithinBatch) else None)


def _keys(checks: Mapping[str, tuple[Check, ...]]) -> dict[_Key, str]:
    """One alias for every different grouping that any check asks for, in the order first met."""
    keys: dict[_Key, str] = {}
    for check in (check for group in checks.values() for check in group):
        for predicate in (check.require, *((check.when,) if check.when else ())):
            for part in walk(predicate):
                if isinstance(part, CountWithinBatch | ShareWithinBatch):
                    keys.setdefault(_key(part), f"within_{len(keys)}")
    return keys


def _counted(keys: Mapping[_Key, str], first: exp.Expr) -> exp.Select:
    """`first` (every fact, or the ordinal alone) and beside it the counts: one column per key, and the number of all rows."""
    columns = [first, *[sql.named(sql.column("n", alias), alias) for alias in keys.values()]]
    if keys:
        columns.append(sql.named(sql.column("n", "every"), TOTAL))
    tree = sql.query(columns, sql.table("facts", "f"))
    if keys:
        every = sql.query([sql.named(exp.Count(this=exp.Star()), "n")], sql.table("facts"))
        tree = tree.join(every.subquery("every", copy=False), join_type="cross", copy=False)
    for (by, of), alias in keys.items():
        on = sql.both(*[sql.relate(exp.EQ, _fact(name), sql.column(name, alias)) for name in by])
        tree = tree.join(_grouped(by, of).subquery(alias, copy=False), on=on, join_type="left", copy=False)
    return tree


def _grouped(by: tuple[str, ...], of: str | None) -> exp.Select:
    """How many rows, or how many different values of `of`, stand under each key; keys with a null are left out."""
    known: exp.Expr | None = sql.both(*[sql.known(sql.column(name)) for name in by])
    counted = exp.Count(this=sql.column(of) if of else exp.Star())
    source: exp.Expr = sql.table("facts")
    if of is not None:
        inner = sql.query([sql.column(name) for name in dict.fromkeys((*by, of))], source, known)
        source, known = inner.distinct(copy=False).subquery("different", copy=False), None
    grouped = sql.query([*[sql.column(name) for name in by], sql.named(counted, "n")], source, known)
    return grouped.group_by(*[sql.column(name) for name in by], copy=False)
