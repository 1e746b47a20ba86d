"""Imposing and lifting a stay.

`impose`: what rows an order reaches is found first, since it takes time; then it takes the exclusive release lock, so that every dispatch
either committed before it or sees it; then
 1. counsel's signed act over order id, scope and the court's time is verified,
 2. `order.imposed` is written, and `order.reached` for each batch that an order limited by rows reaches,
 3. every batch it covers that has not been dispatched is held, what was sealed is withheld, what was signed is void,
 4. what it did to each batch, and which had already left, is on record (effects.py), for recall.
`lift`: two different people, one of them counsel, sign; nothing revives: a held batch is authorized and committed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, insert, select, update

from portcullis.batches import ref
from portcullis.crypto import canonical
from portcullis.errors import OutOfOrder, Refused
from portcullis.home import Home
from portcullis.journal import record, stamp
from portcullis.model import BatchState, LeafType, Role
from portcullis.officers import accept_act, content_hash
from portcullis.orders.effects import note_effect
from portcullis.orders.scope import Scope, covers, stays_on
from portcullis.orders.subjects import Limits, Subject, keep_subjects
from portcullis.orders.withhold import withhold
from portcullis.store import reading, release_exclusive, schema

__all__ = ["Imposed", "Reach", "impose", "lift", "lift_content", "listed", "mark_reached", "order_content"]

Reach = Callable[[Connection, str, Limits], bool]
"""Whether a batch has a row within these limits: `intake.reached.reach`, which can read rows."""

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


def impose(
    home: Home,
    order: str,
    scope: Scope,
    court_time: int,
    act: Mapping[str, object],
    *,
    subjects: Collection[Subject] = (),
    reach: Reach | None = None,
) -> Imposed:
    """Impose a stay now. Raises Refused for an unsigned or known order; never for a clock, since a stay has to hold.

    `subjects` are the persons the scope names by their commitments; `reach` is needed where it is limited by rows.
    """
    if sorted(each.person for each in subjects) != sorted(scope.persons or ()):
        raise OutOfOrder("The persons of an order are not those of its scope.")
    limits = Limits(scope.statutes, frozenset(b for each in subjects for b in each.blinds) if subjects else None)
    before = _look(home, scope, limits, reach)
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
        keep_subjects(conn, order, subjects)
        held = _covered(conn, scope, _OPEN, limits, reach, before)
        withheld = [batch_id for batch_id in held if _take_back(home, conn, order, batch_id, scope)]
        left = _covered(conn, scope, _LEFT, limits, reach, before)
        for batch_id in left:
            _mark(home, conn, order, batch_id, scope)
        return Imposed(order, tuple(held), tuple(withheld), tuple(left))


def _take_back(home: Home, conn: Connection, order: str, batch_id: str, scope: Scope) -> bool:
    _mark(home, conn, order, batch_id, scope)
    return withhold(home, conn, batch_id, "order", held=True)


def _mark(home: Home, conn: Connection, order: str, batch_id: str, scope: Scope) -> None:
    """What the order meets in this batch, and for an order limited by rows the leaf that says it was reached."""
    if scope.by_rows:
        mark_reached(home, conn, order, batch_id)
    else:
        note_effect(conn, order, batch_id, reached=False, at=home.now())


def mark_reached(home: Home, conn: Connection, order: str, batch_id: str) -> None:
    """Put on record that an order limited by persons or statutes has reached a batch. The caller holds the release lock."""
    o = schema.court_order
    court_time = conn.execute(select(o.c.court_time).where(o.c.id == order)).scalar_one()
    record(home, conn, LeafType.ORDER_REACHED, {"order": order, "court_time": stamp(court_time)}, batch=ref(conn, batch_id))
    note_effect(conn, order, batch_id, reached=True, at=home.now())


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
    """Every order, its scope as text, the court's time and ours apart, and whether it is in force."""
    o = schema.court_order
    return [
        {
            "order": r.id,
            "scope": r.scope,
            "court_time": stamp(r.court_time),
            "imposed": stamp(r.imposed_at),
            "hours_between": (r.imposed_at - r.court_time) // 3600,
            "lifted": None if r.lifted_at is None else stamp(r.lifted_at),
            "in_force": r.lifted_at is None,
        }
        for r in conn.execute(select(o).order_by(o.c.imposed_at, o.c.id))
    ]


_Seen = Mapping[str, tuple[str | None, bool]]
"""Batch → the files it had when it was looked at, and whether it has a row within the limits."""


def _look(home: Home, scope: Scope, limits: Limits, reach: Reach | None) -> _Seen:
    """Read the rows of every batch that may be covered, before any lock is taken."""
    if not scope.by_rows:
        return {}
    if reach is None:
        raise OutOfOrder("An order limited by rows needs somebody who can read them.")
    with reading(home.engine) as conn:
        return {row["id"]: (row["evidence_sha256s"], reach(conn, row["id"], limits)) for row in _candidates(conn, scope, _OPEN + _LEFT)}


def _candidates(conn: Connection, scope: Scope, states: Sequence[str]) -> list[RowMapping]:
    """Batches in these states that the limits of the envelope let the order cover."""
    b = schema.batch
    rows = conn.execute(select(b).where(b.c.state.in_(states)).order_by(b.c.id)).mappings().all()
    return [r for r in rows if covers(scope, agreement=r["agreement_id"], agency=r["agency"], gate=r["gate"], batch=r["log_id"])]


def _covered(conn: Connection, scope: Scope, states: Sequence[str], limits: Limits, reach: Reach | None, seen: _Seen) -> list[str]:
    """Batches in these states that the order covers. One that changed since it was looked at is looked at again, under the lock."""
    found = []
    for row in _candidates(conn, scope, states):
        files, there = seen.get(row["id"], (None, False))
        if reach is not None and scope.by_rows and (row["id"] not in seen or files != row["evidence_sha256s"]):
            there = reach(conn, row["id"], limits)
        if there or not scope.by_rows:
            found.append(str(row["id"]))
    return found


def _free(conn: Connection) -> list[str]:
    """Held batches that no order in force covers any more are free again, at the state they were taken back to."""
    b = schema.batch
    free = []
    for row in conn.execute(select(b).where(b.c.held == 1).order_by(b.c.id)).mappings().all():
        if not stays_on(conn, agreement=row["agreement_id"], agency=row["agency"], gate=row["gate"], batch=row["log_id"]):
            conn.execute(update(b).where(b.c.id == row["id"]).values(held=0))
            free.append(ref(conn, row["id"]).id)
    return free
