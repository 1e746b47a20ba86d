"""What two officers signed, what was committed and dispatched of it, and the recipient's receipt."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index

from portcullis.store.schema.columns import leaf_ref, number, one_of, table, text

__all__ = ["authorization", "receipt", "release"]

authorization = table(
    "authorization",
    text("nonce", key=True),
    text("batch_id", ForeignKey("batch.id")),
    text("officer"),
    text("person"),
    text("key_id", ForeignKey("key.key_id")),
    text("root"),
    number("expires"),
    text("act"),
    number("at"),
    number("voided_at", null=True),
    leaf_ref(),
)
"""Each officer's signed act over a release root; voided, never deleted. A nonce is used once."""

Index(
    "uq_authorization_one_live_per_person",
    authorization.c.batch_id,
    authorization.c.root,
    authorization.c.person,
    unique=True,
    sqlite_where=authorization.c.voided_at.is_(None),
    postgresql_where=authorization.c.voided_at.is_(None),
)

release = table(
    "release",
    text("batch_id", ForeignKey("batch.id"), key=True),
    text("root", key=True),
    one_of("state", ("committed", "dispatched", "withheld")),
    text("facts"),
    leaf_ref("committed_leaf"),
    leaf_ref("dispatched_leaf", null=True),
    number("answers"),
    text("sealed_root"),
    CheckConstraint("(state = 'dispatched') = (dispatched_leaf IS NOT NULL)", name="dispatched_on_record"),
)
"""The sealed answers of a batch: committed, then dispatched with the leaf that says so, or withheld."""

Index(
    "uq_release_one_live_per_batch",
    release.c.batch_id,
    unique=True,
    sqlite_where=release.c.state != "withheld",
    postgresql_where=release.c.state != "withheld",
)

receipt = table(
    "receipt",
    text("batch_id", ForeignKey("batch.id"), key=True),
    text("person", key=True),
    text("act"),
    number("at"),
    leaf_ref(),
)
"""The recipient's signed acknowledgement."""
