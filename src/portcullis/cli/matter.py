"""What commands about matters share: how a matter, an agreement and a list of records are named, and how an act about one is signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from portcullis.cli.acting import sign_here
from portcullis.cli.typed import code
from portcullis.errors import Refused
from portcullis.exchange.filing import about_hash
from portcullis.home import Home
from portcullis.journal import stamp
from portcullis.matters import find
from portcullis.store import reading

__all__ = ["AgreementOption", "MatterArgument", "RecordsOption", "about_of", "draw", "signed"]

MatterArgument = Annotated[str, typer.Argument(help="The matter's number, as M-2026-000001.", callback=code)]
AgreementOption = Annotated[str, typer.Option(help="The agreement's id.", callback=code)]
RecordsOption = Annotated[Path, typer.Option(help="A list of records, one a line as B-2026-000001/17.", exists=True, dir_okay=False)]


def signed(home: Home, key: Path, person: str, kind: str, about: dict[str, Any]) -> dict[str, object]:
    """One act of a person of the source agency, over what a matter is about."""
    return sign_here(home, key, person, kind, about_hash(about))


def draw(path: Path, picture: str) -> None:
    """Write a picture to a new file. Raises Refused when it is there, or is no .svg."""
    if path.exists() or path.suffix != ".svg":
        raise Refused(f"{path.name} cannot be written.", "It is there already, or does not end in .svg.", "Name another file.")
    path.write_text(picture, encoding="utf-8")


def about_of(home: Home, matter: str, **more: Any) -> dict[str, Any]:
    """What an act about a matter states: its agency, its number, now, and more."""
    with reading(home.engine) as conn:
        agency = find(conn, matter, open_only=False, lock=False).agency
    return {"agency": agency, "matter": matter, "at": stamp(home.now())} | more
