"""`portcullis order serve|acknowledge|effects|permit|end|conflicts`: what is done about an order besides imposing and lifting it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from portcullis.batches import get
from portcullis.cli.acting import KeyOption, instant, sign_here
from portcullis.cli.matter import draw
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import AgencyOption, PersonOption, code, code_option, read_small
from portcullis.crypto import write_private
from portcullis.errors import Refused
from portcullis.exchange.filing import about_hash
from portcullis.home import Home, open_home
from portcullis.inspections import inspection
from portcullis.intake.reached import reach, statute_of
from portcullis.journal import stamp
from portcullis.orders import Scope, conflicts, effects, end_permit, enter_permit, limits_of, permit_content
from portcullis.publish import publish
from portcullis.safeguards import effects_picture, serve_order, take_at
from portcullis.store import reading, schema, writing

__all__ = ["OrderArgument", "mount"]

OrderArgument = Annotated[str, typer.Argument(help="The order's id, as the docket number.", callback=code)]
Names = list[str] | None
_DAY = 86_400


def mount(app: typer.Typer) -> None:
    """Add the commands to `order`."""
    app.command("serve", epilog="Example: portcullis order serve 25-cv-0457 --agency ICE --as IRS-0006 --key counsel.json")(serve)
    app.command("acknowledge", epilog="Example: portcullis order acknowledge acknowledged.json")(acknowledge)
    app.command("effects", epilog="Example: portcullis order effects 25-cv-0457 --records left.txt --as IRS-0006")(effects_)
    app.command("permit", epilog="Example: portcullis order permit 26-cv-9 --court-time 2026-11-21T09:00:00Z --as IRS-0006 --key c.json")(
        permit
    )
    app.command("end", epilog="Example: portcullis order end 26-cv-9 --as IRS-0006 --key counsel.json")(end)
    app.command("conflicts", epilog="Example: portcullis order conflicts --json")(conflicts_)


@changes
def serve(
    order: OrderArgument,
    home: HomeOption,
    agency: AgencyOption,
    person: PersonOption,
    acknowledge_by: Annotated[str, typer.Option(help="Until when it is to be acknowledged; a day from now without it.")] = "",
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Serve an order in force on an agency it binds: a signed statement in the outbox, to be acknowledged."""
    opened = open_home(home)
    by = stamp(instant(acknowledge_by) if acknowledge_by else opened.now() + _DAY)
    about = {"agency": agency, "order": order, "acknowledge_by": by, "at": stamp(opened.now())}
    matter = serve_order(opened, about, sign_here(opened, key, person, "order.served", about_hash(about)))
    publish(opened)
    found = {"matter": matter, "agency": agency, "acknowledge_by": by, "file": f"outbox/{matter}/service.json"}
    result(
        found,
        as_json,
        f"{matter}: {order} is served on {agency}; the statement is outbox/{matter}/service.json, to be acknowledged by {by}.",
    )


@changes
def acknowledge(
    file: Annotated[Path, typer.Argument(help="The acknowledgement, as `recipient served` wrote it.", exists=True, dir_okay=False)],
    home: HomeOption,
    as_json: JsonOption = False,
) -> None:
    """Take in an agency's acknowledgement of an order that was served on it."""
    (state,) = take_at(open_home(home), "order", read_small(file, "The acknowledgement"))
    result({"result": state}, as_json, f"Taken in: {state}.")


