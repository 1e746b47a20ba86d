"""The shipped agreement proves; take any rule of statute or court away and a person can read which request would get through."""

from __future__ import annotations

import json
import time
from dataclasses import fields, replace
from functools import lru_cache

import pytest

from portcullis import decision
from portcullis.cli.prove import lawful_facts
from portcullis.decision import ReleaseFacts
from portcullis.rules.predicate import fields_of
from portcullis.rules.prove import Report, own_invariants, prove
from portcullis.rules.prove import outcome as outcomes
from portcullis.rules.prove.invariant import Invariant, statute_invariants
from portcullis.rules.prove.proof import Proof
from portcullis.rules.prove.released import RELEASED
from rules_lawful import AGREEMENT, ruleset

GATE = "6103(i)(2)"
GUARDING = [r for r in ruleset().rules if r.checks and {r.tier, *(c.tier for c in r.checks)} & {"statute", "court"}]
PROVED_BUT_BY_A_PERSON = {
    "I-NAME-PERSONAL",
    "I-ADDRESS-DELIVERABLE",
    "I-ADDRESS-GENUINE",
    "I-ANSWER-PERIOD",
    "I-ONE-STATUTE",
    "I-FINALITY",
    "I-LOAD",
    "I-ASKED-AGAIN",
    "I-CO-FILER",
    "I-STATUTE-LISTED",
    "I-PURPOSE-LISTED",
    "I-INSTITUTION",
    "I-EXCLUSIONS",
}


@lru_cache
def claims() -> tuple[Invariant, ...]:
    return (*statute_invariants(ruleset(), GATE), *own_invariants(AGREEMENT, ruleset()))


@lru_cache
def proved() -> tuple[Report, float]:
    begun = time.process_time()
    report = prove(ruleset(), own=own_invariants(AGREEMENT, ruleset()), like=lawful_facts(AGREEMENT))
    return report, time.process_time() - begun


def test_every_claim_holds() -> None:
    report, _ = proved()
    assert [one.id for one in report.invariants if not one.holds] == []
    assert report.proved and report.counterexamples == () and report.contradictions == ()
    assert {one.kind for one in report.invariants} == {"answer", "release", "vacuity", "independence"}


def test_it_takes_less_than_three_seconds_of_a_processor() -> None:
    assert proved()[1] < 3


def test_which_claims_rest_on_people_is_said() -> None:
    """Where a fact is unknown the rules refer, and a reviewer may accept: these claims hold only with a person's judgement in its place."""
    report, _ = proved()
    assert {one.id for one in report.invariants if one.rests_on_person} == PROVED_BUT_BY_A_PERSON
    assert {one.id for one in report.invariants if one.rests_on_review} == {"I-NO-RIVAL"}


def test_the_report_is_json_and_its_hash_does_not_depend_on_the_time_it_took() -> None:
    report, _ = proved()
    body = json.loads(json.dumps(report.as_json()))
    assert body["proved"] is True and body["counterexamples"] == [] and body["seconds"] > 0
    assert {"id", "says", "citation", "holds"} <= set(body["invariants"][0])
    assert replace(report, seconds=99.0).hash == report.hash == body["proof"]


@pytest.mark.parametrize("rule", GUARDING, ids=lambda rule: rule.id)
def test_without_a_rule_of_statute_or_court_a_readable_request_gets_through(rule: object) -> None:
    removed = next(r for r in GUARDING if r is rule)
    read = {name for each in removed.checks for name in each.fields}
    about = [one for one in claims() if read & {name for p in one.predicates for name in fields_of(p)}]
    proof = Proof(ruleset().without(removed.id), "address", "all", about, lawful_facts(AGREEMENT))
    example = next((found.example for found in map(proof.claim, about) if found.example), None)
    assert example is not None, f"no claim needs {removed.id}"
    text = "\n".join(example.lines)
    assert "A request like the lawful one, except:" in text and "Replayed on DuckDB: confirmed." in text
    assert len([line for line in example.lines if ", not " in line]) <= 3, text


def test_the_request_of_2025_is_the_counterexample_to_a_path_by_number() -> None:
    claim = next(one for one in claims() if one.id == "I-NO-NUMBER-PATH")
    found = Proof(ruleset().without("R32"), "address", "all", [claim], lawful_facts(AGREEMENT)).claim(claim)
    assert found.example is not None
    changed = [line.split(":")[0].strip() for line in found.example.lines if ", not " in line]
    assert changed == ["address_confirmed", "number_agrees"]
    assert found.example.facts["number_agrees"] == 1 and found.example.facts["address_confirmed"] == 0


def test_were_reviewers_free_to_accept_an_ambiguous_request_a_rival_could_be_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = next(one for one in claims() if one.id == "I-NO-RIVAL")
    assert Proof(ruleset(), "address", "all", [claim]).claim(claim).holds.holds
    monkeypatch.setattr(outcomes, "NEVER_ACCEPTED", "X-NOBODY")
    monkeypatch.setattr("portcullis.rules.prove.replay.NEVER_ACCEPTED", "X-NOBODY")
    found = Proof(ruleset(), "address", "all", [claim], lawful_facts(AGREEMENT)).claim(claim)
    assert found.example is not None and any("A reviewer accepted it, for M-AMBIGUOUS." in line for line in found.example.lines)


@pytest.mark.parametrize("row", [row.id for row in decision.MAY_RELEASE])
def test_without_any_requirement_of_a_release_something_leaves_that_must_not(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from portcullis.rules.prove.released import releases  # noqa: PLC0415 - read where the table is replaced

    monkeypatch.setattr(decision, "MAY_RELEASE", tuple(each for each in decision.MAY_RELEASE if each.id != row))
    broken = [example for holds, example in releases() if holds.kind == "release" and not holds.holds]
    assert len(broken) == 1 and broken[0] is not None and "may_release says yes to:" in broken[0].lines[1]


def test_the_claims_about_a_release_name_every_fact_it_depends_on() -> None:
    assert {name for claim in RELEASED for name, _, _ in claim.require} == {field.name for field in fields(ReleaseFacts)}


@pytest.mark.parametrize(
    ("row", "fact", "name", "locks"),
    [("D1", "deficient", "I-ADDRESS-STATED", 3), ("D2", "refused", "I-NO-VETO", 2), ("D3", "open", "I-NAME-PERSONAL", 2)],
)
def test_a_claim_has_several_locks_in_decide(row: str, fact: str, name: str, locks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows that refuse come first, and the rows that answer ask for zero again. A deficient request has a third lock: the register is
    not read for it, so nobody is meant. With the first two open the others are answered, and Z3 finds it."""
    claim = next(one for one in claims() if one.id == name)
    monkeypatch.setattr(decision, "DECIDE", tuple(each for each in decision.DECIDE if each.id != row))
    assert Proof(ruleset(), "address", "all", [claim]).claim(claim).holds.holds
    loose = tuple(replace(each, when=tuple(c for c in each.when if c[0] != fact)) for each in decision.DECIDE)
    monkeypatch.setattr(decision, "DECIDE", loose)
    decision.decide.cache_clear()
    found = Proof(ruleset(), "address", "all", [claim], lawful_facts(AGREEMENT)).claim(claim)
    decision.decide.cache_clear()
    assert found.holds.holds is (locks == 3)
