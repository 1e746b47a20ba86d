"""What an order did: which batches it met, in which state, what it took back, and what had already left.

Noted in the transaction that imposes the order, or that receives a batch it reaches; read afterwards by counsel, by the court, and by
whoever makes a recall of it. Batch numbers, counts and times: nobody's data.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select

from portcullis.batches import get
from portcullis.errors import Refused
from portcullis.journal import stamp
from portcullis.ledger import decode
from portcullis.model import LeafType
from portcullis.store import schema

__all__ = ["effects", "note_effect"]


def note_effect(conn: Connection, order: str, batch_id: str, *, reached: bool, at: int) -> None:
    """What the order meets in this batch, before anything is taken back."""
    a, r, s = schema.authorization, schema.release, schema.step
    standing = select(func.count()).where(a.c.batch_id == batch_id, a.c.voided_at.is_(None))
    sealed = select(r.c.answers).where(r.c.batch_id == batch_id, r.c.state == "committed")
    left = select(s.c.at).where(s.c.batch_id == batch_id, s.c.step == "dispatched")
    left_at = conn.execute(left).scalar_one_or_none()
    conn.execute(
        insert(schema.order_effect).values(
            order_id=order,
            batch_id=batch_id,
            reached=int(reached),
            state=get(conn, batch_id)["state"],
            voided=0 if left_at else conn.execute(standing).scalar_one(),
            withheld=conn.execute(sealed).scalar_one_or_none() or 0,
            left_at=left_at,
            at=at,
        )
    )


def effects(conn: Connection, order: str) -> dict[str, Any]:
    """What the order withheld and what had already left, batch by batch. Raises Refused for an unknown order."""
    o, e = schema.court_order, schema.order_effect
    found = conn.execute(select(o).where(o.c.id == order)).mappings().first()
    if found is None:
        raise Refused(f"There is no order {order}.", "No stay of this id was imposed.", "Type: portcullis order list")
    rows = conn.execute(select(e).where(e.c.order_id == order).order_by(e.c.batch_id)).mappings().all()
    left = [_left(conn, row, found["court_time"]) for row in rows if row["left_at"] is not None]
    return {
        "order": order,
        "court_time": stamp(found["court_time"]),
        "imposed": stamp(found["imposed_at"]),
        "lifted": None if found["lifted_at"] is None else stamp(found["lifted_at"]),
        "withheld": [_withheld(row) for row in rows if row["left_at"] is None],
        "already_left": left,
        "left_between": [each["batch"] for each in left if each["after_the_court"]],
        "refused_at_receipt": _refused(conn, found["imposed_leaf"], found["lifted_leaf"]),
    }


def _withheld(row: RowMapping) -> dict[str, Any]:
    names = {"batch": "batch_id", "state": "state", "authorizations_voided": "voided", "answers_withheld": "withheld"}
    return {name: row[column] for name, column in names.items()} | {"held": stamp(row["at"])}


def _left(conn: Connection, row: RowMapping, court_time: int) -> dict[str, Any]:
    q = schema.request
    answers = conn.execute(select(func.count()).where(q.c.batch_id == row["batch_id"], q.c.answered == 1)).scalar_one()
    after = int(row["left_at"] >= court_time)
    return {"batch": row["batch_id"], "dispatched": stamp(row["left_at"]), "answers": answers, "after_the_court": after}


def _refused(conn: Connection, imposed: int, lifted: int | None) -> int:
    """Batches that were refused at receipt because an order stayed the flow, while this one was in force."""
    leaf = schema.leaf
    query = select(leaf.c.body).where(leaf.c.type == LeafType.BATCH_REFUSED.value, leaf.c.idx > imposed)
    query = query if lifted is None else query.where(leaf.c.idx < lifted)
    return sum(decode(bytes(body)).fields["rule"] == "R07" for body in conn.execute(query).scalars())
