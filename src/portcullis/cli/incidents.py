"""`portcullis safeguard incident`: identify, report, tell, determine, close."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from portcullis.cli.acting import KeyOption, instant
from portcullis.cli.matter import AgreementOption, MatterArgument, RecordsOption, about_of, signed
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import AgencyOption, PersonOption, code
from portcullis.crypto import write_private
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.journal import stamp
from portcullis.publish import publish
from portcullis.safeguards import close_incident, determine, identify, read_records, report_text, reported, tell
from portcullis.store import reading, rehearsing

__all__ = ["incident"]

incident = typer.Typer(help="Incidents: identify, report, tell, determine notices, close.", no_args_is_help=True)


class Determination(StrEnum):
    """What counsel determines for listed records."""

    NOTIFY = "notify"
    NO_NOTICE = "no_notice"


@incident.command(
    "identify",
    epilog="Example: portcullis safeguard incident identify --agency ICE --kind address_unconfirmed --identified 2026-01-23T09:00:00Z"
    " --records affected.txt --as IRS-0007 --key s.json",
)
@changes
def incident_identify(
    home: HomeOption,
    agency: AgencyOption,
    kind: Annotated[str, typer.Option(help="A code for what happened.", callback=code)],
    identified: Annotated[str, typer.Option(help="When it was identified: the clock runs from then.")],
    person: PersonOption,
    records: Annotated[Path | None, typer.Option(help="The affected records, one a line.", exists=True, dir_okay=False)] = None,
    agreement: AgreementOption = "irs-ice-2025",
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Open an incident; its clock runs from the time it was identified."""
    opened = open_home(home)
    rows = read_records(records) if records else ()
    about = {
        "agency": agency,
        "agreement": agreement,
        "kind": kind,
        "identified": stamp(instant(identified)),
        "records": len(rows),
        "at": stamp(opened.now()),
    }
    matter = identify(opened, about, rows, signed(opened, key, person, "incident.identified", about))
    publish(opened)
    result({"matter": matter}, as_json, f"{matter} is open. Next: portcullis safeguard incident report {matter}")


@incident.command(
    "report", epilog="Example: portcullis safeguard incident report M-2026-000003 --out report.txt --as IRS-0007 --key s.json"
)
@changes
def incident_report(
    matter: MatterArgument,
    home: HomeOption,
    person: PersonOption,
    out: Annotated[Path, typer.Option(help="The report to write; it must not exist.")],
    key: Path = KeyOption,
) -> None:
    """Write the report, free of taxpayer data, and record that it was sent."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        text = report_text(opened, conn, matter)
    about = about_of(opened, matter, report=hashlib.sha256(text.encode()).hexdigest())
    if out.exists():
        raise Refused(f"{out.name} exists.", "A report is never overwritten.", "Name another file.")
    act = signed(opened, key, person, "incident.reported", about)
    if not rehearsing():
        write_private(out, text.encode())
    timely = reported(opened, matter, about, act)
    publish(opened)
    result({}, False, f"The report is in {out}, {'in time' if timely else 'LATE (R54): that stands in the record'}.")


@incident.command(
    "tell",
    epilog="Example: portcullis safeguard incident tell M-2026-000003 --whom tigta --told 2026-01-23T15:00:00Z --as IRS-0007 --key s.json",
)
@changes
def incident_tell(
    matter: MatterArgument,
    home: HomeOption,
    person: PersonOption,
    whom: Annotated[str, typer.Option(help="Who was told: office_of_safeguards, tigta, court, …", callback=code)],
    told: Annotated[str, typer.Option(help="When they were told.")],
    key: Path = KeyOption,
) -> None:
    """Record who was told, and when."""
    opened = open_home(home)
    about = about_of(opened, matter, whom=whom, told=stamp(instant(told)))
    hours = tell(opened, matter, about, signed(opened, key, person, "incident.told", about))
    publish(opened)
    result({}, False, f"{whom} was told {hours} hours after identification.")


@incident.command(
    "determine",
    epilog="Example: portcullis safeguard incident determine M-2026-000003 --records affected.txt --determination notify --as L --key c",
)
@changes
def incident_determine(
    matter: MatterArgument,
    home: HomeOption,
    person: PersonOption,
    records: RecordsOption,
    determination: Annotated[Determination, typer.Option(help="What counsel determines for them.")],
    key: Path = KeyOption,
) -> None:
    """Counsel determines for listed records whether notice is given."""
    opened, rows = open_home(home), read_records(records)
    about = about_of(opened, matter, records=len(rows), determination=determination.value)
    left = determine(opened, matter, about, rows, signed(opened, key, person, "incident.determined", about))
    publish(opened)
    result({}, False, f"{len(rows)} records are determined; {left} are pending.")


@incident.command("close", epilog="Example: portcullis safeguard incident close M-2026-000003 --as IRS-0007 --key s.json")
@changes
def incident_close(matter: MatterArgument, home: HomeOption, person: PersonOption, key: Path = KeyOption) -> None:
    """Close an incident that was reported, told and determined."""
    opened = open_home(home)
    about = about_of(opened, matter)
    close_incident(opened, matter, about, signed(opened, key, person, "incident.closed", about))
    publish(opened)
    result({}, False, f"{matter} is closed.")
