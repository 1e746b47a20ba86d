"""Legal holds: what counsel says must be kept is not destroyed, whatever its schedule says.

 1. A hold is placed by counsel's signed act over its id and scope; the leaf `hold.placed` stands before anything depends on it.
 2. While it stands, nothing that its scope covers is destroyed (destroy.py reads it inside the lock under which it destroys).
 3. It is lifted by counsel's signed act; lifting destroys nothing by itself.

A scope is written as an order's: what it does not name it does not limit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, insert, select, update

from portcullis.crypto import canonical
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import record, stamp
from portcullis.model import LeafType, Role
from portcullis.officers import accept_act, content_hash
from portcullis.orders import Scope
from portcullis.orders.scope import covers
from portcullis.store import release_exclusive, schema

__all__ = ["hold_content", "holds_on", "lift_hold", "lift_hold_content", "listed_holds", "place_hold"]


def hold_content(hold: str, scope: Scope) -> str:
    """What counsel signs to place a hold."""
    return content_hash({"hold": hold, "scope": scope.member()})


def lift_hold_content(hold: str) -> str:
    """What counsel signs to lift it."""
    return content_hash({"hold": hold})


def place_hold(home: Home, hold: str, scope: Scope, act: Mapping[str, object]) -> tuple[str, ...]:
    """Place a hold; returns the batches it covers whose working data is there. Raises Refused for a known id or an act not counsel's."""
    h = schema.hold
    with release_exclusive(home.engine) as conn:
        if conn.execute(select(h.c.id).where(h.c.id == hold)).first():
            raise Refused(f"There is a hold {hold} already.", "A hold has one id, once.", "Type: portcullis safeguard hold list")
        accept_act(home, conn, act, action="hold.place", content=hold_content(hold, scope), agreement="", roles=[Role.COUNSEL])  # 1
        index = record(home, conn, LeafType.HOLD_PLACED, {"hold": hold, "scope": scope.member(), "act": dict(act)})
        stated = canonical(scope.member()).decode()
        conn.execute(insert(h).values(id=hold, scope=stated, placed_at=home.now(), placed_leaf=index))
        kept = conn.execute(select(schema.batch).where(schema.batch.c.wrapped_key.is_not(None)).order_by(schema.batch.c.id)).mappings()
        return tuple(row["id"] for row in kept if _covers(scope, row))


def lift_hold(home: Home, hold: str, act: Mapping[str, object]) -> None:
    """Lift a hold. Raises Refused when none of this id stands, or the act is not counsel's."""
    h = schema.hold
    with release_exclusive(home.engine) as conn:
        if not conn.execute(select(h.c.id).where(h.c.id == hold, h.c.lifted_at.is_(None))).first():
            raise Refused(f"No hold {hold} stands.", "It is unknown or was lifted.", "Type: portcullis safeguard hold list")
        accept_act(home, conn, act, action="hold.lift", content=lift_hold_content(hold), agreement="", roles=[Role.COUNSEL])  # 3
        index = record(home, conn, LeafType.HOLD_LIFTED, {"hold": hold, "act": dict(act)})
        conn.execute(update(h).where(h.c.id == hold).values(lifted_at=home.now(), lifted_leaf=index))


def holds_on(conn: Connection, batch: RowMapping) -> list[str]:
    """The ids of the holds that stand and cover this batch."""
    h = schema.hold
    rows = conn.execute(select(h.c.id, h.c.scope).where(h.c.lifted_at.is_(None)).order_by(h.c.id)).all()
    return [row.id for row in rows if _covers(Scope.parse(json.loads(row.scope)), batch)]


def listed_holds(conn: Connection) -> list[dict[str, object]]:
    """Every hold, its scope as text, and whether it stands."""
    h = schema.hold
    rows = conn.execute(select(h).order_by(h.c.placed_at, h.c.id))
    return [{"hold": r.id, "scope": r.scope, "placed": stamp(r.placed_at), "stands": r.lifted_at is None} for r in rows]


def _covers(scope: Scope, row: RowMapping) -> bool:
    return covers(scope, agreement=row["agreement_id"], agency=row["agency"], gate=row["gate"], batch=row["log_id"])
