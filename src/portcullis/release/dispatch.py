"""Dispatch: the one transaction after which an answer may leave.

 1. What is slow (hashing files, encoding leaves) is done before; the shared release lock is then held from the first read of the state
    to the commit, so that a stay either came before and is seen, or waits for milliseconds.
 2. Everything `may_release` needs is read again (gather); any reason withholds the release and voids the authorizations.
 3. `release.dispatched`, one `disclosure` leaf per answer (the accounting entry, in an order that tells nothing) and `batch.closed`
    are written in this transaction; no entry, no release (R42, 26 U.S.C. 6103(p)(3)(A)).
 4. The outbox rows are marked sent: exactly those, once. The disposal the recipient owes is opened with its deadline (R52).
Only then does `deliver` hand the files over.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, func, select, update

from portcullis import accounting
from portcullis.agreement import adopted
from portcullis.agreement.after import stops_from
from portcullis.batches import get, move, ref
from portcullis.crypto import commit
from portcullis.decision import may_release
from portcullis.errors import OutOfOrder, Refused, Tampered
from portcullis.home import Home
from portcullis.journal import BatchRef, leaf, record_many, stamp, writer
from portcullis.matters import number, open_matter
from portcullis.model import BatchState, LeafType
from portcullis.orders import withhold
from portcullis.release.answers import ANSWERED
from portcullis.release.commit import sealed_hash, sealed_root
from portcullis.release.examine import examine
from portcullis.release.gather import gather
from portcullis.store import outbox, published, reading, release_shared, schema
from portcullis.store.steps import once
from portcullis.witnesses import cosignatures

__all__ = ["Withheld", "dispatch"]

WAITING = {"A24", "A25"}
"""Rows that time alone can mend: a checkpoint to be published, a witness that was late. They refuse, and void nothing."""
_STATUS = "Type: portcullis batch status "


@dataclass(frozen=True, slots=True)
class Withheld:
    """A release that may not go: why, in the words of may_release's table. The batch is back at sampled."""

    batch_id: str
    reasons: tuple[str, ...]


def dispatch(home: Home, batch_id: str) -> int | Withheld:
    """Dispatch a committed batch; returns the number of answers, or what withheld it.

    Raises OutOfOrder when the batch is not committed, Refused when only a published checkpoint or its witnesses are missing.
    """
    with reading(home.engine) as conn:
        _committed(conn, batch_id)
    examined = examine(home, batch_id)
    ready = _ready(home, batch_id) if examined.answers_unchanged else None  # a sealed file that was altered is not read any further
    with release_shared(home.engine) as conn:
        row = _committed(conn, batch_id, lock=True)
        reasons = may_release(gather(home, conn, batch_id, examined))
        if reasons and {reason.split()[0] for reason in reasons} <= WAITING:
            raise Refused(
                "No published checkpoint covers the commit yet, or fewer witnesses have cosigned one than the agreement asks for.",
                "Nothing leaves before (R42).",
                "Type: portcullis ledger checkpoint",
            )
        if reasons or ready is None or ready.root != _standing_release(conn, batch_id)["root"]:
            withhold(home, conn, batch_id, ";".join(sorted({reason.split()[1] for reason in reasons})) or "changed", held=False)
            return Withheld(batch_id, reasons)
        return _send(home, conn, row, ready)


@dataclass(frozen=True, slots=True)
class _Ready:
    """Encoded before the lock: the release root, the hashes of its sealed answers, and one disclosure leaf for each."""

    root: str
    sealed: tuple[bytes, ...]
    leaves: tuple[bytes, ...]


def _committed(conn: Connection, batch_id: str, *, lock: bool = False) -> RowMapping:
    row = get(conn, batch_id, lock=lock)
    if row["state"] != BatchState.COMMITTED:
        raise OutOfOrder(f"Batch {batch_id} is not committed.", f"Its state is {row['state']}.", _STATUS + batch_id)
    return row


def _standing_release(conn: Connection, batch_id: str) -> RowMapping:
    r = schema.release
    return conn.execute(select(r).where(r.c.batch_id == batch_id, r.c.state == "committed")).mappings().one()


def _ready(home: Home, batch_id: str) -> _Ready:
    with reading(home.engine) as conn:
        row = _committed(conn, batch_id)
        release, sealed = _standing_release(conn, batch_id), _sealed_answers(home, conn, batch_id)
        leaves = _disclosures(home, conn, row, ref(conn, batch_id), sealed)
    return _Ready(release["root"], tuple(sealed.values()), tuple(leaves))


