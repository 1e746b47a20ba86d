"""`may_release`: each of its rows can refuse alone, nothing unknown passes, and the lawful release goes."""

from __future__ import annotations

from dataclasses import asdict, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis.decision import MAY_RELEASE, ReleaseFacts, ReleaseRow, may_release, tables

HOLDS = ReleaseFacts(
    requests_undecided=0,
    requests_decided_twice=0,
    decisions_unchanged=1,
    answers_unchanged=1,
    fields_outside_whitelist=0,
    sample_passed=1,
    sample_of_these_decisions=1,
    authorizers=2,
    authorizers_conflicted=0,
    authorized_root_equal=1,
    changes_since=0,
    agreement_in_force=1,
    agreement_unchanged=1,
    rules_unchanged=1,
    switches_unchanged=1,
    stays=0,
    standing_current=1,
    signer_on_roster=1,
    keys_valid=1,
    officers_eligible=1,
    vaults_valid=1,
    vetoes_since=0,
    register_unchanged=1,
    committed=1,
    commit_published=1,
    witnesses_missing=0,
    dispatched_before=0,
    recalls_open=0,
    ai_notices_open=0,
    environment_notices_open=0,
    disposals_overdue=0,
    incidents_open=0,
)
"""The instant at which everything is as it must be; every value written out here and not computed from the table."""

WRONG = {name: (1 if value == 0 else 0) for name, value in asdict(HOLDS).items()} | {"authorizers": 1}
"""For each fact the nearest value that must refuse: one person instead of two, one stay instead of none."""

REASONS = {
    "requests_undecided": "A1 X-NONREPLAYABLE",
    "requests_decided_twice": "A2 X-NONREPLAYABLE",
    "decisions_unchanged": "A3 A-TAMPER",
    "answers_unchanged": "A4 A-TAMPER",
    "fields_outside_whitelist": "A5 D-FIELD-BLOCKED",
    "sample_passed": "A6 B-SAMPLE-FAILED",
    "sample_of_these_decisions": "A7 B-SAMPLE-FAILED",
    "authorizers": "A8 B-RELEASE-NOT-APPROVED",
    "authorizers_conflicted": "A9 B-RELEASE-NOT-APPROVED",
    "authorized_root_equal": "A10 B-RELEASE-NOT-APPROVED",
    "agreement_in_force": "A11 B-NO-AGREEMENT",
    "agreement_unchanged": "A12 B-NO-AGREEMENT",
    "rules_unchanged": "A13 X-POLICY-UNSIGNED",
    "switches_unchanged": "A14 X-POLICY-UNSIGNED",
    "stays": "A15 B-ENJOINED",
    "standing_current": "A16 B-SAFEGUARD-NOT-MET",
    "signer_on_roster": "A17 B-SIGNER-NOT-AUTHORISED",
    "keys_valid": "A18 B-SIG-BAD",
    "officers_eligible": "A19 O-INELIGIBLE",
    "vaults_valid": "A20 S-STORAGE-UNAPPROVED",
    "vetoes_since": "A21 D-VETO",
    "register_unchanged": "A22 X-NONREPLAYABLE",
    "committed": "A23 A-NOT-RECORDED",
    "commit_published": "A24 A-NOT-RECORDED",
    "witnesses_missing": "A25 A-NOT-RECORDED",
    "dispatched_before": "A26 B-INTEGRITY",
    "changes_since": "A27 B-RELEASE-NOT-APPROVED",
    "recalls_open": "A28 X-RECALL-OPEN",
    "ai_notices_open": "A29 S-AI-NO-NOTICE",
    "environment_notices_open": "A30 S-ENV-NO-NOTICE",
    "disposals_overdue": "A31 S-DISPOSAL-OVERDUE",
    "incidents_open": "A32 X-INCIDENT-LATE",
}
NAMES = tuple(REASONS)


def test_when_everything_holds_it_goes() -> None:
    assert may_release(HOLDS) == ()


@pytest.mark.parametrize("name", NAMES)
def test_each_requirement_refuses_alone_when_it_is_not_met(name: str) -> None:
    assert may_release(replace(HOLDS, **{name: WRONG[name]})) == (REASONS[name],)


@pytest.mark.parametrize("name", NAMES)
def test_each_requirement_refuses_alone_when_it_is_unknown(name: str) -> None:
    assert may_release(replace(HOLDS, **{name: None})) == (REASONS[name],)


def test_more_than_two_authorizers_is_no_reason_and_one_or_none_is() -> None:
    assert may_release(replace(HOLDS, authorizers=3)) == ()
    for too_few in (1, 0):
        assert may_release(replace(HOLDS, authorizers=too_few)) == ("A8 B-RELEASE-NOT-APPROVED",)


def test_the_table_requires_every_fact_once_and_names_no_other() -> None:
    required = [name for row in MAY_RELEASE for name, _, _ in row.require]
    assert sorted(required) == sorted(field.name for field in fields(ReleaseFacts)) == sorted(NAMES)
    assert [row.id for row in MAY_RELEASE] == [f"A{n}" for n in range(1, 33)]


def test_no_row_can_be_left_out() -> None:
    """Without any one row, the fact it requires could be wrong and the release would go."""
    for left_out in MAY_RELEASE:
        ((name, _, _),) = left_out.require
        facts = asdict(HOLDS) | {name: WRONG[name]}
        assert not any(refuses(row, facts) for row in MAY_RELEASE if row is not left_out), left_out.id


def refuses(row: ReleaseRow, facts: dict[str, int | None]) -> bool:
    """Whether a row refuses, evaluated here and not in the package."""
    for name, operator, expected in row.require:
        value = facts[name]
        met = value is not None and (value == expected if operator == "eq" else operator == "at_least" and value >= int(expected))
        if not met:
            return True
    return False


FACT = st.one_of(st.none(), st.integers(-1, 3))


@given(st.fixed_dictionaries({name: FACT for name in NAMES}))
def test_it_goes_only_if_every_requirement_is_met_and_says_every_one_that_is_not(facts: dict[str, int | None]) -> None:
    expected = tuple(f"{row.id} {row.reason}" for row in MAY_RELEASE if refuses(row, facts))
    assert may_release(ReleaseFacts(**facts)) == expected
    met = {name: value == good for (name, value), good in zip(facts.items(), asdict(HOLDS).values(), strict=True)}
    met["authorizers"] = (facts["authorizers"] or 0) >= 2
    assert (expected == ()) == all(met.values())


@given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_reasons_add_up_and_stand_in_the_order_of_the_table(wrong: set[str], unknown: set[str]) -> None:
    facts = replace(HOLDS, **({name: WRONG[name] for name in wrong} | dict.fromkeys(unknown)))
    assert may_release(facts) == tuple(REASONS[name] for name in NAMES if name in wrong | unknown)


def test_the_published_table_refuses_as_the_code_does() -> None:
    rows = tables()["may_release"]["rows"]  # type: ignore[index]
    assert [(r["id"], r["require"], r["reason"]) for r in rows] == [(r.id, [list(c) for c in r.require], r.reason) for r in MAY_RELEASE]
