"""An order is served on those it binds and acknowledged by them; orders that contradict each other are shown, and the stay holds."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from afterwards import FIRST, Afterwards
from journey_home import ANSWERED, NOW, Scene
from portcullis.crypto import key_id_of
from portcullis.errors import Refused
from portcullis.exchange import Service, about_hash, read_service
from portcullis.journal import record, stamp
from portcullis.model import LeafType, Role
from portcullis.orders import Scope, conflicts, end_permit, enter_permit, impose, lift, lift_content, listed, order_content, permits
from portcullis.orders.scope import overlap
from portcullis.publish import publish
from portcullis.release import dispatch
from portcullis.safeguards import reminders, serve_order, services, take_at

At = Callable[[str], Scene]
COUNSEL, OVERSEER = "IRS-0006", "IRS-0008"
VERIFIER = Path(__file__).parents[2] / "verifier" / "verify.py"


def stay(scene: Scene, order: str = "O-1", scope: Scope = Scope()) -> None:  # noqa: B008
    impose(scene.home, order, scope, NOW - 3600, scene.cast.act(COUNSEL, "order.impose", order_content(order, scope, NOW - 3600)))


def serve(scene: Scene, order: str = "O-1", agency: str = "ICE", who: str = COUNSEL, by: int = NOW + 86_400) -> str:
    about = {"agency": agency, "order": order, "acknowledge_by": stamp(by), "at": stamp(scene.clock())}
    return serve_order(scene.home, about, scene.cast.act(who, "order.served", about_hash(about)))


def statement(scene: Scene, matter: str) -> tuple[Service, str]:
    """What was served, as the agency reads it, and its hash."""
    data = (scene.home.path / "outbox" / matter / "service.json").read_bytes()
    public = scene.home.log_key.public
    return read_service(data, lambda key_id: public if key_id == key_id_of(public) else None), hashlib.sha256(data).hexdigest()


def answer(scene: Scene, matter: str, officer: str = FIRST, changes: Mapping[str, Any] | None = None, **how: Any) -> bytes:
    served, digest = statement(scene, matter)
    about = {"matter": matter, "order": served.order, "service": digest} | dict(changes or {})
    return Afterwards(scene).filing("order.acknowledged", about, officer, **how)


def permit(scene: Scene, order: str = "P-1", scope: Scope = Scope(), who: str = COUNSEL) -> None:  # noqa: B008
    about = {"order": order, "scope": scope.member(), "court_time": stamp(NOW), "at": stamp(scene.clock())}
    enter_permit(scene.home, order, scope, NOW, about, scene.cast.act(who, "order.permitted", about_hash(about)))


# ---- service -------------------------------------------------------------------------------------------------------------------------
def test_an_order_is_served_and_acknowledged_and_both_are_on_record(at_both: At, tmp_path: Path) -> None:
    scene = at_both("sampled")
    stay(scene, scope=Scope(agencies=("ICE",), batches=(scene.row()["log_id"],)))
    matter = serve(scene)
    served, digest = statement(scene, matter)
    assert (served.order, served.agency, served.agencies, served.batches, served.persons) == ("O-1", "ICE", ("ICE",), (scene.batch,), 0)
    assert (served.court_time, served.imposed) == (stamp(NOW - 3600), stamp(NOW))
    with scene.read() as conn:
        assert [each["state"] for each in services(conn, "O-1")] == ["served"]
        assert [each["matter"] for each in reminders(conn, scene.clock())] == [matter]
    assert take_at(scene.home, "order", answer(scene, matter)) == ["acknowledged"]
    with scene.read() as conn:
        (found,) = services(conn, "O-1")
        assert (found["state"], found["acknowledged"]) == ("acknowledged", stamp(NOW)) and reminders(conn, scene.clock()) == []
    (leaf,) = scene.leaves(LeafType.ORDER_ACKNOWLEDGED)
    assert (leaf["order"], leaf["late"], leaf["about"]["service"]) == ("O-1", 0, digest)
    folder = Afterwards(scene).evidence(tmp_path / "bundle")
    words = [sys.executable, str(VERIFIER), str(folder), "--trust", str(tmp_path / "bundle.trust.json")]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_a_late_acknowledgement_counts_and_its_lateness_stands(at: At) -> None:
    scene = at("ready")
    stay(scene)
    matter = serve(scene)
    scene.clock.forward(days=2)
    assert take_at(scene.home, "order", answer(scene, matter)) == ["late"]
    assert scene.leaves(LeafType.ORDER_ACKNOWLEDGED)[0]["late"] == 1


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"signed_by": "ICE-1002"}, "another person"),
        ({"changes": {"order": "O-2"}}, "not what was served"),
        ({"changes": {"service": "ab" * 32}}, "not what was served"),
        ({"at": NOW - 7200}, "clocks disagree"),
        ({"at": NOW + 7200}, "clocks disagree"),
        ({"changes": {"matter": "M-2025-000009"}}, "no such matter"),
        ({"changes": {"agency": "IRS"}}, "not by the agency"),
        ({"changes": {"also": "more"}}, "lacks, or should not have"),
    ],
    ids=[
        "forged",
        "another order",
        "another statement",
        "dated before",
        "dated after",
        "another matter",
        "another agency",
        "a member more",
    ],
)
def test_a_wrong_acknowledgement_is_refused_and_that_is_on_record(at: At, how: dict[str, Any], said: str) -> None:
    scene = at("ready")
    stay(scene)
    matter = serve(scene)
    with pytest.raises(Refused, match=said):
        take_at(scene.home, "order", answer(scene, matter, **how))
    assert len(scene.leaves(LeafType.FILING_REFUSED)) == 1 and scene.leaves(LeafType.ORDER_ACKNOWLEDGED) == []
    with scene.read() as conn:
        assert services(conn, "O-1")[0]["state"] == "served"


def test_a_second_acknowledgement_is_refused(at: At) -> None:
    scene = at("ready")
    stay(scene)
    matter = serve(scene)
    take_at(scene.home, "order", answer(scene, matter))
    with pytest.raises(Refused, match="is closed"):
        take_at(scene.home, "order", answer(scene, matter))
    assert len(scene.leaves(LeafType.ORDER_ACKNOWLEDGED)) == 1


def test_the_source_agency_is_bound_too_and_acknowledges(at: At) -> None:
    scene = at("ready")
    stay(scene)
    matter = serve(scene, agency="IRS")
    assert take_at(scene.home, "order", answer(scene, matter, "IRS-0007", {"agency": "IRS"})) == ["acknowledged"]


def test_only_counsel_serves_an_order_in_force_once_on_an_agency_that_is_known(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="No order O-1 is in force"):
        serve(scene)
    stay(scene)
    for how, said in (({"who": OVERSEER}, "role counsel"), ({"agency": "FBI"}, "No agency FBI"), ({"by": NOW}, "is over already")):
        with pytest.raises(Refused, match=said):
            serve(scene, **how)  # type: ignore[arg-type]
    serve(scene)
    with pytest.raises(Refused, match="served with O-1 before"):
        serve(scene)
    assert len(scene.leaves(LeafType.ORDER_SERVED)) == 1


def test_a_statement_of_another_key_serves_nothing(at: At) -> None:
    scene = at("ready")
    stay(scene)
    data = (scene.home.path / "outbox" / serve(scene) / "service.json").read_bytes()
    other = scene.cast.keys[COUNSEL].public
    with pytest.raises(Refused):
        read_service(data, lambda key_id: other if key_id == key_id_of(other) else None)


def test_an_order_binds_whether_it_is_acknowledged_or_not(at: At) -> None:
    scene = at("sampled")
    stay(scene)
    serve(scene)
    assert scene.row()["held"] == 1


# ---- conflicts -----------------------------------------------------------------------------------------------------------------------
def test_a_permit_frees_nothing_and_the_conflict_is_shown(at_both: At) -> None:
    scene = at_both("committed")
    permit(scene)
    with scene.read() as conn:
        assert conflicts(conn) == []
    stay(scene, scope=Scope(agencies=("ICE",)))
    permit(scene, "P-2", Scope(agencies=("FBI",)))
    with scene.read() as conn:
        assert conflicts(conn) == [{"stay": "O-1", "permit": "P-1", "holds": "the stay"}]
    assert (scene.state, scene.row()["held"]) == ("sampled", 1), "any stay holds, whatever another court permits"
    permit(scene, "P-3", Scope(statutes=("8USC1253",)))
    with scene.read() as conn:
        assert [each["permit"] for each in conflicts(conn)] == ["P-1", "P-3"]
    assert scene.row()["held"] == 1


@pytest.mark.parametrize(
    ("one", "other", "met"),
    [
        (Scope(), Scope(), True),
        (Scope(agencies=("ICE",)), Scope(agreements=("irs-ice-2025",)), True),
        (Scope(agencies=("ICE",)), Scope(agencies=("FBI",)), False),
        (Scope(statutes=("8USC1253",)), Scope(statutes=("8USC1253(a)(1)(A)",)), True),
        (Scope(statutes=("8USC1253(b)",)), Scope(statutes=("8USC1253(a)",)), False),
        (Scope(statutes=("8USC125",)), Scope(statutes=("8USC1253",)), False),
        (Scope(persons=("ab" * 32,)), Scope(), True),
    ],
)
def test_two_orders_conflict_where_something_can_be_covered_by_both(one: Scope, other: Scope, met: bool) -> None:
    assert overlap(one, other) == overlap(other, one) == met


def test_a_conflict_ends_when_the_stay_is_lifted_or_counsel_ends_the_permit(at: At, tmp_path: Path) -> None:
    scene = at("committed")
    permit(scene)
    stay(scene)
    about = {"order": "P-1", "at": stamp(scene.clock())}
    with pytest.raises(Refused, match="role counsel"):
        end_permit(scene.home, "P-1", about, scene.cast.act(OVERSEER, "order.ended", about_hash(about)))
    end_permit(scene.home, "P-1", about, scene.cast.act(COUNSEL, "order.ended", about_hash(about)))
    with scene.read() as conn:
        assert conflicts(conn) == [] and [each["stands"] for each in permits(conn)] == [False]
    with pytest.raises(Refused, match="No permit P-1 stands"):
        end_permit(scene.home, "P-1", about, scene.cast.act(COUNSEL, "order.ended", about_hash(about)))
    permit(scene, "P-2")
    lift(scene.home, "O-1", [scene.cast.act(who, "order.lift", lift_content("O-1")) for who in (COUNSEL, OVERSEER)])
    with scene.read() as conn:
        assert conflicts(conn) == [] and [each["in_force"] for each in listed(conn)] == [False]
    folder = Afterwards(scene).evidence(tmp_path / "bundle")
    words = [sys.executable, str(VERIFIER), str(folder), "--trust", str(tmp_path / "bundle.trust.json")]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_only_counsel_enters_a_permit_of_an_id_that_is_new_and_about_nobody(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="role counsel"):
        permit(scene, who=OVERSEER)
    with pytest.raises(Refused, match="limited to persons"):
        permit(scene, scope=Scope(persons=("ab" * 32,)))
    permit(scene)
    stay(scene)
    for order in ("P-1", "O-1"):
        with pytest.raises(Refused, match="already"):
            permit(scene, order)
    assert len(scene.leaves(LeafType.ORDER_PERMITTED)) == 1


def test_a_permit_is_no_stay(at: At) -> None:
    scene = at("committed")
    permit(scene)
    publish(scene.home)
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)


def test_a_service_by_somebody_who_may_not_serve_does_not_verify(at: At, tmp_path: Path) -> None:
    """The verifier judges who served: an order that an overseer served is found out from the leaf."""
    scene = at("ready")
    stay(scene)
    about = {"agency": "ICE", "order": "O-1", "acknowledge_by": stamp(NOW + 60), "at": stamp(NOW)}
    act = scene.cast.act(scene.person(Role.OVERSEER), "order.served", about_hash(about))
    fields = {"matter": "M-2025-000001", "order": "O-1", "about": about, "act": act}
    scene.step(lambda conn: record(scene.home, conn, LeafType.ORDER_SERVED, fields))
    publish(scene.home)
    folder = Afterwards(scene).evidence(tmp_path / "bundle")
    words = [sys.executable, str(VERIFIER), str(folder), "--trust", str(tmp_path / "bundle.trust.json")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 4 and "needs the role counsel" in done.stdout
