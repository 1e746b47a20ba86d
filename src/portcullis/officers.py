"""The people who act: their keys, and whether an act of theirs is good.

An act is accepted when
 1. it is a strict DSSE envelope with exactly one signature,
 2. by a key that is enrolled under its agency's root and not revoked,
 3. over this ledger's origin, this agreement, this action and exactly this content,
 4. by the person the key belongs to, who holds a role the action asks for,
 5. not expired, and with a nonce never used here before.

Journey.md, "People who act"; ledger.md, verifier step 3.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from portcullis.crypto import Passkey, SigningKey, canonical, check_public, key_id_of, open_act, sign_act
from portcullis.errors import OutOfOrder, Refused
from portcullis.home import Home
from portcullis.journal import record, stamp
from portcullis.model import Act, LeafType, Role
from portcullis.store import schema

__all__ = [
    "Officer",
    "accept_act",
    "check_root_act",
    "content_hash",
    "enrol_key",
    "enrol_root",
    "key_content",
    "officer_of_credential",
    "officer_of_key",
    "revoke_content",
    "revoke_key",
    "root_of",
    "sign",
    "weigh_act",
]

_CODE = re.compile(r"[A-Za-z0-9._:/+=@()-]{1,128}")
_ASKING = frozenset({Role.SIGNER, Role.OFFICER})
"""What a person of a receiving agency can be. Were it to enrol counsel or authorizers, it could answer itself."""


@dataclass(frozen=True, slots=True)
class Officer:
    """A person as known by one enrolled key."""

    key_id: str
    agency: str
    person: str
    roles: frozenset[Role]
    public: bytes
    passkey: Passkey | None = None


def content_hash(content: object) -> str:
    """SHA-256 (hex) of the canonical JSON of what is acted on."""
    return hashlib.sha256(canonical(content)).hexdigest()


def sign(origin: str, key: SigningKey, person: str, action: str, content: str, agreement: str, expires: int) -> dict[str, object]:
    """Sign one act with a key file's key: for this ledger, this content, once, until `expires`."""
    return sign_act(key, Act(origin, agreement, action, content, person, secrets.token_hex(16), expires))


def key_content(agency: str, person: str, roles: Sequence[str], public: bytes, passkey: Passkey | None = None) -> str:
    """What an agency root signs to enrol a person's key; of a passkey also where it may be used."""
    webauthn = {"webauthn": passkey.member()} if passkey else {}
    return content_hash({"agency": agency, "person": person, "roles": sorted(roles), "key": base64.b64encode(public).decode()} | webauthn)


def enrol_root(home: Home, conn: Connection, agency: str, side: str, public: bytes) -> None:
    """Name an agency's root key. Once: another root for the same agency is refused, since everything else hangs from it.

    Raises Refused also for a key that is none, and for an agency that is no code.
    """
    check_public(public)
    _check_code("agency", agency)
    known = conn.execute(select(schema.party.c.root_public).where(schema.party.c.agency == agency)).scalar_one_or_none()
    encoded = base64.b64encode(public).decode()
    if known == encoded:
        return
    if known is not None:
        raise Refused(
            f"{agency} has another root key already.", "Every enrolment of that agency hangs from it.", "Start a new home to change a root."
        )
    conn.execute(insert(schema.party).values(agency=agency, side=side, root_public=encoded))


def _check_code(what: str, value: str) -> None:
    """Agencies and people are known by codes; a name with spaces would be a personal value in the store."""
    if not _CODE.fullmatch(value):
        raise Refused(
            f"The {what}'s id is no code.",
            "It is empty, too long, or has a space or another sign that no id has.",
            "Choose one like IRS-0007.",
        )


def _side(conn: Connection, agency: str) -> str | None:
    p = schema.party
    return conn.execute(select(p.c.side).where(p.c.agency == agency)).scalar_one_or_none()


