"""JSON Lines: one object a line, one object a request.

1. A line fits into the limit, is UTF-8 (a byte order mark may stand at the beginning) and strict JSON; blank lines are not rows.
2. It is an object that names no member twice.
3. Members are text, whole numbers, truth values or null; only `elements` may be an object, which becomes canonical JSON text.
   Numbers are refused where a leading zero may have been lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

import pyarrow as pa
import rfc8785

from portcullis.datafile.columns import check_names, finish, refused
from portcullis.datafile.limits import Limits
from portcullis.datafile.parquet_file import LEADING_ZEROS

__all__ = ["read_jsonl"]

_BOM = b"\xef\xbb\xbf"
_BATCH_ROWS = 16_384
_BATCH_BYTES = 16 << 20
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_jsonl(file: BinaryIO, limits: Limits, *, strict: bool) -> Iterator[pa.RecordBatch]:
    """The rows of the open file. Raises Refused with the row's number."""
    rows: list[dict[str, Any]] = []
    size = before = 0
    for line in _lines(file, limits):
        rows.append(_row(line, before + len(rows) + 1))
        size += len(line)
        if len(rows) >= _BATCH_ROWS or size >= _BATCH_BYTES:
            yield _batch(rows, before, limits, strict=strict)
            before, size, rows = before + len(rows), 0, []
    if rows:
        yield _batch(rows, before, limits, strict=strict)


def _lines(file: BinaryIO, limits: Limits) -> Iterator[bytes]:
    first = True
    while line := file.readline(limits.row_bytes + 1):
        if len(line) > limits.row_bytes:  # 1
            raise refused("A line of the data file does not end.", f"It has more than {limits.row_bytes} bytes.")
        text = line.removeprefix(_BOM) if first else line
        first = False
        if text.strip():
            yield text


def _row(line: bytes, row: int) -> dict[str, Any]:
    try:
        value = _DECODER.decode(line.decode("utf-8"))
    except _TwiceError:  # 2
        raise refused(f"Row {row} names a member twice.", "Which one is meant cannot be told.") from None
    except (ValueError, RecursionError):  # 1
        raise refused(f"Row {row} is not strict JSON in UTF-8.", "It is damaged, or holds a number that is not whole.") from None
    if not isinstance(value, dict):  # 2
        raise refused(f"Row {row} is not a JSON object.", "Each line is one request with its members.")
    return value


class _TwiceError(ValueError):
    """A member named twice."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _TwiceError
    return members


def _refuse(_text: str) -> NoReturn:
    raise ValueError("not a whole number")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_refuse, parse_float=_refuse)


def _batch(rows: list[dict[str, Any]], before: int, limits: Limits, *, strict: bool) -> pa.RecordBatch:
    names: set[str] = set()
    for row in rows:
        names.update(row)
    known = [name for name in check_names(sorted(names), strict=strict) if name]
    shape = pa.struct([(name, pa.string()) for name in known])
    try:
        table = pa.array(rows, shape)
    except (pa.ArrowException, TypeError, UnicodeEncodeError):
        table = pa.array([_texts(row, known, before + place) for place, row in enumerate(rows, start=1)], shape)
    return finish({name: table.field(name) for name in known}, len(rows), before, limits)


def _texts(row: dict[str, Any], known: list[str], number: int) -> dict[str, str | None]:
    """A row in which not everything is text."""
    texts = {name: _text(name, row.get(name), number) for name in known}
    for name, text in texts.items():
        if text is not None and _SURROGATE.search(text):
            raise refused(f"The member {name} of row {number} holds half of a character.", "It has no form in UTF-8.")
    return texts


def _text(name: str, value: object, row: int) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and name not in LEADING_ZEROS:
        return str(value)
    if isinstance(value, dict) and name == "elements":
        return _canonical(value, row)
    raise refused(
        f"The member {name} of row {row} is not text.",
        "Only `elements` may be an object, and numbers lose leading zeros.",
        "Write it as text.",
    )  # 3


def _canonical(value: dict[str, Any], row: int) -> str:
    try:
        return rfc8785.dumps(value).decode("utf-8")
    except (rfc8785.CanonicalizationError, RecursionError):
        raise refused(
            f"The elements of row {row} have no canonical form.", "A number is too large, or a text holds half of a character."
        ) from None
