"""What two people sign at two desks: an order is lifted, a switch is turned; standing and agreements; all of it verifies offline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from console_desk import Office, Page, Person
from portcullis import export
from portcullis.journal import stamp
from portcullis.ledger.verify import verify
from portcullis.model import LeafType, Role
from portcullis.officers import content_hash, revoke_key
from portcullis.orders import Scope, enter_permit, impose, order_content, permit_content
from portcullis.store import schema

Open = Callable[[str], Office]
ORDER, CONTRARY, SWITCH, PLACE = "25-cv-0457", "25-cv-0999", "R24_relevance", "/agreements/irs-ice-2025"


def stayed(office: Open, station: str = "sampled") -> Office:
    """A console over a home in which an order is in force."""
    one = office(station)
    home, scope, when = one.scene.home, Scope.parse({}), one.scene.clock() - 60
    act = one.scene.cast.act(one.scene.person(Role.COUNSEL), "order.impose", order_content(ORDER, scope, when))
    impose(home, ORDER, scope, when, act)
    return one


def lift(person: Person) -> Page:
    asked = person.post("/orders/lift", person.get("/orders"), order=ORDER)
    if asked.status != 200:
        return asked
    return person.post("/orders/lift/sign", asked, order=ORDER, act=asked.field("act"), **{"with": "demo"})


def turn(person: Person, position: str = "on", **more: str) -> Page:
    form = {"switch": SWITCH, "position": position, **more}
    asked = person.post(f"{PLACE}/switch", person.get(PLACE), **form)
    if asked.status != 200:
        return asked
    kept = {name: asked.field(name) for name in ("switch", "position", "dated")}
    return person.post(f"{PLACE}/switch/sign", asked, act=asked.field("act"), **kept, **{"with": "demo"})


def proved(one: Office, folder: Path) -> None:
    export.export_bundle(one.scene.home, folder / "bundle", trust=folder / "trust.json")
    found = verify(folder / "bundle", (folder / "trust.json").read_bytes())
    assert (found["verified"], found["first_failure"]) == (True, None)


def test_two_people_lift_an_order_each_at_their_own_desk(office: Open, tmp_path: Path) -> None:
    one = stayed(office)
    overseer, counsel = one.enter(Role.OVERSEER), one.enter(Role.COUNSEL)
    first = lift(overseer)
    assert (first.status, "first of two" in first.text) == (200, True), first.text
    assert one.scene.leaves(LeafType.ORDER_LIFTED) == [] and one.scene.row()["held"] == 1
    assert one.scene.person(Role.OVERSEER) in counsel.get("/orders").text
    second = lift(counsel)
    assert (second.status, one.scene.batch in second.text) == (200, True), second.text
    assert one.scene.row()["held"] == 0
    (leaf,) = one.scene.leaves(LeafType.ORDER_LIFTED)
    assert len(leaf["acts"]) == 2
    assert one.scene.count(schema.first_signature) == 0
    proved(one, tmp_path)


def test_what_an_order_met_and_what_is_contrary_to_it_is_shown(office: Open) -> None:
    one = stayed(office)
    home, scope, when = one.scene.home, Scope.parse({}), one.scene.clock() - 30
    page = one.enter(Role.COUNSEL).get("/orders").text
    assert f'<a href="/batches/{one.scene.batch}">' in page and "on nobody" in page
    assert "Orders that permit a flow" not in page
    about = {"order": CONTRARY, "scope": scope.member(), "court_time": stamp(when), "at": stamp(one.scene.clock())}
    act = one.scene.cast.act(one.scene.person(Role.COUNSEL), LeafType.ORDER_PERMITTED.value, permit_content(about))
    enter_permit(home, CONTRARY, scope, when, about, act)
    page = one.enter(Role.OVERSEER).get("/orders").text
    assert f"{CONTRARY} permits what {ORDER} stays" in page and "the stay holds" in page
    assert one.scene.row()["held"] == 1


def test_one_person_never_counts_twice(office: Open) -> None:
    one = stayed(office)
    counsel = one.enter(Role.COUNSEL)
    early = counsel.post("/orders/lift", counsel.get("/orders"), order=ORDER)  # opened before the first signature
    assert lift(counsel).status == 200
    again = counsel.post("/orders/lift/sign", early, order=ORDER, act=early.field("act"), **{"with": "demo"})
    assert (again.status, "signed this already" in again.text) == (422, True)
    assert one.scene.leaves(LeafType.ORDER_LIFTED) == []


def test_without_counsel_nothing_is_lifted(office: Open) -> None:
    one = stayed(office)
    assert lift(one.enter(Role.OVERSEER)).status == 200
    refused = lift(one.enter(Role.SAFEGUARDS))
    assert (refused.status, "one of them counsel" in refused.text) == (422, True)
    assert one.scene.leaves(LeafType.ORDER_LIFTED) == []


def test_a_first_signature_counts_no_more_when_its_key_is_revoked_or_its_time_is_over(office: Open) -> None:
    one = stayed(office)
    assert lift(one.enter(Role.OVERSEER)).status == 200
    key = one.scene.cast.keys[one.scene.person(Role.OVERSEER)].key_id
    act = one.scene.cast.act("root:IRS", "key.revoke", content_hash({"key_id": key}))
    one.scene.step(lambda conn: revoke_key(one.scene.home, conn, key, act))
    counsel = lift(one.enter(Role.COUNSEL))
    assert "first of two" in counsel.text, counsel.text
    one.scene.clock.forward(hours=9)
    late = lift(one.enter(Role.SAFEGUARDS))
    assert ("first of two" in late.text, one.scene.leaves(LeafType.ORDER_LIFTED)) == (True, [])


def test_a_switch_is_turned_by_counsel_and_one_more(office: Open, tmp_path: Path) -> None:
    one = office("authorized")
    authorizer, counsel = one.enter(Role.AUTHORIZER), one.enter(Role.COUNSEL)
    shown = counsel.get(PLACE).text
    assert SWITCH in shown and "Turn on" in shown
    assert "first of two" in turn(authorizer).text
    assert one.scene.leaves(LeafType.RULES_CHANGED) == []
    assert "waiting for a second person" in counsel.get(PLACE).text
    done = turn(counsel)
    assert (done.status, f"{SWITCH} is on" in done.text) == (200, True), done.text
    (leaf,) = one.scene.leaves(LeafType.RULES_CHANGED)
    assert (leaf["switch"], leaf["position"], len(leaf["acts"])) == (SWITCH, "on", 2)
    assert turn(counsel).status == 422, "it stands there already"
    proved(one, tmp_path)


def test_a_switch_is_not_turned_by_two_without_counsel(office: Open) -> None:
    one = office("ready")
    assert "first of two" in turn(one.enter(Role.AUTHORIZER)).text
    assert turn(one.enter(Role.OVERSEER)).status == 422
    assert one.scene.leaves(LeafType.RULES_CHANGED) == []


def test_the_office_of_safeguards_changes_standing(office: Open, tmp_path: Path) -> None:
    one = office("sampled")
    person = one.enter(Role.SAFEGUARDS)
    changes = (
        {"what": "report", "day": "2025-06-20"},
        {"what": "count", "number": "2"},
        {"what": "finding", "finding": "F-1", "found_on": "2025-06-01", "plan_due": "2025-09-01"},
        {"what": "suspension", "stage": "noticed", "ground": "safeguards", "answer_by": "2025-07-28"},
    )
    before = len(one.scene.leaves(LeafType.STANDING_CHANGED))
    for change in changes:
        asked = person.post("/safeguards/standing", person.get("/safeguards"), agency="ICE", **change)
        assert asked.status == 200, asked.text
        done = person.post("/safeguards/standing/sign", asked, agency="ICE", act=asked.field("act"), **change, **{"with": "demo"})
        assert done.status == 303, done.text
    made = one.scene.leaves(LeafType.STANDING_CHANGED)[before:]
    assert [leaf["field"] for leaf in made] == ["report_accepted_on", "findings_without_plan", "finding", "suspension"]
    other = person.post("/safeguards/standing", person.get("/safeguards"), agency="ICE", what="count", number="0")
    changed = person.post(
        "/safeguards/standing/sign", other, agency="ICE", what="count", number="1", act=other.field("act"), **{"with": "demo"}
    )
    assert (changed.status, "another content" in changed.text) == (422, True)
    for bad in ({"what": "count", "number": "x"}, {"what": "report", "day": "soon"}, {"what": "count", "number": "1", "agency": "IRS"}):
        assert person.post("/safeguards/standing", person.get("/safeguards"), **({"agency": "ICE"} | bad)).status == 422
    proved(one, tmp_path)


def test_counsel_suspends_an_agreement(office: Open, tmp_path: Path) -> None:
    one = office("committed")
    counsel = one.enter(Role.COUNSEL)
    asked = counsel.post(f"{PLACE}/stop", counsel.get(PLACE), state="suspended")
    done = counsel.post(f"{PLACE}/stop/sign", asked, state="suspended", act=asked.field("act"), **{"with": "demo"})
    assert done.status == 303, done.text
    assert len(one.scene.leaves(LeafType.AGREEMENT_SUSPENDED)) == 1
    assert counsel.get(f"{PLACE}/1").status == 200
    proved(one, tmp_path)


def test_a_version_is_signed_by_a_partys_root_alone(office: Open, tmp_path: Path) -> None:
    import shutil  # noqa: PLC0415

    from portcullis.agreement import find, propose  # noqa: PLC0415

    one = office("ready")
    folder = tmp_path / "agreements" / "next"
    shutil.copytree(find("irs-ice-2025"), folder)
    shutil.copy2(find("irs-ice-2025").parent / "fields.yaml", folder.parent / "fields.yaml")
    terms = folder / "agreement.yaml"
    terms.write_text(terms.read_text(encoding="utf-8").replace("version: 1\n", "version: 2\n", 1), encoding="utf-8")
    one.scene.step(lambda conn: propose(one.scene.home, conn, folder))
    counsel = one.enter(Role.COUNSEL)
    place = f"{PLACE}/2"
    page = counsel.get(place)
    assert "nobody yet" in page.text
    asked = counsel.post(place, page, agency="IRS")
    forged = counsel.post(f"{place}/sign", asked, agency="ICE", act=asked.field("act"), **{"with": "demo"})
    assert forged.status == 422
    done = counsel.post(f"{place}/sign", asked, agency="IRS", act=asked.field("act"), **{"with": "demo"})
    assert done.status == 303, done.text
    assert [leaf["agency"] for leaf in one.scene.leaves(LeafType.AGREEMENT_SIGNED)][-1] == "IRS"
    proved(one, tmp_path)
