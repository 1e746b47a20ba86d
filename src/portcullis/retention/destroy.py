"""Destroying the working data of a batch, without breaking anything that must stay (ledger.md, "Keys of the evidence").

In this order:
 1. the batch has ended, its time of keeping is over (`working_data_days` of its agreement), and no legal hold covers it,
 2. a safeguards officer's signed act over exactly this batch,
 3. the leaf `disposal`, and the wrapped key out of the store, in one transaction under the release lock,
 4. the batch's key out of the keyring, whose old file is overwritten (crypto/keyring.py),
 5. evidence files, sealed copies in the outbox and temporary files overwritten and removed, the store's write-ahead log emptied.

After 4 nothing here opens the data: not what 5 could not reach, not an old backup with today's keys, since backups leave the keyring out.
Ledger and accounting stay whole and answer as before. Killed after 3, `finish` does the rest; it runs before every destruction and
every backup. What it cannot reach is said in docs/9-running.md: old copies of the keyring itself, and blocks that storage keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, select, update

from portcullis.agreement.adopt import of_version
from portcullis.batches import get, ref
from portcullis.crypto import load_keyring, replace_keyring
from portcullis.errors import OutOfOrder, Refused
from portcullis.evidence import key_number
from portcullis.home import Home, secret_of
from portcullis.journal import record, stamp
from portcullis.ledger import decode
from portcullis.model import BatchState, LeafType, Role
from portcullis.officers import accept_act, content_hash
from portcullis.retention.holds import holds_on
from portcullis.retention.remains import remove_remains
from portcullis.store import reading, rehearsing, release_exclusive, schema

__all__ = ["WHAT", "Destroyed", "destroy_batch", "disposal_content", "due_on", "finish"]

WHAT = "working-data"
_ENDED = {state.value for state in (BatchState.DISPATCHED, BatchState.ACKNOWLEDGED, BatchState.BLOCKED)}
_ENDS = [kind.value for kind in (LeafType.RELEASE_DISPATCHED, LeafType.RECEIPT, LeafType.BATCH_BLOCKED)]


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What was destroyed: the batch, and how many files went with its key."""

    batch: str
    files: int


def disposal_content(log_id: str) -> str:
    """What the safeguards officer signs."""
    return content_hash({"batch": log_id, "what": WHAT})


def due_on(home: Home, conn: Connection, row: RowMapping) -> int | None:
    """The second from which the working data of a batch may be destroyed; None while the batch has not ended."""
    if row["state"] not in _ENDED:
        return None
    leaf = schema.leaf
    query = select(leaf.c.body).where(leaf.c.batch_id == row["id"], leaf.c.type.in_(_ENDS)).order_by(leaf.c.idx.desc()).limit(1)
    ended = decode(bytes(conn.execute(query).scalar_one())).time
    return ended + of_version(home, conn, row["agreement_id"], row["agreement_version"]).working_data_days * 86_400


def destroy_batch(home: Home, batch_id: str, act: Mapping[str, object]) -> Destroyed:
    """Destroy the working data of a batch; a rehearsal checks everything and destroys nothing.

    Raises OutOfOrder when the batch has not ended or was destroyed before, Refused when it is too early, held, or not signed for.
    """
    finish(home)
    with release_exclusive(home.engine) as conn:
        row = get(conn, batch_id, lock=True)
        _check(home, conn, row)  # 1
        content = disposal_content(row["log_id"])
        accept_act(home, conn, act, action="disposal", content=content, agreement="", roles=[Role.SAFEGUARDS])  # 2
        record(home, conn, LeafType.DISPOSAL, {"what": WHAT, "act": dict(act)}, batch=ref(conn, batch_id))  # 3
        b = schema.batch
        conn.execute(update(b).where(b.c.id == batch_id).values(wrapped_key=None, key_destroyed_at=home.now()))
    return Destroyed(batch_id, 0 if rehearsing() else finish(home, again=batch_id))


def _check(home: Home, conn: Connection, row: RowMapping) -> None:
    if row["key_destroyed_at"] is not None:
        raise OutOfOrder(
            f"The working data of batch {row['id']} was destroyed before.", "A key is destroyed once.", "Nothing is left to do."
        )
    if row["wrapped_key"] is None:
        raise OutOfOrder(f"Of batch {row['id']} no working data was kept.", "It was refused whole.", "Nothing is left to do.")
    due = due_on(home, conn, row)
    if due is None:
        raise OutOfOrder(
            f"Batch {row['id']} has not ended.",
            f"Its state is {row['state']}; its data is still worked with.",
            "Type: portcullis batch list",
        )
    if home.now() < due:
        raise Refused(f"The working data of batch {row['id']} is kept until {stamp(due)}.", "Its agreement says so.", "Wait until then.")
    if held := holds_on(conn, row):
        raise Refused(
            f"A legal hold covers batch {row['id']}: {', '.join(held)}.",
            "What is on hold is not destroyed.",
            "Counsel lifts a hold: portcullis safeguard hold lift --help",
        )


def finish(home: Home, *, again: str = "") -> int:
    """Steps 4 and 5 for every batch whose destruction is on record and not done (and for `again`); returns the files removed."""
    if rehearsing():
        return 0
    b = schema.batch
    with reading(home.engine) as conn:
        gone = list(conn.execute(select(b.c.id).where(b.c.key_destroyed_at.is_not(None)).order_by(b.c.id)).scalars())
    if not gone:
        return 0
    with release_exclusive(home.engine):  # one at a time: two would each put back what the other took out
        secret = secret_of(home.path)
        path = home.path / "keys" / "wrapping.json"
        ring = load_keyring(path, secret)
        open_yet = [batch_id for batch_id in gone if ring.holds(key_number(batch_id))]
        for batch_id in open_yet:
            ring = ring.without(key_number(batch_id))
        if open_yet:
            replace_keyring(path, ring, secret)  # 4
    removed = sum(remove_remains(home, batch_id) for batch_id in {*open_yet, *filter(None, [again])})  # 5
    return removed
