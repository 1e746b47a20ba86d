"""`portcullis order impose|lift|list`: stays. What else is done about an order is in orders_more.py."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, select

from portcullis.agreement import load_agreement
from portcullis.agreement.adopt import folder_of
from portcullis.batches import get
from portcullis.cli import orders_more
from portcullis.cli.acting import KeyOption, instant, sign_here
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import PersonOption, code, read_small
from portcullis.errors import Refused
from portcullis.home import Home, open_home
from portcullis.inspections import inspection
from portcullis.intake.reached import reach, statute_of
from portcullis.orders import Scope, Subject, conflicts, impose, lift, lift_content, listed, name_subject, order_content, permits
from portcullis.oversight import Identity
from portcullis.oversight.person import blind_indices
from portcullis.publish import publish
from portcullis.safeguards import services
from portcullis.store import reading, schema, writing

app = typer.Typer(help="Court orders: impose, serve, see what they did, lift, list.", no_args_is_help=True)
orders_more.mount(app)
OrderArgument = orders_more.OrderArgument
Names = list[str] | None
SubjectOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Only batches with a row about this person: a file with the identity, as `accounting` reads it.", exists=True, dir_okay=False
    ),
]


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
    statute: Annotated[Names, typer.Option(help="Only batches with a row under this statute, as '8 USC 1253(a)(1)'.")] = None,
    subject: SubjectOption = None,
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Impose a stay now. With no limit named it covers everything."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        batches = [get(conn, each)["log_id"] for each in batch or []]
        _check_known(opened, conn, agreement or [], agency or [], gate or [])
    named = _subjects(opened, order, subject or [], person)
    lists = {"agreements": agreement, "agencies": agency, "gates": gate, "batches": batches or None}
    lists |= {"statutes": [statute_of(each) for each in statute or []], "persons": [each.person for each in named]}
    scope = Scope.parse({name: value or None for name, value in lists.items()})
    when = instant(court_time)
    act = sign_here(opened, key, person, "order.impose", order_content(order, scope, when))
    done = impose(
        opened, order, scope, when, act, subjects=named, reach=lambda conn, number, limits: bool(reach(opened, conn, number, limits))
    )
    publish(opened)
    left = ", ".join(done.already_left) or "none"
    words = f"Order {order} is in force. Held: {len(done.held)} batches, {len(done.withheld)} of them taken back; already left: {left}."
    result(asdict(done), as_json, words)


def _subjects(home: Home, order: str, files: list[Path], person: str) -> list[Subject]:
    """The persons an order is about. Finding whose records theirs are is a look at the register, and on record first."""
    found = []
    for file in files:
        identity = Identity.parse(read_small(file, "The identity"))
        stated = {name: value for name, value in asdict(identity).items() if value is not None}
        if not (identity.taxpayer_number or identity.person_id) and not (identity.date_of_birth and identity.family_name):
            raise Refused(
                "An order cannot be about this identity.",
                "A name alone is many people's.",
                "State a number, or given and family name with date of birth.",
            )
        with writing(home.engine) as conn:
            inspection(home, conn, person=person, why="court-order", command="order.impose")
        bare = Identity(given_name=identity.given_name, family_name=identity.family_name)
        blinds = blind_indices(home, identity) | (blind_indices(home, bare) if bare.given_name and bare.family_name else set())
        found.append(name_subject(order, stated, blinds))
    return found


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
        permitting, met = permits(conn), conflicts(conn)
        served = {str(row["order"]): services(conn, str(row["order"])) for row in rows}
    found = [row | {"served": served[str(row["order"])], "conflicts": _of(met, "stay", row), "kind": "stay"} for row in rows]
    found += [row | {"conflicts": _of(met, "permit", row), "kind": "permit"} for row in permitting]
    result(found, as_json, "\n".join(map(_line, found)) or "No order.")


def _of(met: list[dict[str, str]], kind: str, row: dict[str, object]) -> list[str]:
    """The orders of the other kind that one is in conflict with."""
    other = "permit" if kind == "stay" else "stay"
    return [each[other] for each in met if each[kind] == row["order"]]


def _line(row: dict[str, Any]) -> str:
    stands = ("in force" if row["in_force"] else "lifted") if row["kind"] == "stay" else ("permits" if row["stands"] else "ended")
    served = "".join(f"; {each['agency']} {each['state']}" for each in row.get("served", ()))
    met = f"; CONFLICT with {', '.join(row['conflicts'])}: the stay holds" if row["conflicts"] else ""
    return f"{row['order']}  {stands}  {row['scope']}{served}{met}"
