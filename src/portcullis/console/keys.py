"""Keys of the agency's own people: who has which, who is invited, what waits for the root, and what was revoked.

1. Everybody sees the history of keys; operator and counsel bring invitations, enrolments and revocations.
2. Each of the three is signed by the agency's root key, a key file that lies with whoever holds it; the console only carries the act.
3. An invitation's code is shown once, to whoever brought the root's signature; the store has its hash.
4. A passkey is enrolled only by the root's act over its own public half, after its id was compared with the person.
5. A revocation may say from when on the key was not trusted; what it signed since is undone where it can be (compromise.py).
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import select
from starlette.responses import Response

from portcullis import compromise
from portcullis.console.acting import Prepared, prepare, signed
from portcullis.console.request import Request
from portcullis.errors import Refused
from portcullis.invitations import (
    MOST_HOURS,
    Candidate,
    candidate_of,
    code_hash,
    decline,
    enrol_candidate,
    invite,
    invite_content,
    new_code,
    waiting,
)
from portcullis.model import Role
from portcullis.officers import key_content, revoke_content
from portcullis.publish import publish
from portcullis.store import reading, release_exclusive, schema, writing

__all__ = [
    "decline_key",
    "enrol_key_now",
    "keys",
    "one_key",
    "prepare_invitation",
    "prepare_revocation",
    "sign_invitation",
    "sign_revocation",
]

ROLES = tuple(role for role in Role if role not in (Role.SIGNER, Role.OFFICER))
_ENROL = "key.enroll"


def keys(request: Request) -> Response:
    """Every key of the agency's people, every invitation that is open, every passkey that waits."""
    agency, k, i = request.home.settings.source_agency, schema.key, schema.invitation
    shown = (k.c.key_id, k.c.person, k.c.kind, k.c.roles, k.c.enrolled_at, k.c.revoked_at, k.c.leaf_idx)
    with reading(request.home.engine) as conn:
        rows = conn.execute(select(*shown).where(k.c.agency == agency, k.c.kind != "vault").order_by(k.c.person, k.c.leaf_idx))
        known = rows.mappings().all()
        invited = (
            conn.execute(select(i).where(i.c.agency == agency, i.c.expires > request.home.now()).order_by(i.c.expires)).mappings().all()
        )
        made = [one for one in waiting(conn) if one.agency == agency]
    living = Counter(row["person"] for row in known if row["revoked_at"] is None)
    alone = sorted(person for person, count in living.items() if count == 1)
    return request.page("keys.html", keys=known, invited=invited, made=made, alone=alone, roles=ROLES, most=MOST_HOURS)


def _asked(request: Request) -> tuple[str, list[Role], int]:
    """Person, roles and end (seconds) as the form names them."""
    roles: list[Role] = [role for role in ROLES if request.form.get(f"role-{role}")]
    person = request.form.get("person", "").strip()
    hours = request.form.get("hours", "")
    if not person or not roles or not (hours.isascii() and hours.isdecimal() and 1 <= int(hours) <= MOST_HOURS):
        raise Refused(
            "An invitation names a person, a role and its hours.", f"One is missing, or the hours are not 1 to {MOST_HOURS}.", "Go back."
        )
    return person, roles, request.home.now() + int(hours) * 3600


def prepare_invitation(request: Request) -> Response:
    """The invitation, to be signed by the root."""
    person, roles, expires = _asked(request)
    agency, code = request.home.settings.source_agency, new_code()
    content = invite_content(agency, person, [role.value for role in roles], code_hash(code), expires)
    act = prepare(request, "key.invite", content, root=agency)
    named = ", ".join(role.value for role in roles)
    said = f"{person} is invited to make two passkeys as {named}. They are enrolled when the root has signed them."
    hidden = {"person": person, "code": code, "expires": str(expires), **{f"role-{role}": "1" for role in roles}}
    return request.page("sign.html", act=act, said=said, to="/keys/invite/sign", hidden=hidden, back="/keys", title="Sign the invitation")


