"""Removing any one rule lets a named harmful request through that the full rule set stops; the lawful request passes with all of them.

The harmful requests are the cases that stand beside the rules. A request is stopped when any rule of either stage, or any rule about its
batch, fails or refers. A rule that another implies says so in its file (`implied_by`), and then only the full set is asked.
"""

from __future__ import annotations

from functools import lru_cache

import pytest

from portcullis.intake.facts_cases import typed_rows
from portcullis.model import Verdict
from portcullis.rules import Single, evaluate, evaluate_batch, rules_of
from portcullis.rules.cases import _fact, case_facts, typed_cases
from portcullis.rules.rule import Case
from rules_lawful import lawful_batch_facts, lawful_facts, lawful_request, ruleset, table

NONE = ""
DATA_RULES = [rule for rule in ruleset().rules if rule.checks]
HARMFUL = [(rule.id, case) for rule in DATA_RULES for case in rule.cases if case.expect in (Verdict.FAIL, Verdict.REFER)]


@lru_cache
def typed() -> dict[tuple[str, str], object]:
    rows = typed_cases([case for _, case in HARMFUL], lawful_request(), typed_rows)
    return {(rule, case.name): found for (rule, case), found in zip(HARMFUL, rows, strict=True)}


@lru_cache(maxsize=8)
def single(without: str, stage: str, switches: tuple[tuple[str, bool], ...]) -> Single:
    """The rules but one, compiled for one request at a time."""
    return Single(ruleset().without(without), stage, switches=dict(switches))


@lru_cache
def batch_stopped_by(
    without: str, given: tuple[tuple[str, int | str | None], ...], switches: tuple[tuple[str, bool], ...]
) -> frozenset[str]:
    found = evaluate_batch(ruleset().without(without), lawful_batch_facts(**dict(given)), switches=dict(switches))
    return frozenset(finding.rule for finding in found if finding.verdict >= Verdict.REFER)


def stopped_by(without: str, rule_id: str, case: Case) -> set[str]:
    """The rules that fail or refer for this request when one rule (or none) is left out."""
    rules, switches = ruleset().without(without), tuple(case.switches.items())
    about_the_batch = {name: _fact(value) for name, value in case.given.items() if name in lawful_request().batch}
    stopping = set(batch_stopped_by(without, tuple(about_the_batch.items()), switches))
    facts = case_facts(ruleset(), case, lawful_request(), typed()[rule_id, case.name])  # type: ignore[arg-type]
    for stage in ("check", "match"):
        if facts.num_rows == 1:
            first = single(without, stage, switches).findings(facts.to_pylist()[0])
        else:
            first = evaluate(rules, stage, facts, switches=case.switches).slice(0, 1).to_pylist()[0]
        stopping |= {name for name, verdict in first.items() if isinstance(verdict, int) and name != "ordinal" and verdict >= Verdict.REFER}
    return stopping


@pytest.mark.parametrize("rule", [rule.id for rule in DATA_RULES])
def test_a_harmful_request_passes_once_its_rule_is_removed(rule: str) -> None:
    cases = [case for owner, case in HARMFUL if owner == rule]
    assert cases, "a rule without a harmful case protects from nothing that was named"
    for case in cases:
        assert rule in stopped_by(NONE, rule, case), case.name
    only_here = [case.name for case in cases if stopped_by(rule, rule, case) == set()]
    assert only_here or ruleset().rule(rule).implied_by, "every harmful case is also caught elsewhere"


def test_the_lawful_request_passes_every_rule() -> None:
    assert all(finding.verdict <= Verdict.PASS for finding in evaluate_batch(ruleset(), lawful_batch_facts()))
    for stage in ("check", "match"):
        findings = evaluate(ruleset(), stage, table(lawful_facts()))
        assert {rule for rule in rules_of(findings) if findings.column(rule)[0].as_py() > Verdict.PASS} == set()


def test_the_lawful_request_passes_with_every_switch_on_and_every_switch_off() -> None:
    for position in (True, False):
        switches = dict.fromkeys(ruleset().switches, position)
        assert all(f.verdict <= Verdict.PASS for f in evaluate_batch(ruleset(), lawful_batch_facts(), switches=switches))
        for stage in ("check", "match"):
            findings = evaluate(ruleset(), stage, table(lawful_facts()), switches=switches)
            assert all(findings.column(rule)[0].as_py() <= Verdict.PASS for rule in rules_of(findings)), (stage, position)


@lru_cache
def of_nothing() -> dict[str, list[int]]:
    """Every rule's verdicts, stage by stage, when every fact is unknown."""
    nothing = dict.fromkeys(ruleset().fields)
    verdicts = {finding.rule: [int(finding.verdict)] for finding in evaluate_batch(ruleset(), nothing)}
    for stage in ("check", "match"):
        findings = evaluate(ruleset(), stage, table(nothing))
        for rule in rules_of(findings):
            verdicts.setdefault(rule, []).append(findings.column(rule)[0].as_py())
    return verdicts


@pytest.mark.parametrize("rule", [rule.id for rule in DATA_RULES])
def test_an_unknown_fact_never_passes(rule: str) -> None:
    """With every fact unknown no rule passes; where nothing says that it applies, it is at most not applicable."""
    assert Verdict.PASS not in of_nothing()[rule]
