"""What findings add up to, and what a requester may be told of them."""

from __future__ import annotations

import re

import pytest

from portcullis.rules import evaluate, rules_of, summarise, told
from rules_lawful import lawful_facts, ruleset, table


def test_totals_by_kind() -> None:
    facts = table(
        lawful_facts(),
        lawful_facts(address_stated=0, address_deliverable=0, order_stayed=1),
        lawful_facts(engaged_min_load=500, name_personal=None),
    )
    totals = summarise(evaluate(ruleset(), "check", facts), ruleset(), "check").to_pylist()
    assert totals == [
        {"ordinal": 1, "fail_deficient": 0, "fail_uniform": 0, "refer": 0},
        {"ordinal": 2, "fail_deficient": 3, "fail_uniform": 0, "refer": 0},
        {"ordinal": 3, "fail_deficient": 0, "fail_uniform": 0, "refer": 2},
    ]


def test_what_follows_from_the_register_is_never_deficient() -> None:
    facts = table(lawful_facts(candidates=0, address_confirmed=0, name_agrees=0, veto=1, occupancy=900, period_ok=0))
    totals = summarise(evaluate(ruleset(), "match", facts), ruleset(), "match").to_pylist()[0]
    assert totals["fail_deficient"] == 0 and totals["fail_uniform"] > 0


def test_the_requester_is_told_the_element_once_and_never_the_detector() -> None:
    facts = table(lawful_facts(), lawful_facts(address_stated=0, address_deliverable=0, address_zip_only=1, address_placeholder=1))
    assert told(evaluate(ruleset(), "check", facts), ruleset()).to_pylist() == [
        {"ordinal": 2, "element": "The request does not state the address of the taxpayer."}
    ]


def test_a_referral_is_not_told() -> None:
    facts = table(lawful_facts(name_personal=None, address_deliverable=None))
    assert told(evaluate(ruleset(), "check", facts), ruleset()).num_rows == 0


@pytest.mark.parametrize("rule", ruleset().rules, ids=lambda rule: rule.id)
def test_no_text_for_the_requester_tells_of_the_register_or_of_a_detector(rule) -> None:  # type: ignore[no-untyped-def]
    words = r"match|register|on file|found|candidate|veto|informant|placeholder|jail|institution|boilerplate|cluster|[A-Z]-[A-Z]+-"
    assert not re.search(words, rule.message)
    if rule.tell_requester == "uniform":
        assert rule.message in ("No disclosure.", "A person has to look at this request.")


def test_findings_are_wide_and_in_the_order_given() -> None:
    facts = table(*[lawful_facts() for _ in range(5)]).take([4, 2, 0, 1, 3])
    findings = evaluate(ruleset(), "check", facts)
    assert findings.column("ordinal").to_pylist() == [5, 3, 1, 2, 4]
    assert findings.column_names == ["ordinal", *[name for rule in rules_of(findings) for name in (rule, f"{rule}_reason")]]
