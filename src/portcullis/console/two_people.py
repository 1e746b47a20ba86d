"""What two people sign, each at their own desk: lifting an order, turning a switch (second_person.py).

1. Whoever comes first sees what would change and signs it; the signature is kept and changes nothing.
2. Whoever comes second sees the same and who signed first, signs the same content, and the change is made, under every check of its own.
3. One person never counts twice; without counsel among the two nothing changes.
4. A first signature that has lost its force (its key revoked, its time over) is as if it were not there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from sqlalchemy import Connection
from starlette.responses import Response

from portcullis.agreement import Agreement, adopted, positions, switch_content, turn_switch
from portcullis.agreement.switches import SWITCH_ACTION
from portcullis.console.acting import prepare, signed
from portcullis.console.request import Request
from portcullis.errors import Refused
from portcullis.ledger.acts import ACTS
from portcullis.model import LeafType, Role
from portcullis.orders import lift, lift_content
from portcullis.publish import publish
from portcullis.second_person import First, drop, first_of, firsts, keep_first
from portcullis.store import reading, release_exclusive, writing

__all__ = ["LIFT", "MAY_LIFT", "MAY_TURN", "half_lifted", "half_turned", "prepare_lift", "prepare_turn", "sign_lift", "sign_turn"]

LIFT = "order.lift"
MAY_LIFT = frozenset(Role) - {Role.SIGNER, Role.OFFICER}
"""Never those whom the order stops (orders/stay.py)."""
MAY_TURN = frozenset(Role(name) for name in ACTS[LeafType.RULES_CHANGED].roles or ())
_SECOND = "Another person signs the same: one of the two is counsel."


def half_lifted(request: Request, conn: Connection) -> dict[str, First]:
    """Order → who signed first that it be lifted."""
    return {one.stated["order"]: one for one in firsts(request.home, conn, LIFT)}


def half_turned(request: Request, conn: Connection, agreement: str) -> list[First]:
    """The turns of switches of an agreement that wait for a second person."""
    return [one for one in firsts(request.home, conn, SWITCH_ACTION) if one.stated["agreement"] == agreement]


def prepare_lift(request: Request) -> Response:
    """What lifting an order does, to be signed by one of two."""
    order = request.form.get("order", "")
    said = f"Order {order} is lifted. What it held is authorized and committed anew; nothing revives."
    return _ask(request, LIFT, lift_content(order), "", MAY_LIFT, said, {"order": order}, "/orders/lift/sign", "/orders", "Lift an order")


def sign_lift(request: Request) -> Response:
    """Keep the first signature, or lift with the second."""
    home, order = request.home, request.form.get("order", "")
    content, act = lift_content(order), signed(request)
    with writing(home.engine) as conn:
        first = _first(request, conn, LIFT, content, "", MAY_LIFT)
        if first is None:
            stated = {"order": order}
            drop(conn, content)
            keep_first(home, conn, act, action=LIFT, content=content, agreement="", roles=MAY_LIFT, stated=stated)
    if first is None:
        return _kept(request, f"Your signature that order {order} be lifted is kept.", "/orders")
    free = lift(home, order, [first.act, act])
    _settled(request, content)
    return request.page(
        "both.html",
        title=f"Order {order} is lifted",
        said=f"No order holds any more: {', '.join(free) or 'no batch was held'}.",
        back="/orders",
    )


def _turn(request: Request, conn: Connection) -> tuple[Agreement, str, bool, dt.date]:
    """Agreement, switch, position and date of the form. Raises Refused for what is not in force."""
    form, name = request.form, request.values["agreement"]
    agreement = adopted(request.home, conn, name)
    if agreement is None or form.get("position") not in ("on", "off"):
        raise Refused(
            f"{name} is not in force, or no position was chosen.", "Only in force has it switches to turn.", "See the agreements."
        )
    try:
        dated = (
            dt.date.fromisoformat(form["dated"])
            if form.get("dated")
            else dt.date(1970, 1, 1) + dt.timedelta(agreement.day(request.home.now()))
        )
    except ValueError as error:
        raise Refused("The date cannot be read.", "The form was changed.", "Open the page again.") from error
    return agreement, form.get("switch", ""), form["position"] == "on", dated


def prepare_turn(request: Request) -> Response:
    """What turning a switch does, to be signed by one of two."""
    with reading(request.home.engine) as conn:
        agreement, switch, on, dated = _turn(request, conn)
        standing = positions(conn, agreement)
        if standing.get(switch) in (None, on):
            raise Refused("There is nothing to turn.", "No such switch, or it stands there already.", "See the agreement.")
    stated = {"switch": switch, "position": "on" if on else "off", "dated": dated.isoformat()}
    meaning = agreement.rules.switches[switch].meaning.rstrip(".")
    said = f"{switch} of {agreement.id} is turned {stated['position']}, dated {dated}. It means: {meaning}. What was authorized is void."
    place = f"/agreements/{agreement.id}"
    content = switch_content(agreement, switch, on, dated)
    return _ask(request, SWITCH_ACTION, content, agreement.id, MAY_TURN, said, stated, f"{place}/switch/sign", place, "Turn a switch")


def sign_turn(request: Request) -> Response:
    """Keep the first signature, or turn with the second."""
    home, act = request.home, signed(request)
    with writing(home.engine) as conn:
        agreement, switch, on, dated = _turn(request, conn)
        content = switch_content(agreement, switch, on, dated)
        first = _first(request, conn, SWITCH_ACTION, content, agreement.id, MAY_TURN)
        if first is None:
            stated = {"agreement": agreement.id, "switch": switch, "position": "on" if on else "off", "dated": dated.isoformat()}
            drop(conn, content)
            keep_first(home, conn, act, action=SWITCH_ACTION, content=content, agreement=agreement.id, roles=MAY_TURN, stated=stated)
    place = f"/agreements/{agreement.id}"
    if first is None:
        return _kept(request, f"Your signature that {switch} be turned is kept.", place)
    with release_exclusive(home.engine) as conn:
        leaf = turn_switch(home, conn, agreement.id, switch, on, dated, [first.act, act])
    _settled(request, content)
    return request.page(
        "both.html",
        title=f"{switch} is {'on' if on else 'off'}",
        said=f"It stands in the ledger as leaf {leaf}. What was authorized before is void.",
        back=place,
    )


def _first(request: Request, conn: Connection, action: str, content: str, agreement: str, roles: Collection[Role]) -> First | None:
    """The first signature by another. Raises Refused when it is this person's own."""
    first = first_of(request.home, conn, content, action=action, agreement=agreement, roles=roles)
    if first is not None and first.person == request.person:
        raise Refused("You have signed this already.", "Two different people must.", _SECOND)
    return first


def _ask(
    request: Request,
    action: str,
    content: str,
    agreement: str,
    roles: Collection[Role],
    said: str,
    hidden: Mapping[str, str],
    to: str,
    back: str,
    title: str,
) -> Response:
    with reading(request.home.engine) as conn:
        first = _first(request, conn, action, content, agreement, roles)
    so_far = (
        f" {first.person} has signed; with your signature it is done." if first else f" Your signature alone changes nothing. {_SECOND}"
    )
    act = prepare(request, action, content, agreement)
    return request.page("sign.html", act=act, said=said + so_far, to=to, hidden=dict(hidden), back=back, title=title)


def _kept(request: Request, said: str, back: str) -> Response:
    return request.page("both.html", title="Signed by the first of two", said=f"{said} It changes nothing alone. {_SECOND}", back=back)


def _settled(request: Request, content: str) -> None:
    with writing(request.home.engine) as conn:
        drop(conn, content)
    publish(request.home)
