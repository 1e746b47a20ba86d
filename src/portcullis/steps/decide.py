"""matched → reviewed: decisions are written once, after all reviews are closed.

 1. `decide` gives one decision per request; random ledger ids and salts are drawn; decisions and accounting are sealed on disk and
    their hashes noted (step `prepared`). A kill before this loses only work.
 2. One `request.decided` leaf per request, refused ones too, in an order drawn by the system's generator, in chunks; each chunk is one
    transaction with its own step, so that a kill repeats none and leaves none out.
 3. The decisions root D over those leaves closes the step.
The order is drawn because a position in the log would otherwise tell the recipient which of its rows was answered.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import RowMapping

from portcullis import accounting, evidence, pipeline
from portcullis.agreement import Agreement
from portcullis.batches import get, move, ref
from portcullis.crypto import canonical, commit
from portcullis.errors import OutOfOrder
from portcullis.home import Home
from portcullis.journal import record_many, stamp, writer
from portcullis.model import ADDRESS_FIELDS, BatchState, LeafType
from portcullis.pipeline import Checked, Matched
from portcullis.release.examine import decisions_root_now
from portcullis.review import open_ordinals, resolutions
from portcullis.rules import told
from portcullis.steps.context import agreement_of, checked_of, matched_of, receivers_of
from portcullis.store import reading, schema, writing
from portcullis.store.bulk import insert_many
from portcullis.store.steps import done, once

__all__ = ["SUBJECT_FIELDS", "write_decisions"]

SUBJECT_FIELDS = ("given_name", "middle_name", "family_name", "suffix", "date_of_birth", "taxpayer_number", *ADDRESS_FIELDS, "address")
"""What the subject commitment is over: the identity and address as stated in the request."""


def write_decisions(home: Home, batch_id: str) -> None:
    """Write every decision of a matched batch. Raises OutOfOrder while a referral is open."""
    with reading(home.engine) as conn:
        row = get(conn, batch_id)
        if row["state"] != BatchState.MATCHED or open_ordinals(conn, batch_id, 1):
            raise OutOfOrder(
                f"Batch {batch_id} cannot be decided yet.", "A person must decide some requests first.", "Type: portcullis batch status"
            )
        agreement = agreement_of(home, conn, row)
        prepared = done(conn, batch_id, "prepared")
    if not prepared:
        _prepare(home, row, agreement)
    _append_all(home, batch_id)
    with writing(home.engine) as conn:
        once(conn, batch_id, "reviewed", at=home.now())
        move(conn, batch_id, BatchState.MATCHED, BatchState.REVIEWED, decisions_root=decisions_root_now(conn, batch_id))


def _prepare(home: Home, row: RowMapping, agreement: Agreement) -> None:
    """Decide, draw ids, salts and order, and seal both files."""
    batch_id = row["id"]
    with reading(home.engine) as conn:
        checked = checked_of(home, conn, batch_id)
        matched = Matched(*(matched_of(home, conn, batch_id, name) for name in ("facts", "findings", "totals")))
        outcome = pipeline.decide_all(checked, matched, resolutions(conn, batch_id), agreement.answer)
        raw = evidence.read(home, conn, batch_id, "raw")
        receivers = receivers_of(home, conn, batch_id, range(1, row["count"] + 1))
    count = outcome.num_rows
    requests = [secrets.token_hex(16) for _ in range(count)]
    order = np.argsort([secrets.randbits(63) for _ in range(count)], kind="stable").astype(np.int64)
    elements = _elements(checked.findings, agreement)
    table = outcome.append_column("log_request", pa.array(requests, pa.string()))
    table = table.append_column("elements", pa.array(elements, pa.string())).append_column("order", pa.array(order, pa.int64()))
    entries = _entries(home, row, raw, table, checked, receivers)
    with writing(home.engine) as conn:
        evidence.write(home, conn, batch_id, "decisions", table)
        accounting.write(home, conn, batch_id, entries)
        once(conn, batch_id, "prepared", at=home.now())


def _elements(findings: pa.Table, agreement: Agreement) -> list[str]:
    """The statutory elements each deficient request lacks, in the words the requester may be told; empty where none."""
    found: dict[int, list[str]] = {}
    for one in told(findings, agreement.rules).to_pylist():
        found.setdefault(one["ordinal"], []).append(one["element"])
    return [";".join(found.get(ordinal, ())) for ordinal in findings["ordinal"].to_pylist()]


def _entries(
    home: Home, row: RowMapping, raw: pa.Table, table: pa.Table, checked: Checked, receivers: Mapping[int, list[str]]
) -> Mapping[str, list[Any]]:
    """The accounting of every request: identity, reason, date, outcome, authority, purpose, recipient."""
    subjects = raw.select(SUBJECT_FIELDS).to_pylist()
    asked = raw.select(["reason", "statute"]).to_pylist()
    purposes = checked.facts["purpose_code"].to_pylist()
    decided = table.select(["ordinal", "decision", "reasons", "check", "match", "person_id", "log_request"]).to_pylist()
    keys = checked.names.select(["given", "family", "dob", "number"]).to_pylist()
    columns: dict[str, list[Any]] = {name: [] for name in accounting.COLUMNS}
    for subject, ask, purpose, one, key in zip(subjects, asked, purposes, decided, keys, strict=True):
        stated = {name: value for name, value in subject.items() if value is not None}
        decision = {name: one[name] for name in ("ordinal", "decision", "check", "match")} | {
            "reasons": one["reasons"].split(";") if one["reasons"] else []
        }
        entry = {
            "request": one["log_request"],
            "subject": stated,
            "reason": ask["reason"],
            "requested_on": stamp(row["received_at"]),
            "outcome": one["decision"],
            "elements": list(ADDRESS_FIELDS) if one["decision"] == "disclose" else [],
            "recipient": receivers.get(one["ordinal"], []),
            "agency": row["agency"],
            "authority": row["gate"],
            "statute": ask["statute"],
            "purpose": purpose,
        }
        values = (
            one["ordinal"],
            one["log_request"],
            accounting.blind_number(home, key["number"]) if key["number"] else None,
            accounting.blind_name(home, key["given"] or "", key["family"] or "", key["dob"]),
            accounting.blind_person(home, one["person_id"]) if one["person_id"] is not None else None,
            secrets.token_bytes(32),
            secrets.token_bytes(32),
            secrets.token_bytes(32),
            canonical(decision).decode(),
            canonical(stated).decode(),
            canonical(entry).decode(),
            purpose,
        )
        for name, value in zip(accounting.COLUMNS, values, strict=True):
            columns[name].append(value)
    return columns


def _append_all(home: Home, batch_id: str) -> None:
    """One leaf and one row per request, chunk by chunk, in the drawn order; chunks that are done are passed over."""
    with reading(home.engine) as conn:
        batch = ref(conn, batch_id)
        agreement_id = get(conn, batch_id)["agreement_id"]
        order = evidence.read(home, conn, batch_id, "decisions", columns=["order"])["order"].to_numpy()
        entries = accounting.read(home, conn, batch_id).take(pa.array(order))
        decided = evidence.read(home, conn, batch_id, "decisions", columns=["decision"]).take(pa.array(order))["decision"].to_pylist()
    for number, (start, stop) in enumerate(_chunks(len(order), home.settings.chunk)):
        with writing(home.engine) as conn:
            step = f"decided:{number}"
            if done(conn, batch_id, step):
                continue
            part = entries.slice(start, stop - start).to_pylist()
            write = writer(home, LeafType.REQUEST_DECIDED, batch, ("id", "decision", "subject"))
            leaves = [(LeafType.REQUEST_DECIDED, batch_id, write(*_commitments(one, agreement_id))) for one in part]
            first = record_many(conn, leaves)
            rows = [
                (batch_id, one["ordinal"], one["log_request"], word, first + i, 0)
                for i, (one, word) in enumerate(zip(part, decided[start:stop], strict=True))
            ]
            insert_many(conn, schema.request, ("batch_id", "ordinal", "log_request", "decision", "leaf_idx", "answered"), rows)
            once(conn, batch_id, step, at=home.now())


def _commitments(one: Mapping[str, Any], agreement_id: str) -> tuple[bytes, bytes, bytes]:
    """Ledger id, decision commitment and subject commitment of one request."""
    request = one["log_request"]
    return (
        bytes.fromhex(request),
        commit(one["decision_salt"], "decision", request, agreement_id, json.loads(one["decision"])),
        commit(one["subject_salt"], "subject", request, agreement_id, json.loads(one["subject"])),
    )


def _chunks(count: int, size: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, size):
        yield start, min(start + size, count)
