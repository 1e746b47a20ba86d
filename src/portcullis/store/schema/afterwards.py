"""What is open after a release: notices, redisclosures, recalls, incidents, disposals, persons' requests; no personal value."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index

from portcullis.store.schema.columns import leaf_ref, number, one_of, serial, table, text

__all__ = ["KINDS", "matter", "matter_item", "matter_step"]

KINDS = ("ai_notice", "environment_notice", "redisclosure", "recall", "incident", "use", "access", "contest", "service")

matter = table(
    "matter",
    text("id", CheckConstraint("id LIKE 'M-____-______'", name="id"), key=True),
    one_of("kind", KINDS),
    text("agency", ForeignKey("party.agency")),
    text("agreement_id", null=True),
    text("batch_id", ForeignKey("batch.id"), null=True),
    text("state"),
    number("opened_at"),
    number("due_at", null=True),
    number("stops_from", null=True),
    number("closed_at", null=True),
    text("detail"),
    leaf_ref(),
)
"""One thing that is open after a release. `due_at` is its next deadline, `stops_from` the second from which it stops the agency's flow
while `closed_at` is null; `detail` is canonical JSON of codes and counts. A `use` is opened by the dispatch of its batch."""

Index(None, matter.c.agency, matter.c.kind, sqlite_where=matter.c.closed_at.is_(None), postgresql_where=matter.c.closed_at.is_(None))

matter_step = table(
    "matter_step",
    serial("seq"),
    text("matter", ForeignKey("matter.id")),
    text("step"),
    text("person"),
    number("at"),
    text("detail"),
    leaf_ref(),
)
"""What happened in a matter, in order; rows are only added. `detail` is canonical JSON of what was signed."""

Index(None, matter_step.c.matter)

matter_item = table(
    "matter_item",
    text("matter", ForeignKey("matter.id"), key=True),
    text("batch_id", ForeignKey("batch.id"), key=True),
    number("ordinal", key=True),
    text("custodian", key=True),
    text("state"),
)
"""The records a matter is about, once for each custodian who has them."""

Index(None, matter_item.c.batch_id, matter_item.c.ordinal)
