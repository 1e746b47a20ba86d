"""`portcullis order`: impose a stay, lift it, list them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection, select

from portcullis.agreement import load_agreement
from portcullis.agreement.adopt import folder_of
from portcullis.batches import get
from portcullis.cli.acting import KeyOption, instant, sign_here
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import PersonOption, code
from portcullis.errors import Refused
from portcullis.home import Home, open_home
from portcullis.orders import Scope, impose, lift, lift_content, listed, order_content
from portcullis.publish import publish
from portcullis.store import reading, schema

app = typer.Typer(help="Court orders: impose, lift, list.", no_args_is_help=True)
OrderArgument = Annotated[str, typer.Argument(help="The order's id, as the docket number.", callback=code)]
Names = list[str] | None


@app.command(
    "impose",
    epilog="Example: portcullis order impose 25-cv-0457 --court-time 2026-11-21T09:00:00Z --as IRS-COUNSEL --key k.json",
)
@changes
def impose_(
    order: OrderArgument,
    home: HomeOption,
    person: PersonOption,
    court_time: Annotated[str, typer.Option(help="When the court made it.")],
    agreement: Annotated[Names, typer.Option(help="Only this agreement (may be repeated).", callback=code)] = None,
    agency: Annotated[Names, typer.Option(help="Only this agency.", callback=code)] = None,
    gate: Annotated[Names, typer.Option(help="Only this legal gate, as its agreement spells it.", callback=code)] = None,
    batch: Annotated[Names, typer.Option(help="Only this batch.", callback=code)] = None,
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Impose a stay now. With no limit named it covers everything."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        batches = [get(conn, each)["log_id"] for each in batch or []]
        _check_known(opened, conn, agreement or [], agency or [], gate or [])
    lists = {"agreements": agreement, "agencies": agency, "gates": gate, "batches": batches or None}
    scope = Scope.parse({name: value or None for name, value in lists.items()})
    when = instant(court_time)
    act = sign_here(opened, key, person, "order.impose", order_content(order, scope, when))
    done = impose(opened, order, scope, when, act)
    publish(opened)
    left = ", ".join(done.already_left) or "none"
    words = f"Order {order} is in force. Held: {len(done.held)} batches, {len(done.withheld)} of them taken back; already left: {left}."
    result(asdict(done), as_json, words)


def _check_known(home: Home, conn: Connection, agreements: list[str], agencies: list[str], gates: list[str]) -> None:
    """A misspelt name would stay nothing, and nobody would see it. Raises Refused for a name this home does not have."""
    a, p = schema.agreement, schema.party
    versions = conn.execute(select(a.c.id, a.c.version)).all()
    known = (
        ("agreement", agreements, {row.id for row in versions}),
        ("agency", agencies, set(conn.execute(select(p.c.agency)).scalars())),
        ("gate", gates, {load_agreement(folder_of(home, row.id, row.version)).gate for row in versions} if gates else set()),
    )
    for what, named, names in known:
        if missing := sorted(set(named) - names):
            listed = ", ".join(sorted(names)) or "none"
            raise Refused(
                f"No {what} {missing[0]} is known here.",
                "The order would stay nothing of it.",
                f"Known: {listed}. Without --{what} all are stayed.",
            )


@app.command(
    "lift", epilog="Example: portcullis order lift 25-cv-0457 --as IRS-COUNSEL --key k1.json --second-as IRS-OVERSEER --second-key k2.json"
)
@changes
def lift_(
    order: OrderArgument,
    home: HomeOption,
    person: PersonOption,
    second: Annotated[str, typer.Option("--second-as", help="The second person.", callback=code)],
    key: Path = KeyOption,
    second_key: Path = typer.Option(..., "--second-key", help="The second person's key file.", exists=True, dir_okay=False),  # noqa: B008
    as_json: JsonOption = False,
) -> None:
    """Lift a stay: two people. Nothing revives; held batches are authorized and committed anew."""
    opened = open_home(home)
    acts = [sign_here(opened, file, who, "order.lift", lift_content(order)) for file, who in ((key, person), (second_key, second))]
    free = lift(opened, order, acts)
    publish(opened)
    result(
        {"order": order, "free": list(free)},
        as_json,
        f"Order {order} is lifted. No order holds any more: {', '.join(free) or 'no batch was held'}.",
    )


@app.command("list", epilog="Example: portcullis order list --json")
def list_(home: HomeOption, as_json: JsonOption = False) -> None:
    """All orders, in force or lifted."""
    with reading(open_home(home).engine) as conn:
        rows = listed(conn)
    result(
        rows, as_json, "\n".join(f"{r['order']}  {'in force' if r['in_force'] else 'lifted'}  {r['scope']}" for r in rows) or "No order."
    )
