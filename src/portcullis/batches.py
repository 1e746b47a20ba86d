"""Batches in the store: their numbers, their states, and the only moves there are.

    received → checked → matched → reviewed → sampled → authorized → committed → dispatched → acknowledged

`refused` and `blocked` are ends. A stay or a voided authorization takes authorized and committed back to sampled; nothing
else goes back. A move that is not in the table is our bug, not their data.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from portcullis.errors import OutOfOrder, Refused
from portcullis.journal import AgreementRef, BatchRef
from portcullis.model import BatchState
from portcullis.store import schema

__all__ = ["MOVES", "assign", "assigned", "get", "move", "new_number", "ref", "take_stock"]

S = BatchState
MOVES: Mapping[BatchState, frozenset[BatchState]] = {
    S.RECEIVED: frozenset({S.CHECKED, S.BLOCKED}),
    S.CHECKED: frozenset({S.MATCHED, S.BLOCKED}),
    S.MATCHED: frozenset({S.REVIEWED, S.BLOCKED}),
    S.REVIEWED: frozenset({S.SAMPLED, S.BLOCKED}),
    S.SAMPLED: frozenset({S.AUTHORIZED, S.BLOCKED}),
    S.AUTHORIZED: frozenset({S.COMMITTED, S.SAMPLED, S.BLOCKED}),
    S.COMMITTED: frozenset({S.DISPATCHED, S.SAMPLED, S.BLOCKED}),
    S.DISPATCHED: frozenset({S.ACKNOWLEDGED}),
    S.ACKNOWLEDGED: frozenset(),
    S.REFUSED: frozenset(),
    S.BLOCKED: frozenset(),
}


def new_number(conn: Connection, year: int) -> tuple[str, str]:
    """The next number of the year, `B-2026-000001`, and a random ledger id that tells nothing of it."""
    conn.execute(select(schema.ledger_head.c.size).with_for_update())  # one number at a time, also on PostgreSQL
    prefix = f"B-{year}-"
    b = schema.batch  # between the two texts stand exactly the numbers of that year, and an index finds the last
    last = conn.execute(select(func.max(b.c.id)).where(b.c.id > prefix, b.c.id < f"B-{year}.")).scalar_one_or_none()
    number = int(last[len(prefix) :]) + 1 if last else 1
    return f"{prefix}{number:06d}", secrets.token_hex(16)


def get(conn: Connection, batch_id: str, *, lock: bool = False) -> RowMapping:
    """The batch's row; with `lock` nobody else moves the batch until the transaction ends. Raises Refused when there is no such batch."""
    query = select(schema.batch).where(schema.batch.c.id == batch_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise Refused(f"There is no batch {batch_id}.", "Its number is not in the store.", "Type: portcullis batch list")
    return row


def ref(conn: Connection, batch_id: str) -> BatchRef:
    """What leaves say of the batch."""
    row = get(conn, batch_id)
    agreement = None
    if row["agreement_id"]:
        a = schema.agreement
        found = conn.execute(
            select(a.c.hash).where(a.c.id == row["agreement_id"], a.c.version == row["agreement_version"])
        ).scalar_one_or_none()
        agreement = AgreementRef(row["agreement_id"], row["agreement_version"], found) if found else None
    return BatchRef(batch_id, row["log_id"], agreement, row["rules_hash"])


def move(conn: Connection, batch_id: str, expected: BatchState, to: BatchState, **values: object) -> None:
    """Change the state, only from `expected`, in one statement that cannot lose a race."""
    if to not in MOVES[expected]:
        raise OutOfOrder(f"A batch does not go from {expected} to {to}.")
    b = schema.batch
    done = conn.execute(update(b).where(b.c.id == batch_id, b.c.state == expected.value).values(state=to.value, **values))
    if done.rowcount != 1:
        raise OutOfOrder(
            f"Batch {batch_id} is not in the state {expected}.", "Another process may have moved it.", "Type: portcullis batch status"
        )


def take_stock(conn: Connection, batch_id: str) -> int | None:
    """Give the batch the first number of the sample's stock that no batch has yet; None when the stock is empty (ledger.md)."""
    s = schema.sample_stock
    k = conn.execute(select(func.min(s.c.k)).where(s.c.batch_id.is_(None))).scalar_one()
    if k is not None:
        conn.execute(update(s).where(s.c.k == k).values(batch_id=batch_id))
        conn.execute(update(schema.batch).where(schema.batch.c.id == batch_id).values(sample_k=k))
    return None if k is None else int(k)


def assign(conn: Connection, batch_id: str, person: str, role: str) -> None:
    """Give a person a role in this batch. One person, one role per batch (journey.md, "People who act")."""
    a = schema.assignment
    held = conn.execute(select(a.c.role).where(a.c.batch_id == batch_id, a.c.person == person)).scalar_one_or_none()
    if held == role:
        return
    if held is not None:
        raise Refused(
            f"This person is already {held} of batch {batch_id}.",
            f"One person has one role per batch and cannot also be {role}.",
            "Ask another officer.",
        )
    conn.execute(insert(a).values(batch_id=batch_id, person=person, role=role))


def assigned(conn: Connection, batch_id: str) -> dict[str, str]:
    """Who has which role in the batch: person → role."""
    a = schema.assignment
    return {row.person: row.role for row in conn.execute(select(a.c.person, a.c.role).where(a.c.batch_id == batch_id))}
