"""`portcullis register load|profile`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from portcullis.cli.output import HomeOption, JsonOption, log, result
from portcullis.cli.rehearsal import changes
from portcullis.engine import workdir
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.matching.inputs import read_requests
from portcullis.matching.load import load_register
from portcullis.matching.profile import profile, profile_requests
from portcullis.matching.register import open_register
from portcullis.registers import load_into
from portcullis.store import rehearsing

app = typer.Typer(help="The source agency's register: prepare it for matching, see what it holds.", no_args_is_help=True)


@app.command("load", epilog="Example: portcullis register load ./register --mapping columns.yaml --home ./home")
@changes
def load_(
    folder: Annotated[Path, typer.Argument(help="The register's folder: manifest.json, persons, addresses.")],
    home: HomeOption,
    mapping: Annotated[
        Path | None,
        typer.Option(help="YAML or JSON: persons, addresses {our column: yours}; files or postgresql {persons: name, addresses: name}."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Build the register and its match index; the old one stays in use until the new one is whole."""
    opened = open_home(home)
    if rehearsing():
        with workdir(opened.tmp) as scratch:
            info = load_register(folder, scratch / "register", mapping, say=lambda step: log("register", step=step))
    else:
        info = load_into(opened, folder, mapping, lambda step: log("register", step=step))
    warned = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in info.warnings.items()) or "none"
    words = f"{info.persons} persons with {info.addresses} addresses are loaded as version {info.version[:16]}. Warnings: {warned}."
    result(asdict(info), as_json, words)


@app.command("profile", epilog="Example: portcullis register profile --home ./home --json")
def profile_(
    home: Annotated[Path | None, typer.Option("--home", envvar="PORTCULLIS_HOME", help="The home whose register is counted.")] = None,
    requests: Annotated[Path | None, typer.Option("--requests", help="Count a file of requests instead; needs no home.")] = None,
    mapping: Annotated[Path | None, typer.Option("--mapping", help="YAML or JSON that maps our column names to yours.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Count what the loaded register, or a file of requests, holds and lacks; no value of a row is shown."""
    if requests is not None:
        found = profile_requests(read_requests(requests, mapping))
    elif home is not None:
        found = profile(open_register(open_home(home).path / "register"))
    else:
        raise Refused("There is nothing to count.", "", "Name a home with --home, or a file with --requests.")
    result(found, as_json, lambda: _lines(found))


def _lines(found: dict[str, Any]) -> str:
    return "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in found.items())
