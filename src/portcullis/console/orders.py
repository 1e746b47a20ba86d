"""Court orders: what is in force, and imposing a stay in two clicks and a key."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from sqlalchemy import func, select
from starlette.responses import Response

from portcullis.console.acting import prepare, signed
from portcullis.console.request import Request
from portcullis.console.two_people import half_lifted
from portcullis.errors import Refused
from portcullis.orders import Scope, conflicts, effects, impose, order_content, permits
from portcullis.publish import publish
from portcullis.safeguards import services
from portcullis.store import reading, schema

__all__ = ["orders", "prepare_order", "sign_order"]

_ORDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@()-]{0,127}")


def orders(request: Request) -> Response:
    """All orders, and the form for a new one."""
    o, a, p = schema.court_order, schema.agreement, schema.party
    with reading(request.home.engine) as conn:
        rows = [
            dict(row) | {"scope": json.loads(row["scope"])} for row in conn.execute(select(o).order_by(o.c.imposed_leaf.desc())).mappings()
        ]
        agreements = conn.execute(select(a.c.id).distinct().order_by(a.c.id)).scalars().all()
        agencies = conn.execute(select(p.c.agency).where(p.c.side == "recipient").order_by(p.c.agency)).scalars().all()
        firsts = half_lifted(request, conn)
        met = {row["id"]: effects(conn, row["id"]) for row in rows}
        served = {row["id"]: services(conn, row["id"]) for row in rows}
        permitting, contrary = permits(conn), conflicts(conn)
    return request.page(
        "orders.html",
        firsts=firsts,
        rows=rows,
        agreements=agreements,
        agencies=agencies,
        met=met,
        served=served,
        permits=permitting,
        conflicts=contrary,
        now=request.home.now(),
    )


def _stated(request: Request) -> tuple[str, Scope, int]:
    """Docket number, scope and the court's time as the form states them. Raises Refused."""
    order, form = request.form.get("order", "").strip(), request.form
    if not _ORDER.fullmatch(order):
        raise Refused(
            "The docket number is missing or no code.", "It has letters, digits and signs, and no space.", "Write it as 25-cv-0457."
        )
    lists = {name: [form[field]] if form.get(field) else None for name, field in (("agreements", "agreement"), ("agencies", "agency"))}
    try:
        when = int(datetime.fromisoformat(form.get("court_time", "")).replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise Refused("The court's time cannot be read.", "It is a date and a time in UTC.", "Write it as 2026-11-21T09:00.") from error
    return order, Scope.parse(lists), when


def prepare_order(request: Request) -> Response:
    """What the order would stop, to be signed."""
    order, scope, when = _stated(request)
    b = schema.batch
    ended = ("refused", "blocked", "dispatched", "acknowledged")
    query = select(func.count()).where(b.c.state.not_in(ended))
    if scope.agreements:
        query = query.where(b.c.agreement_id.in_(scope.agreements))
    if scope.agencies:
        query = query.where(b.c.agency.in_(scope.agencies))
    with reading(request.home.engine) as conn:
        stopped = conn.execute(query).scalar_one()
    limits = ", ".join([*(scope.agreements or ()), *(scope.agencies or ())]) or "everything"
    act = prepare(request, "order.impose", order_content(order, scope, when))
    said = f"Order {order} stays {limits}. It stops {stopped} batches that have not left. It takes effect the moment you sign."
    hidden = {name: request.form.get(name, "") for name in ("order", "agreement", "agency", "court_time")}
    return request.page("sign.html", act=act, said=said, to="/orders/sign", hidden=hidden, back="/orders", title="Impose a stay")


def sign_order(request: Request) -> Response:
    """Impose it."""
    order, scope, when = _stated(request)
    done = impose(request.home, order, scope, when, signed(request))
    publish(request.home)
    return request.page("imposed.html", order=order, done=done)
