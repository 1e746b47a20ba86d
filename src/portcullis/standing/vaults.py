"""The agency vaults that answers are sealed to (R46): attested storage, never a shared mailbox or one workstation.

A vault is a P-256 public key enrolled under the agency's root with an attestation of its storage class. Only classes in
`APPROVED` can be enrolled; which hardware stands behind an attestation no software can see (SECURITY.md says so).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from portcullis.crypto import canonical, jwk_thumbprint
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import LeafType
from portcullis.officers import check_root_act, content_hash
from portcullis.store import schema

__all__ = ["APPROVED", "Vault", "enrol_vault", "revoke_vault", "vault_content", "vault_of"]

APPROVED = frozenset({"agency-hsm", "agency-enclave", "agency-records-system"})


@dataclass(frozen=True, slots=True)
class Vault:
    """An enrolled vault: its id, agency, public JWK and the JWK's RFC 7638 thumbprint."""

    id: str
    agency: str
    jwk: Mapping[str, str]
    thumbprint: str


def vault_content(agency: str, vault: str, jwk: Mapping[str, str], storage: str) -> str:
    """What the agency's root signs to enrol a vault."""
    return content_hash({"agency": agency, "vault": vault, "jwk": dict(jwk), "storage": storage})


def enrol_vault(
    home: Home, conn: Connection, agency: str, vault: str, jwk: Mapping[str, str], storage: str, act: Mapping[str, object]
) -> None:
    """Enrol a vault. Raises Refused for storage that is not approved, or a known id."""
    if storage not in APPROVED:
        raise Refused(
            "This storage cannot hold what is disclosed.",
            "A workstation, a file share or a mailbox is not a vault (R46).",
            "Use " + " or ".join(sorted(APPROVED)) + ".",
        )
    v = schema.vault
    if conn.execute(select(v.c.id).where(v.c.id == vault)).first():
        raise Refused(f"There is a vault {vault} already.", "A vault has one key.", "Enrol a new vault under another id.")
    check_root_act(home, conn, agency, act, "vault.enroll", vault_content(agency, vault, jwk, storage))
    thumbprint = jwk_thumbprint(jwk)
    index = record(
        home,
        conn,
        LeafType.VAULT_ENROLLED,
        {"agency": agency, "vault": vault, "thumbprint": thumbprint, "jwk": dict(jwk), "storage": storage, "act": dict(act)},
    )
    conn.execute(
        insert(v).values(
            id=vault, agency=agency, jwk=canonical(dict(jwk)).decode(), attested=1, storage=storage, enrolled_at=home.now(), leaf_idx=index
        )
    )


def revoke_vault(home: Home, conn: Connection, vault: str, act: Mapping[str, object]) -> None:
    """Revoke a vault; nothing is sealed or dispatched to it from here on."""
    v = schema.vault
    row = conn.execute(select(v).where(v.c.id == vault, v.c.revoked_at.is_(None))).mappings().first()
    if row is None:
        raise Refused("No such vault is enrolled.", "The id is unknown or was revoked.", "Check the id.")
    check_root_act(home, conn, row["agency"], act, "vault.revoke", content_hash({"vault": vault}))
    record(home, conn, LeafType.VAULT_REVOKED, {"agency": row["agency"], "vault": vault, "act": dict(act)})
    conn.execute(update(v).where(v.c.id == vault).values(revoked_at=home.now()))


def vault_of(conn: Connection, agency: str) -> Vault | None:
    """The agency's vault that is enrolled, attested and not revoked; the latest when there are several."""
    v = schema.vault
    row = (
        conn.execute(
            select(v)
            .where(v.c.agency == agency, v.c.attested == 1, v.c.revoked_at.is_(None))
            .order_by(v.c.enrolled_at.desc(), v.c.id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    if row is None:
        return None
    jwk = json.loads(row["jwk"])
    return Vault(row["id"], row["agency"], jwk, jwk_thumbprint(jwk))