def root_of(conn: Connection, agency: str) -> bytes:
    """The public root key of an agency."""
    known = conn.execute(select(schema.party.c.root_public).where(schema.party.c.agency == agency)).scalar_one_or_none()
    if known is None:
        raise Refused(
            f"{agency} has no root key here.",
            "People's keys are enrolled under it.",
            f"Type: portcullis key add --root --agency {agency} --public KEY",
        )
    return base64.b64decode(known)


def enrol_key(
    home: Home,
    conn: Connection,
    *,
    agency: str,
    person: str,
    roles: Collection[Role],
    public: bytes,
    act: Mapping[str, object],
    passkey: Passkey | None = None,
    credential: str | None = None,
) -> str:
    """Enrol a person's key under the agency's root; returns its key id and writes `key.enrolled`.

    Of a passkey `public` is its own, and `credential` the id its authenticator knows it by.

    Raises Refused for a role the agency's side cannot give, an act that is not the root's, or a key that is known.
    """
    if _side(conn, agency) == "recipient" and not set(roles) <= _ASKING:
        raise Refused(
            f"{agency} enrols signers and officers only.",
            "Every other role guards what it asks for.",
            "The source agency enrols this person.",
        )
    if passkey is None:
        check_public(public)
    elif Passkey.read(public, passkey.member()) != passkey or credential is None:
        raise OutOfOrder("A passkey is enrolled with its own public key and the id of its credential.")
    _check_code("person", person)
    names = sorted({role.value for role in roles})
    check_root_act(home, conn, agency, act, "key.enroll", key_content(agency, person, names, public, passkey))
    key_id = key_id_of(public)
    if conn.execute(select(schema.key.c.key_id).where(schema.key.c.key_id == key_id)).first():
        raise Refused("This key is enrolled already.", "A key belongs to one person, once.", "Generate a new key.")
    index = record(
        home,
        conn,
        LeafType.KEY_ENROLLED,
        {
            "agency": agency,
            "person": person,
            "roles": names,
            "key": base64.b64encode(public).decode(),
            "key_id": key_id,
            "act": dict(act),
        }
        | ({"webauthn": passkey.member()} if passkey else {}),
    )
    conn.execute(
        insert(schema.key).values(
            key_id=key_id,
            agency=agency,
            person=person,
            kind="passkey" if passkey else "ed25519",
            public=base64.b64encode(public).decode(),
            roles=";".join(names),
            webauthn=canonical(passkey.member()).decode() if passkey else None,
            credential=credential,
            enrolled_at=home.now(),
            leaf_idx=index,
        )
    )
    return key_id


def revoke_key(home: Home, conn: Connection, key_id: str, act: Mapping[str, object], since: int | None = None) -> None:
    """Revoke a key; from this place in the log on, nothing it signs counts. `since` says from when on it is not trusted (compromise.py).

    Raises Refused for a key that is not enrolled or was revoked, and an act that is not the root's.
    """
    row = conn.execute(select(schema.key).where(schema.key.c.key_id == key_id)).mappings().first()
    if row is None:
        raise Refused("No such key is enrolled.", "The id is not in the store.", "Type: portcullis key list")
    if row["revoked_at"] is not None:
        raise Refused("This key is revoked already.", "A key is revoked once.", "Type: portcullis key list")
    check_root_act(home, conn, row["agency"], act, "key.revoke", revoke_content(key_id, since))
    dated = {} if since is None else {"from": stamp(since)}
    record(home, conn, LeafType.KEY_REVOKED, {"key_id": key_id, **dated, "act": dict(act)})
    conn.execute(update(schema.key).where(schema.key.c.key_id == key_id).values(revoked_at=home.now(), compromised_since=since))


def revoke_content(key_id: str, since: int | None = None) -> str:
    """What an agency root signs to revoke a key."""
    return content_hash({"key_id": key_id} if since is None else {"key_id": key_id, "from": stamp(since)})


