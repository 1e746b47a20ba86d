"""Enrolment by invitation: how a person who has no key yet comes to two passkeys, and the agency's root enrols exactly those.

 1. The holder of the agency's root key invites: the root signs agency, person, roles, end, and the SHA-256 of a code of 120 random bits.
    The code goes to the person by another way than the console's address; the store has its hash only.
 2. Whoever brings the code before its end makes a passkey, and a second one so that losing one does not stop the work; no third.
    A passkey has signed a challenge with its person verified before it is taken. It signs nothing here yet: it waits.
 3. The holder of the root compares each passkey's id with the person, by voice or face to face, and the root signs that very key
    (`key.enroll`). This act stands in the `key.enrolled` leaf, the bundle's key history has it, and both verifiers check it offline.
So a code that was read on its way enrols nobody: the thief's passkey has another id than the person's.
A person who is signed in makes a further passkey without a code, with the roles they have; it waits for the root in the same way.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from portcullis.crypto import Passkey, canonical, encode64, key_id_of
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.model import Role
from portcullis.officers import check_root_act, content_hash, enrol_key
from portcullis.store import schema

__all__ = [
    "MOST_HOURS",
    "MOST_KEYS",
    "Candidate",
    "Invitation",
    "candidate_of",
    "code_hash",
    "decline",
    "enrol_candidate",
    "invitation_of",
    "invite",
    "invite_content",
    "new_code",
    "offer",
    "waiting",
]

MOST_HOURS = 14 * 24
MOST_KEYS = 2
_GROUP = 4


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who may make passkeys by one code, until when (seconds), and how many more."""

    code_sha256: str
    agency: str
    person: str
    roles: tuple[str, ...]
    expires: int
    left: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passkey that was made and not enrolled: waiting, or declined."""

    key_id: str
    agency: str
    person: str
    roles: tuple[str, ...]
    passkey: Passkey
    credential: str
    made_at: int
    state: str


def new_code() -> str:
    """120 random bits as six groups of letters and digits that are read out easily."""
    text = base64.b32encode(secrets.token_bytes(15)).decode()
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def code_hash(code: str) -> str:
    """SHA-256 (hex) of a code however it was typed."""
    return hashlib.sha256("".join(code.upper().split()).replace("-", "").encode()).hexdigest()


def invite_content(agency: str, person: str, roles: Collection[str], code_sha256: str, expires: int) -> str:
    """What an agency root signs to invite."""
    return content_hash({"agency": agency, "person": person, "roles": sorted(roles), "code": code_sha256, "expires": expires})


def invite(
    home: Home,
    conn: Connection,
    *,
    agency: str,
    person: str,
    roles: Collection[Role],
    code_sha256: str,
    expires: int,
    act: Mapping[str, object],
) -> None:
    """Record an invitation. Raises Refused for an end that is past or far off, no role, a used code, and an act that is not the root's."""
    if not home.now() < expires <= home.now() + MOST_HOURS * 3600:
        raise Refused("The invitation has no such end.", f"It stands for at most {MOST_HOURS} hours.", "Invite anew.")
    names = sorted({role.value for role in roles})
    if not names:
        raise Refused("The invitation names no role.", "A key is enrolled in at least one.", "Name the roles.")
    i = schema.invitation
    if conn.execute(select(i.c.person).where(i.c.code_sha256 == code_sha256)).first():
        raise Refused("This code was used before.", "A code is for one person, once.", "Invite anew.")
    check_root_act(home, conn, agency, act, "key.invite", invite_content(agency, person, names, code_sha256, expires))
    stated = {"code_sha256": code_sha256, "agency": agency, "person": person, "roles": ";".join(names)}
    conn.execute(insert(i).values(**stated, invited_at=home.now(), expires=expires, act=canonical(dict(act)).decode()))


