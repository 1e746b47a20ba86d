"""What a batch has been through: each step once, in the transaction that does it.

The primary key (batch, step) is the rule. A step that was done is found by `done` after a kill, and cannot be done again by
anyone: the second of two processes waits for the first and is then refused by `once`.
"""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from portcullis.errors import OutOfOrder
from portcullis.store import schema

__all__ = ["done", "once", "steps"]


def once(conn: Connection, batch_id: str, step: str, leaf_idx: int | None = None, *, at: int) -> None:
    """Record that `step` of a batch is done by this transaction, at `at` (seconds), with the leaf that says so.

    Raises OutOfOrder when it was done before; the transaction must then be given up.
    """
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    row = {"batch_id": batch_id, "step": step, "at": at, "leaf_idx": leaf_idx}
    statement = insert(schema.step).values(row).on_conflict_do_nothing(index_elements=["batch_id", "step"])
    if conn.execute(statement.returning(schema.step.c.step)).first() is None:
        raise OutOfOrder(
            f"{batch_id}: the step {step} was done before.",
            "Each step of a batch happens once.",
            f"Type: portcullis batch status {batch_id}",
        )


def done(conn: Connection, batch_id: str, step: str) -> bool:
    """Whether the batch has been through `step`."""
    wanted = select(schema.step.c.at).where(schema.step.c.batch_id == batch_id, schema.step.c.step == step)
    return conn.execute(wanted).first() is not None


def steps(conn: Connection, batch_id: str) -> dict[str, int | None]:
    """Every step a batch has been through, with the index of its leaf."""
    wanted = select(schema.step.c.step, schema.step.c.leaf_idx).where(schema.step.c.batch_id == batch_id).order_by(schema.step.c.at)
    return {row.step: row.leaf_idx for row in conn.execute(wanted)}
