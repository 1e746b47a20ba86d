"""`portcullis batch destroy` and `portcullis safeguard hold`: the working data's end, and what counsel keeps from it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from portcullis.batches import get
from portcullis.cli.acting import KeyOption, sign_here
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import BatchArgument, PersonOption, code
from portcullis.home import open_home
from portcullis.orders import Scope
from portcullis.publish import publish
from portcullis.retention import (
    destroy_batch,
    disposal_content,
    hold_content,
    lift_hold,
    lift_hold_content,
    listed_holds,
    place_hold,
)
from portcullis.store import reading, rehearsing

hold = typer.Typer(help="Legal holds: what counsel says must be kept is not destroyed.", no_args_is_help=True)
HoldArgument = Annotated[str, typer.Argument(help="The hold's id, as the matter's number.", callback=code)]
Names = list[str] | None


@changes
def destroy(batch: BatchArgument, home: HomeOption, person: PersonOption, key: Path = KeyOption, as_json: JsonOption = False) -> None:
    """Destroy the working data of an ended batch when its time of keeping is over; ledger and accounting stay whole."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        content = disposal_content(get(conn, batch)["log_id"])
    done = destroy_batch(opened, batch, sign_here(opened, key, person, "disposal", content))
    publish(opened)
    words = "would be destroyed" if rehearsing() else f"is destroyed, {done.files} files with it. Destroy older copies of wrapping.json too"
    result(asdict(done), as_json, f"The working data of {batch} {words}.")


@hold.command("place", epilog="Example: portcullis safeguard hold place 25-cv-0457 --agency ICE --as IRS-0006 --key counsel.json")
@changes
def place(
    hold: HoldArgument,
    home: HomeOption,
    person: PersonOption,
    agreement: Annotated[Names, typer.Option(help="Only this agreement (may be repeated).", callback=code)] = None,
    agency: Annotated[Names, typer.Option(help="Only this agency.", callback=code)] = None,
    batch: Annotated[Names, typer.Option(help="Only this batch.", callback=code)] = None,
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Place a hold. With no limit named it covers everything."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        batches = [get(conn, each)["log_id"] for each in batch or []]
    lists = {"agreements": agreement, "agencies": agency, "batches": batches or None}
    scope = Scope.parse({name: value or None for name, value in lists.items()})
    covered = place_hold(opened, hold, scope, sign_here(opened, key, person, "hold.place", hold_content(hold, scope)))
    publish(opened)
    result({"hold": hold, "covers": list(covered)}, as_json, f"Hold {hold} stands. It keeps {len(covered)} batches from destruction.")


@hold.command("lift", epilog="Example: portcullis safeguard hold lift 25-cv-0457 --as IRS-0006 --key counsel.json")
@changes
def lift(hold: HoldArgument, home: HomeOption, person: PersonOption, key: Path = KeyOption) -> None:
    """Lift a hold; nothing is destroyed by that alone."""
    opened = open_home(home)
    lift_hold(opened, hold, sign_here(opened, key, person, "hold.lift", lift_hold_content(hold)))
    publish(opened)
    result({}, False, f"Hold {hold} is lifted.")


@hold.command("list", epilog="Example: portcullis safeguard hold list --json")
def list_(home: HomeOption, as_json: JsonOption = False) -> None:
    """Every hold, and whether it stands."""
    with reading(open_home(home).engine) as conn:
        rows = listed_holds(conn)
    result(rows, as_json, "\n".join(f"{r['hold']}  {'stands' if r['stands'] else 'lifted'}  {r['scope']}" for r in rows) or "No hold.")


def mount(batch: typer.Typer, safeguard: typer.Typer) -> None:
    """Add these where people look for them."""
    example = "Example: portcullis batch destroy B-2026-000001 --as IRS-0007 --key safeguards.json"
    batch.command("destroy", epilog=example)(destroy)
    safeguard.add_typer(hold, name="hold")