def invitation_of(home: Home, conn: Connection, code: str) -> Invitation:
    """The invitation of a code. Raises Refused, always with the same words, when it is unknown, over, or used for all its passkeys."""
    i, c = schema.invitation, schema.candidate
    row = conn.execute(select(i).where(i.c.code_sha256 == code_hash(code), i.c.expires > home.now())).mappings().first()
    if row is not None:
        made = conn.execute(select(func.count()).where(c.c.code_sha256 == row["code_sha256"])).scalar_one()
        if made < MOST_KEYS:
            roles = tuple(row["roles"].split(";"))
            return Invitation(row["code_sha256"], row["agency"], row["person"], roles, row["expires"], MOST_KEYS - made)
    raise Refused(
        "This invitation does not hold.",
        f"Its code is unknown, its time is over, or its {MOST_KEYS} passkeys were made.",
        "Ask whoever holds your agency's root key.",
    )


def offer(
    home: Home, conn: Connection, *, agency: str, person: str, roles: Collection[str], passkey: Passkey, credential: str, code: str = ""
) -> str:
    """Keep a passkey that was made until the root enrols or declines it; returns its id. Raises Refused for one that is known."""
    key_id, c, k = key_id_of(passkey.public), schema.candidate, schema.key
    known = conn.execute(select(c.c.key_id).where(c.c.credential == credential)).first()
    if known or conn.execute(select(k.c.key_id).where((k.c.key_id == key_id) | (k.c.credential == credential))).first():
        raise Refused("This passkey is known already.", "Each is enrolled once.", "Make another, on another device.")
    values = {"key_id": key_id, "code_sha256": code_hash(code) if code else None, "agency": agency, "person": person}
    values |= {"roles": ";".join(sorted(roles)), "public": encode64(passkey.public), "webauthn": canonical(passkey.member()).decode()}
    conn.execute(insert(c).values(**values, credential=credential, made_at=home.now(), state="waiting"))
    return key_id


def waiting(conn: Connection) -> list[Candidate]:
    """Every passkey that waits for a root, the earliest first."""
    c = schema.candidate
    return [_read(row) for row in conn.execute(_open().order_by(c.c.made_at, c.c.key_id)).mappings()]


def candidate_of(conn: Connection, key_id: str) -> Candidate:
    """One that waits. Raises Refused when none of that id does."""
    row = conn.execute(_open().where(schema.candidate.c.key_id == key_id)).mappings().first()
    if row is None:
        raise Refused("No such passkey waits.", "It was enrolled or declined, or was never made.", "See the list of keys.")
    return _read(row)


def _open() -> Select[Any]:
    """Those that wait; one that `key enrol` enrolled from a file waits no more."""
    c, k = schema.candidate, schema.key
    return select(c).where(c.c.state == "waiting", c.c.key_id.not_in(select(k.c.key_id)))


def _read(row: RowMapping) -> Candidate:
    passkey = Passkey.read(base64.b64decode(row["public"]), json.loads(row["webauthn"]))
    roles = tuple(row["roles"].split(";"))
    return Candidate(row["key_id"], row["agency"], row["person"], roles, passkey, row["credential"], int(row["made_at"]), row["state"])


def enrol_candidate(home: Home, conn: Connection, key_id: str, act: Mapping[str, object]) -> Candidate:
    """Enrol one that waits, under the root's act over exactly this passkey, person and roles."""
    one = candidate_of(conn, key_id)
    enrol_key(
        home,
        conn,
        agency=one.agency,
        person=one.person,
        roles=[Role(name) for name in one.roles],
        public=one.passkey.public,
        act=act,
        passkey=one.passkey,
        credential=one.credential,
    )
    _settle(conn, key_id, "enrolled")
    return one


def decline(conn: Connection, key_id: str) -> None:
    """Put one aside for good: whoever holds the root did not know it. It had signed nothing that counts."""
    candidate_of(conn, key_id)
    _settle(conn, key_id, "declined")


def _settle(conn: Connection, key_id: str, state: str) -> None:
    c = schema.candidate
    conn.execute(update(c).where(c.c.key_id == key_id).values(state=state))
