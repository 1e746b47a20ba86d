"""What may be typed: the forms of ids, numbers and days, checked before a command begins, so that a slip is a usage error (exit 2).

Ids are codes and never a name: they will stand in the ledger, which refuses anything else (ledger.members).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from portcullis.errors import Refused

__all__ = [
    "LAST_DAY",
    "LAST_ROW",
    "MOST",
    "SURROGATE",
    "AgencyOption",
    "BatchArgument",
    "OrdinalArgument",
    "PersonOption",
    "batch_option",
    "code",
    "code_option",
    "read_small",
]

SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character: what a byte that is no UTF-8 becomes on a command line."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@()-]{0,127}")
_BATCH = re.compile(r"B-\d{4}-\d{6,9}", re.ASCII)
MOST = 1 << 20
"""Bytes of a small file, as an identity or a receipt."""
LAST_DAY = 200_000
"""The latest epoch day that can be typed: in the year 2517."""
LAST_ROW = 1_000_000_000


def code(value: Any) -> Any:
    """A code, a list of codes, or none; a usage error otherwise. The value is not repeated: it may be a name."""
    for each in value if isinstance(value, list) else [value]:
        if each is not None and not _CODE.fullmatch(each):
            raise typer.BadParameter("a code is wanted, as IRS-0007: letters, digits and . _ : / + = @ ( ) - without a space")
    return value


def code_option(value: Any) -> Any:
    """A code, or nothing."""
    return code(value) if value else value


def _batch(value: str) -> str:
    if not _BATCH.fullmatch(value):
        raise typer.BadParameter("a batch's number is written B-2026-000001")
    return value


def batch_option(value: Any) -> Any:
    """A batch's number, or nothing."""
    return _batch(value) if value else value


BatchArgument = Annotated[str, typer.Argument(help="The batch's number, as B-2026-000001.", callback=_batch)]
PersonOption = Annotated[str, typer.Option("--as", help="The person who acts, by a pseudonymous id.", callback=code)]
AgencyOption = Annotated[str, typer.Option(help="The agency's code, as IRS.", callback=code)]
OrdinalArgument = Annotated[int, typer.Argument(help="The request's number in the file.", min=1, max=LAST_ROW)]


def read_small(path: Path, what: str) -> bytes:
    """A small file that was named, or what a pipe gives, never more than 1 MiB. Raises Refused naming `what`."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except OSError as error:
        raise Refused(f"{what} cannot be read.", f"{error.strerror}.", "Name an ordinary file that you may read.") from error
    if len(data) > MOST:
        raise Refused(f"{what} is too long.", f"It has more than {MOST} bytes.", "Name the right file.")
    return data
