"""Every case that stands beside a rule gives what the lawyer who wrote it expects."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest

from portcullis.intake.facts_cases import typed_rows
from portcullis.model import Verdict
from portcullis.rules import run_cases
from portcullis.rules.cases import CaseResult, lawful, run_case, typed_cases
from rules_lawful import AGREEMENT, ruleset

RULES = [rule.id for rule in ruleset().rules if rule.cases]


@lru_cache
def results() -> dict[str, list[CaseResult]]:
    found: dict[str, list[CaseResult]] = {}
    for one in run_cases(AGREEMENT, typed_rows):
        found.setdefault(one.rule, []).append(one)
    return found


@pytest.mark.parametrize("rule", RULES)
def test_the_cases_of_a_rule_hold(rule: str) -> None:
    assert [one for one in results()[rule] if not one.passed] == []


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_shown_in_both_directions(rule: str) -> None:
    expected = {case.expect for case in ruleset().rule(rule).cases}
    assert Verdict.PASS in expected and expected & {Verdict.FAIL, Verdict.REFER}


@pytest.mark.parametrize("rule", RULES)
def test_every_reason_code_of_a_rule_is_shown_by_a_case(rule: str) -> None:
    coded = {check.reason for check in ruleset().rule(rule).checks}
    shown = {one.reason for one in results()[rule] if one.reason}
    # R37 and R38 refer only on unknown; each has one code
    assert coded == shown


def test_every_rule_of_the_law_has_a_file() -> None:
    assert [rule.id for rule in ruleset().rules] == [f"R{number:02d}" for number in range(1, 61)]


def test_a_case_that_expects_the_wrong_thing_is_found() -> None:
    rule = ruleset().rule("R22")
    wrong = replace(rule.cases[0], expect=Verdict.FAIL)
    base = lawful(AGREEMENT)
    assert not run_case(ruleset(), rule, wrong, base, typed_cases([wrong], base, typed_rows)[0]).passed
