"""CSV (RFC 4180, UTF-8), read in blocks of whole rows and bounded memory.

Before a block is parsed it is checked that
 1. it has no NUL byte and is UTF-8; a byte order mark may stand at the beginning of the file,
 2. quotation marks stand only around whole values, doubled inside, and are closed: what a lenient parser would guess is refused,
 3. a row fits into the limit.
After it, that
 4. every row has as many values as the header; blank lines are not rows.

pyarrow parses (1.28 M rows in 2 s, against 10 s with the csv module); it is lenient and its messages repeat rows, so it gets
only blocks that passed 1 to 3 and its messages are dropped. A cell such as `=cmd()` is text here and stays text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv as pa_csv

from portcullis.datafile.columns import check_names, finish, refused
from portcullis.datafile.limits import Limits
from portcullis.errors import Refused

__all__ = ["read_csv"]

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BEFORE, _AFTER = re.compile(rb'"(?<=[^,\r\n"]")'), re.compile(rb'"[^,\r\n"]')
"""A quotation mark with a character before or after it that ends no value. Both begin with the mark itself, which is found fast."""
_MAX_HEADER = 65_536


def read_csv(file: BinaryIO, limits: Limits, *, strict: bool) -> Iterator[pa.RecordBatch]:
    """The rows of the open file. Raises Refused, with the row's number where there is one."""
    columns: list[str | None] | None = None
    before = 0
    for block in _blocks(file, limits):
        rows = block
        if columns is None:
            columns, rows = _header(block, strict=strict)
        if not rows.strip(b"\r\n"):
            continue
        batch = _parse(rows, columns, before, limits)
        before += batch.num_rows
        yield batch
    if columns is None:
        raise refused("The data file is empty.", "It has not even a header.")


def _blocks(file: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """Blocks that end where a row ends, each of at most two times the longest row."""
    pending = file.read(len(_BOM)).removeprefix(_BOM)
    while chunk := file.read(limits.row_bytes):
        pending += chunk
        cut = _end_of_rows(pending)
        if not cut and len(pending) > limits.row_bytes:  # 3
            raise refused(
                "A row of the data file does not end.", f"It has more than {limits.row_bytes} bytes, or a quotation mark is not closed."
            )
        if cut:
            yield pending[:cut]
        pending = pending[cut:]
    if pending:
        yield pending


def _end_of_rows(data: bytes) -> int:
    """Where the last whole row of `data` ends: the last line end outside quotation marks, or 0."""
    end = data.rfind(b"\n") + 1
    quotes = data.count(b'"', 0, end)
    while end and quotes % 2:
        # This line end stands inside a value; the last quotation mark before it opened the value. Look before that one.
        opened = data.rfind(b'"', 0, end)
        end = data.rfind(b"\n", 0, opened) + 1
        quotes -= 1 + data.count(b'"', end, opened)
    return end


def _header(block: bytes, *, strict: bool) -> tuple[list[str | None], bytes]:
    found = _LINE_END.search(block)
    line, rest = (block[: found.start()], block[found.end() :]) if found else (block, b"")
    if len(line) > _MAX_HEADER or b"\0" in line:
        raise refused("The first line of the data file is no header.", "It is too long, or holds NUL bytes.")
    try:
        names = next(csv.reader([line.decode("utf-8")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        raise refused(
            "The first line of the data file is no header.", "It is not CSV in UTF-8.", "Save the file as CSV in UTF-8."
        ) from None
    return check_names(names, strict=strict), rest


def _parse(block: bytes, columns: list[str | None], before: int, limits: Limits) -> pa.RecordBatch:
    _check_bytes(block, before)
    names = [name or f"left out {place}" for place, name in enumerate(columns)]
    known = [name for name in columns if name]
    bad: list[pa_csv.InvalidRow] = []

    def ragged(row: pa_csv.InvalidRow) -> str:
        bad.append(row)
        return "error"

    try:
        table = pa_csv.read_csv(
            pa.BufferReader(block),
            pa_csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
            pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=ragged),
            pa_csv.ConvertOptions(
                include_columns=known,
                column_types=dict.fromkeys(known, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowException:
        raise _ragged(bad, before) from None  # 4
    arrays = {name: table[name].combine_chunks() for name in known}
    return finish(arrays, table.num_rows, before, limits)


def _check_bytes(block: bytes, before: int) -> None:
    if (at := block.find(b"\0")) >= 0:  # 1
        raise refused(f"There is a NUL byte near row {_near(block[:at], before)}.", "No text holds one; the file is damaged, or not CSV.")
    try:
        if not block.isascii():
            block.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refused(
            f"The data file is not UTF-8 near row {_near(block[: error.start], before)}.", "Some bytes are no text.", "Save it in UTF-8."
        ) from None
    _check_quotes(block, before)  # 2


def _check_quotes(block: bytes, before: int) -> None:
    """Between quotation marks every second piece is outside a value (an empty one is a doubled mark inside it)."""
    pieces = block.split(b'"')
    if len(pieces) == 1:
        return
    outside = b'"'.join(pieces[::2])
    misplaced = _BEFORE.search(outside) or _AFTER.search(outside)
    if misplaced or len(pieces) % 2 == 0:
        row = _near(outside[: misplaced.start() if misplaced else None], before)
        raise refused(
            f"A quotation mark is misplaced or not closed near row {row}.", "It must stand around the whole value, and be doubled inside."
        )


def _near(text: bytes, before: int) -> int:
    return before + 1 + text.count(b"\n")


def _ragged(bad: list[pa_csv.InvalidRow], before: int) -> Refused:
    if not bad:
        return refused(f"The data file cannot be parsed after row {before}.", "It is not CSV.")
    row = bad[0]
    return refused(
        f"Row {before + (row.number or 1)} has {row.actual_columns} values.",
        f"The header names {row.expected_columns} columns.",
        "Put values that hold a comma between quotation marks.",
    )
