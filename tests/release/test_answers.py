"""What an answer may hold: the mailing address of the person named, or less (R36-R38)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey_home import ANSWERED, Scene
from portcullis import evidence
from portcullis.errors import OutOfOrder
from portcullis.model import ADDRESS_FIELDS
from portcullis.release.answers import PERMITTED_MEMBERS, answer_body, answers_root, outside_whitelist, prepare_answers

At = Callable[[str], Scene]
HOME = {"address_line": "12 Elm Street", "unit": None, "city": "Springfield", "state": "IL", "postal_code": "62701"}


def body(decision: str, address: dict[str, str | None] | None) -> dict[str, object]:
    return answer_body(
        batch_id="B-2025-000001",
        agreement="irs-ice-2025",
        ordinal=3,
        decision=decision,
        address=address,
        officers=["ICE-1002", "ICE-1001"],
        purpose="criminal_investigation",
        use_until="2026-06-28",
    )


def test_a_disclosure_has_the_address_without_its_empty_parts_and_the_officers_by_name() -> None:
    found = body("disclose", HOME)
    assert found["address"] == {"address_line": "12 Elm Street", "city": "Springfield", "state": "IL", "postal_code": "62701"}
    assert found["officers"] == ["ICE-1001", "ICE-1002"]
    assert outside_whitelist(found, ADDRESS_FIELDS) == 0


@pytest.mark.parametrize("decision", ["confirm", "deny"])
def test_a_confirmation_has_no_text_of_the_register_even_when_one_is_at_hand(decision: str) -> None:
    found = body(decision, HOME)
    assert "address" not in found
    assert outside_whitelist(found, ADDRESS_FIELDS) == 0


def test_a_disclosure_without_an_address_cannot_be_made() -> None:
    with pytest.raises(OutOfOrder, match="without an address"):
        body("disclose", None)


def test_whatever_else_the_register_says_of_a_person_is_left_behind() -> None:
    """A register row handed over whole loses everything but the mailing address."""
    whole = {**HOME, "taxpayer_number": "000000000", "joint": "1", "co_filer": "somebody", "veto": "0", "person_id": "P-1"}
    assert set(body("disclose", whole)["address"]) <= set(ADDRESS_FIELDS)  # type: ignore[call-overload]


NAME = st.text(min_size=1, max_size=12)


@given(NAME.filter(lambda name: name not in PERMITTED_MEMBERS), st.text(max_size=3))
def test_any_other_member_is_counted(name: str, value: str) -> None:
    assert outside_whitelist({**body("disclose", HOME), name: value}, ADDRESS_FIELDS) == 1


@given(NAME.filter(lambda name: name not in ADDRESS_FIELDS), st.text(max_size=3))
def test_any_other_part_of_an_address_is_counted(name: str, value: str) -> None:
    found = body("disclose", HOME)
    assert outside_whitelist({**found, "address": {**HOME, name: value}}, ADDRESS_FIELDS) == 1


@given(st.sets(st.sampled_from(ADDRESS_FIELDS)))
def test_what_the_agreement_does_not_permit_is_counted(permitted: set[str]) -> None:
    stated = {name for name, value in HOME.items() if value is not None}
    assert outside_whitelist(body("disclose", HOME), permitted) == len(stated - permitted)


@pytest.mark.parametrize("decision", ["confirm", "deny", "no_disclosure"])
def test_an_address_beside_anything_but_a_disclosure_is_counted(decision: str) -> None:
    assert outside_whitelist({**body("confirm", None), "decision": decision, "address": {"city": "X"}}, ADDRESS_FIELDS) == 1


def test_an_address_that_is_no_address_is_counted() -> None:
    assert outside_whitelist({**body("disclose", HOME), "address": "12 Elm Street"}, ADDRESS_FIELDS) == 1


def test_the_answers_root_changes_with_any_answer_any_salt_and_their_order() -> None:
    salts = [bytes([n]) * 32 for n in range(3)]
    root = answers_root(["a", "b", "c"], salts)
    others = {
        answers_root(["a", "b", "d"], salts),
        answers_root(["a", "c", "b"], salts),
        answers_root(["a", "b"], salts[:2]),
        answers_root(["a", "b", "c"], [salts[0], salts[2], salts[1]]),
    }
    assert len(others) == 4
    assert root not in others


# ---- on the way of a batch ------------------------------------------------------------
def test_answers_are_prepared_for_the_answered_requests_and_no_other(at_both: At) -> None:
    scene = at_both("sampled")
    with scene.read() as conn:
        table = evidence.read(scene.home, conn, scene.batch, "answers")
    bodies = [json.loads(text) for text in table["body"].to_pylist()]
    assert table["ordinal"].to_pylist() == [one["ordinal"] for one in bodies] == list(ANSWERED)
    assert [one["decision"] for one in bodies] == ["confirm", "disclose", "disclose", "confirm"]
    assert [one["officers"] for one in bodies] == [["ICE-1001"]] * 3 + [["ICE-1002"]]
    assert [set(one.get("address", {})) <= set(ADDRESS_FIELDS) for one in bodies] == [True] * 4
    assert {one["use_until"] for one in bodies} == {"2026-06-28"}


def test_answers_are_prepared_once(at: At) -> None:
    """What two people were shown stays what it is: preparing anew would draw other salts, and so another root."""
    scene = at("sampled")
    before = scene.row()["answers_root"]
    assert prepare_answers(scene.home, scene.batch, iter([(1, "00" * 16, body("confirm", None))])) == 1
    assert scene.row()["answers_root"] == before


@pytest.mark.parametrize("station", ["reviewed", "authorized"])
def test_answers_are_prepared_only_between_the_sample_and_the_signatures(at: At, station: str) -> None:
    scene = at(station)
    with pytest.raises(OutOfOrder, match="not sampled"):
        prepare_answers(scene.home, scene.batch, iter([]))
