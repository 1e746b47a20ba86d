"""`portcullis agreement switch` and `show`: turn a switch with two signatures; read where each stands and who turned it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from portcullis.agreement import Agreement, adopted, find, load_agreement, positions, switch_changes, switch_content, turn_switch
from portcullis.agreement.switches import SWITCH_ACTION
from portcullis.cli.acting import KeyOption, sign_here
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import PersonOption, code
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.publish import publish
from portcullis.store import reading, release_exclusive

__all__ = ["show", "summary", "switch_"]

NameArgument = Annotated[str, typer.Argument(help="The name of a shipped or known agreement, or its folder.")]


def summary(agreement: Agreement) -> dict[str, object]:
    """Terms, switches as the agreement states them, and hashes."""
    return {
        "id": agreement.id,
        "version": agreement.version,
        "title": agreement.title,
        "source": agreement.source,
        "recipient": agreement.recipient,
        "gate": agreement.gate,
        "data_class": agreement.data_class,
        "answer": agreement.answer,
        "permitted_elements": sorted(agreement.permitted),
        "rules": len(agreement.rules.rules),
        "rules_hash": agreement.rules.hash,
        "switches": agreement.rules.positions(),
        "hash": agreement.hash,
    }


def show(
    name: NameArgument,
    home: Annotated[
        Path | None, typer.Option("--home", envvar="PORTCULLIS_HOME", help="Show the version in force there, its switches as they stand.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Its terms, switches and hashes; with a home, where each switch stands now and every change, dated, with who signed it."""
    if home is None:
        result(summary(load_agreement(find(name))), as_json)
        return
    opened = open_home(home)
    with reading(opened.engine) as conn:
        agreement = adopted(opened, conn, name)
        shown = _in_force(conn, agreement) if agreement else summary(load_agreement(find(name))) | {"in_force": False}
    result(shown, as_json)


def _in_force(conn: Connection, agreement: Agreement) -> dict[str, Any]:
    defaults, standing = agreement.rules.positions(), positions(conn, agreement)
    turned = sorted(name for name in standing if standing[name] != defaults[name])
    return {
        **summary(agreement),
        "in_force": True,
        "switches": standing,
        "switches_not_as_stated": turned,
        "switch_meanings": {name: switch.meaning for name, switch in agreement.rules.switches.items()},
        "switch_changes": switch_changes(conn, agreement),
    }


@changes
def switch_(
    name: Annotated[str, typer.Argument(help="The agreement's id.")],
    switch: Annotated[str, typer.Option("--switch", help="The switch, as R24_relevance.")],
    home: HomeOption,
    person: PersonOption,
    second: Annotated[str, typer.Option("--second-as", help="The second person.", callback=code)],
    on: Annotated[bool, typer.Option("--on/--off", help="Where it is to stand.", show_default=False)],
    key: Path = KeyOption,
    second_key: Path = typer.Option(..., "--second-key", help="The second person's key file.", exists=True, dir_okay=False),  # noqa: B008
    as_json: JsonOption = False,
) -> None:
    """Turn a switch of the agreement in force: counsel and a second person sign. What was authorized before is void."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        agreement = adopted(opened, conn, name)
    if agreement is None:
        raise Refused(f"{name} is not in force.", "Only then has it switches to turn.", "Type: portcullis agreement list")
    dated = dt.date(1970, 1, 1) + dt.timedelta(days=agreement.day(opened.now()))
    content = switch_content(agreement, switch, on, dated)
    signers = ((key, person), (second_key, second))
    acts = [sign_here(opened, file, who, SWITCH_ACTION, content, agreement.id) for file, who in signers]
    with release_exclusive(opened.engine) as conn:
        leaf = turn_switch(opened, conn, agreement.id, switch, on, dated, acts)
    publish(opened)
    done = {"agreement": agreement.id, "switch": switch, "position": "on" if on else "off", "dated": dated.isoformat(), "leaf": leaf}
    words = f"{switch} of {agreement.id} is {done['position']} from {dated}. What was authorized before is void."
    result(done, as_json, words)
