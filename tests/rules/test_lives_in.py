"""A rule that lives in code names a module and a test that are there; one that nothing enforces yet says so plainly."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from portcullis.rules.rule import Rule
from rules_lawful import ruleset

ROOT = Path(__file__).parents[2]
IN_CODE = [rule for rule in ruleset().rules if rule.lives_in]


@pytest.mark.parametrize("rule", IN_CODE, ids=lambda rule: rule.id)
def test_its_module_and_its_test_are_there(rule: Rule) -> None:
    assert rule.lives_in is not None
    assert find_spec(rule.lives_in["module"]) is not None
    assert (ROOT / rule.lives_in["test"]).exists()


def test_a_rule_is_data_or_code_or_planned() -> None:
    for rule in ruleset().rules:
        assert bool(rule.checks or rule.lives_in) != (rule.status == "planned"), rule.id


def test_every_rule_is_enforced_somewhere() -> None:
    assert {rule.id for rule in ruleset().rules if rule.status == "planned"} == set()
    assert [rule.id for rule in ruleset().rules] == [f"R{number:02d}" for number in range(1, 61)]
