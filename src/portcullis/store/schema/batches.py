"""A batch and what people and rules said of its requests, up to the sample."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint

from portcullis.model import BatchState, Decision, Role
from portcullis.store.schema.columns import blob, flag, leaf_ref, number, one_of, table, text

__all__ = [
    "asked",
    "assignment",
    "batch",
    "batch_figure",
    "citation",
    "decided_count",
    "engagement",
    "referral",
    "request",
    "review",
    "sample",
    "sample_item",
    "sample_stock",
]

_NEEDED = ("agreement_id", "agreement_version", "agency", "gate", "data_class", "signer", "nonce", "file_root", "count", "rules_hash")

batch = table(
    "batch",
    text("id", CheckConstraint("id LIKE 'B-____-______'", name="id"), key=True),
    text("log_id", CheckConstraint("length(log_id) = 32", name="log_id")),
    text("agreement_id", null=True),
    number("agreement_version", null=True),
    text("agency", ForeignKey("party.agency"), null=True),
    text("gate", null=True),
    text("data_class", null=True),
    text("signer", null=True),
    text("nonce", null=True),
    text("file_root", null=True),
    number("count", CheckConstraint("count >= 0", name="count"), null=True),
    one_of("state", tuple(BatchState)),
    flag("held"),
    number("received_at"),
    text("rules_hash", null=True),
    text("switches", null=True),
    text("register_version", null=True),
    text("evidence_sha256s", null=True),
    text("decisions_root", null=True),
    number("answers", null=True),
    text("answers_root", null=True),
    blob("wrapped_key", null=True),
    number("key_destroyed_at", null=True),
    number("sample_k", null=True),
    ForeignKeyConstraint(["agreement_id", "agreement_version"], ["agreement.id", "agreement.version"]),
    UniqueConstraint("log_id"),
    UniqueConstraint("agency", "nonce"),
    CheckConstraint("state = 'refused' OR (" + " AND ".join(f"{name} IS NOT NULL" for name in _NEEDED) + ")", name="complete"),
    CheckConstraint("key_destroyed_at IS NULL OR wrapped_key IS NULL", name="key_destroyed"),
)
"""One row per batch received. A refused batch keeps only what could be read of its envelope; any other has all of it.
`log_id` is the random id its leaves bear; (agency, nonce) is what makes a replay impossible (R10).
`sample_k` is the row of `sample_stock` that refers back to this batch. `evidence_sha256s` is canonical JSON: file name to hash."""

Index(None, batch.c.state)
Index(None, batch.c.file_root)

asked = table("asked", text("batch_id", ForeignKey("batch.id"), key=True), number("received_at"), text("sha256"))
"""Which batches were checked, and the hash of the file of keyed fingerprints that says what each asked about whom (R39)."""

batch_figure = table("batch_figure", text("batch_id", ForeignKey("batch.id"), key=True), text("name", key=True), number("value"))
"""Counts over all requests of a batch, written when it is checked: what an overseer compares with what is plausible (R57)."""

engagement = table(
    "engagement",
    text("batch_id", ForeignKey("batch.id"), key=True),
    text("officer", key=True),
    text("key_id", ForeignKey("key.key_id")),
    number("count"),
    text("sha256"),
    flag("receives"),
)
"""How many requests an officer signed to be engaged in (R26), the hash of the signed statement,
and whether answers go to this officer (R28)."""

Index(None, engagement.c.officer)

decided_count = table(
    "decided_count",
    text("batch_id", ForeignKey("batch.id"), key=True),
    text("kind", CheckConstraint("kind IN ('decision', 'reason')", name="kind"), key=True),
    text("name", key=True),
    number("value"),
)
"""How many requests of a batch were decided how, and for which reason; written with the decisions, so that no million is counted twice."""

citation = table(
    "citation",
    text("batch_id", ForeignKey("batch.id"), key=True),
    number("ordinal", key=True),
    text("agreement_id"),
    blob("document", null=True),
    blob("subject", null=True),
)
"""What the requests of a batch cite and ask about, under agreements that want a document: keyed blind indices of the document's id and
of the number given, so that a consent used twice and a person asked about again can be seen, and nobody be listed."""

Index(None, citation.c.agreement_id, citation.c.document)
Index(None, citation.c.agreement_id, citation.c.subject)

request = table(
    "request",
    text("batch_id", ForeignKey("batch.id"), key=True),
    number("ordinal", key=True),
    text("log_request"),
    one_of("decision", tuple(one for one in Decision if one is not Decision.REFER)),
    number("leaf_idx", null=True),
    flag("answered"),
)
"""The one decision of each request; its primary key is what writes it once. `leaf_idx` is no foreign key: checking it would
lock, and so rewrite, every leaf of a large batch on PostgreSQL."""

Index(None, request.c.batch_id, request.c.decision, request.c.ordinal)

referral = table(
    "referral",
    text("batch_id", ForeignKey("batch.id"), key=True),
    number("ordinal", key=True),
    text("codes"),
    one_of("resolution", ("accept", "refuse"), null=True),
)
"""Requests a person must decide: why (reason codes joined by `;`) and, once closed, how."""

Index(None, referral.c.batch_id, sqlite_where=referral.c.resolution.is_(None), postgresql_where=referral.c.resolution.is_(None))

review = table(
    "review",
    text("batch_id", ForeignKey("batch.id"), key=True),
    number("ordinal", key=True),
    number("seq", key=True),
    text("reviewer"),
    text("key_id", ForeignKey("key.key_id")),
    one_of("verdict", ("accept", "refuse")),
    text("code", null=True),
    text("salt"),
    number("at"),
    leaf_ref(),
)
"""Each clerical review of a request, in order."""

assignment = table("assignment", text("batch_id", ForeignKey("batch.id"), key=True), text("person", key=True), one_of("role", tuple(Role)))
"""One person, one role per batch: the primary key is the rule."""

sample_stock = table(
    "sample_stock",
    number("k", key=True),
    text("commitment"),
    text("overseer"),
    flag("apart"),
    text("revealed", null=True),
    text("batch_id", ForeignKey("batch.id"), null=True),
    UniqueConstraint("batch_id"),
)
"""The overseer's commitments laid in stock; the k-th received batch uses the k-th. `apart` is 1
when the number was drawn elsewhere, so that this gateway could not know it."""

sample = table(
    "sample",
    text("batch_id", ForeignKey("batch.id"), key=True),
    text("decisions_root", key=True),
    text("seed"),
    number("size"),
    one_of("state", ("drawn", "passed", "failed", "aborted")),
)
"""The one draw over one decisions root: the primary key is the rule."""

sample_item = table(
    "sample_item",
    text("batch_id", key=True),
    text("decisions_root", key=True),
    number("position", key=True),
    number("ordinal"),
    text("verdict", null=True),
    text("by", null=True),
    ForeignKeyConstraint(["batch_id", "decisions_root"], ["sample.batch_id", "sample.decisions_root"]),
    UniqueConstraint("batch_id", "decisions_root", "ordinal"),
    CheckConstraint('(verdict IS NULL) = ("by" IS NULL)', name="judged_by_someone"),
)
"""Which requests were drawn, and what whoever checked them by hand found."""
