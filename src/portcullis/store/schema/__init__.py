"""The tables of the store: ids, states, codes, counts, commitments and the public parts of keys; no personal value."""

from __future__ import annotations

from portcullis.store.schema.afterwards import matter, matter_item, matter_step
from portcullis.store.schema.batches import (
    asked,
    assignment,
    batch,
    batch_figure,
    citation,
    decided_count,
    engagement,
    referral,
    request,
    review,
    sample,
    sample_item,
    sample_stock,
)
from portcullis.store.schema.columns import metadata
from portcullis.store.schema.orders import court_order, court_permit, order_effect, order_subject
from portcullis.store.schema.parties import agreement, agreement_signature, hold, key, officer, party, standing, vault
from portcullis.store.schema.record import (
    act_nonce,
    api_call,
    console_challenge,
    console_session,
    inspection,
    leaf,
    ledger_head,
    meta,
    outbox,
    own_record,
    step,
    work,
)
from portcullis.store.schema.releases import authorization, receipt, release
from portcullis.store.schema.waiting import candidate, first_signature, invitation

__all__ = [
    "act_nonce",
    "agreement",
    "agreement_signature",
    "api_call",
    "asked",
    "assignment",
    "authorization",
    "batch",
    "batch_figure",
    "candidate",
    "citation",
    "console_challenge",
    "console_session",
    "court_order",
    "court_permit",
    "decided_count",
    "engagement",
    "first_signature",
    "hold",
    "inspection",
    "invitation",
    "key",
    "leaf",
    "ledger_head",
    "matter",
    "matter_item",
    "matter_step",
    "meta",
    "metadata",
    "officer",
    "order_effect",
    "order_subject",
    "outbox",
    "own_record",
    "party",
    "receipt",
    "referral",
    "release",
    "request",
    "review",
    "sample",
    "sample_item",
    "sample_stock",
    "standing",
    "step",
    "vault",
    "work",
]
