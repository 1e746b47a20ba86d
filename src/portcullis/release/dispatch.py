"""Dispatch: the one transaction after which an answer may leave.

 1. The shared release lock is held from the first read to the commit, so that a stay either came before and is seen, or waits.
 2. Everything `may_release` needs is read again (gather); any reason withholds the release and voids the authorizations.
 3. `release.dispatched`, one `disclosure` leaf per answer (the accounting entry, in an order that tells nothing) and `batch.closed`
    are written in this transaction; no entry, no release (R42, 26 U.S.C. 6103(p)(3)(A)).
 4. The outbox rows are marked sent: exactly those, once.
Only then does `deliver` hand the files over.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, func, select, update

from portcullis import accounting
from portcullis.batches import get, move, ref
from portcullis.crypto import commit
from portcullis.decision import may_release
from portcullis.errors import OutOfOrder, Refused, Tampered
from portcullis.home import Home
from portcullis.journal import BatchRef, leaf, record_many, writer
from portcullis.model import ADDRESS_FIELDS, BatchState, LeafType
from portcullis.orders import withhold
from portcullis.release.commit import sealed_hash, sealed_root
from portcullis.release.gather import gather
from portcullis.store import outbox, published, release_shared, schema
from portcullis.store.steps import once

__all__ = ["Withheld", "dispatch"]

UNPUBLISHED = "A24"


@dataclass(frozen=True, slots=True)
class Withheld:
    """A release that may not go: why, in the words of may_release's table. The batch is back at sampled."""

    batch_id: str
    reasons: tuple[str, ...]


def dispatch(home: Home, batch_id: str) -> int | Withheld:
    """Dispatch a committed batch; returns the number of answers, or what withheld it.

    Raises OutOfOrder when the batch is not committed, Refused when only a published checkpoint is missing.
    """
    with release_shared(home.engine) as conn:
        row = get(conn, batch_id)
        if row["state"] != BatchState.COMMITTED:
            raise OutOfOrder(
                f"Batch {batch_id} is not committed.", f"Its state is {row['state']}.", "Type: portcullis batch status " + batch_id
            )
        reasons = may_release(gather(home, conn, batch_id))
        if [reason.split()[0] for reason in reasons] == [UNPUBLISHED]:
            raise Refused(
                "No published checkpoint covers the commit yet.", "Nothing leaves before it (R42).", "Type: portcullis ledger checkpoint"
            )
        if reasons:
            withhold(home, conn, batch_id, ";".join(reason.split()[1] for reason in reasons), held=False)
            return Withheld(batch_id, reasons)
        return _send(home, conn, row)


def _send(home: Home, conn: Connection, row: RowMapping) -> int:
    batch_id, batch = row["id"], ref(conn, row["id"])
    release = (
        conn.execute(select(schema.release).where(schema.release.c.batch_id == batch_id, schema.release.c.state == "committed"))
        .mappings()
        .one()
    )
    sealed = _sealed_answers(home, conn, batch_id)
    if sealed_root(list(sealed.values())) != release["sealed_root"] or len(sealed) != release["answers"]:
        raise Tampered(
            f"The sealed answers of batch {batch_id} are not those committed.",
            "The file in the outbox differs.",
            "Keep everything as it is.",
        )
    covered, covered_root = published(conn)
    fields = {"root": release["root"], "committed": release["committed_leaf"], "checkpoint": {"size": covered, "root": covered_root}}
    leaves = [leaf(home, LeafType.RELEASE_DISPATCHED, fields, batch=batch)]
    leaves += _disclosures(home, conn, row, batch, sealed)
    closed = leaf(home, LeafType.BATCH_CLOSED, _totals(conn, row), batch=batch)
    q = schema.request
    conn.execute(update(q).where(q.c.batch_id == batch_id, q.c.decision.in_(("disclose", "confirm", "deny"))).values(answered=1))
    outbox.mark_sent(conn, batch_id, 1, at=home.now())
    move(conn, batch_id, BatchState.COMMITTED, BatchState.DISPATCHED)
    kinds = [LeafType.RELEASE_DISPATCHED] + [LeafType.DISCLOSURE] * len(sealed) + [LeafType.BATCH_CLOSED]
    index = record_many(conn, list(zip(kinds, [batch_id] * len(kinds), [*leaves, closed], strict=True)))
    r = schema.release
    conn.execute(update(r).where(r.c.batch_id == batch_id, r.c.state == "committed").values(state="dispatched", dispatched_leaf=index))
    once(conn, batch_id, "dispatched", index, at=home.now())
    return len(sealed)


def _sealed_answers(home: Home, conn: Connection, batch_id: str) -> dict[str, bytes]:
    """Log request id → hash of its sealed answer, in the order of the outbox file."""
    (item,) = outbox.items(conn, batch_id, "pending")
    found: dict[str, bytes] = {}
    for line in (home.path / "outbox" / item.path).read_bytes().splitlines():
        answer = json.loads(line)
        found[answer["request"]] = sealed_hash(answer["jwe"])
    return found


def _disclosures(home: Home, conn: Connection, row: RowMapping, batch: BatchRef, sealed: Mapping[str, bytes]) -> list[bytes]:
    """One accounting entry per answer, shuffled by the system's generator."""
    entries = accounting.entries(home, conn, row["id"])
    write = writer(home, LeafType.DISCLOSURE, batch, ("request", "answer", "accounting", "agency", "purpose", "elements"))
    leaves = []
    for request, digest in sealed.items():
        entry = entries[request]
        opened = commit(entry.salt, "accounting", request, row["agreement_id"], entry.value)
        leaves.append(write(bytes.fromhex(request), digest, opened, row["agency"], entry.purpose, len(ADDRESS_FIELDS)))
    secrets.SystemRandom().shuffle(leaves)
    return leaves


def _totals(conn: Connection, row: RowMapping) -> dict[str, int]:
    """Received, deficient, answered, and one combined figure for all else (ledger.md)."""
    q = schema.request
    rows = conn.execute(select(q.c.decision, func.count()).where(q.c.batch_id == row["id"]).group_by(q.c.decision)).all()
    by_decision = {decision: count for decision, count in rows}
    deficient = by_decision.get("deficient", 0)
    answered = sum(by_decision.get(name, 0) for name in ("disclose", "confirm", "deny"))
    return {"received": row["count"], "deficient": deficient, "answered": answered, "other": row["count"] - deficient - answered}
