"""Run the cases that stand beside every rule: the lawful request, changed in one point, gives the verdict a lawyer expects.

An agreement's `cases/lawful.yaml` holds the lawful request: `received_on`, `row` (a raw row), `officer`, `batch` and `match` facts,
and `document` facts where the agreement asks for a document. A case
changes raw columns (typed anew) or facts (set as they are, after typing). Raw rows are typed by the caller's `Typer`: typing belongs to
intake, which stands above this package.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from portcullis.model import DATA_COLUMNS, Verdict
from portcullis.rules.document import Value, read
from portcullis.rules.load import load
from portcullis.rules.reading import epoch_day
from portcullis.rules.rule import Case, Rule
from portcullis.rules.ruleset import RuleSet
from portcullis.rules.run import evaluate, evaluate_batch

__all__ = ["CaseResult", "Lawful", "Typer", "case_facts", "facts_table", "lawful", "run_case", "run_cases", "typed_cases"]

Row = dict[str, Any]
Typer = Callable[[Sequence[Mapping[str, str | None]], int], pa.Table]
"""Raw rows and the day of receipt to typed facts, in order (intake.facts_cases.typer)."""


@dataclass(frozen=True, slots=True)
class Lawful:
    """The lawful request: raw row, day of receipt (epoch day), and the facts that do not come from the row."""

    row: Mapping[str, str | None]
    received_on: int
    officer: Mapping[str, Any]
    batch: Mapping[str, Any]
    match: Mapping[str, Any]
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case of one rule and what came out; `passed` when verdict and, if stated, reason are as expected."""

    rule: str
    case: str
    expected: str
    got: str
    reason: str | None
    passed: bool


def lawful(folder: Path) -> Lawful:
    """Read `cases/lawful.yaml`. Raises Refused."""
    keys = read(folder / "cases" / "lawful.yaml", "cases/lawful.yaml").mapping(
        ("received_on", "row", "officer", "batch", "match"), ("document",)
    )
    row = {name: node.text() if node.value is not None else None for name, node in keys["row"].mapping(optional=DATA_COLUMNS).items()}
    officer, batch, match, document = (
        {name: _fact(node.plain()) for name, node in keys[part].mapping(optional=None).items()} if part in keys else {}
        for part in ("officer", "batch", "match", "document")
    )
    return Lawful(row, epoch_day(keys["received_on"].date()), officer, batch, match, document)


def run_cases(folder: Path, typer: Typer, only: Sequence[str] = ()) -> Iterator[CaseResult]:
    """Every case of every rule of an agreement's folder, or of the rules named. Raises Refused when the folder does not load."""
    ruleset, base = load(folder), lawful(folder)
    chosen = [(rule, case) for rule in ruleset.rules for case in rule.cases if not only or rule.id in only]
    for (rule, case), facts in zip(chosen, typed_cases([case for _, case in chosen], base, typer), strict=True):
        yield run_case(ruleset, rule, case, base, facts)


def run_case(ruleset: RuleSet, rule: Rule, case: Case, base: Lawful, typed: Sequence[Row]) -> CaseResult:
    """One case over its typed rows: the rule's worst verdict over its stages, on the first row."""
    one = replace(ruleset, rules=(rule,))
    if {ruleset.frame(check) for check in rule.checks} == {"batch"}:
        finding = evaluate_batch(one, {**base.batch, **_facts(case)}, switches=case.switches)[0]
        verdict, reason = finding.verdict, finding.reason
    else:
        verdict, reason = _worst(one, rule, case, case_facts(ruleset, case, base, typed))
    expected = case.expect.name.lower() + (f" {case.reason}" if case.reason else "")
    passed = verdict == case.expect and (case.reason is None or case.reason == reason)
    return CaseResult(rule.id, case.name, expected, verdict.name.lower(), reason, passed)


def _worst(one: RuleSet, rule: Rule, case: Case, facts: pa.Table) -> tuple[Verdict, str | None]:
    found: tuple[Verdict, str | None] = (Verdict.NOT_APPLICABLE, None)
    for stage in dict.fromkeys(check.stage for check in rule.checks):
        first = evaluate(one, stage, facts, switches=case.switches).slice(0, 1).to_pylist()[0]
        found = max(found, (Verdict(first[rule.id]), first[f"{rule.id}_reason"]), key=lambda pair: pair[0])
    return found


def case_facts(ruleset: RuleSet, case: Case, base: Lawful, typed: Sequence[Row]) -> pa.Table:
    """The batch a case speaks of, as facts of both stages: what was typed, the lawful rest, and what the case sets."""
    own = _facts(case)
    rows = [
        {**row, **base.officer, **base.document, **base.match, **(own if place < case.copies else {})} for place, row in enumerate(typed)
    ]
    return facts_table(ruleset, [{**row, "ordinal": place} for place, row in enumerate(rows, 1)])


def typed_cases(cases: Sequence[Case], base: Lawful, typer: Typer) -> list[list[Row]]:
    """The typed rows of each case. All are typed together, one call per day of receipt: typing looks at one row at a time."""
    days = [_day(case, base) for case in cases]
    raw = [_raw_rows(case, base) for case in cases]
    typed: list[list[Row]] = [[] for _ in cases]
    for day in sorted(set(days)):
        here = [place for place, its in enumerate(days) if its == day]
        rows = iter(typer([row for place in here for row in raw[place]], day).to_pylist())
        for place in here:
            typed[place] = list(islice(rows, len(raw[place])))
    return typed


def _day(case: Case, base: Lawful) -> int:
    day = case.given.get("received_on", base.received_on)
    return epoch_day(day) if isinstance(day, dt.date) else int(str(day))


def _raw_rows(case: Case, base: Lawful) -> list[Mapping[str, str | None]]:
    """The rows of the batch a case speaks of: its copies first, then other lawful rows."""
    raw = {**base.row, **{name: None if value is None else str(value) for name, value in case.given.items() if name in DATA_COLUMNS}}
    copies = [{**raw, **{name: f"{raw.get(name) or ''} {_word(number)}" for name in case.vary}} for number in range(case.copies)]
    return [*copies, *(_other(base.row, number) for number in range(case.others))]


def facts_table(ruleset: RuleSet, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of facts as a table of catalogue types; a fact that is absent is null."""
    kinds = {"ordinal": pa.int64(), **{name: pa.string() if field.type == "text" else pa.int64() for name, field in ruleset.fields.items()}}
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in kinds.items()})


def _other(row: Mapping[str, str | None], number: int) -> Mapping[str, str | None]:
    """Another lawful row, with its own person, address, case and reason."""
    word = _word(number)
    own = {
        "given_name": word,
        "case_id": f"OTHER-{word}-1",
        "address_line": f"{number + 1000} {word} St",
        "reason": f"{word} kept the {word} key at the address on file.",
    }
    return {**row, **own}


def _word(number: int) -> str:
    """A word without digits for a number: different numbers, different words, none of a single letter."""
    letters = "bcdfghjkmp"
    return "Qu" + "".join(letters[int(digit)] + "aeiou"[int(digit) % 5] for digit in str(number))


def _facts(case: Case) -> Row:
    """The facts a case sets as they are."""
    return {name: _fact(value) for name, value in case.given.items() if name not in DATA_COLUMNS}


def _fact(value: Value) -> int | str | None:
    if isinstance(value, dt.date):
        return epoch_day(value)
    return value if value is None or isinstance(value, int | str) else str(value)