def sign_invitation(request: Request) -> Response:
    """Record it, and show its code once."""
    home, form, agency = request.home, request.form, request.home.settings.source_agency
    code, end = form.get("code", ""), form.get("expires", "")
    roles: list[Role] = [role for role in ROLES if form.get(f"role-{role}")]
    if not (end.isascii() and end.isdecimal() and len(end) <= 12):
        raise Refused("The invitation has no end.", "The form was changed.", "Invite anew.")
    act, person = signed(request, agency), form.get("person", "")
    with writing(home.engine) as conn:
        invite(home, conn, agency=agency, person=person, roles=roles, code_sha256=code_hash(code), expires=int(end), act=act)
    return request.page("invited.html", person=person, code=code, expires=int(end))


def one_key(request: Request) -> Response:
    """A passkey that waits for the root, or an enrolled key that may be revoked."""
    key_id, k = request.values["key"], schema.key
    with reading(request.home.engine) as conn:
        row = conn.execute(select(k).where(k.c.key_id == key_id, k.c.kind != "vault")).mappings().first()
        one = None if row is not None else candidate_of(conn, key_id)
        others = select(k.c.key_id).where(k.c.person == (row["person"] if row else ""), k.c.revoked_at.is_(None), k.c.key_id != key_id)
        left = len(conn.execute(others).all())
    act = _enrolment(request, one) if one else None
    return request.page("key.html", row=row, one=one, act=act, left=left, key_id=key_id)


def _enrolment(request: Request, one: Candidate) -> Prepared:
    content = key_content(one.agency, one.person, one.roles, one.passkey.public, one.passkey)
    return prepare(request, _ENROL, content, root=one.agency)


def enrol_key_now(request: Request) -> Response:
    """Enrol a passkey that waits, with the root's act."""
    home, key_id = request.home, request.values["key"]
    with reading(home.engine) as conn:
        agency = candidate_of(conn, key_id).agency
    act = signed(request, agency)
    with release_exclusive(home.engine) as conn:
        enrol_candidate(home, conn, key_id, act)
    publish(home)
    return Request.go("/keys")


def decline_key(request: Request) -> Response:
    """Put a passkey that waits aside."""
    with writing(request.home.engine) as conn:
        decline(conn, request.values["key"])
    return Request.go("/keys")


def _revoked(request: Request) -> tuple[str, str, int | None]:
    """Key, its agency, and from when on it was not trusted (seconds; None for no compromise)."""
    key_id, k, text = request.values["key"], schema.key, request.form.get("since", "").strip()
    try:
        since = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) if text else None
    except (ValueError, OverflowError) as error:
        raise Refused("The time cannot be read.", "It is a date and a time in UTC.", "Write it as 2026-11-21T09:00.") from error
    with reading(request.home.engine) as conn:
        agency = conn.execute(select(k.c.agency).where(k.c.key_id == key_id, k.c.kind != "vault")).scalar_one_or_none()
    if agency is None:
        raise Refused("No such key is enrolled.", "The list has all of them.", "See the list of keys.")
    return key_id, str(agency), since


def prepare_revocation(request: Request) -> Response:
    """What is revoked, to be signed by the root."""
    key_id, agency, since = _revoked(request)
    act = prepare(request, "key.revoke", revoke_content(key_id, since), root=agency)
    undone = "" if since is None else " What it signed since the time given is undone where it can be, and listed."
    said = f"Key {key_id} is revoked. From then on nothing it signs counts.{undone}"
    hidden = {"since": request.form.get("since", "").strip()}
    place = f"/keys/{key_id}"
    return request.page("sign.html", act=act, said=said, to=f"{place}/revoke/sign", hidden=hidden, back=place, title="Revoke a key")


def sign_revocation(request: Request) -> Response:
    """Revoke it."""
    key_id, agency, since = _revoked(request)
    found = compromise.revoke(request.home, key_id, since, signed(request, agency))
    publish(request.home)
    return request.page("revoked.html", key_id=key_id, found=found)
