"""Names on file as numbers, in the same way: given names, second name, family name, marks and birth date; the number stands as a number.

With each distinct given, second and family name stand the letters that tell whether two names can agree at all (namesakes.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.hashing import text_keys
from portcullis.matching.namesakes import family_marks, given_letters, middle_letters
from portcullis.matching.shelf.coding import Coded, coded

__all__ = ["NAME_GROUPS", "NO_NUMBER", "as_number", "name_sets", "number_text", "read_name", "with_marks"]

NAME_GROUPS: dict[str, tuple[str, ...]] = {
    "given": ("given", "given_first", "given_rest", "given_initial"),
    "middle": ("middle", "middle_initial"),
    "family": ("family", "family_tokens"),
    "mark": ("suffix", "generation", "dob_valid", "number_valid", "name_placeholder"),
    "born": ("dob",),
}
_GROUP = {column: group for group, columns in NAME_GROUPS.items() for column in columns}
NO_NUMBER = (1 << 32) - 1
"""Stands for no taxpayer number; a number has nine digits."""


def name_sets(names: pa.Table) -> dict[str, Coded]:
    """The columns of NAME_GROUPS of a portion of names (NAME_SCHEMA)."""
    return {c: coded(names[c]) for c in _GROUP}


def as_number(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.uint32]:
    """Nine digits as a number, NO_NUMBER for null."""
    return np.asarray(pc.fill_null(pc.cast(column, pa.int64()), NO_NUMBER)).astype(np.uint32)


def number_text(numbers: npt.NDArray[Any]) -> pa.Array:
    """Back again."""
    text = pc.utf8_lpad(pc.cast(pa.array(numbers, pa.uint32()), pa.string()), 9, "0")
    return pc.if_else(pa.array(numbers != NO_NUMBER), text, pa.scalar(None, pa.string()))


def with_marks(group: str, distinct: pa.Table) -> pa.Table:
    """A group's distinct tuples with what looking up and passing over read of them."""
    more: dict[str, Any] = {}
    if group == "given":
        more = {"first_key": text_keys(distinct["given_first"]), "letters": given_letters(distinct)}
    elif group == "middle":
        more = {"letters": middle_letters(distinct)}
    elif group == "family":
        token = pc.list_element(pc.split_pattern(pc.fill_null(distinct["family_tokens"], ""), " "), 0)
        more = {"family_key": text_keys(distinct["family"]), **family_marks(distinct)}
        more["surname_number"] = coded(pc.if_else(pc.equal(token, ""), None, token)).code
    for name, values in more.items():
        distinct = distinct.append_column(name, pa.array(values))
    return distinct


def read_name(sets: Mapping[str, pa.Table], codes: Mapping[str, npt.NDArray[Any]], column: str) -> pa.Array:
    """One column of NAME_SCHEMA for rows whose groups have these codes; `codes["number"]` is the number itself."""
    if column == "number":
        return number_text(codes["number"])
    values = sets[_GROUP[column]][column]
    taken = (values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values).take(pa.array(codes[_GROUP[column]]))
    return pc.cast(taken, pa.string()) if pa.types.is_large_string(taken.type) else taken
