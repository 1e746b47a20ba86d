"""Imposing and lifting a stay.

`impose`: takes the exclusive release lock, so that every dispatch either committed before it or sees it; then
 1. counsel's signed act over order id, scope and the court's time is verified,
 2. `order.imposed` is written,
 3. every batch it covers that has not been dispatched is held, what was sealed is withheld, what was signed is void,
 4. what had already left is listed, for recall.
`lift`: two different people, one of them counsel, sign; nothing revives: a held batch is authorized and committed anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from portcullis.batches import ref
from portcullis.crypto import canonical
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import record, stamp
from portcullis.model import BatchState, LeafType, Role
from portcullis.officers import accept_act, content_hash
from portcullis.orders.scope import Scope, covers, stays_on
from portcullis.orders.withhold import withhold
from portcullis.store import release_exclusive, schema

__all__ = ["Imposed", "impose", "lift", "lift_content", "listed", "order_content"]

_OPEN = [
    state.value
    for state in BatchState
    if state not in (BatchState.REFUSED, BatchState.BLOCKED, BatchState.DISPATCHED, BatchState.ACKNOWLEDGED)
]
_MAY_LIFT = [role for role in Role if role not in (Role.SIGNER, Role.OFFICER)]  # never those whom the order stops
_LEFT = [BatchState.DISPATCHED.value, BatchState.ACKNOWLEDGED.value]


@dataclass(frozen=True, slots=True)
class Imposed:
    """What a stay did: batches held, those of them whose sealed or signed content was taken back, and what had already left."""

    order: str
    held: tuple[str, ...]
    withheld: tuple[str, ...]
    already_left: tuple[str, ...]


def order_content(order: str, scope: Scope, court_time: int) -> str:
    """What counsel signs to impose."""
    return content_hash({"order": order, "scope": scope.member(), "court_time": stamp(court_time)})


def lift_content(order: str) -> str:
    """What two people sign to lift."""
    return content_hash({"order": order, "lift": True})


def impose(home: Home, order: str, scope: Scope, court_time: int, act: Mapping[str, object]) -> Imposed:
    """Impose a stay now. Raises Refused for an unsigned or known order."""
    with release_exclusive(home.engine) as conn:
        o = schema.court_order
        if conn.execute(select(o.c.id).where(o.c.id == order)).first():
            raise Refused(f"There is an order {order} already.", "An order has one id, once.", "Type: portcullis order list")
        accept_act(
            home, conn, act, action="order.impose", content=order_content(order, scope, court_time), agreement="", roles=[Role.COUNSEL]
        )
        fields = {"order": order, "scope": scope.member(), "court_time": stamp(court_time), "act": dict(act)}
        index = record(home, conn, LeafType.ORDER_IMPOSED, fields)
        conn.execute(
            insert(o).values(
                id=order, scope=canonical(scope.member()).decode(), court_time=court_time, imposed_at=home.now(), imposed_leaf=index
            )
        )
        held = _covered(conn, scope, _OPEN)
        withheld = [batch_id for batch_id in held if withhold(home, conn, batch_id, "order", held=True)]
        return Imposed(order, tuple(held), tuple(withheld), tuple(_covered(conn, scope, _LEFT)))


def lift(home: Home, order: str, acts: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    """Lift a stay; returns the batches no order holds any more. Raises Refused unless two different people, one counsel, signed."""
    with release_exclusive(home.engine) as conn:
        o = schema.court_order
        row = conn.execute(select(o).where(o.c.id == order)).mappings().first()
        if row is None or row["lifted_at"] is not None:
            raise Refused(f"No order {order} is in force.", "It is unknown or was lifted.", "Type: portcullis order list")
        signed = [
            accept_act(home, conn, act, action="order.lift", content=lift_content(order), agreement="", roles=_MAY_LIFT)[0] for act in acts
        ]
        if len({officer.person for officer in signed}) < 2 or not any(Role.COUNSEL in officer.roles for officer in signed):
            raise Refused(
                "Lifting an order takes two different people, one of them counsel.",
                "That is not who signed.",
                "Ask a second person to sign.",
            )
        index = record(home, conn, LeafType.ORDER_LIFTED, {"order": order, "acts": [dict(act) for act in acts]})
        conn.execute(update(o).where(o.c.id == order).values(lifted_at=home.now(), lifted_leaf=index))
        return tuple(_free(conn))


def listed(conn: Connection) -> list[dict[str, object]]:
    """Every order, its scope as text, and whether it is in force."""
    o = schema.court_order
    return [
        {
            "order": r.id,
            "scope": r.scope,
            "court_time": stamp(r.court_time),
            "imposed": stamp(r.imposed_at),
            "in_force": r.lifted_at is None,
        }
        for r in conn.execute(select(o).order_by(o.c.imposed_at, o.c.id))
    ]


def _covered(conn: Connection, scope: Scope, states: Sequence[str]) -> list[str]:
    b = schema.batch
    rows = conn.execute(
        select(b.c.id, b.c.agreement_id, b.c.agency, b.c.gate, b.c.log_id).where(b.c.state.in_(states)).order_by(b.c.id)
    ).all()
    return [r.id for r in rows if covers(scope, agreement=r.agreement_id, agency=r.agency, gate=r.gate, batch=r.log_id)]


def _free(conn: Connection) -> list[str]:
    """Held batches that no order in force covers any more are free again, at the state they were taken back to."""
    b = schema.batch
    free = []
    for row in conn.execute(select(b).where(b.c.held == 1).order_by(b.c.id)).mappings().all():
        if not stays_on(conn, agreement=row["agreement_id"], agency=row["agency"], gate=row["gate"], batch=row["log_id"]):
            conn.execute(update(b).where(b.c.id == row["id"]).values(held=0))
            free.append(ref(conn, row["id"]).id)
    return free