def _send(home: Home, conn: Connection, row: RowMapping, ready: _Ready) -> int:
    batch_id, batch, release = row["id"], ref(conn, row["id"]), _standing_release(conn, row["id"])
    count = len(ready.sealed)
    if sealed_root(list(ready.sealed)) != release["sealed_root"] or count != release["answers"] or count != len(ready.leaves):
        raise Tampered(
            f"The sealed answers of batch {batch_id} are not those committed.",
            "The file in the outbox differs.",
            "Keep everything as it is.",
        )
    covered, covered_root = published(conn)
    fields = {"root": release["root"], "committed": release["committed_leaf"], "checkpoint": {"size": covered, "root": covered_root}}
    if cosigned := _cosigned(home, conn, row, release["committed_leaf"]):
        fields["cosigned"] = cosigned
    use = _use(home, conn, row) if count else None
    first = leaf(home, LeafType.RELEASE_DISPATCHED, fields | (use.members if use else {}), batch=batch)
    closed = leaf(home, LeafType.BATCH_CLOSED, _totals(conn, row), batch=batch)
    q = schema.request
    conn.execute(update(q).where(q.c.batch_id == batch_id, q.c.decision.in_(ANSWERED)).values(answered=1))
    outbox.mark_sent(conn, batch_id, 1, at=home.now())
    move(conn, batch_id, BatchState.COMMITTED, BatchState.DISPATCHED)
    kinds = [LeafType.RELEASE_DISPATCHED] + [LeafType.DISCLOSURE] * count + [LeafType.BATCH_CLOSED]
    index = record_many(conn, list(zip(kinds, [batch_id] * len(kinds), [first, *ready.leaves, closed], strict=True)))
    r = schema.release
    conn.execute(update(r).where(r.c.batch_id == batch_id, r.c.state == "committed").values(state="dispatched", dispatched_leaf=index))
    if use is not None:
        kept = {"kind": "use", "agency": row["agency"], "agreement": row["agreement_id"], "batch": batch_id, "detail": {"records": count}}
        open_matter(home, conn, index, id=use.id, due=use.due, stops_from=use.stops, **kept)
    once(conn, batch_id, "dispatched", index, at=home.now())
    return count


def _cosigned(home: Home, conn: Connection, row: RowMapping, committed_leaf: int) -> list[dict[str, object]]:
    """The cosignatures that counted, where the agreement asks for any."""
    agreement = adopted(home, conn, row["agreement_id"])
    return cosignatures(home, agreement.witnesses, committed_leaf) if agreement and agreement.witness_quorum else []


@dataclass(frozen=True, slots=True)
class _Use:
    """The disposal the recipient owes from now on (R52): its number, its deadline, and from when it stops the flow."""

    id: str
    due: int
    stops: int | None

    @property
    def members(self) -> dict[str, str]:
        """As they stand in the leaf."""
        return {"matter": self.id, "due": stamp(self.due)} | ({} if self.stops is None else {"stops_from": stamp(self.stops)})


def _use(home: Home, conn: Connection, row: RowMapping) -> _Use:
    agreement = adopted(home, conn, row["agreement_id"])
    if agreement is None:
        raise OutOfOrder("A release is dispatched under no agreement.")
    due = home.now() + agreement.use_days * 86_400 + agreement.after.days("disposal.grace_days")
    return _Use(number(home, conn), due, stops_from(agreement.after, "disposal", home.now(), due))


def _sealed_answers(home: Home, conn: Connection, batch_id: str) -> dict[str, bytes]:
    """Log request id → hash of its sealed answer, in the order of the outbox file."""
    (item,) = outbox.items(conn, batch_id, "pending")  # a commit lays down exactly one file
    found: dict[str, bytes] = {}
    for line in (home.path / "outbox" / item.path).read_bytes().splitlines():
        answer = json.loads(line)
        found[answer["request"]] = sealed_hash(answer["jwe"])
    return found


def _disclosures(home: Home, conn: Connection, row: RowMapping, batch: BatchRef, sealed: Mapping[str, bytes]) -> list[bytes]:
    """One accounting entry per answer, shuffled by the system's generator."""
    entries = accounting.entries(home, conn, row["id"])
    write = writer(home, LeafType.DISCLOSURE, batch, ("request", "answer", "accounting", "agency", "purpose", "elements"))
    leaves, elements = [], _elements(home, conn, row)
    for request, digest in sealed.items():
        entry = entries[request]
        opened = commit(entry.salt, "accounting", request, row["agreement_id"], entry.value)
        leaves.append(write(bytes.fromhex(request), digest, opened, row["agency"], entry.purpose, elements))
    secrets.SystemRandom().shuffle(leaves)
    return leaves


def _elements(home: Home, conn: Connection, row: RowMapping) -> int:
    """How many data elements the agreement permits: the same figure on every leaf of a batch, so that none tells what was in its answer."""
    agreement = adopted(home, conn, row["agreement_id"])
    return len(agreement.permitted) if agreement else 0


def _totals(conn: Connection, row: RowMapping) -> dict[str, int]:
    """Received, deficient, answered, and one combined figure for all else (ledger.md)."""
    q = schema.request
    rows = conn.execute(select(q.c.decision, func.count()).where(q.c.batch_id == row["id"]).group_by(q.c.decision)).all()
    by_decision = {decision: count for decision, count in rows}
    deficient = by_decision.get("deficient", 0)
    answered = sum(by_decision.get(name, 0) for name in ANSWERED)
    return {"received": row["count"], "deficient": deficient, "answered": answered, "other": row["count"] - deficient - answered}
