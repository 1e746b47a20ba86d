"""May this agency receive at all: a yearly report, no finding without a plan, no suspension; unknown is not yes (R06)."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from journey_home import NOW, OFFICERS, Scene
from portcullis.errors import Refused
from portcullis.model import LeafType
from portcullis.standing import current, facts, set_standing, standing_content
from portcullis.store import schema

At = Callable[[str], Scene]
TODAY, YEAR = NOW // 86_400, 365


def change(scene: Scene, name: str, value: int, person: str = "IRS-0007", signed: int | None = None) -> None:
    act = scene.cast.act(person, "standing.set", standing_content("ICE", name, value if signed is None else signed))
    scene.step(lambda conn: set_standing(scene.home, conn, "ICE", name, value, act))


def forget(scene: Scene, *names: str) -> None:
    s = schema.standing
    scene.step(lambda conn: conn.execute(s.delete().where(s.c.field.in_(names))))


def now(scene: Scene, today: int = TODAY) -> int | None:
    with scene.read() as conn:
        return current(conn, "ICE", today, YEAR)


def test_standing_is_current_only_when_report_findings_and_suspension_are_all_known_and_good(at: At) -> None:
    scene = at("ready")
    choices = ((None, TODAY - 366, TODAY - 10), (None, 1, 0), (None, 1, 0))
    for report, findings, suspended in itertools.product(*choices):
        forget(scene, "report_accepted_on", "findings_without_plan", "suspended")
        stated = {"report_accepted_on": report, "findings_without_plan": findings, "suspended": suspended}
        for name, value in stated.items():
            if value is not None:
                change(scene, name, value)
        bad = report == TODAY - 366 or findings == 1 or suspended == 1
        assert now(scene) == (0 if bad else None if None in stated.values() else 1), stated


@pytest.mark.parametrize(("age", "expected"), [(-1, 0), (0, 1), (365, 1), (366, 0)])
def test_a_report_stands_for_a_year_from_the_day_it_was_accepted(at: At, age: int, expected: int) -> None:
    scene = at("ready")
    change(scene, "report_accepted_on", TODAY - age)
    assert now(scene) == expected


def test_the_latest_change_holds_and_every_change_stays_on_record(at_both: At) -> None:
    scene = at_both("ready")
    before = len(scene.leaves(LeafType.STANDING_CHANGED))
    for value in (1, 0, 2):
        change(scene, "findings_without_plan", value)
    with scene.read() as conn:
        assert facts(conn, "ICE", TODAY, YEAR)["safeguard_findings_without_plan"] == 2
    assert [leaf["value"] for leaf in scene.leaves(LeafType.STANDING_CHANGED)[before:]] == [1, 0, 2]
    assert now(scene) == 0


def test_nothing_is_known_of_an_agency_nobody_spoke_of(at: At) -> None:
    with at("ready").read() as conn:
        assert set(facts(conn, "FBI", TODAY, YEAR).values()) == {None}
        assert current(conn, "FBI", TODAY, YEAR) is None


@pytest.mark.parametrize("person", ["IRS-0001", "IRS-0004", "IRS-0006", OFFICERS[0]])
def test_only_the_office_of_safeguards_changes_it(at: At, person: str) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="needs the role safeguards"):
        change(scene, "suspended", 1, person)
    assert now(scene) == 1


def test_what_was_signed_is_what_changes(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="another content"):
        change(scene, "findings_without_plan", 0, signed=3)


@pytest.mark.parametrize(("name", "value"), [("trust", 1), ("", 0), ("suspended", -1), ("findings_without_plan", -3)])
def test_an_unknown_field_or_a_negative_value_is_refused(at: At, name: str, value: int) -> None:
    scene = at("ready")
    with pytest.raises(Refused):
        change(scene, name, value)
    assert now(scene) == 1
