"""`portcullis address check`: is each address in a file genuine, deficient, or for a person to decide? Needs no home."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from portcullis.cli.output import JsonOption
from portcullis.datafile import read
from portcullis.intake.addresses import standardise_addresses

__all__ = ["app", "judged"]

app = typer.Typer(help="Judge addresses.", no_args_is_help=True)

_WORDS = {1: "genuine", 0: "deficient", None: "a person decides"}
_STREET = ("predir", "street_name", "street_type", "postdir")


@app.callback()
def _address() -> None:
    """Keeps `check` a sub-command while it is the only one."""


@app.command("check", epilog="Example: portcullis address check --file requests.csv --json")
def check(
    file: Annotated[Path, typer.Option("--file", help="CSV, Parquet or JSON Lines, with address columns or one free-text `address`.")],
    as_json: JsonOption = False,
) -> None:
    """Print for each row whether its address is genuine, why not, and its parts; other columns are ignored."""
    counts: Counter[str] = Counter()
    for row in judged(file):
        verdict = {True: 1, False: 0, None: None}[row["genuine"]]
        counts[_WORDS[verdict]] += 1
        sys.stdout.write(
            (json.dumps(row, ensure_ascii=False) if as_json else f"{row['row']}\t{_WORDS[verdict]}\t{row['reason'] or ''}") + "\n"
        )
    if not as_json:
        sys.stderr.write(", ".join(f"{count} {word}" for word, count in sorted(counts.items())) + "\n")


def judged(file: Path) -> Iterator[dict[str, Any]]:
    """One result per row in file order: `row` from 1, `genuine` (null = a person decides), `reason`, `parts`. Raises Refused."""
    for batch in read(file, strict=False):
        table = pa.Table.from_batches([batch])
        standard = standardise_addresses(table).to_pylist()
        for ordinal, found in zip(table["ordinal"].to_pylist(), standard, strict=True):
            yield {"row": ordinal, "genuine": _boolean(found["genuine"]), "reason": found["reason"], "parts": _parts(found)}


def _boolean(genuine: int | None) -> bool | None:
    return None if genuine is None else bool(genuine)


def _parts(found: Mapping[str, Any]) -> dict[str, str | None]:
    street = " ".join(str(found[name]) for name in _STREET if found[name])
    return {
        "number": found["number"],
        "street": street or None,
        "unit": found["unit"],
        "city": found["city"],
        "state": found["state"],
        "postal_code": found["zip5"],
    }
