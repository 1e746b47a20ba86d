"""How one batch moves, in one place: the table of contents of the program, in code.

| state        | what happens next                                   | done by                  |
| ------------ | --------------------------------------------------- | ------------------------ |
| received     | rules over the request's own data                   | steps.check              |
| checked      | the register is read for what no rule refused       | steps.match              |
| matched      | people decide what was referred; decisions written  | review, steps.decide     |
| reviewed     | a sample nobody can choose is checked by hand       | review.sample            |
| sampled      | what would leave is prepared; two people sign       | steps.answer, review     |
| authorized   | answers are sealed                                  | release.commit           |
| committed    | every check again; accounting; the answers leave    | release.dispatch         |
| dispatched   | the recipient's receipt                             | release.receipt          |

`run` goes as far as no person is needed, and says who is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, func, select

from portcullis import evidence
from portcullis.batches import get
from portcullis.errors import Tampered
from portcullis.home import Home
from portcullis.ledger import decode
from portcullis.model import BatchState, LeafType
from portcullis.publish import publish
from portcullis.review import open_ordinals
from portcullis.steps import answers, check_batch, match_step, write_decisions
from portcullis.store import reading, rehearsing, schema
from portcullis.work import progress

__all__ = ["awaiting", "run", "status"]

Progress = Callable[[str, BatchState], None]


def run(home: Home, batch_id: str, progress: Progress | None = None) -> BatchState:
    """Move a batch until a person must act or it has ended; returns its state. Safe to call again after a kill."""
    while True:
        state, held = _state(home, batch_id)
        if progress:
            progress(batch_id, state)
        if held:
            publish(home)
            return state
        if state is BatchState.RECEIVED:
            check_batch(home, batch_id)
        elif state is BatchState.CHECKED:
            match_step(home, batch_id)
        elif state is BatchState.MATCHED and not _open(home, batch_id):
            write_decisions(home, batch_id)
        elif not rehearsing():
            if state is BatchState.SAMPLED:
                answers(home, batch_id)
            publish(home)
            return state
        if rehearsing():  # one step, which was undone
            return state


def awaiting(conn: Connection, batch_id: str) -> list[str]:
    """What the batch waits for, in words."""
    row = get(conn, batch_id)
    state = BatchState(row["state"])
    if row["held"]:
        return ["an order in force to be lifted"]
    if state is BatchState.MATCHED and (count := _count_open(conn, batch_id)):
        return [f"{count} reviews"]
    if state is BatchState.SAMPLED:
        a = schema.authorization
        signed = conn.execute(select(func.count()).where(a.c.batch_id == batch_id, a.c.voided_at.is_(None))).scalar_one()
        return [f"{2 - min(signed, 2)} authorizations"]
    at_it = progress(conn, batch_id)
    return [at_it] if at_it else list(_NEXT.get(state, ()))


_NEXT: Mapping[BatchState, tuple[str, ...]] = {
    BatchState.RECEIVED: ("batch run",),
    BatchState.CHECKED: ("batch run",),
    BatchState.MATCHED: ("batch run",),
    BatchState.REVIEWED: ("the sample",),
    BatchState.AUTHORIZED: ("release commit",),
    BatchState.COMMITTED: ("release dispatch",),
    BatchState.DISPATCHED: ("the receipt",),
}


def status(home: Home, batch_id: str, *, noted: bool = False) -> dict[str, object]:
    """The source side's view of a batch (interface.md, `batch status`); counts only.

    The counts are held against the decisions in evidence while these can be read; with `noted` they are as the store has them (a screen
    that is drawn many times a minute). Raises Tampered when the two differ or the evidence was changed.
    """
    with reading(home.engine) as conn:
        row = get(conn, batch_id)
        by_decision, by_reason = _figures(conn, batch_id, BatchState(row["state"]))
        if not noted and evidence.has(conn, batch_id, "decisions") and row["wrapped_key"] is not None:
            _hold_against(home, conn, batch_id, {"decision": by_decision, "reason": by_reason})
        return {
            "batch": batch_id,
            "state": row["state"],
            "held": bool(row["held"]),
            "received": row["count"],
            "by_decision": by_decision,
            "by_reason": by_reason,
            "awaiting": awaiting(conn, batch_id),
        }


def _figures(conn: Connection, batch_id: str, state: BatchState) -> tuple[dict[str, int], dict[str, int]]:
    if state is BatchState.REFUSED:
        leaf = schema.leaf
        body = conn.execute(
            select(leaf.c.body).where(leaf.c.batch_id == batch_id, leaf.c.type == LeafType.BATCH_REFUSED.value)
        ).scalar_one()
        return {}, {str(decode(bytes(body)).fields["reason"]): get(conn, batch_id)["count"]}
    d = schema.decided_count
    counted: dict[str, dict[str, int]] = {"decision": {}, "reason": {}}
    for row in conn.execute(select(d).where(d.c.batch_id == batch_id).order_by(d.c.kind, d.c.name)):
        counted[row.kind][row.name] = row.value
    return counted["decision"], counted["reason"]


def _hold_against(home: Home, conn: Connection, batch_id: str, counted: Mapping[str, Mapping[str, int]]) -> None:
    table = evidence.read(home, conn, batch_id, "decisions", columns=["decision", "reason"])
    for column, noted in counted.items():
        found = {str(v["values"]): int(v["counts"]) for v in table[column].drop_null().value_counts().to_pylist()}
        if found != noted:
            raise Tampered(
                f"The counts of batch {batch_id} are not those of its evidence.",
                f"What the store notes by {column} differs from the decisions.",
                "Find out who changed the store; the evidence and the ledger say what was decided.",
            )


def _state(home: Home, batch_id: str) -> tuple[BatchState, bool]:
    with reading(home.engine) as conn:
        row = get(conn, batch_id)
        return BatchState(row["state"]), bool(row["held"])


def _open(home: Home, batch_id: str) -> bool:
    with reading(home.engine) as conn:
        return bool(open_ordinals(conn, batch_id, 1))


def _count_open(conn: Connection, batch_id: str) -> int:
    r = schema.referral
    return int(conn.execute(select(func.count()).where(r.c.batch_id == batch_id, r.c.resolution.is_(None))).scalar_one())
