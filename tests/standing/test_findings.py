"""Findings with dated plans, and suspension by its procedure (R06)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from journey_home import NOW, Scene
from portcullis.errors import Refused
from portcullis.model import LeafType, Role
from portcullis.standing import change_content, current, findings, record_change

At = Callable[[str], Scene]
TODAY = NOW // 86_400


def change(scene: Scene, field: str, role: Role = Role.SAFEGUARDS, **value: Any) -> None:
    act = scene.cast.act(scene.person(role), "standing.set", change_content("ICE", field, value))
    scene.step(lambda conn: record_change(scene.home, conn, "ICE", field, value, act))


def finding(scene: Scene, plan_due: int | None, closed_on: int | None = None, name: str = "F-2023-1") -> None:
    change(scene, "finding", id=name, found_on=TODAY - 700, plan_due=plan_due, closed_on=closed_on)


def stage(scene: Scene, name: str, ground: str = "safeguards", answer_by: int | None = None) -> None:
    change(scene, "suspension", stage=name, ground=ground, answer_by=answer_by)


def now(scene: Scene) -> int | None:
    with scene.read() as conn:
        return current(conn, "ICE", scene.clock() // 86_400, 365)


@pytest.mark.parametrize(
    ("plan_due", "closed_on", "expected"), [(None, None, 0), (TODAY - 1, None, 0), (TODAY, None, 1), (TODAY + 9, None, 1), (None, TODAY, 1)]
)
def test_a_finding_counts_unless_its_plan_is_dated_and_its_day_has_not_passed(
    at: At, plan_due: int | None, closed_on: int | None, expected: int
) -> None:
    scene = at("ready")
    finding(scene, plan_due, closed_on)
    assert now(scene) == expected


def test_a_plan_mends_the_finding_of_that_id_and_no_other(at_both: At) -> None:
    scene = at_both("ready")
    finding(scene, None)
    finding(scene, None, name="F-2023-2")
    finding(scene, TODAY + 30)
    assert now(scene) == 0
    finding(scene, TODAY + 30, name="F-2023-2")
    assert now(scene) == 1
    with scene.read() as conn:
        assert [each["id"] for each in findings(conn, "ICE")] == ["F-2023-1", "F-2023-2"]


def test_nobody_is_suspended_before_the_notice_and_its_days(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="does not go from nothing to suspended"):
        stage(scene, "suspended")
    stage(scene, "noticed", answer_by=TODAY + 30)
    assert now(scene) == 1  # a notice alone does not suspend
    with pytest.raises(Refused, match="not over"):
        stage(scene, "suspended")
    stage(scene, "appealed")
    scene.clock.forward(days=31)
    stage(scene, "suspended")
    assert now(scene) == 0
    stage(scene, "lifted")
    assert now(scene) == 1


def test_serious_impairment_suspends_at_once(at: At) -> None:
    scene = at("ready")
    stage(scene, "suspended", ground="impairment")
    assert now(scene) == 0


@pytest.mark.parametrize("wrong", [{"id": "Ada Lovelace"}, {"plan_due": TODAY - 800}, {"found_on": None}, {"more": 1}], ids=str)
def test_a_malformed_finding_is_refused_and_leaves_no_leaf(at: At, wrong: dict[str, Any]) -> None:
    scene = at("ready")
    before = len(scene.leaves(LeafType.STANDING_CHANGED))
    with pytest.raises(Refused):
        change(scene, "finding", **({"id": "F-1", "found_on": TODAY - 700, "plan_due": None, "closed_on": None} | wrong))
    assert len(scene.leaves(LeafType.STANDING_CHANGED)) == before


def test_only_the_office_of_safeguards_records_a_finding(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="needs the role safeguards"):
        change(scene, "finding", role=Role.COUNSEL, id="F-1", found_on=TODAY, plan_due=None, closed_on=None)
