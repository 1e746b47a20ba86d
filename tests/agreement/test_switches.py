"""A switch is turned by two different people, one of them counsel, dated and on record; nobody else turns it, and a batch keeps its own."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence

import pytest

from journey_home import AGREEMENT, NOW, OFFICERS, PLAN, Scene
from portcullis import evidence, journey
from portcullis.agreement import Agreement, adopted, positions, suspend, switch_changes, switch_content, turn_switch
from portcullis.agreement.adopt import state_content
from portcullis.crypto import sign_act
from portcullis.demo.play import close_reviews
from portcullis.errors import Refused
from portcullis.model import Act, LeafType, Role

At = Callable[[str], Scene]
COUNSEL, OVERSEER, OPERATOR, REVIEWER, AUTHORIZER, SAFEGUARDS = "IRS-0006", "IRS-0008", "IRS-0001", "IRS-0002", "IRS-0004", "IRS-0007"
TODAY = dt.date(2025, 6, 28)
SWITCH = "R24_relevance"


def terms(scene: Scene) -> Agreement:
    with scene.read() as conn:
        found = adopted(scene.home, conn, AGREEMENT)
    assert found is not None
    return found


def standing(scene: Scene) -> dict[str, bool]:
    with scene.read() as conn:
        return positions(conn, terms(scene))


def acts_of(scene: Scene, people: Sequence[str], switch: str = SWITCH, on: bool = True, dated: dt.date = TODAY) -> list[dict[str, object]]:
    content = switch_content(terms(scene), switch, on, dated)
    return [scene.cast.act(person, "switch.turn", content, AGREEMENT) for person in people]


def turn(
    scene: Scene,
    *people: str,
    switch: str = SWITCH,
    on: bool = True,
    dated: dt.date = TODAY,
    acts: Sequence[dict[str, object]] | None = None,
) -> None:
    signed = acts if acts is not None else acts_of(scene, people, switch, on, dated)
    scene.step(lambda conn: turn_switch(scene.home, conn, AGREEMENT, switch, on, dated, signed))


def nothing_turned(scene: Scene) -> None:
    assert standing(scene) == terms(scene).rules.positions()
    assert scene.leaves(LeafType.RULES_CHANGED) == []


@pytest.mark.parametrize("second", [OVERSEER, AUTHORIZER, SAFEGUARDS])
def test_counsel_and_a_second_person_turn_it_and_it_is_on_record(at_both: At, second: str) -> None:
    scene = at_both("ready")
    turn(scene, COUNSEL, second)
    assert standing(scene) == terms(scene).rules.positions() | {SWITCH: True}
    (leaf,) = scene.leaves(LeafType.RULES_CHANGED)
    assert (leaf["switch"], leaf["position"], leaf["dated"], len(leaf["acts"])) == (SWITCH, "on", "2025-06-28", 2)
    assert (leaf["agreement"]["version"], leaf["rules"]) == (1, terms(scene).rules.hash)
    with scene.read() as conn:
        (change,) = switch_changes(conn, terms(scene))
    assert change == {
        "switch": SWITCH,
        "position": "on",
        "dated": "2025-06-28",
        "recorded": "2025-06-28T14:00:00Z",
        "leaf": leaf["index"],
        "signed_by": [COUNSEL, second],
    }
    turn(scene, second, COUNSEL, on=False)
    assert standing(scene) == terms(scene).rules.positions()
    assert [one["position"] for one in scene.leaves(LeafType.RULES_CHANGED)] == ["on", "off"]


@pytest.mark.parametrize(
    "people", [(COUNSEL,), (), (COUNSEL, COUNSEL), (OVERSEER, AUTHORIZER)], ids=["one", "nobody", "twice", "no counsel"]
)
def test_fewer_than_two_people_or_two_without_counsel_turn_nothing(at: At, people: tuple[str, ...]) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="two different people, one of them counsel"):
        turn(scene, *people)
    nothing_turned(scene)


def test_one_person_with_two_keys_is_one_person(at: At) -> None:
    scene = at("ready")
    second = scene.another_key(COUNSEL, Role.COUNSEL)
    content = switch_content(terms(scene), SWITCH, True, TODAY)
    acts = [scene.cast.act(COUNSEL, "switch.turn", content, AGREEMENT), scene.signed(second, COUNSEL, "switch.turn", content)]
    with pytest.raises(Refused, match="two different people"):
        turn(scene, acts=acts)
    nothing_turned(scene)


@pytest.mark.parametrize("person", [OPERATOR, REVIEWER, OFFICERS[0]])
def test_who_has_no_such_role_is_no_second_person(at: At, person: str) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="needs the role authorizer or counsel or overseer or safeguards"):
        turn(scene, COUNSEL, person)
    nothing_turned(scene)


def test_both_signed_exactly_this_change(at: At) -> None:
    scene = at("ready")
    other_switch, off = acts_of(scene, (OVERSEER,), "R27_load"), acts_of(scene, (OVERSEER,), on=False)
    other_day = acts_of(scene, (OVERSEER,), dated=TODAY - dt.timedelta(days=1))
    for second in (other_switch, off, other_day):
        with pytest.raises(Refused, match="over another content"):
            turn(scene, acts=[*acts_of(scene, (COUNSEL,)), *second])
    act = Act(
        "ledger.example/another", AGREEMENT, "switch.turn", switch_content(terms(scene), SWITCH, True, TODAY), OVERSEER, "n", NOW + 60
    )
    with pytest.raises(Refused, match="over another ledger"):
        turn(scene, acts=[*acts_of(scene, (COUNSEL,)), sign_act(scene.cast.keys[OVERSEER], act)])
    nothing_turned(scene)


def test_a_change_is_signed_for_once(at: At) -> None:
    scene = at("ready")
    acts = acts_of(scene, (COUNSEL, OVERSEER))
    turn(scene, acts=acts)
    turn(scene, COUNSEL, OVERSEER, on=False)
    with pytest.raises(Refused, match="used before"):
        turn(scene, acts=acts)
    assert standing(scene) == terms(scene).rules.positions()


@pytest.mark.parametrize(("days", "good"), [(0, True), (-3, True), (-4, False), (1, False)])
def test_it_is_dated_the_day_or_shortly_before(at: At, days: int, good: bool) -> None:
    scene = at("ready")
    dated = TODAY + dt.timedelta(days=days)
    if good:
        turn(scene, COUNSEL, OVERSEER, dated=dated)
        assert standing(scene)[SWITCH]
        return
    with pytest.raises(Refused, match="dated another day"):
        turn(scene, COUNSEL, OVERSEER, dated=dated)
    nothing_turned(scene)


def test_what_is_not_there_or_stands_so_already_is_not_turned(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="no switch of that name"):
        turn(scene, COUNSEL, OVERSEER, switch="R32_path")
    with pytest.raises(Refused, match="off already"):
        turn(scene, COUNSEL, OVERSEER, on=False)
    act = scene.cast.act(COUNSEL, "agreement.suspended", state_content(AGREEMENT, 1, "suspended"), AGREEMENT)
    signed = acts_of(scene, (COUNSEL, OVERSEER))
    scene.step(lambda conn: suspend(scene.home, conn, AGREEMENT, act))
    with pytest.raises(Refused, match="not in force"):
        turn(scene, acts=signed)
    assert scene.leaves(LeafType.RULES_CHANGED) == []


def test_the_next_batch_is_decided_under_it_and_an_earlier_one_keeps_its_own(at: At) -> None:
    """R37: with its switch off an address that is the last known one is disclosed like any other."""
    scene = at("received")
    first = scene.batch
    turn(scene, COUNSEL, OVERSEER, switch="R37_confirm", on=False)
    scene.lay_stock()
    scene.send(plan=PLAN)
    second = scene.batch
    assert [json.loads(scene.row(batch)["switches"])["R37_confirm"] for batch in (first, second)] == [True, False]
    assert [decided(scene, batch)[0] for batch in (first, second)] == ["confirm", "disclose"]


def decided(scene: Scene, batch: str) -> list[str]:
    """The decisions of a batch that goes on to be reviewed, in file order."""
    journey.run(scene.home, batch)
    close_reviews(scene.cast, batch)
    journey.run(scene.home, batch)
    with scene.read() as conn:
        return list(evidence.read(scene.home, conn, batch, "decisions")["decision"].to_pylist())
