"""A stay from the court to the batches: what it covers stands still, what was sealed or signed is taken back, lifting revives nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey_home import AGREEMENT, ANSWERED, NOW, OFFICERS, ROWS, Scene, rows_of
from portcullis import journey
from portcullis.demo.play import authorize_all, close_reviews
from portcullis.errors import OutOfOrder, Refused
from portcullis.model import LeafType, Role
from portcullis.orders import Imposed, Scope, covers, impose, lift, lift_content, listed, order_content, stays_on
from portcullis.publish import publish
from portcullis.release import commit_release, deliver, dispatch
from portcullis.steps import check_batch, match_step
from portcullis.store import schema

At = Callable[[str], Scene]
COUNSEL, OVERSEER = "IRS-0006", "IRS-0008"
EVERYTHING = Scope()


def stay(scene: Scene, order: str = "O-1", scope: Scope = EVERYTHING, person: str = COUNSEL, court_time: int = NOW - 3600) -> Imposed:
    act = scene.cast.act(person, "order.impose", order_content(order, scope, court_time))
    return impose(scene.home, order, scope, court_time, act)


def lifting(scene: Scene, *people: str, order: str = "O-1") -> tuple[str, ...]:
    return lift(scene.home, order, [scene.cast.act(person, "order.lift", lift_content(order)) for person in people])


def goes_out(scene: Scene) -> None:
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    publish(scene.home)
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)


# ---- on its way -----------------------------------------------------------------------------------
@pytest.mark.parametrize("station", ["received", "matched", "reviewed", "sampled"])
def test_before_the_signatures_a_stayed_batch_stands_still_and_goes_on_when_it_is_lifted(at: At, station: str) -> None:
    scene = at(station)
    assert stay(scene) == Imposed("O-1", (scene.batch,), (), ())
    publish(scene.home)
    before, state = len(scene.leaves()), scene.state
    assert journey.run(scene.home, scene.batch) == state
    assert len(scene.leaves()) == before, "the register is not read while the order stands"
    assert journey.status(scene.home, scene.batch)["awaiting"] == ["an order in force to be lifted"]
    assert lifting(scene, COUNSEL, OVERSEER) == (scene.batch,)
    assert not scene.row()["held"]
    journey.run(scene.home, scene.batch)
    if station == "received":
        assert scene.state == "matched"


@pytest.mark.parametrize(("station", "step"), [("received", check_batch), ("received", match_step)])
def test_no_step_can_be_taken_by_itself_either(at: At, station: str, step: Callable[..., object]) -> None:
    scene = at(station)
    if step is match_step:
        check_batch(scene.home, scene.batch)
    state = scene.state
    stay(scene)
    with pytest.raises(Refused, match="is held"):
        step(scene.home, scene.batch)
    assert scene.state == state


def test_what_was_authorized_is_void_and_cannot_be_signed_while_the_order_stands(at_both: At) -> None:
    scene = at_both("authorized")
    assert stay(scene).withheld == (scene.batch,)
    assert (scene.state, scene.row()["held"], scene.count(schema.authorization, voided_at=None)) == ("sampled", 1, 0)
    with pytest.raises(Refused, match="is held"):
        authorize_all(scene.cast, scene.batch)
    lifting(scene, COUNSEL, OVERSEER)
    with pytest.raises(OutOfOrder, match="not authorized"):
        commit_release(scene.home, scene.batch)
    goes_out(scene)


def test_what_was_sealed_is_withheld_and_lifting_revives_nothing(at_both: At) -> None:
    scene = at_both("committed")
    assert stay(scene) == Imposed("O-1", (scene.batch,), (scene.batch,), ())
    assert [leaf["type"] for leaf in scene.leaves()[-3:]] == ["order.imposed", "authorization.voided", "release.withheld"]
    assert (scene.state, scene.count(schema.outbox, state="withheld")) == ("sampled", 1)
    for attempt in (dispatch, commit_release, deliver):
        with pytest.raises(OutOfOrder):
            attempt(scene.home, scene.batch)
    lifting(scene, COUNSEL, OVERSEER)
    with pytest.raises(OutOfOrder, match="not committed"):
        dispatch(scene.home, scene.batch)
    assert (scene.state, scene.count(schema.outbox, state="sent")) == ("sampled", 0)
    goes_out(scene)
    assert scene.count(schema.outbox, state="withheld") == scene.count(schema.outbox, state="sent") == 1
    assert len(scene.leaves(LeafType.DISCLOSURE)) == len(ANSWERED)


def test_what_had_left_is_listed_for_recall_and_stays_as_it_is(at_both: At) -> None:
    scene = at_both("dispatched")
    assert stay(scene) == Imposed("O-1", (), (), (scene.batch,))
    assert (scene.state, scene.row()["held"]) == ("dispatched", 0)
    assert scene.leaves(LeafType.RELEASE_WITHHELD, LeafType.AUTHORIZATION_VOIDED) == []


def test_reviews_that_were_under_way_do_not_let_a_held_batch_be_decided(at: At) -> None:
    scene = at("matched")
    stay(scene)
    close_reviews(scene.cast, scene.batch)
    assert journey.run(scene.home, scene.batch) == "matched"
    assert scene.leaves(LeafType.REQUEST_DECIDED) == []
    lifting(scene, COUNSEL, OVERSEER)
    assert journey.run(scene.home, scene.batch) == "reviewed"


# ---- scope -----------------------------------------------------------------------------------
def scope_of(scene: Scene, name: str, covered: bool) -> Scope:
    log_id = scene.row()["log_id"]
    values = {"agreements": AGREEMENT, "agencies": "ICE", "gates": scene.row()["gate"], "batches": log_id}
    return Scope(**{name: (values[name] if covered else "another",)})


@pytest.mark.parametrize("name", ["agreements", "agencies", "gates", "batches"])
@pytest.mark.parametrize("covered", [True, False])
def test_an_order_holds_what_it_covers_and_nothing_else(at: At, name: str, covered: bool) -> None:
    scene = at("committed")
    stayed = stay(scene, scope=scope_of(scene, name, covered))
    assert stayed.held == ((scene.batch,) if covered else ())
    if covered:
        assert scene.state == "sampled"
    else:
        assert dispatch(scene.home, scene.batch) == len(ANSWERED)


def test_an_order_over_one_batch_leaves_the_other_alone(at: At) -> None:
    scene = at("received")
    first = scene.batch
    scene.send(rows_of(ROWS[:2]))
    stay(scene, scope=Scope(batches=(scene.row(first)["log_id"],)))
    assert (scene.row(first)["held"], scene.row()["held"]) == (1, 0)
    assert journey.run(scene.home, scene.batch) == "reviewed"


def test_of_two_orders_lifting_one_frees_nothing_that_the_other_holds(at: At) -> None:
    scene = at("sampled")
    stay(scene, "O-1")
    stay(scene, "O-2", Scope(agencies=("ICE",)))
    assert lifting(scene, COUNSEL, OVERSEER, order="O-1") == ()
    assert scene.row()["held"] == 1
    assert lifting(scene, COUNSEL, OVERSEER, order="O-2") == (scene.batch,)
    with scene.read() as conn:
        assert [(one["order"], one["in_force"]) for one in listed(conn)] == [("O-1", False), ("O-2", False)]


NAME = st.sampled_from(["a", "b", "c"])
NAMES = st.one_of(st.none(), st.lists(NAME, min_size=1, max_size=2, unique=True).map(tuple))


@given(st.builds(Scope, NAMES, NAMES, NAMES, NAMES), NAME, NAME, NAME, st.one_of(st.none(), NAME))
def test_a_scope_covers_exactly_what_every_list_in_it_names(
    scope: Scope, agreement: str, agency: str, gate: str, batch: str | None
) -> None:
    named = [(scope.agreements, agreement), (scope.agencies, agency), (scope.gates, gate), (scope.batches, batch)]
    expected = not [1 for names, value in named if names is not None and value not in names]
    assert covers(scope, agreement=agreement, agency=agency, gate=gate, batch=batch) == expected
    assert Scope.parse(json.loads(json.dumps(scope.member()))).member() == scope.member()


@pytest.mark.parametrize(
    "stated", [{"people": ["x"]}, {"agencies": []}, {"agencies": "ICE"}, {"agencies": [""]}, {"agencies": [1]}, {"batches": {}}]
)
def test_a_scope_that_says_nothing_clear_is_refused(stated: dict[str, object]) -> None:
    with pytest.raises(Refused, match="scope"):
        Scope.parse(stated)


def test_whatever_order_stands_is_found_for_a_flow_it_covers(at: At) -> None:
    scene = at("ready")
    stay(scene, "O-1", Scope(gates=("6103(i)(2)",)))
    stay(scene, "O-2", Scope(agencies=("FBI",)))
    with scene.read() as conn:
        assert stays_on(conn, agreement=AGREEMENT, agency="ICE", gate="6103(i)(2)", batch=None) == ["O-1"]
        assert stays_on(conn, agreement=AGREEMENT, agency="FBI", gate="6103(i)(2)", batch=None) == ["O-1", "O-2"]
        assert stays_on(conn, agreement=AGREEMENT, agency="FBI", gate="6103(i)(1)", batch=None) == ["O-2"]


# ---- who -----------------------------------------------------------------------------------
@pytest.mark.parametrize("person", ["IRS-0001", "IRS-0004", "IRS-0008", OFFICERS[0]])
def test_only_counsel_imposes(at: At, person: str) -> None:
    scene = at("sampled")
    with pytest.raises(Refused, match="needs the role counsel"):
        stay(scene, person=person)
    assert (scene.leaves(LeafType.ORDER_IMPOSED), scene.row()["held"]) == ([], 0)


def test_what_counsel_signs_is_this_order_with_this_scope_and_this_time_of_the_court(at: At) -> None:
    scene = at("sampled")
    act = scene.cast.act(COUNSEL, "order.impose", order_content("O-1", EVERYTHING, NOW))
    for order, scope, court_time in (("O-2", EVERYTHING, NOW), ("O-1", Scope(agencies=("ICE",)), NOW), ("O-1", EVERYTHING, NOW - 1)):
        with pytest.raises(Refused, match="another content"):
            impose(scene.home, order, scope, court_time, act)
    assert impose(scene.home, "O-1", EVERYTHING, NOW, act).held == (scene.batch,)


def test_an_order_is_imposed_once(at: At) -> None:
    scene = at("sampled")
    stay(scene)
    with pytest.raises(Refused, match="an order O-1 already"):
        stay(scene)
    lifting(scene, COUNSEL, OVERSEER)
    with pytest.raises(Refused, match="an order O-1 already"):
        stay(scene)


@pytest.mark.parametrize(
    "people",
    [(), (COUNSEL,), (COUNSEL, COUNSEL), (OVERSEER, "IRS-0004"), (OVERSEER,)],
    ids=["nobody", "counsel alone", "counsel twice", "two without counsel", "another alone"],
)
def test_lifting_takes_two_different_people_one_of_them_counsel(at: At, people: tuple[str, ...]) -> None:
    scene = at("sampled")
    stay(scene)
    with pytest.raises(Refused, match="two different people, one of them counsel"):
        lifting(scene, *people)
    assert (scene.row()["held"], scene.leaves(LeafType.ORDER_LIFTED)) == (1, [])
    assert lifting(scene, OVERSEER, COUNSEL) == (scene.batch,)


def test_counsel_with_a_second_key_is_still_one_person(at: At) -> None:
    scene = at("sampled")
    stay(scene)
    second = scene.another_key(COUNSEL, Role.COUNSEL)
    acts = [scene.signed(key, COUNSEL, "order.lift", lift_content("O-1"), "") for key in (scene.cast.keys[COUNSEL], second)]
    with pytest.raises(Refused, match="two different people"):
        lift(scene.home, "O-1", acts)


def test_nobody_of_the_agency_the_order_stops_takes_part_in_lifting_it(at: At) -> None:
    scene = at("sampled")
    stay(scene)
    with pytest.raises(Refused, match="needs the role"):
        lifting(scene, COUNSEL, OFFICERS[0])
    assert scene.row()["held"] == 1


def test_one_signed_act_is_not_two(at: At) -> None:
    scene = at("sampled")
    stay(scene)
    act = scene.cast.act(COUNSEL, "order.lift", lift_content("O-1"))
    with pytest.raises(Refused, match="used before"):
        lift(scene.home, "O-1", [act, act])


def test_an_order_that_is_not_in_force_is_not_lifted(at: At) -> None:
    scene = at("sampled")
    with pytest.raises(Refused, match="No order O-1 is in force"):
        lifting(scene, COUNSEL, OVERSEER)
    stay(scene)
    lifting(scene, COUNSEL, OVERSEER)
    with pytest.raises(Refused, match="No order O-1 is in force"):
        lifting(scene, COUNSEL, OVERSEER)
