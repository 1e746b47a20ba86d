"""Invitations and first signatures on each store: what is kept, what counts, and what is forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from journey_home import Scene
from passkeys import SoftPasskey
from portcullis.errors import Refused
from portcullis.invitations import candidate_of, code_hash, enrol_candidate, invitation_of, invite, invite_content, new_code, offer, waiting
from portcullis.model import Role
from portcullis.officers import key_content
from portcullis.orders import lift_content
from portcullis.second_person import drop, first_of, firsts, keep_first
from portcullis.store import reading, schema, writing

At = Callable[[str], Scene]
NEW = "IRS-0099"
LIFT, ROLES = {"action": "order.lift", "agreement": ""}, [Role.COUNSEL, Role.OVERSEER]


def invited(scene: Scene, hours: int = 1, root: str = "root:IRS") -> str:
    code, home = new_code(), scene.home
    expires = home.now() + hours * 3600
    content = invite_content("IRS", NEW, ["reviewer"], code_hash(code), expires)
    named = {"agency": "IRS", "person": NEW, "roles": [Role.REVIEWER], "code_sha256": code_hash(code), "expires": expires}
    with writing(home.engine) as conn:
        invite(home, conn, **named, act=scene.cast.act(root, "key.invite", content))  # type: ignore[arg-type]
    return code


def test_from_the_invitation_to_the_enrolled_key(at_both: At) -> None:
    scene = at_both("ready")
    home, made, code = scene.home, SoftPasskey("own"), invited(scene)
    with writing(home.engine) as conn:
        found = invitation_of(home, conn, f" {code.lower()} ")
        key_id = offer(home, conn, agency="IRS", person=NEW, roles=found.roles, passkey=made.passkey, credential="c", code=code)
    with reading(home.engine) as conn:
        assert [one.key_id for one in waiting(conn)] == [key_id] == [candidate_of(conn, key_id).key_id]
        assert invitation_of(home, conn, code).left == 1
    act = scene.cast.act("root:IRS", "key.enroll", key_content("IRS", NEW, ["reviewer"], made.public, made.passkey))
    scene.step(lambda conn: enrol_candidate(home, conn, key_id, act))
    with reading(home.engine) as conn:
        assert waiting(conn) == []
    assert scene.count(schema.key, key_id=key_id, person=NEW) == 1
    with pytest.raises(Refused, match="known already"), writing(home.engine) as conn:
        offer(home, conn, agency="IRS", person=NEW, roles=found.roles, passkey=made.passkey, credential="other", code=code)


def test_nobody_but_the_root_invites(at_both: At) -> None:
    scene = at_both("ready")
    for other in ("root:ICE", scene.person(Role.OPERATOR)):
        with pytest.raises(Refused):
            invited(scene, root=other)
    assert scene.count(schema.invitation) == 0
    with pytest.raises(Refused, match="no such end"):
        invited(scene, hours=10_000)


def test_a_first_signature_is_kept_checked_and_forgotten(at_both: At) -> None:
    scene = at_both("ready")
    home, content = scene.home, lift_content("25-cv-0457")
    act = scene.cast.act(scene.person(Role.OVERSEER), "order.lift", content, hours=1)
    with writing(home.engine) as conn:
        keep_first(home, conn, act, content=content, roles=ROLES, stated={"order": "25-cv-0457"}, **LIFT)  # type: ignore[arg-type]
    with reading(home.engine) as conn:
        (one,) = firsts(home, conn, "order.lift")
        assert first_of(home, conn, content, roles=ROLES, **LIFT) == one  # type: ignore[arg-type]
        assert first_of(home, conn, content, roles=[Role.COUNSEL], **LIFT) is None, "the role it was given in counts"  # type: ignore[arg-type]
    assert scene.count(schema.act_nonce, nonce="none") == 0
    scene.clock.forward(hours=2)
    with reading(home.engine) as conn:
        assert (firsts(home, conn, "order.lift"), first_of(home, conn, content, roles=ROLES, **LIFT)) == ([], None)  # type: ignore[arg-type]
    with writing(home.engine) as conn:
        drop(conn, content)
    assert scene.count(schema.first_signature) == 0


def test_a_first_signature_that_is_not_good_is_not_kept(at_both: At) -> None:
    scene = at_both("ready")
    home, content = scene.home, lift_content("25-cv-0457")
    wrong = (
        scene.cast.act(scene.person(Role.OVERSEER), "order.lift", lift_content("another")),
        scene.cast.act(scene.person(Role.REVIEWER), "order.lift", content),
        scene.cast.act(scene.person(Role.OVERSEER), "order.impose", content),
    )
    for act in wrong:
        with pytest.raises(Refused), writing(home.engine) as conn:
            keep_first(home, conn, act, content=content, roles=ROLES, stated={}, **LIFT)  # type: ignore[arg-type]
    assert scene.count(schema.first_signature) == 0
