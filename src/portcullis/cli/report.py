"""`portcullis report looks|plausibility` and `portcullis safeguard own`: who looked at personal data, and what else to ask about."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import MOST, code, read_small
from portcullis.home import open_home
from portcullis.oversight import Identity, anomalies, note_own
from portcullis.oversight.alarms import alarms
from portcullis.oversight.looks import MANY
from portcullis.store import reading

app = typer.Typer(help="Reports for those who watch.", no_args_is_help=True)
_TITLES = {
    "without_case": "Looks that belong to no batch",
    "no_part_in_batch": "Looks at a batch by somebody who has no part in it",
    "many": "Many looks on one day",
    "own_record": "Looks at one's own record",
}


@app.command("looks", epilog="Example: portcullis report looks --json")
def looks(
    home: HomeOption,
    more_than: Annotated[int, typer.Option(help="How many looks of one person on one day are not many.", min=0, max=1_000_000)] = MANY,
    as_json: JsonOption = False,
) -> None:
    """The looks at personal data that an overseer should ask about: who, why, through which command, when."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        found = anomalies(opened, conn, more_than)
    lines = []
    for name, title in _TITLES.items():
        lines.append(f"{title}: {len(found[name])}")
        lines += ["  " + "  ".join(str(value) for value in row.values() if value is not None) for row in found[name]]
    result(found, as_json, "\n".join(lines))


@app.command("plausibility", epilog="Example: portcullis report plausibility --json")
def plausibility(home: HomeOption, as_json: JsonOption = False) -> None:
    """Figures that are not plausible (R57): counts of what was sent, beside the agreement's thresholds. They refuse nothing."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        found = alarms(opened, conn)
    lines = [f"{each.code}  {each.agency}  {each.about}: {each.says}" for each in found]
    result([asdict(each) for each in found], as_json, "\n".join(lines) or "No figure is above its threshold.")


@changes
def own(
    person: Annotated[str, typer.Argument(help="The pseudonymous id of a person who acts here.", callback=code)],
    home: HomeOption,
    file: Annotated[
        Path | None, typer.Option(help="A file with the identity instead of standard input.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Keep whose record is this person's own, as keyed indices only, so that a look at it is seen; the identity is read as `accounting`."""
    text = read_small(file, "The identity") if file else sys.stdin.buffer.read(MOST + 1)[:MOST]
    count = note_own(open_home(home), person, Identity.parse(text))
    result({}, False, f"{count} indices are kept for {person}.")


def mount(safeguard: typer.Typer) -> None:
    """Add `own` to `safeguard`."""
    safeguard.command("own", epilog="Example: portcullis safeguard own IRS-0002 < identity.json")(own)
