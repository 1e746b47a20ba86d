"""Signing in and out, and making a passkey.

1. A sign-in answers a random challenge that was given out here, once: with a passkey (the person verified by it), or with an act
   `console.sign-in` over it that a key file signed elsewhere.
2. The key must be enrolled, unrevoked, and of the source agency.
3. A passkey is enrolled by the agency's root alone. In a demo home the root's key file lies in the home, and does it at once; elsewhere the
   passkey waits on the screen of keys (keys.py), and the page shows its public half, for the root's holder (`key enrol`).
4. Every refusal of a sign-in says the same.
"""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import select
from starlette.responses import Response

from portcullis.console.acting import assertion_of, demo_key, is_demo
from portcullis.console.request import Request
from portcullis.crypto import Passkey, canonical, decode64url, encode64, encode64url, key_id_of, open_act, read_dsse, verify_assertion
from portcullis.errors import PortcullisError, Refused
from portcullis.invitations import offer
from portcullis.model import Role
from portcullis.officers import Officer, content_hash, enrol_key, key_content, officer_of_credential, officer_of_key, sign
from portcullis.publish import publish
from portcullis.store import reading, release_exclusive, schema, writing

__all__ = ["enrol", "enrol_page", "made_passkey", "sign_in", "sign_in_page", "sign_out"]

_SIGN_IN = "console.sign-in"


def sign_in_page(request: Request) -> Response:
    """The sign-in; whoever is signed in goes to the work queue."""
    if request.session is not None:
        return Request.go("/queue")
    return _page(request, "")


def _page(request: Request, problem: str, status: int = 200) -> Response:
    challenge = request.desk.sessions.challenge()
    demo = _demo_people(request) if is_demo(request) else []
    content = content_hash({"challenge": challenge.hex()})
    return request.page(
        "sign_in.html", status, challenge=encode64url(_sha(challenge)), raw=challenge.hex(), content=content, people=demo, problem=problem
    )


def _sha(challenge: bytes) -> bytes:
    """What the passkey signs: `verify_assertion` hashes its payload, so the browser is given the hash of the challenge."""
    return hashlib.sha256(challenge).digest()


def _demo_people(request: Request) -> list[dict[str, str]]:
    k = schema.key
    query = select(k.c.person, k.c.roles).where(
        k.c.agency == request.home.settings.source_agency, k.c.kind == "ed25519", k.c.revoked_at.is_(None)
    )
    with reading(request.home.engine) as conn:
        rows = conn.execute(query.order_by(k.c.person)).all()
    return [{"person": row.person, "role": row.roles} for row in rows]


def sign_in(request: Request) -> Response:
    """Begin a session, or say that the sign-in was not accepted."""
    try:
        officer = _who(request)
    except PortcullisError:
        officer = None
    if officer is None or officer.agency != request.home.settings.source_agency:
        return _page(request, "The sign-in was not accepted.", 403)
    answer = Request.go("/queue")
    answer.headers["x-session"] = request.desk.sessions.begin(officer.person, officer.key_id)
    return answer


def _who(request: Request) -> Officer | None:
    try:
        challenge = bytes.fromhex(request.form.get("challenge", ""))
    except ValueError:
        return None
    if not request.desk.sessions.take(challenge):  # 1
        return None
    if request.form.get("assertion"):
        return _by_passkey(request, challenge)
    if pasted := request.form.get("envelope", "").strip():
        return _by_act(request, read_dsse(pasted.encode()), challenge)
    if request.form.get("person"):
        return _by_demo(request)
    return None


def _by_passkey(request: Request, challenge: bytes) -> Officer | None:
    credential, data, client, signature = assertion_of(request)
    with reading(request.home.engine) as conn:
        officer = officer_of_credential(conn, credential)
    if officer is None or officer.passkey is None:
        return None
    signed = {"authenticator_data": encode64(data), "client_data": encode64(client), "keyid": officer.key_id, "sig": encode64(signature)}
    verify_assertion(officer.passkey, challenge, signed)
    return officer


def _by_act(request: Request, envelope: dict[str, object], challenge: bytes) -> Officer | None:
    found: list[Officer] = []

    def lookup(key_id: str) -> bytes | Passkey | None:
        with reading(request.home.engine) as conn:
            officer = officer_of_key(conn, key_id)
        found.extend([officer] if officer else [])
        return (officer.passkey or officer.public) if officer else None

    act = open_act(envelope, lookup)
    home = request.home
    good = (act.origin, act.action, act.content) == (home.settings.origin, _SIGN_IN, content_hash({"challenge": challenge.hex()}))
    return found[0] if good and act.officer == found[0].person and act.expires > home.now() else None


