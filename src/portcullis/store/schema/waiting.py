"""What waits for a second hand: invitations to enrol, passkeys not enrolled yet, and the first of two signatures."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint

from portcullis.store.schema.columns import number, one_of, table, text

__all__ = ["candidate", "first_signature", "invitation"]

invitation = table(
    "invitation",
    text("code_sha256", key=True),
    text("agency", ForeignKey("party.agency")),
    text("person"),
    text("roles"),
    number("invited_at"),
    number("expires"),
    text("act"),
    CheckConstraint("expires > invited_at", name="lasts"),
)
"""Who was invited to make passkeys, signed by the agency's root; `roles` joined by `;`. Of the code only its SHA-256 is kept."""

candidate = table(
    "candidate",
    text("key_id", key=True),
    text("code_sha256", ForeignKey("invitation.code_sha256"), null=True),
    text("agency", ForeignKey("party.agency")),
    text("person"),
    text("roles"),
    text("public"),
    text("webauthn"),
    text("credential"),
    number("made_at"),
    one_of("state", ("waiting", "enrolled", "declined")),
    UniqueConstraint("credential"),
)
"""Passkeys that people made and the agency's root has not enrolled, or declined; columns as in `key`. `code_sha256` is empty for one that
somebody made who was signed in."""

first_signature = table(
    "first_signature",
    text("content", key=True),
    text("action"),
    text("stated"),
    text("person"),
    text("act"),
    number("expires"),
    number("at"),
)
"""The first of the two signatures that lift an order or turn a switch; `content` is the hash both sign, `stated` what it is over as
canonical JSON. It goes when the second has come."""
