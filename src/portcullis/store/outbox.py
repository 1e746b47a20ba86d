"""The outbox: sealed files that wait to leave.

Rows are written with the commit and are `pending`; a dispatch marks them `sent` in its own transaction, before the first byte
leaves; a stay marks what is still pending `withheld`. No row goes any other way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from portcullis.errors import OutOfOrder
from portcullis.store import schema
from portcullis.store.bulk import insert_many

__all__ = ["Item", "items", "mark_sent", "put", "withhold"]


@dataclass(frozen=True, slots=True)
class Item:
    """One sealed file: `path` relative to the outbox, SHA-256 in hex, state pending, withheld or sent."""

    id: int
    batch_id: str
    kind: str
    path: str
    sha256: str
    state: str


def put(conn: Connection, batch_id: str, kind: str, files: Iterable[tuple[str, str]], *, at: int) -> None:
    """Lay (path, SHA-256) of sealed files in the outbox, in this order."""
    rows = ((batch_id, kind, path, sha256, "pending", at) for path, sha256 in files)
    insert_many(conn, schema.outbox, ("batch_id", "kind", "path", "sha256", "state", "made_at"), rows)


def items(conn: Connection, batch_id: str, state: str | None = None) -> list[Item]:
    """What lies in the outbox for a batch, in the order it was laid there."""
    box = schema.outbox
    wanted = select(box.c.id, box.c.batch_id, box.c.kind, box.c.path, box.c.sha256, box.c.state).where(box.c.batch_id == batch_id)
    if state is not None:
        wanted = wanted.where(box.c.state == state)
    return [Item(*row) for row in conn.execute(wanted.order_by(box.c.id))]


def mark_sent(conn: Connection, batch_id: str, expected: int, *, at: int) -> None:
    """Everything pending of a batch is sent now, all of it or nothing.

    Raises OutOfOrder unless exactly `expected` files were pending: they were withheld, or sent before.
    """
    box = schema.outbox
    sent = conn.execute(update(box).where(box.c.batch_id == batch_id, box.c.state == "pending").values(state="sent", sent_at=at)).rowcount
    if sent != expected:
        raise OutOfOrder(f"{batch_id}: {expected} files should leave and {sent} are pending.", "The others were withheld or sent before.")


def withhold(conn: Connection, batch_id: str) -> int:
    """Nothing that is still pending of a batch leaves; returns how many files that were."""
    box = schema.outbox
    return conn.execute(update(box).where(box.c.batch_id == batch_id, box.c.state == "pending").values(state="withheld")).rowcount
