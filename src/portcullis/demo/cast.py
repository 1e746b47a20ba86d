"""The people and keys of a demonstration, enrolled as real ones would be: each key under its agency's root, each act signed.

Everything here is synthetic. Key files lie in the home under `keys/people/`, encrypted under the demo's own secret.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from portcullis.agreement import Agreement, adopt, find, load_agreement, propose, sign_agreement
from portcullis.crypto import AgreementKey, SigningKey, save_key
from portcullis.home import DEMO_SECRET, Home, create
from portcullis.model import Role
from portcullis.officers import enrol_key, enrol_root, key_content, sign
from portcullis.review import commit_stock, stock_content
from portcullis.review.sample import next_k
from portcullis.standing import (
    OfficerRecord,
    enrol_vault,
    officer_content,
    record_officer,
    set_standing,
    standing_content,
    vault_content,
)
from portcullis.store import reading, release_exclusive
from portcullis.synthetic import people

__all__ = ["AGREEMENT", "Cast", "make_cast"]

AGREEMENT = "irs-ice-2025"
_HOUR = 3600
_DAY = 86_400


@dataclass
class Cast:
    """A home with everything in force, and the keys of everybody who acts."""

    home: Home
    roots: dict[str, SigningKey]
    keys: dict[str, SigningKey] = field(default_factory=dict)
    vault: AgreementKey = field(default_factory=AgreementKey.generate)
    numbers: list[bytes] = field(default_factory=list)
    agreement: Agreement = field(default_factory=lambda: load_agreement(find(AGREEMENT)))

    def act(self, person: str, action: str, content: str, agreement: str = "", hours: int = 24) -> dict[str, object]:
        """One signed act of a person, or of an agency's root (`root:IRS`)."""
        key = self.roots[person.removeprefix("root:")] if person.startswith("root:") else self.keys[person]
        return sign(self.home.settings.origin, key, person, action, content, agreement, self.home.now() + hours * _HOUR)

    def person(self, role: Role, number: int = 1) -> str:
        """The n-th demo person of the source agency with that role."""
        return [one.id for one in people(self.agreement.source) if role in one.roles][number - 1]

    @property
    def recipient(self) -> str:
        """The code of the asking party."""
        return self.agreement.recipient

    @property
    def signer(self) -> str:
        """Who signs the recipient's envelopes."""
        return f"{self.recipient}-0001"

    @property
    def vault_id(self) -> str:
        """The recipient's one vault."""
        return f"{self.recipient}-V1"

    def enrol(self, conn: Connection, agency: str, person: str, roles: Collection[Role]) -> None:
        """Make a key and enrol it under the agency's root."""
        key = self.keys[person] = SigningKey.generate()
        content = key_content(agency, person, [role.value for role in roles], key.public)
        act = self.act(f"root:{agency}", "key.enroll", content)
        enrol_key(self.home, conn, agency=agency, person=person, roles=roles, public=key.public, act=act)

    def officer(self, conn: Connection, person: str, **changed: object) -> None:
        """Record a person of the recipient agency as a good officer, but for what is changed."""
        today = self.home.now() // _DAY
        good = {"employee": 1, "active": 1, "cleared": 1, "mfa": 1, "trained_on": today - 30}
        record = OfficerRecord(self.recipient, person, **(good | changed))  # type: ignore[arg-type]
        record_officer(self.home, conn, record, self.act(f"root:{self.recipient}", "officer.record", officer_content(record)))

    def standing(self, conn: Connection, name: str, value: int) -> None:
        """A change of the recipient's standing, signed by the safeguards officer."""
        act = self.act(self.person(Role.SAFEGUARDS), "standing.set", standing_content(self.recipient, name, value))
        set_standing(self.home, conn, self.recipient, name, value, act)

    def stock(self) -> None:
        """The overseer lays one number in stock for the sample."""
        number = secrets.token_bytes(32)
        commitment = hashlib.sha256(number).hexdigest()
        with reading(self.home.engine) as conn:
            k = next_k(conn)
        commit_stock(
            self.home, k, commitment, self.act(self.person(Role.OVERSEER), "sample.commit", stock_content(k, commitment)), apart=False
        )
        self.numbers.append(number)

    def vault_act(self, vault: str, storage: str) -> dict[str, object]:
        """The recipient root's act that enrols the vault."""
        content = vault_content(self.recipient, vault, self.vault.public_jwk, storage)
        return self.act(f"root:{self.recipient}", "vault.enroll", content)


