"""Enrolment by invitation: from the root's invitation to two passkeys in the ledger's key history, and what nobody gets past."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from console_desk import Office, Page, Person
from journey_home import Scene
from passkeys import SoftPasskey
from portcullis import export
from portcullis.crypto import Passkey, canonical, encode64url
from portcullis.ledger.verify import verify
from portcullis.model import LeafType, Role
from portcullis.officers import key_content
from portcullis.store import schema

Open = Callable[[str], Office]
NEW = "IRS-0099"


class Device(SoftPasskey):
    """A person's own authenticator, used at one console."""

    def __init__(self, name: str, origin: str) -> None:
        super().__init__(name)
        self.origin = origin
        self.passkey = Passkey(self.public, "ES256", "localhost", (origin,))

    def answer(self, challenge: bytes, *, flags: int = 0x05) -> str:
        """What the browser sends of an assertion over a challenge."""
        said = {"type": "webauthn.get", "challenge": encode64url(hashlib.sha256(challenge).digest()), "origin": self.origin}
        data = hashlib.sha256(b"localhost").digest() + bytes([flags]) + (1).to_bytes(4, "big")
        text = json.dumps(said | {"crossOrigin": False}).encode()
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

        signature = self._ec.sign(data + hashlib.sha256(text).digest(), ec.ECDSA(SHA256()))
        parts = {"authenticatorData": data, "clientDataJSON": text, "signature": signature}
        return json.dumps({"id": self.key_id} | {name: encode64url(value) for name, value in parts.items()})

    def made(self) -> str:
        """What the browser sends of a new passkey."""
        return json.dumps({"id": self.key_id, "publicKey": encode64url(self.public), "algorithm": -7})


def invite(one: Office, person: str = NEW, *roles: Role) -> str:
    """The operator brings an invitation that the demonstration's root signs; returns its code."""
    operator = one.enter(Role.OPERATOR)
    named = {f"role-{role}": "1" for role in roles or (Role.REVIEWER,)}
    page = operator.get("/keys")
    asked = operator.post("/keys/invite", page, person=person, hours="72", **named)
    assert asked.status == 200, asked.text
    hidden = {name: asked.field(name) for name in ("person", "code", "expires", *named)}
    done = operator.post("/keys/invite/sign", asked, act=asked.field("act"), **hidden, **{"with": "demo"})
    assert (done.status, "shown once" in done.text) == (200, True), done.text
    return hidden["code"]


def make(nobody: Person, page: Page, device: Device, code: str, **how: int) -> Page:
    """The invited person makes a passkey."""
    challenge = page.field("challenge")
    form = {"code": code, "challenge": challenge, "passkey": device.made()}
    return nobody.call("POST", "/invitation/passkey", form | {"assertion": device.answer(bytes.fromhex(challenge), **how)})


def enrol(keeper: Person, key_id: str) -> Page:
    page = keeper.get(f"/keys/{key_id}")
    assert page.status == 200, page.text
    return keeper.post(f"/keys/{key_id}/enrol", page, act=page.field("act"), **{"with": "demo"})


def sign_in(one: Office, device: Device) -> Page:
    person = one.nobody()
    challenge = person.get("/sign-in").field("challenge")
    return person.call("POST", "/sign-in", {"challenge": challenge, "assertion": device.answer(bytes.fromhex(challenge))})


def proved(scene: Scene, folder: Path) -> None:
    export.export_bundle(scene.home, folder / "bundle", trust=folder / "trust.json")
    found = verify(folder / "bundle", (folder / "trust.json").read_bytes())
    assert (found["verified"], found["first_failure"]) == (True, None)


def test_an_invited_person_comes_to_two_passkeys_that_are_checked_offline(office: Open, tmp_path: Path) -> None:
    one = office("ready")
    code, nobody = invite(one), one.nobody()
    devices = [Device(name, one.origin) for name in ("desk", "pocket")]
    page = nobody.call("POST", "/invitation", {"code": code.lower()})
    assert (page.status, NEW in page.text) == (200, True)
    for device in devices:
        page = make(nobody, page, device, code)
        assert (page.status, device.key_id in page.text) == (200, True), page.text
        assert sign_in(one, device).status == 403, "it counts for nothing before the root has signed it"
    assert "You have made both" in page.text
    counsel = one.enter(Role.COUNSEL)
    assert all(device.key_id in counsel.get("/keys").text for device in devices)
    for device in devices:
        assert enrol(counsel, device.key_id).status == 303
        assert sign_in(one, device).status == 303
    leaves = [leaf for leaf in one.scene.leaves(LeafType.KEY_ENROLLED) if leaf["person"] == NEW]
    assert [leaf["key_id"] for leaf in leaves] == [device.key_id for device in devices]
    assert all(leaf["roles"] == ["reviewer"] and "webauthn" in leaf for leaf in leaves)
    proved(one.scene, tmp_path)
    told = json.loads((tmp_path / "bundle" / "keys.json").read_text(encoding="utf-8"))
    assert {device.key_id for device in devices} <= {key["key_id"] for key in told["keys"] if key["person"] == NEW}


