"""Writing CSV that a spreadsheet shows and does not run.

A cell that begins with = + - @ (also in full width), a tab or a carriage return may be taken for a formula; it is written behind an
apostrophe. Data that is read is never changed in this way: a row's text is evidence.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

__all__ = ["neutral_cell", "write_csv"]

_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def neutral_cell(value: str | None) -> str:
    """The text of one cell; null is empty."""
    if value is None:
        return ""
    return "'" + value if value.lstrip(" ").startswith(_STARTS) else value


def write_csv(file: TextIO, header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """Write a CSV file (opened with newline="") whose cells are all neutral."""
    writer = csv.writer(file)
    writer.writerow(header)
    for row in rows:
        writer.writerow([neutral_cell(value) for value in row])
