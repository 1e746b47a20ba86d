"""What every format is checked for, and the one shape they all come out in.

Columns
 1. no column is named twice,
 2. every column is one of `DATA_COLUMNS` (strict) or is left out (not strict); a wrong name is answered with the nearest right one.
Values
 3. none is longer than the limit,
 4. none holds a NUL character,
 5. an empty text is null; all else stays as written, to the letter.

A name that is not ours is repeated in an error only when it looks like a column name, others beside it are ours, and it does not begin
with a name of ours: the first line of a file without a header holds a person's data, and where the end of the header
is lost the first value hangs on the last name.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from portcullis.datafile.limits import Limits
from portcullis.errors import Refused
from portcullis.model import DATA_COLUMNS

__all__ = ["SCHEMA", "check_names", "finish", "refused"]

SCHEMA = pa.schema([pa.field("ordinal", pa.int64(), nullable=False), *(pa.field(name, pa.string()) for name in DATA_COLUMNS)])
"""`ordinal` from 1 in the order of the file, then every data column as text or null."""

_KNOWN = frozenset(DATA_COLUMNS)
_LOOKS_LIKE_A_NAME = re.compile(r"[A-Za-z][A-Za-z_ .-]{0,39}\d{0,2}\Z")


def refused(what: str, why: str, next_step: str = "Correct the data file and sign it anew.") -> Refused:
    """A data file that is refused whole (R10)."""
    return Refused(what, why, next_step, code="B-INTEGRITY")


def check_names(names: Sequence[str], *, strict: bool) -> list[str | None]:
    """For each column of the file the data column it is, or None for one that is left out; checks 1 and 2. Raises Refused."""
    for name, times in Counter(names).items():
        if times > 1 and name in _KNOWN:  # 1
            raise refused(f"The column {name} stands {times} times in the data file.", "Which one is meant cannot be told.")
    if not _KNOWN.intersection(names):
        raise refused(
            "The data file has none of our columns.",
            "Its first line is no header, or its columns are not separated by commas.",
            f"Begin with a line of column names, such as {','.join(DATA_COLUMNS[:4])}.",
        )
    for place, name in enumerate(names, start=1):
        if strict and name not in _KNOWN:  # 2
            raise _unknown(name, place)
    return [name if name in _KNOWN else None for name in names]


_FEW = 20
"""Values that are looked at one by one: each call of an engine costs more than they do."""


def finish(columns: Mapping[str, pa.Array], rows: int, before: int, limits: Limits) -> pa.RecordBatch:
    """The record batch of `rows` rows that follow `before` rows; checks 3 to 5. Raises Refused with the row's number."""
    if before + rows > limits.rows:
        raise refused("The data file has too many rows.", f"At most {limits.rows} are read.", "Send several batches.")
    arrays: list[pa.Array] = [pa.array(range(before + 1, before + rows + 1), pa.int64())]
    for name in DATA_COLUMNS:
        column = columns.get(name)
        arrays.append(pa.nulls(rows, pa.string()) if column is None else _checked(name, column, before, limits))
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _checked(name: str, column: pa.Array, before: int, limits: Limits) -> pa.Array:
    if column.null_count == len(column):
        return column
    if len(column) <= _FEW and all(
        one is None or (0 < len(one) <= limits.field_bytes >> 2 and "\0" not in one) for one in column.to_pylist()
    ):
        return column
    lengths = pc.binary_length(column)
    shortest, longest = pc.min_max(lengths).as_py().values()
    if longest > limits.field_bytes:  # 3
        row = before + 1 + _first(pc.greater(lengths, limits.field_bytes))
        raise refused(f"Row {row} has a value in {name} that is too long.", f"At most {limits.field_bytes} bytes are read.")
    nul = pc.match_substring(column, "\0")
    if pc.any(nul).as_py():  # 4
        raise refused(f"Row {before + 1 + _first(nul)} has a NUL character in {name}.", "No text holds one; the file is damaged.")
    return column if shortest else pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)  # 5


def _first(mask: pa.Array) -> int:
    return int(pc.index(mask, True).as_py())


def _unknown(name: str, place: int) -> Refused:
    if not _LOOKS_LIKE_A_NAME.match(name) or any(name.startswith(ours) for ours in _KNOWN):
        return refused(f"Column {place} of the data file is not known.", "Its name is not repeated here.", _all(DATA_COLUMNS))
    near = difflib.get_close_matches(name.strip().lower().replace(" ", "_").replace("-", "_"), DATA_COLUMNS, n=1)
    hint = f"Is {near[0]} meant? Rename it or leave it out." if near else _all(DATA_COLUMNS)
    return refused(f"The column {name!r} is not known.", "A column nobody reads could change what is meant.", hint)


def _all(names: Iterable[str]) -> str:
    return f"The columns are {', '.join(names)}."
