"""Figures from the ledger, reconciled to the unit before anything is reported.

 1. There are exactly as many leaves as the ledger's head says; every leaf that is read has the hash it was appended with.
 2. Of a batch that was closed there are as many decisions as requests received, and as many disclosures as it says were answered.
What does not reconcile is no figure: Tampered, and no report.

Decisions are counted by the store through its index of batches; every other leaf is read, through an index that passes decisions over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from portcullis.errors import Tampered
from portcullis.ledger import decode
from portcullis.ledger.tree import leaf_hash
from portcullis.model import LeafType
from portcullis.store import schema
from portcullis.store.schema.record import NOT_A_DECISION

__all__ = ["BatchCount", "Counted", "count_ledger", "quarter", "year"]

L = LeafType
_KEPT = (L.REPORT_PUBLISHED, L.RECALL_OPENED, L.INCIDENT_IDENTIFIED)
_PAGE = 5_000


@dataclass(slots=True)
class BatchCount:
    """What the ledger says of one batch; times are POSIX seconds, 0 when it did not happen."""

    received_at: int = 0
    received: int = 0
    refused: bool = False
    decided: int = 0
    deficient: int = 0
    answered: int = 0
    other: int = 0
    closed: bool = False
    blocked: bool = False
    dispatched_at: int = 0
    withheld: int = 0
    disclosures: Counter[tuple[str, str]] = field(default_factory=Counter)
    requests: list[str] = field(default_factory=list)
    sample: int = 0
    defects: int = 0

    @property
    def final(self) -> bool:
        """Whether nothing more becomes of it that a report tells: it was answered, refused, or blocked for good."""
        return self.closed or self.refused or self.blocked


@dataclass(frozen=True, slots=True)
class Counted:
    """The whole ledger: its size, its batches by ledger id, and every other leaf that reports need, as (time, type, members)."""

    size: int
    batches: Mapping[str, BatchCount]
    others: tuple[tuple[int, str, Mapping[str, Any]], ...]


def count_ledger(conn: Connection) -> Counted:
    """Count and reconcile (1, 2). Raises Tampered."""
    leaf, head = schema.leaf, schema.ledger_head
    size: int = conn.execute(select(head.c.size)).scalar_one()
    decisions = (leaf.c.batch_id.is_not(None), leaf.c.type == L.REQUEST_DECIDED.value)
    bulk = conn.execute(select(leaf.c.batch_id, func.count()).where(*decisions).group_by(leaf.c.batch_id)).all()
    log_ids = dict(conn.execute(select(schema.batch.c.id, schema.batch.c.log_id)).all())
    batches: dict[str, BatchCount] = {}
    others: list[tuple[int, str, Mapping[str, Any]]] = []
    seen = 0
    for kind, time, fields in _read(conn):
        seen += 1
        name = fields.get("batch")
        if isinstance(name, str):
            _of_batch(batches.setdefault(name, BatchCount()), kind, time, fields)
        if kind in _KEPT:
            others.append((time, kind, fields))
    for batch_id, count in bulk:
        batches.setdefault(log_ids.get(batch_id, str(batch_id)), BatchCount()).decided += count
    if seen + sum(count for _, count in bulk) != size:
        raise _wrong("The ledger has another number of leaves than its head says.")
    for batch in batches.values():
        _reconcile(batch)
    return Counted(size, batches, tuple(others))


def year(seconds: int) -> int:
    """The calendar year of a time, UTC."""
    return datetime.fromtimestamp(seconds, UTC).year


def quarter(seconds: int) -> str:
    """The quarter of a time: 2025-Q3."""
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{when.year}-Q{(when.month + 2) // 3}"


def _read(conn: Connection) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """Every leaf that is not counted by the store, in order, its hash checked (1)."""
    leaf, last = schema.leaf, -1
    while True:
        query = select(leaf.c.idx, leaf.c.hash, leaf.c.body).where(NOT_A_DECISION, leaf.c.idx > last)
        rows = conn.execute(query.order_by(leaf.c.idx).limit(_PAGE)).all()
        for index, stored, body in rows:
            if leaf_hash(body) != stored:
                raise _wrong(f"Leaf {index} was altered in the store.")
            found = decode(body)
            yield found.type, found.time, found.fields
        if len(rows) < _PAGE:
            return
        last = rows[-1].idx


def _of_batch(batch: BatchCount, kind: str, time: int, f: Mapping[str, Any]) -> None:
    if kind == L.BATCH_RECEIVED:
        batch.received_at, batch.received = time, f["count"]
    elif kind == L.BATCH_REFUSED:
        batch.received_at, batch.received, batch.refused = time, f["entries"], True
    elif kind == L.BATCH_CLOSED:
        batch.closed, batch.deficient, batch.answered, batch.other = True, f["deficient"], f["answered"], f["other"]
    elif kind == L.BATCH_BLOCKED:
        batch.blocked = True
    elif kind == L.RELEASE_WITHHELD:
        batch.withheld += batch.received if f["why"] == "order" else 0  # not the answers: they would tell who was found
    elif kind == L.RELEASE_DISPATCHED:
        batch.dispatched_at = time
    elif kind == L.DISCLOSURE:
        batch.disclosures[(f["agency"], f["purpose"])] += 1
        batch.requests.append(f["request"])
    elif kind in (L.SAMPLE_PASSED, L.SAMPLE_FAILED):
        batch.sample, batch.defects = batch.sample + f["checked"], batch.defects + f["defects"]


def _reconcile(batch: BatchCount) -> None:
    """(2)"""
    disclosed = sum(batch.disclosures.values())
    if batch.closed and (batch.decided != batch.received or disclosed != batch.answered):
        raise _wrong("A closed batch has other numbers of decisions or disclosures than it says.")
    if batch.closed and batch.deficient + batch.answered + batch.other != batch.received:
        raise _wrong("The totals of a closed batch do not add up.")
    if disclosed and not batch.closed:
        raise _wrong("Something was disclosed of a batch that was never closed.")


def _wrong(what: str) -> Tampered:
    return Tampered(what, "No report is made of a ledger that does not reconcile.", "Type: portcullis ledger verify --help")
