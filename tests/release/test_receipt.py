"""The receipt: by the agency that asked, over exactly the sealed answers that arrived."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from journey_home import AGREEMENT, OFFICERS, Scene
from portcullis.errors import OutOfOrder, Refused
from portcullis.model import LeafType, Role
from portcullis.release import deliver, record_receipt
from portcullis.store import schema
from portcullis.synthetic import SIGNER

At = Callable[[str], Scene]


def sealed_root(scene: Scene) -> str:
    (leaf,) = scene.leaves(LeafType.RELEASE_COMMITTED)
    return str(leaf["sealed_root"])


def not_taken(scene: Scene, act: dict[str, object], why: str) -> None:
    """The receipt is refused, and the batch goes on waiting for one."""
    with pytest.raises(Refused, match=why):
        record_receipt(scene.home, scene.batch, act)
    assert (scene.state, scene.leaves(LeafType.RECEIPT), scene.count(schema.receipt)) == ("dispatched", [], 0)


def test_the_recipient_checks_what_arrived_and_signs_and_the_batch_is_acknowledged(at_both: At) -> None:
    scene = at_both("dispatched")
    folder = deliver(scene.home, scene.batch)
    act = scene.agency().acknowledge(folder, scene.home.log_key.public, OFFICERS[0])
    record_receipt(scene.home, scene.batch, act)
    (leaf,) = scene.leaves(LeafType.RECEIPT)
    assert (scene.state, leaf["act"]) == ("acknowledged", act)
    assert scene.count(schema.receipt, person=OFFICERS[0]) == 1


def test_the_signer_may_sign_it_too(at: At) -> None:
    scene = at("dispatched")
    record_receipt(scene.home, scene.batch, scene.agency().false_receipt(SIGNER, sealed_root(scene)))
    assert scene.state == "acknowledged"


def test_a_receipt_over_something_else_is_not_one(at: At) -> None:
    scene = at("dispatched")
    not_taken(scene, scene.agency().false_receipt(OFFICERS[0], "00" * 32), "another content")
    not_taken(scene, scene.agency().false_receipt(OFFICERS[0], sealed_root(scene), agreement="no-such"), "another agreement")


def test_a_receipt_by_a_stranger_or_in_somebody_elses_name_is_not_one(at: At) -> None:
    scene = at("dispatched")
    agency, root = scene.agency(), sealed_root(scene)
    not_taken(scene, agency.false_receipt(OFFICERS[0], root, key=agency.stranger), "not enrolled")
    not_taken(scene, agency.false_receipt(OFFICERS[0], root, key=agency.people[OFFICERS[1]]), "another person")


def test_nobody_of_the_source_agency_can_acknowledge_for_the_recipient(at: At) -> None:
    scene = at("dispatched")
    not_taken(scene, scene.cast.act(scene.person(Role.COUNSEL), "receipt", sealed_root(scene), AGREEMENT), "needs the role")
    scene.newcomer("IRS-0010", Role.OFFICER)
    not_taken(scene, scene.cast.act("IRS-0010", "receipt", sealed_root(scene), AGREEMENT), "not by the agency that asked")


def test_an_expired_receipt_is_not_one(at: At) -> None:
    scene = at("dispatched")
    act = scene.agency().false_receipt(OFFICERS[0], sealed_root(scene))
    scene.clock.forward(hours=1)
    not_taken(scene, act, "expired")


def test_a_receipt_before_the_dispatch_or_a_second_one_is_out_of_order(at: At) -> None:
    scene = at("committed")
    with pytest.raises(OutOfOrder, match="not waiting for a receipt"):
        record_receipt(scene.home, scene.batch, scene.agency().false_receipt(OFFICERS[0], sealed_root(scene)))
    scene = at("dispatched")
    record_receipt(scene.home, scene.batch, scene.agency().false_receipt(OFFICERS[0], sealed_root(scene)))
    with pytest.raises(OutOfOrder, match="not waiting for a receipt"):
        record_receipt(scene.home, scene.batch, scene.agency().false_receipt(OFFICERS[1], sealed_root(scene)))
    assert len(scene.leaves(LeafType.RECEIPT)) == 1
