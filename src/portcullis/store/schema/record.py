"""The ledger's leaves and what keeps them in step with the state: head row, steps, outbox, inspections."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, literal_column

from portcullis.store.schema.columns import blob, flag, leaf_ref, number, one_of, serial, table, text

__all__ = [
    "NOT_A_DECISION",
    "act_nonce",
    "api_call",
    "console_challenge",
    "console_session",
    "inspection",
    "leaf",
    "ledger_head",
    "meta",
    "outbox",
    "own_record",
    "step",
    "work",
]

meta = table("meta", text("key", key=True), text("value"))
"""Facts about this home: log origin, gateway id. One row per key."""

ledger_head = table(
    "ledger_head",
    number("id", key=True),
    number("size"),
    number("published_size"),
    text("published_root", null=True),
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint("published_size >= 0 AND published_size <= size", name="published_within"),
)
"""One row: how many leaves there are and how many of them were published. Locked last by whoever appends."""

leaf = table(
    "leaf",
    number("idx", CheckConstraint("idx >= 0", name="idx"), key=True),
    text("type"),
    text("batch_id", null=True),
    blob("hash"),
    blob("body"),
    CheckConstraint("length(hash) = 32", name="hash"),
    CheckConstraint("length(body) BETWEEN 1 AND 65535", name="body"),
)
"""The ledger's entries, gapless from 0: `hash` is the RFC 6962 leaf hash of `body`. `batch_id` refers to nothing, because
the ledger is permanent and depends on no other table."""

Index(None, leaf.c.batch_id, leaf.c.type, sqlite_where=leaf.c.batch_id.is_not(None), postgresql_where=leaf.c.batch_id.is_not(None))
Index(None, leaf.c.type, leaf.c.idx, sqlite_where=leaf.c.batch_id.is_(None), postgresql_where=leaf.c.batch_id.is_(None))
NOT_A_DECISION = leaf.c.type != literal_column("'request.decided'")
"""Written out, not as a parameter: only so do databases see that the index below serves."""
Index("ix_leaf_not_a_decision", leaf.c.idx, sqlite_where=NOT_A_DECISION, postgresql_where=NOT_A_DECISION)

step = table(
    "step",
    text("batch_id", ForeignKey("batch.id"), key=True),
    text("step", key=True),
    number("at"),
    leaf_ref(null=True),
)
"""What a batch has already been through; its primary key is what makes every step happen once."""

work = table("work", text("batch_id", ForeignKey("batch.id"), key=True), text("worker"), text("state"), number("begun"), number("beat"))
"""Which worker is at the long work of a batch now, from which state, since when, and when it last said so."""

act_nonce = table("act_nonce", text("nonce", key=True), number("at"))
"""The nonces of all signed acts ever accepted: an act counts once."""

api_call = table(
    "api_call",
    text("agency", ForeignKey("party.agency"), key=True),
    text("key", key=True),
    text("fingerprint"),
    text("batch_id", ForeignKey("batch.id")),
    number("at"),
)
"""Batches received over the HTTP API, by the caller's idempotency key; `fingerprint` is a keyed hash of the envelope."""

Index(None, api_call.c.batch_id)

console_session = table("console_session", text("token_sha256", key=True), text("person"), text("key_id"), number("begun"), number("seen"))
"""Who is signed in at the console; of the token only its hash is kept, so that nobody who reads the store can use one."""

console_challenge = table("console_challenge", text("sha256", key=True), number("at"))
"""Challenges of sign-ins that were answered, for as long as they could be answered again."""

outbox = table(
    "outbox",
    serial("id"),
    text("batch_id", ForeignKey("batch.id")),
    text("kind"),
    text("path"),
    text("sha256"),
    one_of("state", ("pending", "withheld", "sent")),
    number("made_at"),
    number("sent_at", null=True),
    CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
    UniqueConstraint("batch_id", "path"),
)
"""Sealed files waiting to leave: written with the commit, sent only after a dispatch. `path` is relative to the outbox."""

inspection = table(
    "inspection",
    serial("id"),
    text("person"),
    text("why"),
    text("command"),
    text("batch_id", ForeignKey("batch.id"), null=True),
    flag("own"),
    number("at"),
    leaf_ref(),
)
"""Who read personal data, why (a code), through which command; `own` where the record was the reader's own."""

own_record = table("own_record", text("person", key=True), text("blind", key=True))
"""Keyed blind indices of the records of people who act here: only to see when somebody looks at their own."""
