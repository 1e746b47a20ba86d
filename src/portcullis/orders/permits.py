"""Orders that permit a flow, and their conflicts with stays.

 1. Counsel enters an order that permits or commands a flow, with its scope and the court's time; it frees nothing and holds nothing.
 2. Where it meets a stay in force the two are a conflict: shown to counsel, with what each covers. Meanwhile the stay holds.
 3. Counsel resolves a conflict by what the law provides: the stay is lifted by two people, or the permit is ended by counsel.
The program compares scopes and nothing else: which court may bind whom is not its to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from portcullis.crypto import canonical
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import record, stamp
from portcullis.model import LeafType, Role
from portcullis.officers import accept_act, content_hash
from portcullis.orders.scope import Scope, overlap
from portcullis.store import schema, writing

__all__ = ["conflicts", "end_permit", "enter_permit", "permit_content", "permits"]


def permit_content(about: Mapping[str, Any]) -> str:
    """What counsel signs."""
    return content_hash({"about": dict(about)})


def enter_permit(home: Home, order: str, scope: Scope, court_time: int, about: Mapping[str, Any], act: Mapping[str, object]) -> None:
    """Enter an order that permits (1); `about`: order, scope, court_time, at. Raises Refused for a known id or another's signature."""
    if about != {"order": order, "scope": scope.member(), "court_time": stamp(court_time), "at": about.get("at")}:
        raise Refused("The signature is over another order.", "It does not state this order, scope and time.", "Sign anew.")
    if scope.by_rows and scope.persons is not None:
        raise Refused(
            "A permit cannot be limited to persons.", "Whom it concerns would have to be kept.", "Leave them out: it frees nothing."
        )
    o, p = schema.court_order, schema.court_permit
    with writing(home.engine) as conn:
        if any(conn.execute(select(table.c.id).where(table.c.id == order)).first() for table in (o, p)):
            raise Refused(f"There is an order {order} already.", "An order has one id, once.", "Type: portcullis order list")
        index = _entered(home, conn, LeafType.ORDER_PERMITTED, order, about, act)
        stated = canonical(scope.member()).decode()
        conn.execute(insert(p).values(id=order, scope=stated, court_time=court_time, entered_at=home.now(), entered_leaf=index))


def end_permit(home: Home, order: str, about: Mapping[str, Any], act: Mapping[str, object]) -> None:
    """A permit stands no more (3); `about`: order, at. Raises Refused when none of this id stands."""
    p = schema.court_permit
    with writing(home.engine) as conn:
        if about.get("order") != order or not conn.execute(select(p.c.id).where(p.c.id == order, p.c.ended_at.is_(None))).first():
            raise Refused(f"No permit {order} stands.", "It is unknown, or was ended.", "Type: portcullis order list")
        index = _entered(home, conn, LeafType.ORDER_ENDED, order, about, act)
        conn.execute(update(p).where(p.c.id == order).values(ended_at=home.now(), ended_leaf=index))


def permits(conn: Connection) -> list[dict[str, object]]:
    """Every order that permits a flow, and whether it stands."""
    p = schema.court_permit
    return [
        {"order": r.id, "scope": r.scope, "court_time": stamp(r.court_time), "entered": stamp(r.entered_at), "stands": r.ended_at is None}
        for r in conn.execute(select(p).order_by(p.c.entered_at, p.c.id))
    ]


def conflicts(conn: Connection) -> list[dict[str, str]]:
    """Each stay in force and each permit that stands whose scopes meet (2): for counsel. Meanwhile the stay holds."""
    o, p = schema.court_order, schema.court_permit
    stays = conn.execute(select(o.c.id, o.c.scope).where(o.c.lifted_at.is_(None)).order_by(o.c.id)).all()
    standing = conn.execute(select(p.c.id, p.c.scope).where(p.c.ended_at.is_(None)).order_by(p.c.id)).all()
    pairs = [(stay, permit) for stay in stays for permit in standing]
    return [
        {"stay": stay.id, "permit": permit.id, "holds": "the stay"}
        for stay, permit in pairs
        if overlap(Scope.parse(json.loads(stay.scope)), Scope.parse(json.loads(permit.scope)))
    ]


def _entered(home: Home, conn: Connection, kind: LeafType, order: str, about: Mapping[str, Any], act: Mapping[str, object]) -> int:
    accept_act(home, conn, act, action=kind.value, content=permit_content(about), agreement="", roles=[Role.COUNSEL])
    return record(home, conn, kind, {"matter": order, "order": order, "about": dict(about), "act": dict(act)})
