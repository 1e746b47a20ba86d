"""Rules in words, and what changed between two rule sets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from portcullis.model import Finding, Verdict
from portcullis.rules import Single, diff, evaluate_batch, explain_finding, explain_rule, load
from portcullis.rules.explain import in_words
from rules_lawful import AGREEMENT, lawful_batch_facts, lawful_facts, ruleset, table


@pytest.mark.parametrize("rule", [rule.id for rule in ruleset().rules])
def test_every_rule_can_be_explained(rule: str) -> None:
    told = explain_rule(ruleset(), rule)
    assert json.loads(json.dumps(told)) == told
    assert told["citation"] and told["title"]


@pytest.mark.parametrize("rule", [rule for rule in ruleset().rules if rule.checks], ids=lambda rule: rule.id)
def test_every_predicate_has_words(rule) -> None:  # type: ignore[no-untyped-def]
    for check in rule.checks:
        assert in_words(check.require, ruleset())


def test_a_finding_says_which_fields_which_clause_and_what_would_pass() -> None:
    single = Single(ruleset(), "check")
    facts = lawful_facts(order_date=lawful_facts()["received_on"] - 90)
    finding = next(one for one in single.explained(single.findings(facts)) if one.rule == "R22")
    assert finding == Finding("R22", Verdict.FAIL, "N-90DAY-NOT-RUN", "8 U.S.C. 1253(a)(1)(A)", ruleset().rule("R22").message)
    told = explain_finding(ruleset(), finding, facts)
    assert told["fields"]["order_date"]["value"] == facts["order_date"]  # type: ignore[index]
    assert any("91" in words for words in told["would_pass"])  # type: ignore[attr-defined]


def test_an_explanation_without_facts_holds_no_value() -> None:
    told = explain_finding(ruleset(), Finding("R22", Verdict.FAIL, "N-90DAY-NOT-RUN"))
    assert all("value" not in field for field in told["fields"].values())  # type: ignore[attr-defined]


def test_findings_of_the_batch_carry_their_citation() -> None:
    found = {one.rule: one for one in evaluate_batch(ruleset(), lawful_batch_facts(signature_valid=0, stay_active=None))}
    assert (found["R01"].verdict, found["R01"].reason) == (Verdict.FAIL, "B-SIG-BAD")
    assert (found["R07"].verdict, found["R07"].reason) == (Verdict.FAIL, "B-ENJOINED")
    assert found["R02"].verdict == Verdict.PASS and found["R02"].reason is None
    assert sorted(found) == ["R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08", "R10"]


class TestDiff:
    @pytest.fixture
    def stricter(self, tmp_path: Path) -> Path:
        folder = tmp_path / "agreement"
        shutil.copytree(AGREEMENT, folder)
        for name, old, new in (("agreement.yaml", "load_cap: 100", "load_cap: 10"), ("rules/R11.yaml", "on_null: refer", "on_null: fail")):
            text = (folder / name).read_text()
            assert old in text
            (folder / name).write_text(text.replace(old, new))
        (folder / "rules/R14.yaml").unlink()
        return folder

    def test_changed_text(self, stricter: Path) -> None:
        found = diff(ruleset(), load(stricter))
        changed = {(change["change"], change["what"]) for change in found["text"]}  # type: ignore[attr-defined]
        assert ("changed", "threshold load_cap") in changed
        assert ("removed", "rule R14 from 1982-09-04/2025-04-07") in changed
        assert ("changed", "rule R11 from 1982-09-04/2025-04-07") in changed

    def test_changed_outcomes(self, stricter: Path) -> None:
        facts = table(
            lawful_facts(), lawful_facts(engaged_min_load=5), lawful_facts(engaged_min_load=5, name_personal=None, address_placeholder=1)
        )
        outcomes = diff(ruleset(), load(stricter), {"check": facts})["outcomes"]["check"]  # type: ignore[index]
        assert {(one["rule"], one["requests"], one["old"]["verdict"], one["new"]["verdict"]) for one in outcomes} == {
            ("R11", 1, "refer", "fail"),
            ("R14", 1, "fail", "not_applicable"),
            ("R14", 2, "pass", "not_applicable"),
            ("R27", 1, "pass", "refer"),
        }

    def test_nothing_changed(self) -> None:
        assert diff(ruleset(), ruleset(), {"check": table(lawful_facts())})["text"] == []
        assert diff(ruleset(), ruleset(), {"check": table(lawful_facts())})["outcomes"] == {"check": []}