def effects_(
    order: OrderArgument,
    home: HomeOption,
    records: Annotated[Path | None, typer.Option(help="Write what had left to this new list, one record a line, for a recall.")] = None,
    person: Annotated[
        str, typer.Option("--as", help="Who asks for the records of an order about persons or statutes.", callback=code_option)
    ] = "",
    picture: Annotated[Path | None, typer.Option(help="Draw it into this new file (.svg).")] = None,
    as_json: JsonOption = False,
) -> None:
    """What an order withheld and what had already left, batch by batch; with --records, by record number."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        found = effects(conn, order)
    if records is not None:
        lines = _records(opened, order, [each["batch"] for each in found["already_left"]], person)
        if records.exists():
            raise Refused(f"{records.name} exists.", "A list is never overwritten.", "Name another file.")
        write_private(records, "".join(f"{line}\n" for line in lines).encode())
        found |= {"records": len(lines)}
    if picture is not None:
        draw(picture, effects_picture(found))
    result(found, as_json, lambda: _words(found))


def _words(found: dict[str, Any]) -> str:
    lines = [f"Order {found['order']}: the court {found['court_time']}, imposed {found['imposed']}, lifted {found['lifted'] or 'not'}."]
    for one in found["withheld"]:
        lines.append(f"withheld  {one['batch']}  was {one['state']}; {one['authorizations_voided']} authorizations void")
        lines[-1] += f", {one['answers_withheld']} sealed answers kept"
    for one in found["already_left"]:
        lines.append(f"left      {one['batch']}  {one['answers']} answers, {one['dispatched']}")
        lines[-1] += ", AFTER the court made the order" if one["after_the_court"] else ""
    return "\n".join([*lines, f"{found['refused_at_receipt']} batches were refused at receipt while it was in force."])


def _records(home: Home, order: str, batches: list[str], person: str) -> list[str]:
    """The records within an order that had left. Which of them are meant the accounting tells: a look."""
    o, q = schema.court_order, schema.request
    with reading(home.engine) as conn:
        scope = Scope.parse(json.loads(conn.execute(select(o.c.scope).where(o.c.id == order)).scalar_one()))
    if scope.by_rows:
        if not person:
            raise typer.BadParameter("the records of an order about persons or statutes take --as: the look is on record")
        with writing(home.engine) as conn:
            inspection(home, conn, person=person, why="court-order", command="order.effects")
        publish(home)
    with reading(home.engine) as conn:
        limits, found = limits_of(conn, order, scope.statutes), list[str]()
        for batch in batches:
            sent = conn.execute(select(q.c.ordinal).where(q.c.batch_id == batch, q.c.answered == 1).order_by(q.c.ordinal)).scalars()
            within = set(reach(home, conn, batch, limits)) if scope.by_rows else None
            found += [f"{batch}/{ordinal}" for ordinal in sent if within is None or ordinal in within]
    return found


@changes
def permit(
    order: OrderArgument,
    home: HomeOption,
    person: PersonOption,
    court_time: Annotated[str, typer.Option(help="When the court made it.")],
    agreement: Annotated[Names, typer.Option(help="Only this agreement (may be repeated).", callback=code)] = None,
    agency: Annotated[Names, typer.Option(help="Only this agency.", callback=code)] = None,
    gate: Annotated[Names, typer.Option(help="Only this legal gate.", callback=code)] = None,
    batch: Annotated[Names, typer.Option(help="Only this batch.", callback=code)] = None,
    statute: Annotated[Names, typer.Option(help="Only this statute, as '8 USC 1253(a)(1)'.")] = None,
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Enter an order that permits or commands a flow. It frees nothing; where it meets a stay, counsel is shown both and the stay holds."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        batches = [get(conn, each)["log_id"] for each in batch or []]
    lists = {"agreements": agreement, "agencies": agency, "gates": gate, "batches": batches}
    lists |= {"statutes": [statute_of(each) for each in statute or []]}
    scope, when = Scope.parse({name: value or None for name, value in lists.items()}), instant(court_time)
    about = {"order": order, "scope": scope.member(), "court_time": stamp(when), "at": stamp(opened.now())}
    enter_permit(opened, order, scope, when, about, sign_here(opened, key, person, "order.permitted", permit_content(about)))
    publish(opened)
    with reading(opened.engine) as conn:
        met = [each["stay"] for each in conflicts(conn) if each["permit"] == order]
    words = f"Order {order} is entered. " + (
        f"It meets {', '.join(met)}: counsel decides, and meanwhile the stay holds." if met else "It meets no stay."
    )
    result({"order": order, "conflicts": met}, as_json, words)


@changes
def end(order: OrderArgument, home: HomeOption, person: PersonOption, key: Path = KeyOption, as_json: JsonOption = False) -> None:
    """An order that permitted a flow stands no more."""
    opened = open_home(home)
    about = {"order": order, "at": stamp(opened.now())}
    end_permit(opened, order, about, sign_here(opened, key, person, "order.ended", permit_content(about)))
    publish(opened)
    result({"order": order}, as_json, f"The permit {order} is ended.")


def conflicts_(home: HomeOption, as_json: JsonOption = False) -> None:
    """Orders that contradict each other, for counsel: each stay in force and each permit whose scopes meet. The stay holds."""
    with reading(open_home(home).engine) as conn:
        found = conflicts(conn)
    result(
        found, as_json, "\n".join(f"{each['stay']} stays what {each['permit']} permits: the stay holds" for each in found) or "No conflict."
    )
