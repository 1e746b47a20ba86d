"""Two different people, neither operator nor reviewer, each with an own key, over exactly what would leave (R40; IRM 11.3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from journey_home import AGREEMENT, ANSWERED, OFFICERS, Scene
from portcullis.agreement.adopt import state_content
from portcullis.crypto import AgreementKey, SigningKey
from portcullis.demo.play import authorize_all
from portcullis.errors import OutOfOrder, Refused
from portcullis.model import LeafType, Role
from portcullis.officers import content_hash
from portcullis.publish import publish
from portcullis.release import commit_release, dispatch
from portcullis.review import authorize, authorize_content, return_batch
from portcullis.standing import enrol_vault
from portcullis.store import schema

At = Callable[[str], Scene]
FIRST, SECOND = "IRS-0004", "IRS-0005"


def root(scene: Scene) -> str:
    with scene.read() as conn:
        return authorize_content(conn, scene.batch)


def sign(scene: Scene, person: str, *, key: SigningKey | None = None, **how: object) -> dict[str, object]:
    """An authorization; `how` replaces what an honest one is over."""
    stated = {"action": "release.authorize", "content": root(scene), "agreement": AGREEMENT} | how
    return scene.signed(key or scene.cast.keys[person], person, **stated)  # type: ignore[arg-type]


def refused(scene: Scene, act: dict[str, object], why: str) -> None:
    """The act is refused, and leaves no trace that counts."""
    before = scene.count(schema.authorization)
    with pytest.raises(Refused, match=why):
        authorize(scene.home, scene.batch, act)
    assert (scene.state, scene.count(schema.authorization)) == ("sampled", before)


def test_two_people_authorize_and_their_signatures_stand_in_the_ledger(at_both: At) -> None:
    scene = at_both("sampled")
    acts = [sign(scene, FIRST), sign(scene, SECOND)]
    assert authorize(scene.home, scene.batch, acts[0]) == 1
    assert scene.state == "sampled"
    assert authorize(scene.home, scene.batch, acts[1]) == 2
    assert scene.state == "authorized"
    assert [(leaf["act"], leaf["root"]) for leaf in scene.leaves(LeafType.RELEASE_AUTHORIZED)] == [(act, root(scene)) for act in acts]


# ---- who ---------------------------------------------------------------------------------------
def test_one_person_does_not_count_twice_not_even_with_two_keys(at_both: At) -> None:
    scene = at_both("sampled")
    second_key = scene.another_key(FIRST, Role.AUTHORIZER)
    authorize(scene.home, scene.batch, sign(scene, FIRST))
    refused(scene, sign(scene, FIRST), "authorized already")
    refused(scene, sign(scene, FIRST, key=second_key), "authorized already")
    assert authorize(scene.home, scene.batch, sign(scene, SECOND)) == 2


def test_who_operates_reviewed_or_checked_the_batch_does_not_authorize_it(at: At) -> None:
    scene = at("sampled")
    for person, held in ((scene.home.settings.operator, "operator"), ("IRS-0002", "reviewer"), ("IRS-0008", "overseer")):
        if person in scene.cast.keys:
            key = scene.another_key(person, Role.AUTHORIZER)
        else:
            key = scene.cast.keys[scene.newcomer(person, Role.AUTHORIZER)]
        refused(scene, sign(scene, person, key=key), f"already {held}")
    authorize_all(scene.cast, scene.batch)
    assert scene.state == "authorized"


@pytest.mark.parametrize("person", ["IRS-0001", "IRS-0002", "IRS-0006", "IRS-0008", OFFICERS[0]])
def test_only_an_authorizer_authorizes(at: At, person: str) -> None:
    scene = at("sampled")
    refused(scene, sign(scene, person), "needs the role authorizer")


def test_the_agency_that_asks_cannot_enrol_people_who_authorize_for_the_agency_that_holds(at: At) -> None:
    """It signs with its own root, as for its officers. Were that enough, it could answer its own requests."""
    scene = at("sampled")
    for role in (Role.AUTHORIZER, Role.REVIEWER, Role.COUNSEL, Role.OVERSEER, Role.SAFEGUARDS, Role.OPERATOR):
        with pytest.raises(Refused, match="signers and officers only"):
            scene.newcomer("ICE-7001", role, agency="ICE")
    scene.newcomer("ICE-7002", Role.OFFICER, agency="ICE")


def test_a_key_nobody_enrolled_or_in_anothers_name_authorizes_nothing(at: At) -> None:
    scene = at("sampled")
    refused(scene, sign(scene, FIRST, key=SigningKey.generate()), "not enrolled")
    refused(scene, sign(scene, FIRST, key=scene.cast.keys[SECOND]), "another person")


# ---- what -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"content": "00" * 32}, "another content"),
        ({"origin": "portcullis.invalid/another"}, "another ledger"),
        ({"agreement": "no-such-agreement"}, "another agreement"),
        ({"action": "release.return"}, "another action"),
        ({"action": "sample.record"}, "another action"),
    ],
    ids=["root", "ledger", "agreement", "action", "another action"],
)
def test_a_signature_over_something_else_does_not_count(at: At, changed: dict[str, object], why: str) -> None:
    scene = at("sampled")
    refused(scene, sign(scene, FIRST, **changed), why)
    assert authorize(scene.home, scene.batch, sign(scene, FIRST)) == 1


def test_a_signed_act_counts_once(at: At) -> None:
    scene = at("sampled")
    act = sign(scene, FIRST)
    authorize(scene.home, scene.batch, act)
    scene.step(lambda conn: conn.execute(schema.authorization.delete()))  # even if the row that says so were gone
    refused(scene, act, "used before")


def test_what_is_signed_covers_the_vault_and_a_signature_from_before_does_not_carry_over(at: At) -> None:
    scene = at("sampled")
    authorize(scene.home, scene.batch, sign(scene, FIRST))
    before = root(scene)
    scene.clock.forward(hours=1)
    scene.cast.vault = AgreementKey.generate()
    act = scene.cast.vault_act("ICE-V2", "agency-enclave")
    scene.step(lambda conn: enrol_vault(scene.home, conn, "ICE", "ICE-V2", scene.cast.vault.public_jwk, "agency-enclave", act))
    assert root(scene) != before
    assert authorize(scene.home, scene.batch, sign(scene, SECOND)) == 1
    assert scene.state == "sampled"


# ---- how long -----------------------------------------------------------------------------------
def test_a_signature_stands_for_seventy_two_hours_at_most(at: At) -> None:
    scene = at("sampled")
    refused(scene, sign(scene, FIRST, hours=73), "stand too long")
    authorize(scene.home, scene.batch, sign(scene, FIRST, hours=72))
    late = sign(scene, SECOND, hours=1)
    scene.clock.forward(hours=1)
    refused(scene, late, "expired")
    assert authorize(scene.home, scene.batch, sign(scene, SECOND, hours=72)) == 2


# ---- when -----------------------------------------------------------------------------------
@pytest.mark.parametrize("station", ["received", "matched", "reviewed", "authorized", "committed", "dispatched"])
def test_a_batch_is_authorized_between_its_sample_and_its_commit(at: At, station: str) -> None:
    scene = at(station)
    act = scene.signed(scene.cast.keys[FIRST], FIRST, "release.authorize", "00" * 32)
    with pytest.raises(OutOfOrder, match="not waiting for authorization"):
        authorize(scene.home, scene.batch, act)


# ---- sent back -----------------------------------------------------------------------------------
def send_back(scene: Scene, person: str = SECOND) -> None:
    content = content_hash({"batch": scene.row()["log_id"], "return": True})
    return_batch(scene.home, scene.batch, scene.cast.act(person, "release.return", content, AGREEMENT))


@pytest.mark.parametrize("station", ["sampled", "authorized", "committed"])
def test_an_authorizer_sends_it_back_every_signature_is_void_and_signed_anew_it_goes(at_both: At, station: str) -> None:
    scene = at_both(station)
    if station == "sampled":
        authorize(scene.home, scene.batch, sign(scene, FIRST))
    before = root(scene)
    send_back(scene)
    assert (scene.state, scene.count(schema.authorization, voided_at=None)) == ("sampled", 0)
    assert [leaf["why"] for leaf in scene.leaves(LeafType.AUTHORIZATION_VOIDED)] == ["returned"]
    assert len(scene.leaves(LeafType.RELEASE_WITHHELD)) == (station == "committed")
    assert scene.count(schema.outbox, state="pending") == 0
    assert root(scene) != before, "a voided signature must never fit again"
    refused(scene, sign(scene, FIRST, content=before), "another content")
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    publish(scene.home)
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)


@pytest.mark.parametrize("person", ["IRS-0001", "IRS-0006", OFFICERS[0]])
def test_only_an_authorizer_sends_a_batch_back(at: At, person: str) -> None:
    scene = at("authorized")
    with pytest.raises(Refused, match="needs the role authorizer"):
        send_back(scene, person)
    assert scene.state == "authorized"


@pytest.mark.parametrize("station", ["reviewed", "dispatched"])
def test_what_is_not_with_the_authorizers_is_not_sent_back(at: At, station: str) -> None:
    with pytest.raises(OutOfOrder, match="not with the authorizers"):
        send_back(at(station))


def test_an_act_of_counsel_over_the_agreement_is_no_authorization(at: At) -> None:
    scene = at("sampled")
    act = scene.cast.act("IRS-0006", "agreement.suspended", state_content(AGREEMENT, 1, "suspended"), AGREEMENT)
    refused(scene, act, "another action")
