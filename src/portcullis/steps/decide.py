"""matched → reviewed: decisions are written once, after all reviews are closed.

 1. `decide` gives one decision per request; random ledger ids and salts are drawn; decisions and accounting are sealed on disk and
    their hashes noted (step `prepared`). A kill before this loses only work.
 2. One `request.decided` leaf per request, refused ones too, in an order drawn by the system's generator, in chunks; each chunk is one
    transaction, and the next begins where the rows in the store end, so that a kill repeats none and leaves none out.
 3. The decisions root D over those leaves closes the step.
The order is drawn because a position in the log would otherwise tell the recipient which of its rows was answered.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import RowMapping, func, select

from portcullis import accounting, evidence, pipeline
from portcullis.agreement import Agreement
from portcullis.batches import get, move, ref
from portcullis.crypto import commit_text
from portcullis.errors import OutOfOrder
from portcullis.home import Home
from portcullis.journal import BatchRef, record_many, writer
from portcullis.model import BatchState, LeafType
from portcullis.pipeline import Matched
from portcullis.release import permitted_in
from portcullis.release.examine import decisions_root_now
from portcullis.review import open_ordinals, resolutions
from portcullis.rules import RuleSet, told
from portcullis.steps.context import agreement_of, checked_of, confirms, disclosed_by, matched_of, receivers_of, rules_of_day
from portcullis.steps.entries import SUBJECT_FIELDS, accounting_stream
from portcullis.store import reading, rehearsing, schema, writing
from portcullis.store.bulk import insert_many
from portcullis.store.steps import done, once

__all__ = ["SUBJECT_FIELDS", "write_decisions"]


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
    if rehearsing():  # what was prepared is undone, so there is nothing to append
        return
    _append_all(home, batch_id)
    with reading(home.engine) as conn:
        root = decisions_root_now(conn, batch_id)  # all leaves are there, and none is added to them
    with writing(home.engine) as conn:
        once(conn, batch_id, "reviewed", at=home.now())
        move(conn, batch_id, BatchState.MATCHED, BatchState.REVIEWED, decisions_root=root)


def _prepare(home: Home, row: RowMapping, agreement: Agreement) -> None:
    """Decide, draw ids, salts and order, and seal both files."""
    batch_id = row["id"]
    with reading(home.engine) as conn:
        checked = checked_of(home, conn, batch_id)
        matched = Matched(*(matched_of(home, conn, batch_id, name) for name in ("facts", "findings", "totals")))
        outcome = pipeline.decide_all(checked, matched, resolutions(conn, batch_id), agreement.answer, confirm=confirms(row))
        raw = evidence.read(home, conn, batch_id, "raw", columns=[*SUBJECT_FIELDS, "reason", "statute"])
        receivers = receivers_of(home, conn, batch_id, range(1, row["count"] + 1))
        disclosed = disclosed_by(agreement, permitted_in(home, conn, batch_id, agreement))
    drawn = {
        "log_request": pa.array(_ids(outcome.num_rows), pa.string()),
        "elements": pa.array(_elements(checked.findings, rules_of_day(agreement, row)), pa.string()),
        "order": pa.array(_order(outcome.num_rows), pa.int64()),
    }
    for name, column in drawn.items():
        outcome = outcome.append_column(name, column)
    entries = accounting_stream(home, row, raw, outcome, checked, receivers, disclosed)
    with (
        evidence.staged(home, batch_id, {"decisions": outcome}) as files,
        accounting.staged(home, batch_id, entries) as kept,
        writing(home.engine) as conn,
    ):
        once(conn, batch_id, "prepared", at=home.now())
        evidence.write(home, conn, batch_id, "decisions", files["decisions"])
        accounting.write(home, conn, batch_id, kept)
        counted = [(batch_id, kind, name, value) for kind in ("decision", "reason") for name, value in _counted(outcome[kind])]
        insert_many(conn, schema.decided_count, ("batch_id", "kind", "name", "value"), counted)


def _counted(column: pa.ChunkedArray) -> list[tuple[str, int]]:
    counts = column.drop_null().value_counts()
    return list(zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True))


def _ids(count: int) -> list[str]:
    """Random ledger ids of 32 hexadecimal digits."""
    drawn = secrets.token_hex(16 * count)
    return [drawn[at : at + 32] for at in range(0, len(drawn), 32)]


def _order(count: int) -> np.ndarray:
    """A random order of the rows, drawn by the system's generator."""
    return np.argsort(np.frombuffer(secrets.token_bytes(8 * count), np.uint64), kind="stable").astype(np.int64)


def _elements(findings: pa.Table, rules: RuleSet) -> list[str]:
    """The statutory elements each deficient request lacks, in the words the requester may be told; empty where none."""
    found: dict[int, str] = {}
    lacking = told(findings, rules)
    for ordinal, element in zip(lacking["ordinal"].to_pylist(), lacking["element"].to_pylist(), strict=True):
        found[ordinal] = f"{found[ordinal]};{element}" if ordinal in found else element
    return [found.get(ordinal, "") for ordinal in findings["ordinal"].to_pylist()]


def _append_all(home: Home, batch_id: str) -> None:
    """One leaf and one row per request, chunk by chunk, in the drawn order, from where the last one that was committed ends."""
    with reading(home.engine) as conn:
        batch, agreement_id = ref(conn, batch_id), get(conn, batch_id)["agreement_id"]
        r = schema.request
        begin = conn.execute(select(func.count()).where(r.c.batch_id == batch_id)).scalar_one()
        decided = evidence.read(home, conn, batch_id, "decisions", columns=["decision", "order"])
        order = decided["order"].slice(begin)
        entries = accounting.read(home, conn, batch_id, _OPENED).append_column("word", decided["decision"]).take(order)
    for start in range(0, len(order), home.settings.chunk):
        part = entries.slice(start, home.settings.chunk).to_pydict()
        leaves = _leaves(home, batch, agreement_id, part)  # before the transaction, which a stay may have to wait for
        with writing(home.engine) as conn:
            once(conn, batch_id, f"decided:{begin + start}", at=home.now())
            first = record_many(conn, leaves)
            columns = (part["ordinal"], part["log_request"], part["word"])
            rows = [(batch_id, *values, first + i, 0) for i, values in enumerate(zip(*columns, strict=True))]
            insert_many(conn, r, ("batch_id", "ordinal", "log_request", "decision", "leaf_idx", "answered"), rows)


_OPENED = ("ordinal", "log_request", "decision_salt", "subject_salt", "decision", "subject")
"""The columns of the accounting that open a `request.decided` leaf."""


def _leaves(home: Home, batch: BatchRef, agreement_id: str, part: Mapping[str, list[Any]]) -> list[tuple[LeafType, str | None, bytes]]:
    """Ledger id, decision commitment and subject commitment of each request of a chunk."""
    write = writer(home, LeafType.REQUEST_DECIDED, batch, ("id", "decision", "subject"))
    leaves: list[tuple[LeafType, str | None, bytes]] = []
    for request, *salted in zip(*(part[name] for name in _OPENED[1:]), strict=True):
        decision_salt, subject_salt, decision, subject = salted
        decided = commit_text(decision_salt, "decision", request, agreement_id, decision.encode())
        about = commit_text(subject_salt, "subject", request, agreement_id, subject.encode())
        leaves.append((LeafType.REQUEST_DECIDED, batch.id, write(bytes.fromhex(request), decided, about)))
    return leaves
