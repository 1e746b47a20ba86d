"""`portcullis accounting`: every request and disclosure about one person."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.typed import MOST, PersonOption, read_small
from portcullis.home import open_home
from portcullis.oversight import Identity, accounting_of
from portcullis.publish import publish


def mount(app: typer.Typer) -> None:
    """Add `accounting` to the top."""
    app.command("accounting", epilog="Example: portcullis accounting --as IRS-COUNSEL < identity.json")(accounting)


def accounting(
    home: HomeOption,
    person: PersonOption,
    file: Annotated[
        Path | None, typer.Option(help="A file with the identity instead of standard input.", exists=True, dir_okay=False)
    ] = None,
    as_json: JsonOption = True,
) -> None:
    """Print every request and disclosure about one identity, given as a JSON object on standard input."""
    text = read_small(file, "The identity") if file else sys.stdin.buffer.read(MOST + 1)[:MOST]
    opened = open_home(home)
    entries = accounting_of(opened, Identity.parse(text), person)
    publish(opened)
    result(entries, as_json)
