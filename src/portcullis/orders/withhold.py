"""Taking back what has not left: voided authorizations and withheld releases.

Used when a stay comes, when an authorizer returns a batch, and when anything that `may_release` reads has changed. Withheld is not
disclosed and is not accounted as such (ledger.md).
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from portcullis.batches import get, move, ref
from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import BatchState, LeafType
from portcullis.store import schema

__all__ = ["void_authorizations", "withhold"]


def void_authorizations(home: Home, conn: Connection, batch_id: str, why: str) -> int:
    """Void every authorization that stands; returns how many. One leaf per release root."""
    a = schema.authorization
    standing = conn.execute(select(a.c.root).where(a.c.batch_id == batch_id, a.c.voided_at.is_(None))).scalars().all()
    for root in sorted(set(standing)):
        record(home, conn, LeafType.AUTHORIZATION_VOIDED, {"root": root, "why": why}, batch=ref(conn, batch_id))
    conn.execute(update(a).where(a.c.batch_id == batch_id, a.c.voided_at.is_(None)).values(voided_at=home.now()))
    return len(standing)


def withhold(home: Home, conn: Connection, batch_id: str, why: str, *, held: bool) -> bool:
    """Take the batch back to `sampled`, withhold what is sealed and void what was signed; True when something was taken back.

    The caller holds the release lock. A dispatched batch is left alone: what has left is for recall, not for this.
    """
    state = BatchState(get(conn, batch_id)["state"])
    b, r, o = schema.batch, schema.release, schema.outbox
    if held:
        conn.execute(update(b).where(b.c.id == batch_id).values(held=1))
    voided = void_authorizations(home, conn, batch_id, why)
    if state not in (BatchState.AUTHORIZED, BatchState.COMMITTED):
        return voided > 0
    if state is BatchState.COMMITTED:
        standing = conn.execute(select(r.c.root).where(r.c.batch_id == batch_id, r.c.state == "committed")).scalar_one()
        record(home, conn, LeafType.RELEASE_WITHHELD, {"root": standing, "why": why}, batch=ref(conn, batch_id))
        conn.execute(update(r).where(r.c.batch_id == batch_id, r.c.state == "committed").values(state="withheld"))
        conn.execute(update(o).where(o.c.batch_id == batch_id, o.c.state == "pending").values(state="withheld"))
    move(conn, batch_id, state, BatchState.SAMPLED)
    return True