def make_cast(
    path: Path,
    *,
    now: Callable[[], int] | None = None,
    store: str = "",
    officers: Collection[str] = (),
    folder: Path | None = None,
) -> Cast:
    """Create a home at `path` with both agencies, their people, standing, vault, the agreement in force and two numbers in stock.

    `officers` are the recipient's officers who will engage; `folder` is the agreement's, by default that of irs-ice-2025. No register is
    loaded yet.
    """
    agreement = load_agreement(folder or find(AGREEMENT))
    secret = secrets.token_hex(32).encode()
    home = create(path, secret, store=store) if now is None else create(path, secret, store=store, now=now)
    (path / "keys" / DEMO_SECRET).write_bytes(secret)
    (path / "keys" / DEMO_SECRET).chmod(0o600)
    sides = {agreement.source: "source", agreement.recipient: "recipient"}
    cast = Cast(home, {agency: SigningKey.generate() for agency in sides}, agreement=agreement)
    with release_exclusive(home.engine) as conn:
        for agency, side in sides.items():
            enrol_root(home, conn, agency, side, cast.roots[agency].public)
        for one in people(agreement.source):
            cast.enrol(conn, one.agency, one.id, one.roles)
        _enrol_recipient(cast, conn, officers)
        proposed = propose(home, conn, agreement.folder)
        for agency in sides:
            signed = cast.act(f"root:{agency}", "agreement.sign", proposed.hash)
            sign_agreement(home, conn, proposed.id, proposed.version, agency, signed)
        adopt(home, conn, proposed.id, proposed.version)
    for _ in range(2):
        cast.stock()
    return cast


def _enrol_recipient(cast: Cast, conn: Connection, officers: Collection[str]) -> None:
    """The asking party's signer in an office that may sign, its officers, its standing and its vault."""
    home, today = cast.home, cast.home.now() // _DAY
    office = next(iter(sorted(cast.agreement.signing_offices, key=list(cast.agreement.offices).index)), "head")
    cast.enrol(conn, cast.recipient, cast.signer, [Role.SIGNER])
    cast.officer(conn, cast.signer, office=office, office_from=today - 300)
    for officer in officers:
        cast.enrol(conn, cast.recipient, officer, [Role.OFFICER])
        cast.officer(conn, officer)
    for name, value in (("report_accepted_on", today - 60), ("findings_without_plan", 0), ("suspended", 0)):
        cast.standing(conn, name, value)
    act = cast.vault_act(cast.vault_id, "agency-hsm")
    enrol_vault(home, conn, cast.recipient, cast.vault_id, cast.vault.public_jwk, "agency-hsm", act)


def save_people(cast: Cast) -> None:
    """Write the key files of roots, demo people and the vault, for whoever goes on by hand."""
    folder = cast.home.path / "keys" / "people"
    folder.mkdir(mode=0o700, exist_ok=True)
    secret = (cast.home.path / "keys" / DEMO_SECRET).read_bytes()
    for agency, root in cast.roots.items():
        save_key(folder / f"root-{agency}.json", root, secret)
    named = [*(one.id for one in people(cast.agreement.source)), cast.signer]
    for person in named:
        save_key(folder / f"{person}.json", cast.keys[person], secret)
    save_key(folder / f"vault-{cast.vault_id}.json", cast.vault, secret)
