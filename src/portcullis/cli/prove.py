"""`portcullis agreement prove`: ask whether any typed request could break what the statute says. Needs no home and records nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from portcullis.agreement import find, load_agreement
from portcullis.cli.output import FAILED, JsonOption, result
from portcullis.errors import Refused
from portcullis.intake.facts_cases import typed_rows
from portcullis.rules.cases import lawful
from portcullis.rules.ruleset import RuleSet

__all__ = ["prove_"]

NameArgument = Annotated[str, typer.Argument(help="The name of a shipped or known agreement, or its folder.")]
OnOption = Annotated[
    str | None, typer.Option("--on", help="The rules of this day (2026-03-02); by default today, where a rule has several versions.")
]


def prove_(name: NameArgument, on: OnOption = None, as_json: JsonOption = False) -> None:
    """Prove that no typed request, switch or reviewer can break what the statute says, and that requests can be answered."""
    from portcullis.rules.prove import own_invariants, prove  # noqa: PLC0415 - Z3 loads slowly, and no other command should wait for it

    folder = find(name)
    agreement = load_agreement(folder)
    rules = _one_version(agreement.rules, on)
    report = prove(rules, agreement.answer, gate=agreement.gate, own=own_invariants(folder, rules), like=lawful_facts(folder))
    result(report.as_json(), as_json, report.text)
    if not report.proved:
        raise typer.Exit(FAILED)


def lawful_facts(folder: Path) -> dict[str, int | str | None] | None:
    """The facts of the agreement's lawful request, to which counterexamples stay close; None when it has none."""
    if not (folder / "cases" / "lawful.yaml").is_file():
        return None
    base = lawful(folder)
    return {**typed_rows([base.row], base.received_on).to_pylist()[0], **base.officer, **base.document, **base.batch, **base.match}


def _one_version(rules: RuleSet, on: str | None) -> RuleSet:
    """The rules of one day: the day asked for, else today where a rule stands in several versions, else all there are."""
    if on is None and not rules.several:
        return rules
    day = dt.date.today() if on is None else _day(on)
    return rules.as_of(day, day)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Refused("That is not a day.", "A day is written as 2026-03-02.", "Type it so.") from error