def _by_demo(request: Request) -> Officer | None:
    """In a demo home: as any of its people, by the key file that lies there."""
    key = demo_key(request, request.form["person"])
    with reading(request.home.engine) as conn:
        return officer_of_key(conn, key.key_id)


def sign_out(request: Request) -> Response:
    """End the session."""
    answer = Request.go("/sign-in")
    answer.headers["x-session"] = ""
    return answer


def enrol_page(request: Request) -> Response:
    """A page that makes a passkey for whoever is signed in."""
    challenge = request.desk.sessions.challenge()
    k = schema.key
    query = select(k.c.key_id, k.c.kind, k.c.roles, k.c.enrolled_at, k.c.revoked_at).where(
        k.c.person == request.person, k.c.kind != "vault"
    )
    with reading(request.home.engine) as conn:
        keys = conn.execute(query.order_by(k.c.leaf_idx)).mappings().all()
    return request.page(
        "enrol.html", challenge=encode64url(challenge), raw=challenge.hex(), keys=keys, demo=is_demo(request), candidate=None, key_id=""
    )


def enrol(request: Request) -> Response:
    """Take the new passkey: enrol it in a demo home, or show what the root's holder needs."""
    home = request.home
    passkey, credential = made_passkey(request)
    with reading(home.engine) as conn:
        officer = officer_of_key(conn, request.session.key_id) if request.session else None
    if officer is None:
        raise Refused("Your key is no longer enrolled.", "It was revoked.", "Sign in with another.")
    roles = sorted(role.value for role in officer.roles)
    if not is_demo(request):
        with writing(home.engine) as conn:
            offer(home, conn, agency=officer.agency, person=officer.person, roles=roles, passkey=passkey, credential=credential)
        shown = {"agency": officer.agency, "person": officer.person, "roles": roles, "key": encode64(passkey.public)}
        candidate = canonical(shown | {"webauthn": passkey.member(), "credential": credential}).decode()
        key_id = key_id_of(passkey.public)
        return request.page("enrol.html", challenge="", raw="", keys=[], demo=False, candidate=candidate, key_id=key_id)
    content = key_content(officer.agency, officer.person, roles, passkey.public, passkey)
    root = demo_key(request, f"root-{officer.agency}")
    act = sign(home.settings.origin, root, f"root:{officer.agency}", "key.enroll", content, "", home.now() + 3600)
    with release_exclusive(home.engine) as conn:
        enrol_key(
            home,
            conn,
            agency=officer.agency,
            person=officer.person,
            roles=[Role(name) for name in roles],
            public=passkey.public,
            act=act,
            passkey=passkey,
            credential=credential,
        )
    publish(home)
    return Request.go("/passkeys")


def made_passkey(request: Request) -> tuple[Passkey, str]:
    """The passkey the browser made, as its own public half says, after it has signed this page's challenge with the person verified."""
    try:
        body = json.loads(request.form.get("passkey", ""))
        spki, algorithm, credential = decode64url(body["publicKey"], "The key"), body["algorithm"], str(body["id"])
        challenge = bytes.fromhex(request.form.get("challenge", ""))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("The new passkey cannot be read.", "A member is missing.", "Make it again.") from error
    if not request.desk.sessions.take(challenge):
        raise Refused("The page is too old.", "Its challenge was used, or five minutes have passed.", "Open it again.")
    alg, length = {-7: ("ES256", 65), -8: ("EdDSA", 32)}.get(algorithm, ("", 0))
    if not alg:
        raise Refused("This passkey signs in another way.", "ES256 and EdDSA are known.", "Use another authenticator.")
    member = {"alg": alg, "origins": [request.desk.origin], "rp_id": request.desk.rp_id}
    passkey = Passkey.read(spki[-length:], member)
    _, data, client, signature = assertion_of(request)
    signed = {
        "authenticator_data": encode64(data),
        "client_data": encode64(client),
        "keyid": key_id_of(passkey.public),
        "sig": encode64(signature),
    }
    verify_assertion(passkey, challenge, signed)
    return passkey, credential