def test_a_code_is_good_for_two_passkeys_and_its_time(office: Open) -> None:
    one = office("ready")
    code, nobody = invite(one), one.nobody()
    page = nobody.call("POST", "/invitation", {"code": code})
    spare = page
    for name in ("first", "second"):
        page = make(nobody, nobody.call("POST", "/invitation", {"code": code}), Device(name, one.origin), code)
        assert page.status == 200
    third = make(nobody, spare, Device("third", one.origin), code)
    assert (third.status, "does not hold" in third.text) == (422, True)
    late = invite(one, "IRS-0098")
    one.scene.clock.forward(hours=73)
    wrong, over, used = (nobody.call("POST", "/invitation", {"code": value}) for value in ("AAAA-BBBB", late, code))
    assert (wrong.status, over.status, used.status) == (403, 403, 403)
    assert wrong.text == over.text == used.text


def test_a_thief_with_the_code_enrols_nobody(office: Open) -> None:
    one = office("ready")
    code, nobody = invite(one), one.nobody()
    thief = Device("thief", one.origin)
    assert make(nobody, nobody.call("POST", "/invitation", {"code": code}), thief, code).status == 200
    operator = one.enter(Role.OPERATOR)
    page = operator.get(f"/keys/{thief.key_id}")
    assert page.text.count(thief.key_id) >= 2, "the id to compare with the person is shown"
    assert operator.post(f"/keys/{thief.key_id}/decline", page).status == 303
    assert enrol_refused(operator, thief.key_id, page).status == 422
    assert sign_in(one, thief).status == 403
    assert one.scene.count(schema.key, person=NEW) == 0


def enrol_refused(keeper: Person, key_id: str, page: Page) -> Page:
    return keeper.post(f"/keys/{key_id}/enrol", page, act=page.field("act"), **{"with": "demo"})


def test_the_roots_act_over_another_key_enrols_nothing(office: Open) -> None:
    one = office("ready")
    code, nobody = invite(one), one.nobody()
    mine, other = Device("mine", one.origin), Device("other", one.origin)
    make(nobody, nobody.call("POST", "/invitation", {"code": code}), mine, code)
    operator = one.enter(Role.OPERATOR)
    page = operator.get(f"/keys/{mine.key_id}")
    content = key_content("IRS", NEW, ["reviewer"], other.public, other.passkey)
    more = key_content("IRS", NEW, ["reviewer", "counsel"], mine.public, mine.passkey)
    for wrong in (content, more):
        act = canonical(one.scene.cast.act("root:IRS", "key.enroll", wrong)).decode()
        refused = operator.post(f"/keys/{mine.key_id}/enrol", page, envelope=act)
        assert (refused.status, "another content" in refused.text) == (422, True), refused.text
    own = canonical(one.scene.cast.act(one.scene.person(Role.OPERATOR), "key.enroll", more)).decode()
    assert operator.post(f"/keys/{mine.key_id}/enrol", page, envelope=own).status == 422
    assert one.scene.count(schema.key, person=NEW) == 0


@pytest.mark.parametrize("flags", [0x01, 0x04, 0x00])
def test_a_passkey_whose_person_was_not_verified_is_not_taken(office: Open, flags: int) -> None:
    one = office("ready")
    code, nobody = invite(one), one.nobody()
    page = nobody.call("POST", "/invitation", {"code": code})
    assert make(nobody, page, Device("careless", one.origin), code, flags=flags).status == 422
    assert one.scene.count(schema.candidate) == 0


def test_an_invitation_is_the_roots_own(office: Open) -> None:
    one = office("ready")
    operator = one.enter(Role.OPERATOR)
    page = operator.get("/keys")
    asked = operator.post("/keys/invite", page, person=NEW, hours="72", **{"role-counsel": "1"})
    hidden = {name: asked.field(name) for name in ("person", "code", "expires", "role-counsel")}
    changed = operator.post("/keys/invite/sign", asked, act=asked.field("act"), **(hidden | {"person": "IRS-0666"}), **{"with": "demo"})
    assert (changed.status, "another content" in changed.text) == (422, True)
    assert one.scene.count(schema.invitation) == 0
    for bad in ({"hours": "0"}, {"hours": "9999"}, {"person": ""}):
        assert operator.post("/keys/invite", page, **({"person": NEW, "hours": "1", "role-counsel": "1"} | bad)).status == 422


def test_no_code_stands_in_the_store_or_in_an_address(office: Open) -> None:
    one = office("ready")
    code = invite(one)
    stored = (one.scene.home.path / "store.db").read_bytes()
    assert code.encode() not in stored and code.replace("-", "").encode() not in stored
    page = one.nobody().call("POST", "/invitation", {"code": code})
    assert page.headers["cache-control"] == "no-store"
    assert [value for value in re.findall(r'(?:href|action|src)="([^"]*)"', page.text) if code in value] == []


def test_a_key_is_revoked_and_what_it_signed_since_is_undone(office: Open, tmp_path: Path) -> None:
    one = office("authorized")
    key_id = one.scene.cast.keys[one.scene.person(Role.AUTHORIZER)].key_id
    counsel = one.enter(Role.COUNSEL)
    page = counsel.get(f"/keys/{key_id}")
    assert "last key of" in page.text
    since = "2025-06-28T13:00"
    asked = counsel.post(f"/keys/{key_id}/revoke", page, since=since)
    done = counsel.post(f"/keys/{key_id}/revoke/sign", asked, act=asked.field("act"), since=since, **{"with": "demo"})
    assert (done.status, "release.authorized" in done.text) == (200, True), done.text
    assert one.scene.state == "sampled"
    proved(one.scene, tmp_path)
