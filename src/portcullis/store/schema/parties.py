"""Who stands in the agreement and what holds for them now: agreements, keys, vaults, officers, standing, holds."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint

from portcullis.store.schema.columns import flag, leaf_ref, number, one_of, serial, table, text

__all__ = [
    "agreement",
    "agreement_signature",
    "hold",
    "key",
    "officer",
    "party",
    "standing",
    "vault",
]

agreement = table(
    "agreement",
    text("id", key=True),
    number("version", key=True),
    text("hash"),
    one_of("state", ("proposed", "in_force", "suspended", "ended")),
    number("valid_from"),
    number("valid_to", null=True),
    text("rules_hash"),
    text("switches"),
    number("adopted_at", null=True),
    CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
)
"""Each version of each agreement; `valid_from` and `valid_to` are epoch days, `switches` is canonical JSON."""

Index(
    "uq_agreement_one_in_force",
    agreement.c.id,
    unique=True,
    sqlite_where=agreement.c.state == "in_force",
    postgresql_where=agreement.c.state == "in_force",
)

agreement_signature = table(
    "agreement_signature",
    text("agreement_id", key=True),
    number("version", key=True),
    text("agency", key=True),
    text("act"),
    ForeignKeyConstraint(["agreement_id", "version"], ["agreement.id", "agreement.version"]),
)
"""The DSSE envelope with which an agency's root key signed this version."""

party = table("party", text("agency", key=True), one_of("side", ("source", "recipient")), text("root_public"))
"""The agencies and the public half of their root keys (base64)."""

key = table(
    "key",
    text("key_id", key=True),
    text("agency", ForeignKey("party.agency")),
    text("person"),
    one_of("kind", ("ed25519", "passkey", "vault")),
    text("public"),
    text("roles"),
    text("webauthn", null=True),
    text("credential", null=True),
    number("enrolled_at"),
    number("revoked_at", null=True),
    number("compromised_since", null=True),
    leaf_ref(),
    UniqueConstraint("credential"),
    CheckConstraint("(kind = 'passkey') = (webauthn IS NOT NULL)", name="passkey"),
)
"""Enrolled public keys; `roles` joined by `;`. A key is never deleted, only revoked from a time on; `compromised_since` is from when on it
was not trusted, where its revocation says so. A passkey has its `webauthn` member as canonical JSON, and the id by which its authenticator
knows it (base64url)."""

vault = table(
    "vault",
    text("id", key=True),
    text("agency", ForeignKey("party.agency")),
    text("jwk"),
    flag("attested"),
    text("storage"),
    number("enrolled_at"),
    number("revoked_at", null=True),
    leaf_ref(),
)
"""The recipient's vaults that answers may be sealed to (R46)."""

standing = table(
    "standing",
    serial("seq"),
    text("agency", ForeignKey("party.agency")),
    text("field"),
    text("value"),
    number("changed_at"),
    leaf_ref(),
)
"""Every change of an agency's safeguard standing (R06), in order; the latest of each field holds. Rows are only added."""

officer = table(
    "officer",
    text("agency", ForeignKey("party.agency"), key=True),
    text("person", key=True),
    flag("employee"),
    flag("active"),
    flag("cleared"),
    number("trained_on", null=True),
    flag("mfa"),
    text("office"),
    number("office_from", null=True),
    number("office_to", null=True),
    text("salt"),
    number("changed_at"),
    leaf_ref(),
)
"""What R02 and R28 ask of a person of the requesting agency; `person` is a pseudonymous id, days are epoch days,
`office` is empty unless the person may sign."""

hold = table(
    "hold",
    text("id", key=True),
    text("scope"),
    number("placed_at"),
    leaf_ref("placed_leaf"),
    number("lifted_at", null=True),
    leaf_ref("lifted_leaf", null=True),
    CheckConstraint("(lifted_at IS NULL) = (lifted_leaf IS NULL)", name="lifted_on_record"),
)
"""Legal holds: what they cover is not destroyed; `scope` is canonical JSON, as an order's."""
