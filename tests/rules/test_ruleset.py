"""The rule-set hash covers everything that can change an outcome or a text, and nothing else (R58)."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from portcullis.crypto import canonical
from portcullis.errors import OutOfOrder
from portcullis.rules import load, rules_json
from rules_lawful import AGREEMENT, ruleset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(AGREEMENT, tmp_path / "agreement")
    shutil.copy(AGREEMENT.parent / "fields.yaml", tmp_path / "agreement" / "fields.yaml")
    return tmp_path / "agreement"


def test_the_hash_is_the_same_in_another_place(folder: Path) -> None:
    assert load(folder).hash == ruleset().hash


def test_the_hash_is_over_what_the_bundle_carries() -> None:
    carried = json.loads(json.dumps(rules_json(ruleset())))
    assert hashlib.sha256(canonical(carried)).hexdigest() == ruleset().hash


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("rules/R22.yaml", "on_null: refer", "on_null: fail"),
        ("rules/R22.yaml", "title: For failure", "title: In case of failure"),
        ("rules/R19.yaml", "value: 26}", "value: 27}"),
        ("rules/R60.yaml", "26 U.S.C. 6103(p)(3)", "26 U.S.C. 6103(p)(4)"),
        ("agreement.yaml", "load_cap: 100", "load_cap: 101"),
        ("agreement.yaml", "boilerplate_share: 0.02", "boilerplate_share: 0.03"),
        ("agreement.yaml", "R16_cluster: {default: true", "R16_cluster: {default: false"),
        ("agreement.yaml", "- 8 USC 1253(a)(1)(A)", "- 8 USC 1253(a)(1)(Z)"),
        ("agreement.yaml", 'zone: "-05:00"', 'zone: "-06:00"'),
        ("fields.yaml", "the period", "a period"),
    ],
)
def test_any_change_of_the_law_changes_the_hash(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    if old not in text:
        old, new = "1 when anything is written as taxable period", "1 when a taxable period is written"
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    assert load(folder).hash != ruleset().hash


def test_a_comment_or_a_case_does_not(folder: Path) -> None:
    path = folder / "rules/R12.yaml"
    path.write_text("# read aloud in court\n" + path.read_text().replace("name: dashes only", "name: only dashes"))
    assert load(folder).hash == ruleset().hash


def test_switches_stand_at_their_defaults_unless_changed() -> None:
    assert ruleset().positions() == {name: switch.default for name, switch in ruleset().switches.items()}
    assert ruleset().positions({"R16_cluster": False})["R16_cluster"] is False


def test_an_unknown_switch_is_our_bug() -> None:
    with pytest.raises(OutOfOrder, match="R99"):
        ruleset().positions({"R99": True})


def test_every_switch_belongs_to_a_rule_that_uses_it_and_to_the_list_of_the_law() -> None:
    """rules.md section 3: everything else is fixed."""
    allowed = {"R03", "R15", "R16", "R18", "R20", "R21", "R24", "R27", "R29", "R31", "R33", "R37"}
    used = {check.switch.name: rule.id for rule in ruleset().rules for check in rule.checks if check.switch}
    assert {name: switch.rule for name, switch in ruleset().switches.items()} == used
    assert set(used.values()) <= allowed


def test_what_is_stricter_than_the_text_only_refers() -> None:
    for rule, code in (("R16", "B-ADDR-CLUSTER"), ("R24", "N-REASON-BOILERPLATE"), ("R27", "O-LOAD-IMPLAUSIBLE")):
        checks = [check for check in ruleset().rule(rule).checks if check.reason == code]
        assert checks
        assert {check.on_false.name for check in checks} | {check.on_null.name for check in checks} == {"REFER"}
