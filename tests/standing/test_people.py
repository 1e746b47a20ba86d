"""Who may receive and who may sign: what is known of the recipient's people, under its root's signature (R02, R28)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey_home import NOW, OFFICERS, Scene
from portcullis.errors import Refused
from portcullis.model import LeafType
from portcullis.standing import OfficerRecord, eligible, officer_content, officer_record, on_roster, record_officer

At = Callable[[str], Scene]
TODAY, YEAR = NOW // 86_400, 365
GOOD = OfficerRecord("ICE", "ICE-1001", 1, 1, 1, 1, TODAY - 30)
HEAD = replace(GOOD, office="head", office_from=TODAY - 10, office_to=TODAY + 10)
OFFICES = frozenset({"head", "inspector_general"})


def test_a_good_officer_is_eligible() -> None:
    assert eligible(GOOD, TODAY, YEAR)


@pytest.mark.parametrize("changed", [{"employee": 0}, {"active": 0}, {"cleared": 0}, {"mfa": 0}, {"trained_on": None}], ids=str)
def test_each_thing_that_is_asked_of_an_officer_is_needed(changed: dict[str, int | None]) -> None:
    assert not eligible(replace(GOOD, **changed), TODAY, YEAR)


@pytest.mark.parametrize(("age", "expected"), [(-1, False), (0, True), (365, True), (366, False)])
def test_training_holds_for_a_year(age: int, expected: bool) -> None:
    assert eligible(replace(GOOD, trained_on=TODAY - age), TODAY, YEAR) is expected


def test_nobody_is_not_eligible_and_not_on_the_roster() -> None:
    assert not eligible(None, TODAY, YEAR)
    assert not on_roster(None, OFFICES, TODAY)


FLAG = st.integers(0, 1)


@given(
    st.builds(
        OfficerRecord, st.just("ICE"), st.just("x"), FLAG, FLAG, FLAG, FLAG, st.one_of(st.none(), st.integers(TODAY - 400, TODAY + 3))
    )
)
def test_eligible_means_all_of_it(officer: OfficerRecord) -> None:
    trained = officer.trained_on is not None and TODAY - 365 <= officer.trained_on <= TODAY
    assert eligible(officer, TODAY, YEAR) == all((officer.employee, officer.active, officer.cleared, officer.mfa, trained))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"office": "inspector_general"}, True),
        ({"office": "press"}, False),
        ({"office": ""}, False),
        ({"active": 0}, False),
        ({"office_from": None}, False),
        ({"office_from": TODAY}, True),
        ({"office_from": TODAY + 1}, False),
        ({"office_to": TODAY}, True),
        ({"office_to": TODAY - 1}, False),
        ({"office_to": None}, True),
    ],
    ids=str,
)
def test_a_signer_holds_a_listed_office_on_the_day(changed: dict[str, object], expected: bool) -> None:
    assert on_roster(replace(HEAD, **changed), OFFICES, TODAY) is expected  # type: ignore[arg-type]


# ---- on record -----------------------------------------------------------------------------------
def write(scene: Scene, officer: OfficerRecord, signed: OfficerRecord | None = None, root: str = "ICE") -> None:
    act = scene.cast.act(f"root:{root}", "officer.record", officer_content(signed or officer))
    scene.step(lambda conn: record_officer(scene.home, conn, officer, act))


def test_the_latest_record_counts_and_each_is_a_leaf(at_both: At) -> None:
    scene = at_both("ready")
    before = len(scene.leaves(LeafType.ROSTER_CHANGED))
    for officer in (replace(GOOD, mfa=0), replace(GOOD, trained_on=TODAY)):
        write(scene, officer)
    with scene.read() as conn:
        assert officer_record(conn, "ICE", OFFICERS[0]) == replace(GOOD, trained_on=TODAY)
        assert officer_record(conn, "ICE", "ICE-9999") is None
        assert officer_record(conn, "IRS", OFFICERS[0]) is None
    assert len(scene.leaves(LeafType.ROSTER_CHANGED)) == before + 2


def test_the_root_signs_exactly_what_is_recorded(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="another content"):
        write(scene, GOOD, signed=replace(GOOD, mfa=0))
    with pytest.raises(Refused):
        write(scene, GOOD, root="IRS")  # the other agency's root speaks for its own people only


def test_a_person_does_not_sign_for_the_root(at: At) -> None:
    scene = at("ready")
    act = scene.signed(scene.cast.keys[OFFICERS[0]], "root:ICE", "officer.record", officer_content(GOOD), "")
    with pytest.raises(Refused, match="not enrolled"):
        scene.step(lambda conn: record_officer(scene.home, conn, GOOD, act))
