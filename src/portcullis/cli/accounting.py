"""`portcullis accounting`: every request and disclosure about one person."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.home import open_home
from portcullis.oversight import Identity, accounting_of
from portcullis.publish import publish


def mount(app: typer.Typer) -> None:
    """Add `accounting` to the top."""
    app.command("accounting", epilog="Example: portcullis accounting --as IRS-COUNSEL < identity.json")(accounting)


def accounting(
    home: HomeOption,
    person: Annotated[str, typer.Option("--as", help="Who asks; it goes into the ledger.")],
    file: Annotated[Path | None, typer.Option(help="A file with the identity instead of standard input.", exists=True)] = None,
    as_json: JsonOption = True,
) -> None:
    """Print every request and disclosure about one identity, given as a JSON object on standard input."""
    text = file.read_text(encoding="utf-8") if file else sys.stdin.read()
    opened = open_home(home)
    entries = accounting_of(opened, Identity.parse(text), person)
    publish(opened)
    result(entries, as_json)
