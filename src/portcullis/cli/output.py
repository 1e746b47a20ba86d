"""How commands speak: the result on standard output, everything else on standard error, never a traceback or a personal value."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import DBAPIError

from portcullis.errors import OutOfOrder, PortcullisError, Refused, Tampered

__all__ = [
    "DONE",
    "FAILED",
    "NOT_VERIFIED",
    "SOME_REFUSED",
    "USAGE",
    "HomeOption",
    "JsonOption",
    "fail",
    "log",
    "outside",
    "result",
    "timed",
]

DONE, FAILED, USAGE, SOME_REFUSED, NOT_VERIFIED = 0, 1, 2, 3, 4
"""Exit codes (interface.md). SOME_REFUSED comes only from `batch` and `release`."""

HomeOption = Annotated[Path, typer.Option("--home", envvar="PORTCULLIS_HOME", help="The Portcullis home directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def result(value: object, as_json: bool, text: Callable[[], str] | str = "") -> None:
    """Print the result: canonical-order JSON, or text for people."""
    if as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n")
        return
    shown = text() if callable(text) else text
    sys.stdout.write((shown or json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)) + "\n")


def log(event: str, **facts: object) -> None:
    """One JSON line on standard error. Callers give ids, codes and counts, never values of a row."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stderr.write(json.dumps({"time": stamp, "event": event, **facts}, ensure_ascii=False) + "\n")


@contextmanager
def timed(event: str, **facts: object) -> Iterator[None]:
    """Log that a long step ended, with its seconds."""
    begun = time.monotonic()
    yield
    log(event, seconds=round(time.monotonic() - begun, 2), **facts)


_SHOWN = 80
_WHY = {Tampered: "The evidence does not agree with itself.", OutOfOrder: "It is not its turn, or was done already."}
_NEXT = {
    Tampered: "Change nothing; let somebody look who did not run this command.",
    OutOfOrder: "See where things stand: portcullis batch list, portcullis agreement list.",
}


def fail(error: PortcullisError) -> NoReturn:
    """Say what, why and what next, and leave with 1, or 4 when evidence contradicts itself."""
    parts = [
        f"portcullis: {error.what}",
        f"  code: {error.code}" if error.code else "",
        f"  why: {error.why or _WHY.get(type(error), 'As it is, it cannot be accepted.')}",
        f"  next: {error.next_step or _NEXT.get(type(error), 'Correct it and type the command again.')}",
    ]
    sys.stderr.write("\n".join(part for part in parts if part) + "\n")
    sys.exit(NOT_VERIFIED if isinstance(error, Tampered) else FAILED)


def outside(error: OSError | RecursionError | MemoryError | DBAPIError) -> Refused:
    """What the machine refused to do, in words; the name of a file but no path, and nothing a database says of a row."""
    if isinstance(error, OSError):
        name = Path(str(error.filename)).name if error.filename else ""
        name = name if 0 < len(name) <= _SHOWN else "A file"
        return Refused(f"{name} cannot be used.", f"{error.strerror or 'The machine refuses it'}.", "Name another, or mend its place.")
    if isinstance(error, RecursionError):
        return Refused("What was given is nested too deep.", "It has more levels than any real one.", "Check the file that was named.")
    if isinstance(error, MemoryError):
        return Refused("There is not enough memory.", "The input is larger than this machine can hold.", "Give less at once.")
    why = "Its database is read-only, busy, damaged, or of another version."
    return Refused("The store cannot be used.", why, "See store_url in portcullis.toml; type: portcullis backup restore --help")
