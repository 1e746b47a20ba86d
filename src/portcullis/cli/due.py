"""`portcullis safeguard due`: what is due, for whom; made to be read by people and run by cron."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.typed import code_option
from portcullis.home import open_home
from portcullis.journal import stamp
from portcullis.safeguards import Due, due
from portcullis.store import reading

__all__ = ["mount"]

_DAY = 86_400


def mount(safeguard: typer.Typer) -> None:
    """Add `due` to `safeguard`."""
    safeguard.command("due", epilog="Example: portcullis safeguard due --within 3 --who counsel --quiet")(due_)


def due_(
    home: HomeOption,
    within: Annotated[int, typer.Option(help="What comes due within so many days; overdue things always.", min=0, max=3660)] = 7,
    who: Annotated[str, typer.Option(help="Only what this role, agency or custodian has to do.", callback=code_option)] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing when nothing is due, so that cron sends nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What is due, by whom, until when, and what to type next. Nothing is sent to anybody."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        found = [one for one in due(opened, conn, within * _DAY) if not who or who in (one.who, one.agency)]
    if found or not quiet:
        result([_shown(one) for one in found], as_json, "\n".join(map(_line, found)) or "Nothing is due.")


def _shown(one: Due) -> dict[str, Any]:
    stated = asdict(one)
    return {name: value for name, value in stated.items() if name != "at"} | {"due": None if one.at is None else stamp(one.at)}


def _line(one: Due) -> str:
    when = "waits" if one.at is None else f"{'OVERDUE since' if one.overdue else 'due'} {stamp(one.at)}"
    return f"{when}  {one.who}: {one.step}  ({one.kind}{f' {one.matter}' if one.matter else ''})  {one.next}"
