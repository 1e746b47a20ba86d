"""`portcullis access ask|determine|release|contest|review`: a person's request for the accounting, as counsel handles it."""

from __future__ import annotations

import secrets
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from portcullis.cli.acting import KeyOption, instant
from portcullis.cli.matter import AgreementOption, MatterArgument, signed
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import MOST, PersonOption, code, code_option, read_small
from portcullis.crypto import write_private
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.journal import stamp
from portcullis.oversight import Identity
from portcullis.oversight.access import (
    ask_access,
    contest,
    determine_access,
    entries_page,
    fingerprint,
    release_access,
    review_contest,
)
from portcullis.publish import publish
from portcullis.store import rehearsing

app = typer.Typer(help="A person's request for the accounting: enter, determine, release, contest, review.", no_args_is_help=True)
FileOption = Annotated[Path | None, typer.Option(help="A file with the identity instead of standard input.", exists=True, dir_okay=False)]


def _identity(file: Path | None) -> Identity:
    return Identity.parse(read_small(file, "The identity") if file else sys.stdin.buffer.read(MOST + 1)[:MOST])


@app.command("ask", epilog="Example: portcullis access ask --relation self --as IRS-0006 --key c.json --file identity.json")
@changes
def ask(
    home: HomeOption,
    person: PersonOption,
    relation: Annotated[str, typer.Option(help="self or representative.", callback=code)],
    authority: Annotated[str, typer.Option(help="With representative: the id of the authority to act.", callback=code_option)] = "",
    file: FileOption = None,
    agreement: AgreementOption = "irs-ice-2025",
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Enter a person's request; the identity comes from standard input or a file and is not kept."""
    opened, ref = open_home(home), secrets.token_hex(16)
    identity = _identity(file)
    about: dict[str, Any] = {"agreement": agreement, "ref": ref, "relation": relation, "at": stamp(opened.now())}
    about |= {"subject": fingerprint(opened, identity, ref)} | ({"authority": authority} if authority else {})
    matter = ask_access(opened, about, signed(opened, key, person, "accounting.asked", about))
    publish(opened)
    result({"matter": matter}, as_json, f"{matter} is entered. Next: portcullis access determine {matter}")


@app.command(
    "determine", epilog="Example: portcullis access determine M-2026-000001 --outcome disclose --outcome confirm --as IRS-0006 --key c.json"
)
@changes
def determine_(
    matter: MatterArgument,
    home: HomeOption,
    person: PersonOption,
    outcome: Annotated[list[str] | None, typer.Option(help="An outcome whose entries may reach the person (may be repeated).")] = None,
    hold_until: Annotated[str, typer.Option(help="Until when nothing may, for law enforcement.")] = "",
    key: Path = KeyOption,
) -> None:
    """Counsel determines what may reach the person, and until when the rest is held."""
    opened = open_home(home)
    hold = stamp(instant(hold_until)) if hold_until else None
    about: dict[str, Any] = {"matter": matter, "outcomes": sorted(outcome or []), "hold_until": hold, "at": stamp(opened.now())}
    determine_access(opened, matter, about, signed(opened, key, person, "accounting.determined", about))
    publish(opened)
    result({}, False, f"{matter} is determined. Next: portcullis access release {matter}")


@app.command(
    "release", epilog="Example: portcullis access release M-2026-000001 --out page.html --as IRS-0006 --key c.json --file identity.json"
)
@changes
def release_(
    matter: MatterArgument,
    home: HomeOption,
    person: PersonOption,
    out: Annotated[Path, typer.Option(help="The print-ready page to write (.html); it must not exist.")],
    file: FileOption = None,
    key: Path = KeyOption,
) -> None:
    """Write the page of what may reach the person now."""
    opened = open_home(home)
    identity = _identity(file)
    if out.exists():
        raise Refused(f"{out.name} exists.", "A page is never overwritten.", "Name another file.")
    about = {"matter": matter, "at": stamp(opened.now())}
    entries = release_access(opened, matter, identity, about, signed(opened, key, person, "accounting.released", about))
    if not rehearsing():
        write_private(out, entries_page(entries).encode())
    publish(opened)
    result({}, False, f"{len(entries)} entries are in {out}.")


@app.command("contest", epilog="Example: portcullis access contest M-2026-000001 --entry B-2026-000001/17 --as IRS-0006 --key c.json")
@changes
def contest_(
    matter: MatterArgument,
    home: HomeOption,
    person: PersonOption,
    entry: Annotated[list[str], typer.Option(help="The entry that is contested, by its number (may be repeated).", callback=code)],
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Enter that the person contests an entry: a case for review, and no message to anybody."""
    opened = open_home(home)
    about = {"matter": matter, "entries": sorted(entry), "at": stamp(opened.now())}
    case = contest(opened, matter, about, signed(opened, key, person, "accounting.contested", about))
    publish(opened)
    result({"matter": case}, as_json, f"{case} is open for review.")


class Reviewed(StrEnum):
    """How a contest ends."""

    STANDS = "stands"
    NOTED = "noted"
    WRONGFUL = "wrongful"


@app.command("review", epilog="Example: portcullis access review M-2026-000002 --determination stands --as IRS-0006 --key c.json")
@changes
def review_(
    matter: MatterArgument,
    home: HomeOption,
    person: PersonOption,
    determination: Annotated[Reviewed, typer.Option(help="stands; noted, with the person's statement beside it; or wrongful.")],
    follows: Annotated[
        str, typer.Option(help="With wrongful: the recall or incident in which it is dealt with.", callback=code_option)
    ] = "",
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Counsel closes a contest with a determination; nobody is sent a message."""
    opened = open_home(home)
    about: dict[str, Any] = {"matter": matter, "determination": determination.value, "at": stamp(opened.now())}
    about |= {"follows": follows} if follows else {}
    state = review_contest(opened, matter, about, signed(opened, key, person, "accounting.reviewed", about))
    publish(opened)
    result({"matter": matter, "state": state}, as_json, f"{matter} is closed: {state}.")
