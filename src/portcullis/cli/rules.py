"""`portcullis rules`: read the law as data, try its cases, compare two versions. Needs no home and records nothing."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

from portcullis.agreement import find
from portcullis.cli.output import FAILED, JsonOption, result
from portcullis.cli.rules_diff import diff_
from portcullis.cli.rules_explain import KnownOption, ValidOption, explain
from portcullis.cli.sides import chosen
from portcullis.errors import Refused
from portcullis.intake.facts_cases import typed_rows
from portcullis.rules import agreements_folder, run_cases
from portcullis.rules.cases import CaseResult
from portcullis.rules.rule import Rule

app = typer.Typer(help="The rules: list, explain, test, diff.", no_args_is_help=True)
app.command("diff", epilog="Example: portcullis rules diff 2025-08-07 today --replay june-2025 --scale 0.05")(diff_)
app.command("explain", epilog="Example: portcullis rules explain R22 --as-of 2025-08-07")(explain)

NameOption = Annotated[str, typer.Option("--agreement", "-a", help="The name of a shipped agreement, or an agreement's folder.")]
DEFAULT = "irs-ice-2025"


@app.command("list", epilog="Example: portcullis rules list --as-of 2025-08-07 --known 2025-08-07")
def list_(name: NameOption = DEFAULT, valid_on: ValidOption = None, known_on: KnownOption = None, as_json: JsonOption = False) -> None:
    """Every rule with its tier, where it is checked and its citation."""
    ruleset = chosen(name, valid_on, known_on)
    rules = [_line(rule) for rule in ruleset.rules]
    text = [f"{rule.id}  {rule.tier:9}  {rule.stage:7}  {_mark(rule):9}{rule.title}  [{rule.citation}]" for rule in ruleset.rules]
    result({"agreement": ruleset.agreement, "hash": ruleset.hash, "rules": rules}, as_json, "\n".join([*text, f"rule set {ruleset.hash}"]))


def _mark(rule: Rule) -> str:
    return "planned" if rule.status == "planned" else "data" if rule.checks else "code"


def _line(rule: Rule) -> dict[str, object]:
    shown = {name: getattr(rule, name) for name in ("id", "title", "tier", "scope", "stage", "citation", "source", "status", "message")}
    dates = {"valid_from": str(rule.valid.start), "known_from": str(rule.known.start)}
    return {
        **shown,
        **dates,
        "reasons": list(rule.reasons),
        "lives_in": rule.lives_in,
        "checks": len(rule.checks),
        "cases": len(rule.cases),
    }


@app.command(epilog="Example: portcullis rules test R22 R24")
def test(
    rules: Annotated[list[str] | None, typer.Argument(help="Rule ids; all by default.")] = None,
    name: Annotated[str | None, typer.Option("--agreement", "-a", help="One agreement; every shipped one by default.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Try every case that stands beside the rules; the failures stand again at the end. Exits with 1 if there are any."""
    begun = time.monotonic()
    folders = [find(name)] if name else sorted(path.parent for path in agreements_folder().glob("*/agreement.yaml"))
    found = [(folder.name, one) for folder in folders for one in run_cases(folder, typed_rows, [rule.upper() for rule in rules or ()])]
    failed = [pair for pair in found if not pair[1].passed]
    if not found:
        raise Refused("There are no such cases.", "No rule of that id has any.", "Type: portcullis rules list")
    lines = [_case_line(agreement, one) for agreement, one in found]
    lines += ["", *(_case_line(agreement, one) for agreement, one in failed)] if failed else []
    judged = len({(agreement, one.rule) for agreement, one in found})
    summary = f"{len(found) - len(failed)} of {len(found)} cases as expected, {judged} rules, {time.monotonic() - begun:.1f} s"
    cases = [{"agreement": agreement, **asdict(one)} for agreement, one in found]
    result({"cases": cases, "failed": len(failed)}, as_json, "\n".join([*lines, summary]))
    if failed:
        raise typer.Exit(FAILED)


def _case_line(agreement: str, one: CaseResult) -> str:
    line = f"{'ok    ' if one.passed else 'FAILED'} {agreement} {one.rule}  {one.case}: {one.expected}"
    return line if one.passed else f"{line}, but got {one.got} {one.reason or ''}"
