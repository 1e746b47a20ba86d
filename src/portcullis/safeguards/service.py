"""Service of a court's order on those it binds, and their acknowledgement.

 1. Counsel serves an order in force on an agency, once; what is served is a statement signed by the gateway (exchange/service.py).
 2. The agency acknowledges exactly that statement, signed by one of its people, once; a late one counts, and its lateness is on record.
 3. An order binds from its imposing, whether it is acknowledged or not: nothing here holds or frees a flow.
What is served and not acknowledged is a matter with a deadline, and stands among the reminders.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from portcullis.crypto import canonical, sign_dsse
from portcullis.crypto.wrap import sync_folder
from portcullis.errors import Refused
from portcullis.exchange.filing import Filing, instant_of
from portcullis.exchange.service import SERVICE_TYPE, Service
from portcullis.home import Home
from portcullis.journal import stamp
from portcullis.matters import add_step, close, listed, number, open_matter, steps
from portcullis.model import LeafType
from portcullis.orders import Scope
from portcullis.safeguards.filing import accept, acted, enter, matter_of, members, terms
from portcullis.store import rehearsing, release_exclusive, schema

__all__ = ["acknowledge_order", "serve_order", "services"]


def serve_order(home: Home, about: Mapping[str, Any], act: Mapping[str, Any]) -> str:
    """Serve an order on an agency (1); `about`: agency, order, acknowledge_by, at. Returns the matter's number. Raises Refused."""
    members(about, "agency order acknowledge_by at")
    due = instant_of(about["acknowledge_by"])
    with release_exclusive(home.engine) as conn:
        order = _in_force(conn, str(about["order"]))
        officer = acted(home, conn, LeafType.ORDER_SERVED, about, act)
        _check_agency(conn, order["id"], str(about["agency"]))
        if due <= home.now():
            raise Refused("The time to acknowledge is over already.", "It is not after now.", "State a later time.")
        matter = number(home, conn)
        document = _document(home, conn, order, matter, about)
        digest = hashlib.sha256(document).hexdigest()
        _write(home, matter, document)
        more = {"order": order["id"], "service": digest, "due": stamp(due)}
        index = enter(home, conn, LeafType.ORDER_SERVED, matter, about, act, agreement=None, **more)
        detail = {"order": order["id"], "service": digest, "served_by": officer.person}
        open_matter(home, conn, index, id=matter, kind="service", agency=str(about["agency"]), due=due, detail=detail)
        return matter


def acknowledge_order(home: Home, conn: Connection, filing: Filing) -> str:
    """The agency's acknowledgement (2); returns `acknowledged`, or `late`. Raises Refused for a second one, or one of something else."""
    officer = accept(home, conn, filing, LeafType.ORDER_ACKNOWLEDGED, "agency matter order service at")
    matter = matter_of(conn, filing, ("service",))
    if instant_of(filing.about["at"]) < matter.opened_at - terms(home, conn, matter.agreement).clock:
        raise Refused("The clocks disagree.", "It is dated before the order was served.", "Set the clock, and sign anew.")
    if any(filing.about[name] != matter.detail[name] for name in ("order", "service")):
        raise Refused("What was acknowledged is not what was served.", "Order or statement differ.", "Acknowledge the one that was served.")
    state = "late" if matter.due_at is not None and home.now() > matter.due_at else "acknowledged"
    more = {"order": matter.detail["order"], "late": int(state == "late")}
    index = enter(home, conn, LeafType.ORDER_ACKNOWLEDGED, matter.id, filing.about, filing.act, agreement=None, **more)
    add_step(home, conn, matter.id, LeafType.ORDER_ACKNOWLEDGED, officer.person, index, filing.about)
    close(home, conn, matter.id, state)
    return state


def services(conn: Connection, order: str) -> list[dict[str, Any]]:
    """On whom an order was served, when, and what became of it."""
    return [
        {
            "matter": m.id,
            "agency": m.agency,
            "served": stamp(m.opened_at),
            "acknowledge_by": None if m.due_at is None else stamp(m.due_at),
            "state": "served" if m.closed_at is None else m.state,
            "acknowledged": next((stamp(step["at"]) for step in steps(conn, m.id)), None),
        }
        for m in listed(conn, ("service",))
        if m.detail["order"] == order
    ]


def _in_force(conn: Connection, order: str) -> RowMapping:
    o = schema.court_order
    row = conn.execute(select(o).where(o.c.id == order, o.c.lifted_at.is_(None))).mappings().first()
    if row is None:
        raise Refused(f"No order {order} is in force.", "It is unknown or was lifted.", "Type: portcullis order list")
    return row


def _check_agency(conn: Connection, order: str, agency: str) -> None:
    p = schema.party
    known = set(conn.execute(select(p.c.agency)).scalars())
    if agency not in known:
        raise Refused(f"No agency {agency} is known here.", f"Known: {', '.join(sorted(known))}.", "Name one of them.")
    if any(each["agency"] == agency for each in services(conn, order)):
        raise Refused(f"{agency} was served with {order} before.", "An order is served once.", "Type: portcullis order list --json")


def _document(home: Home, conn: Connection, order: RowMapping, matter: str, about: Mapping[str, Any]) -> bytes:
    scope, b = Scope.parse(json.loads(order["scope"])), schema.batch
    numbers = conn.execute(select(b.c.id).where(b.c.log_id.in_(scope.batches or ())).order_by(b.c.id)).scalars()
    served = Service(
        order=order["id"],
        matter=matter,
        agency=str(about["agency"]),
        court_time=stamp(order["court_time"]),
        imposed=stamp(order["imposed_at"]),
        acknowledge_by=str(about["acknowledge_by"]),
        persons=len(scope.persons or ()),
        agreements=scope.agreements or (),
        agencies=scope.agencies or (),
        gates=scope.gates or (),
        batches=tuple(numbers),
        statutes=scope.statutes or (),
    )
    return canonical(sign_dsse(home.log_key, SERVICE_TYPE, canonical(served.payload()))) + b"\n"


def _write(home: Home, matter: str, document: bytes) -> None:
    """The statement as a file, before the transaction that names it commits; a rehearsal writes none."""
    if rehearsing():
        return
    folder = home.path / "outbox" / matter
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "service.json").write_bytes(document)
    sync_folder(folder)