def check_root_act(home: Home, conn: Connection, agency: str, act: Mapping[str, object], action: str, content: str) -> Act:
    """An act by an agency's root key, over exactly this content."""
    root = root_of(conn, agency)
    opened = open_act(act, lambda key_id: root if key_id == key_id_of(root) else None)
    _check(home, opened, action, content, "", f"root:{agency}")
    _use_up(home, conn, opened.nonce)
    return opened


def officer_of_key(conn: Connection, key_id: str) -> Officer | None:
    """The person whose enrolled, unrevoked key or passkey this is."""
    row = conn.execute(_BY_KEY, {"of_key": key_id}).mappings().first()
    return None if row is None else _officer(row)


_K = schema.key
_BY_KEY = select(_K).where(_K.c.key_id == bindparam("of_key"), _K.c.kind != "vault", _K.c.revoked_at.is_(None))


def officer_of_credential(conn: Connection, credential: str) -> Officer | None:
    """The person whose enrolled, unrevoked passkey an authenticator knows by this id."""
    k = schema.key
    row = conn.execute(select(k).where(k.c.credential == credential, k.c.revoked_at.is_(None))).mappings().first()
    return None if row is None else _officer(row)


def _officer(row: RowMapping) -> Officer:
    public = base64.b64decode(row["public"])
    return Officer(
        key_id=row["key_id"],
        agency=row["agency"],
        person=row["person"],
        roles=frozenset(Role(name) for name in row["roles"].split(";")),
        public=public,
        passkey=Passkey.read(public, json.loads(row["webauthn"])) if row["webauthn"] else None,
    )


def accept_act(
    home: Home, conn: Connection, envelope: Mapping[str, object], *, action: str, content: str, agreement: str, roles: Collection[Role]
) -> tuple[Officer, Act]:
    """Verify a person's act by the five checks above and use up its nonce."""
    officer, opened = weigh_act(home, conn, envelope, action=action, content=content, agreement=agreement, roles=roles)
    _use_up(home, conn, opened.nonce)
    return officer, opened


def weigh_act(
    home: Home, conn: Connection, envelope: Mapping[str, object], *, action: str, content: str, agreement: str, roles: Collection[Role]
) -> tuple[Officer, Act]:
    """Verify a person's act as `accept_act` does, and leave its nonce: what waits for a second signature counts only with it."""
    found: list[Officer] = []

    def lookup(key_id: str) -> bytes | Passkey | None:
        officer = officer_of_key(conn, key_id)
        if officer is None:
            return None
        found.append(officer)
        return officer.passkey or officer.public

    act = open_act(envelope, lookup)
    officer = found[0]
    _check(home, act, action, content, agreement, officer.person)
    if not officer.roles & frozenset(roles):
        wanted = " or ".join(sorted(role.value for role in roles))
        raise Refused(f"This act needs the role {wanted}.", "The key's holder was not enrolled in it.", "Ask a person who holds it.")
    _check_unused(conn, act.nonce)
    return officer, act


def _check(home: Home, act: Act, action: str, content: str, agreement: str, person: str) -> None:
    for name, stated, expected in (
        ("ledger", act.origin, home.settings.origin),
        ("agreement", act.agreement, agreement),
        ("action", act.action, action),
        ("content", act.content, content),
        ("person", act.officer, person),
    ):
        if stated != expected:
            raise Refused(
                f"The signature is over another {name}.", "It does not cover what is asked here.", "Sign anew over what is shown now."
            )
    if act.expires <= home.now():
        raise Refused("The signature has expired.", "Its time is over.", "Sign anew.")


def _use_up(home: Home, conn: Connection, nonce: str) -> None:
    """An act counts once. The primary key decides; the query only makes the message."""
    _check_unused(conn, nonce)
    conn.execute(insert(schema.act_nonce).values(nonce=nonce, at=home.now()))


def _check_unused(conn: Connection, nonce: str) -> None:
    n = schema.act_nonce
    if conn.execute(select(n.c.nonce).where(n.c.nonce == nonce)).first():
        raise Refused("This signed act was used before.", "An act counts once.", "Sign anew.")
