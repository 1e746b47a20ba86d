"""An agreement's folder with any fault gives one error, with file, line and column; nothing is loaded."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path

import pytest

from portcullis.errors import OutOfOrder, Refused
from portcullis.rules import Single, load
from rules_lawful import AGREEMENT

R12 = "rules/R12.yaml"
PLACE = re.compile(r"^(rules/[A-Z0-9a-z-]+\.yaml|agreement\.yaml|fields\.yaml), line [0-9]+, column [0-9]+: ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped agreement with three rules, and the catalogue beside it."""
    copy = tmp_path / "my-agreement"
    (copy / "rules").mkdir(parents=True)
    for name in ("agreement.yaml", R12, "rules/R13.yaml", "rules/R24.yaml"):
        shutil.copy(AGREEMENT / name, copy / name)
    shutil.copy(AGREEMENT.parent / "fields.yaml", copy / "fields.yaml")
    return copy


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


FAULTS = {
    "unknown predicate": (R12, "{is: address_stated}", "{matches: address_stated}"),
    "unknown field": (R12, "{is: address_stated}", "{is: address_state}"),
    "a field of another type": (R12, "{is: address_stated}", "{is: address_key}"),
    "two predicates in one": (R12, "{is: address_stated}", "{is: address_stated, present: address_key}"),
    "an empty list of predicates": (R12, "{is: address_stated}", "{all_of: []}"),
    "unknown key of a rule": (R12, "tier: statute", "teir: statute"),
    "unknown key of a check": (R12, "on_false: fail", "on_fales: fail"),
    "unknown tier": (R12, "tier: statute", "tier: opinion"),
    "missing citation": (R12, "citation: 26 U.S.C. 6103(i)(2)(B)(i)\n", ""),
    "empty citation": (R12, "citation: 26 U.S.C. 6103(i)(2)(B)(i)", 'citation: " "'),
    "unknown that passes": (R12, "on_null: fail", "on_null: pass"),
    "a reason that is no code": (R12, "reason: P-ADDR-BLANK", "reason: because"),
    "unknown switch": (R12, "    reason: P-ADDR-BLANK", "    switch: R99_nothing\n    reason: P-ADDR-BLANK"),
    "dates that end before they begin": (R12, "valid: {from: 1982-09-04}", "valid: {from: 1982-09-04, to: 1980-01-01}"),
    "a case about an unknown column": (R12, "given: {}", "given: {adress: x}"),
    "an id that is none": (R12, "id: R12", "id: twelve"),
    "neither checks nor a home": (
        R12,
        "checks:\n  - require: {is: address_stated}\n    on_false: fail\n    on_null: fail\n    reason: P-ADDR-BLANK\n",
        "",
    ),
    "unknown threshold": ("rules/R24.yaml", "{threshold: boilerplate_rows}", "{threshold: nothing}"),
    "a share that is a count": ("rules/R24.yaml", "at_most: {threshold: boilerplate_share}", "at_most: 20"),
    "a count that is a share": ("rules/R24.yaml", "at_most: {threshold: boilerplate_rows}", "at_most: 0.5"),
    "a match fact before the register is read": (R12, "{is: address_stated}", "{is: address_confirmed}"),
    "a fact of the batch beside one of a request": (R12, "{is: address_stated}", "{all_of: [{is: address_stated}, {is: written}]}"),
    "a list without entries": ("agreement.yaml", "stages: [preparation, investigation, grand_jury]", "stages: []"),
    "a threshold that is a word": ("agreement.yaml", "load_cap: 100 ", "load_cap: many "),
    "a switch without a meaning": (
        "agreement.yaml",
        "R16_cluster: {default: true, rule: R16, meaning:",
        "R16_cluster: {default: true, rule: R16, sense:",
    ),
    "a field twice": ("fields.yaml", "name: nonce_fresh", "name: ids_unique"),
    "a field of an unknown type": ("fields.yaml", "name: nonce_fresh, type: flag", "name: nonce_fresh, type: float"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_refused_with_its_place(folder: Path, fault: tuple[str, str, str]) -> None:
    change(folder, *fault)
    with pytest.raises(Refused) as refused:
        load(folder)
    assert PLACE.match(refused.value.what), refused.value.what


def test_a_rule_shown_in_one_direction_only_is_refused(folder: Path) -> None:
    path = folder / R12
    path.write_text(path.read_text().replace("expect: pass", "expect: fail"))
    with pytest.raises(Refused, match=r"rules/R12\.yaml, line 1, column 1: cases in both directions"):
        load(folder)


def test_the_folder_without_a_fault_loads(folder: Path) -> None:
    assert [rule.id for rule in load(folder).rules] == ["R12", "R13", "R24"]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"agreement\.yaml"):
        load(tmp_path)


def test_a_folder_without_rules_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "rules")
    with pytest.raises(Refused, match="rule files"):
        load(folder)


def test_one_id_for_the_same_days_in_two_files_is_refused(folder: Path) -> None:
    shutil.copy(folder / R12, folder / "rules/R12b.yaml")
    with pytest.raises(Refused, match=r"rules/R12b\.yaml, line 1, column 1: rule R12 stands also in rules/R12\.yaml"):
        load(folder)


def test_only_a_check_before_the_register_may_be_told_to_the_requester(folder: Path) -> None:
    shutil.copy(AGREEMENT / "rules/R30.yaml", folder / "rules/R30.yaml")
    load(folder)
    change(folder, "rules/R30.yaml", "tell_requester: uniform", "tell_requester: deficient")
    with pytest.raises(Refused, match="only a check before the register"):
        load(folder)


class TestTwoVersionsOfOneRule:
    """The reading changed on 26 February 2026, and this gateway learned of it on 1 March."""

    @pytest.fixture
    def versions(self, folder: Path) -> Path:
        shutil.copy(folder / R12, folder / "rules/R12-2026.yaml")
        change(folder, R12, "known: {from: 2025-04-07}", "known: {from: 2025-04-07, to: 2026-03-01}")
        change(folder, "rules/R12-2026.yaml", "known: {from: 2025-04-07}", "known: {from: 2026-03-01}")
        change(folder, "rules/R12-2026.yaml", "title: The address", "title: The whole address")
        return folder

    def test_what_was_known_then_is_read_then(self, versions: Path) -> None:
        ruleset = load(versions)
        decided = dt.date(2025, 8, 7)
        assert ruleset.as_of(decided, decided).rule("R12").title.startswith("The address")
        assert ruleset.as_of(decided, dt.date(2026, 3, 1)).rule("R12").title.startswith("The whole address")

    def test_before_anything_was_known_there_is_no_rule(self, versions: Path) -> None:
        with pytest.raises(OutOfOrder, match="0 versions"):
            load(versions).as_of(dt.date(2025, 1, 1), dt.date(2025, 1, 1)).rule("R12")

    def test_without_a_date_two_versions_are_not_evaluated(self, versions: Path) -> None:
        with pytest.raises(OutOfOrder, match="2 versions"):
            Single(load(versions), "check")

    def test_the_hash_names_the_selection(self, versions: Path) -> None:
        ruleset, day = load(versions), dt.date(2026, 6, 1)
        assert ruleset.as_of(day, dt.date(2025, 8, 7)).hash != ruleset.as_of(day, day).hash
        assert ruleset.as_of(day, dt.date(2025, 8, 7)).hash == ruleset.as_of(day, dt.date(2025, 8, 8)).hash
