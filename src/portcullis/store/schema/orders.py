"""Court orders: stays, what each of them did, whom it is about, and orders of a court that permit a flow; no personal value."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index

from portcullis.store.schema.columns import blob, flag, leaf_ref, number, table, text

__all__ = ["court_order", "court_permit", "order_effect", "order_subject"]

court_order = table(
    "court_order",
    text("id", key=True),
    text("scope"),
    number("court_time"),
    number("imposed_at"),
    leaf_ref("imposed_leaf"),
    number("lifted_at", null=True),
    leaf_ref("lifted_leaf", null=True),
    CheckConstraint("(lifted_at IS NULL) = (lifted_leaf IS NULL)", name="lifted_on_record"),
)
"""Stays; `scope` is canonical JSON. In force from its imposing leaf to its lifting leaf."""

order_effect = table(
    "order_effect",
    text("order_id", ForeignKey("court_order.id"), key=True),
    text("batch_id", ForeignKey("batch.id"), key=True),
    flag("reached"),
    text("state"),
    number("voided"),
    number("withheld"),
    number("left_at", null=True),
    number("at"),
)
"""What a stay did to a batch it covers: the state it found it in, how many authorizations it voided and how many sealed answers it
withheld, or when the batch had left. `reached` is 1 where the order is limited to persons or statutes and the batch holds such a row."""

Index(None, order_effect.c.batch_id)

order_subject = table(
    "order_subject",
    text("order_id", ForeignKey("court_order.id"), key=True),
    text("person", key=True),
    blob("salt"),
    text("blinds"),
)
"""Whom a stay is about: the commitment that stands in its leaf, the salt that opens it, and the keyed blind indices (hex, joined by `;`)
by which requests about that person are found. The identity itself is not kept."""

court_permit = table(
    "court_permit",
    text("id", key=True),
    text("scope"),
    number("court_time"),
    number("entered_at"),
    leaf_ref("entered_leaf"),
    number("ended_at", null=True),
    leaf_ref("ended_leaf", null=True),
    CheckConstraint("(ended_at IS NULL) = (ended_leaf IS NULL)", name="ended_on_record"),
)
"""Orders that permit a flow. They free nothing: where one meets a stay the two are shown to counsel, and the stay holds."""
