"""`portcullis report annual|transparency|export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from portcullis.cli.acting import sign_here
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.report import app
from portcullis.cli.typed import PersonOption, code_option
from portcullis.crypto import write_private
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.oversight.annual import annual, annual_csv, annual_page, gaps, publish_report
from portcullis.oversight.overseer import export_content, export_to
from portcullis.oversight.transparency import threshold, transparency, transparency_page
from portcullis.publish import publish
from portcullis.store import reading, rehearsing

__all__ = ["app"]

OutOption = Annotated[Path | None, typer.Option(help="Write to this new file (.json, .csv or .html) instead of standard output.")]


@app.command("annual", epilog="Example: portcullis report annual 2025 --as IRS-0008 --out report.html")
@changes
def annual_(
    year: Annotated[int, typer.Argument(help="The calendar year.", min=1970, max=9998)],
    home: HomeOption,
    person: PersonOption,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Requests, instances, taxpayers and purposes by agency, reconciled with the ledger; put on record."""
    opened = open_home(home)
    found = annual(opened, year, person)
    _write(out, {".json": json.dumps(found, sort_keys=True) + "\n", ".csv": annual_csv(found), ".html": annual_page(found)})
    publish_report(opened, "annual", str(year), found)
    with reading(opened.engine) as conn:
        missing = gaps(opened, conn)
    publish(opened)
    result(found | {"gaps": missing}, as_json, annual_csv(found) if out is None else f"The report of {year} is in {out}.")


@app.command("transparency", epilog="Example: portcullis report transparency --out report.html")
@changes
def transparency_(
    home: HomeOption,
    out: OutOption = None,
    small_cell: Annotated[
        int | None, typer.Option(help="Suppress figures from 1 to below this: the agreement's threshold, or a higher one.", min=2, max=1000)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The public's figures per quarter, small cells suppressed; the same ledger gives the same bytes."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        found = transparency(conn, threshold(opened, conn, small_cell), opened.now())
    text = json.dumps(found, sort_keys=True) + "\n"
    _write(out, {".json": text, ".html": transparency_page(found)})
    publish_report(opened, "transparency", found["quarters"][-1]["quarter"] if found["quarters"] else "none", found)
    publish(opened)
    result(found, as_json, text if out is None else f"The report is in {out}.")


@app.command("export", epilog="Example: portcullis report export ./for-the-overseer")
@changes
def export_(
    out: Annotated[Path, typer.Argument(help="The folder to make; it must not exist.")],
    home: HomeOption,
    with_data: Annotated[
        str,
        typer.Option(
            "--with-taxpayer-data", help="The authority of the closed list under which, with --as and --key.", callback=code_option
        ),
    ] = "",
    person: Annotated[str, typer.Option("--as", help="The overseer who acts.", callback=code_option)] = "",
    key: Annotated[Path | None, typer.Option("--key", help="The overseer's key file.", exists=True, dir_okay=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """All requests, disclosures, refusals, systems of records and audit trail; taxpayer data only under a named authority."""
    opened = open_home(home)
    if with_data and (key is None or not person):
        raise typer.BadParameter("taxpayer data takes --as and --key of an overseer")
    act = sign_here(opened, key, person, "report.export", export_content(with_data)) if with_data and key else None
    if rehearsing():
        return result({}, as_json, "The export could be written. Nothing was.")
    found = export_to(opened, out, authority=with_data or None, act=act)
    publish(opened)
    result(found, as_json, f"The export is in {out}: " + ", ".join(f"{count} {name}" for name, count in found.items()) + ".")


def _write(out: Path | None, texts: dict[str, str]) -> None:
    if out is None or rehearsing():
        return
    if out.exists() or out.suffix not in texts:
        raise Refused(
            f"{out.name} cannot be written.", f"It is there already, or does not end in {', '.join(texts)}.", "Name another file."
        )
    write_private(out, texts[out.suffix].encode())
