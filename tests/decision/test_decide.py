"""`decide` against the law said once more, in other words: over every small combination of facts, and over generated ones."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis.decision import DECIDE, RequestFacts, decide, tables
from portcullis.model import Decision

COUNTS = (None, 0, 1, 2)
SAME = (None, 0, 1)
ANSWERS = (None, "address", "yes_no", "elements", "everything")
ANSWERING = {Decision.DISCLOSE, Decision.CONFIRM, Decision.DENY}
LAWFUL = RequestFacts(deficient=0, refused=0, open=0, persons=1, same_address=0, answer="address")
EVERY = [RequestFacts(*values) for values in itertools.product(COUNTS, COUNTS, COUNTS, COUNTS, SAME, ANSWERS)]


def said_again(facts: RequestFacts) -> Decision:
    """The same law as a lawyer would say it, written apart from the table."""
    if facts.deficient:
        return Decision.DEFICIENT
    if facts.refused:
        return Decision.NO_DISCLOSURE
    if facts.open:
        return Decision.REFER
    if (facts.deficient, facts.refused, facts.open) != (0, 0, 0):
        return Decision.NO_DISCLOSURE
    if facts.answer == "yes_no":
        return {0: Decision.DENY, 1: Decision.CONFIRM}.get(-1 if facts.persons is None else facts.persons, Decision.NO_DISCLOSURE)
    if facts.answer == "elements" and facts.persons == 1:  # a document names what is disclosed: nothing is merely confirmed
        return Decision.DISCLOSE
    if facts.answer == "address" and facts.persons == 1 and facts.same_address is not None:
        return Decision.CONFIRM if facts.same_address else Decision.DISCLOSE
    return Decision.NO_DISCLOSURE


def test_the_table_says_what_the_law_says_for_every_combination() -> None:
    assert len(EVERY) == 4**4 * 3 * 5
    wrong = [(facts, decide(facts), said_again(facts)) for facts in EVERY if decide(facts) is not said_again(facts)]
    assert wrong == []


def test_nothing_is_answered_with_an_unknown_in_what_decides() -> None:
    """Only the last-known address may be unknown, and only where nothing is confirmed by it."""
    for facts in EVERY:
        if decide(facts) in ANSWERING:
            assert None not in (facts.deficient, facts.refused, facts.open, facts.persons, facts.answer), facts
            assert facts.same_address is not None or facts.answer in ("yes_no", "elements"), facts


def test_an_unknown_never_makes_a_request_deficient_or_referred_by_itself() -> None:
    for facts in EVERY:
        if decide(facts) is Decision.DEFICIENT:
            assert facts.deficient
        if decide(facts) is Decision.REFER:
            assert facts.open and not facts.deficient and not facts.refused


@pytest.mark.parametrize(
    ("change", "decision"),
    [
        ({}, Decision.DISCLOSE),
        ({"same_address": 1}, Decision.CONFIRM),
        ({"answer": "yes_no"}, Decision.CONFIRM),
        ({"answer": "yes_no", "persons": 0}, Decision.DENY),
        ({"answer": "elements", "same_address": 1}, Decision.DISCLOSE),
    ],
)
def test_a_lawful_request_is_answered(change: dict[str, int | str], decision: Decision) -> None:
    assert decide(replace(LAWFUL, **change)) is decision  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "decision"),
    [
        ({"deficient": 1}, Decision.DEFICIENT),
        ({"refused": 1}, Decision.NO_DISCLOSURE),
        ({"open": 1}, Decision.REFER),
        ({"persons": 0}, Decision.NO_DISCLOSURE),
        ({"persons": 2}, Decision.NO_DISCLOSURE),
        ({"same_address": None}, Decision.NO_DISCLOSURE),
        ({"answer": "everything"}, Decision.NO_DISCLOSURE),
        ({"deficient": 1, "refused": 1, "open": 1}, Decision.DEFICIENT),
        ({"refused": 1, "open": 1}, Decision.NO_DISCLOSURE),
    ],
)
def test_one_thing_amiss_is_enough(change: dict[str, int | str | None], decision: Decision) -> None:
    assert decide(replace(LAWFUL, **change)) is decision  # type: ignore[arg-type]


def test_every_row_of_the_table_is_needed() -> None:
    """Each row decides some combination that would be decided otherwise without it; a row that never speaks is no rule."""
    for left_out in DECIDE[:-1]:
        rest = [row for row in DECIDE if row is not left_out]
        assert any(first(rest, facts) is not decide(facts) for facts in EVERY), left_out.id


def first(rows: list[object], facts: RequestFacts) -> Decision:
    """The first row that holds, evaluated here and not in the package."""
    for row in rows:
        if all(_true(getattr(facts, name), operator, value) for name, operator, value in row.when):  # type: ignore[attr-defined]
            return row.then  # type: ignore[attr-defined, no-any-return]
    raise AssertionError("the last row holds always")


def _true(value: int | str | None, operator: str, expected: int | str) -> bool:
    if value is None:
        return False
    if operator == "eq":
        return value == expected
    assert operator == "at_least"
    return int(value) >= int(expected)


def test_the_published_table_decides_as_the_code_does() -> None:
    """What a bundle carries as `tables.json` is enough to decide anew: the verifier has nothing else."""
    published = tables()["decide"]
    for facts in EVERY:
        for row in published["rows"]:  # type: ignore[index]
            if all(_true(getattr(facts, name), operator, value) for name, operator, value in row["when"]):
                assert row["then"] == decide(facts).value
                break


COUNT = st.one_of(st.none(), st.integers(0, 2**40))


@given(st.builds(RequestFacts, COUNT, COUNT, COUNT, COUNT, st.sampled_from(SAME), st.sampled_from(ANSWERS)))
def test_whatever_the_figures_an_address_leaves_only_for_exactly_one_person_nothing_refuses(facts: RequestFacts) -> None:
    assert decide(facts) is said_again(facts)
    if decide(facts) is Decision.DISCLOSE:
        assert (facts.deficient, facts.refused, facts.open, facts.persons, facts.same_address, facts.answer) == (0, 0, 0, 1, 0, "address")


@given(st.sampled_from(EVERY), st.sampled_from(("deficient", "refused", "open")))
def test_one_more_finding_never_turns_a_refusal_into_an_answer(facts: RequestFacts, name: str) -> None:
    worse = replace(facts, **{name: (getattr(facts, name) or 0) + 1})  # type: ignore[arg-type]
    assert decide(worse) not in ANSWERING
