"""Columns of text, cleaned and typed without looking at any other row: the same value always gives the same fact.

Whatever could be done differently by two engines (white space, letters, digits, Unicode forms) is done here, once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["each_distinct", "flag", "holds", "key", "plain_code", "text_column", "tidy"]

LONGEST = 400
"""Characters of a code, a date or a citation that are read at all; anything longer is none of them."""

_INVISIBLE = re.compile(r"[\s\u0000-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")
_NOTHING = (
    "na",
    "none",
    "null",
    "nil",
    "nan",
    "unknown",
    "unk",
    "notavailable",
    "notapplicable",
    "notprovided",
    "missing",
    "tbd",
    "pending",
    "test",
    "xx",
    "xxx",
    "xxxx",
)


def text_column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column as text; nulls when the table does not have it."""
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    return table.column(name).cast(pa.string())


def tidy(text: str) -> str:
    """Compatibility characters in their plain form, white and invisible characters as one space, none at the ends."""
    return _INVISIBLE.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def plain_code(text: str) -> str:
    """A code word: lower case, everything between letters and digits one underscore."""
    return re.sub(r"[\W_]+", "_", tidy(text).casefold()).strip("_")


def each_distinct(
    column: pa.ChunkedArray, function: Callable[[str], Sequence[object]], types: Sequence[pa.DataType]
) -> list[pa.ChunkedArray]:
    """`function` once per distinct value, spread over the rows: one column per type; null stays null."""
    encoded = column.combine_chunks().dictionary_encode() if column.num_chunks != 1 else column.chunk(0).dictionary_encode()
    values = [function(text) if len(text) <= LONGEST else [None] * len(types) for text in encoded.dictionary.to_pylist()]
    columns = list(zip(*values, strict=True)) or [()] * len(types)
    return [pa.chunked_array([pa.array(items, kind).take(encoded.indices)]) for items, kind in zip(columns, types, strict=True)]


def holds(column: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    """Whether the text holds the pattern (RE2, case ignored); null is no."""
    return pc.fill_null(pc.match_substring_regex(column, pattern, ignore_case=True), False)


def flag(truth: pa.ChunkedArray) -> pa.ChunkedArray:
    """True and false as 1 and 0; null stays null."""
    return truth.cast(pa.int8())


def key(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """An identifier in normal form: letters and digits in lower case; null when nothing or only a placeholder is left."""
    lowered = pc.utf8_lower(pc.utf8_normalize(column, "NFKC"))
    bare = pc.replace_substring_regex(lowered, r"[^\pL\pN]+", "")
    empty = pc.or_(pc.match_substring_regex(bare, r"^(0*|9{5,})$"), pc.is_in(bare, pa.array(_NOTHING)))
    return pc.if_else(pc.fill_null(empty, True), None, bare)
