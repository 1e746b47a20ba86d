"""Persons: integer ids in the order of the owner's ids, every name a person was ever filed under, and what stands against release.

A person may have several rows (a change of name, an ITIN and then an SSN): all of them are kept, because any of them may be
what a request states, and because a rival must never be lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.errors import Refused
from portcullis.intake.names import standardise_names

__all__ = ["People", "distinct", "expand", "flags", "people", "starts"]

_NO = ("", "0", "f", "false", "n", "no", "none", "null", "off")
_YES = ("1", "t", "true", "y", "yes", "on", "x")


@dataclass(frozen=True)
class People:
    """`persons`: one row a person (id, veto, exclusions). `names`: one row a filed name, clustered by `person`."""

    persons: pa.Table
    names: pa.Table


def flags(column: pa.Array | pa.ChunkedArray, what: str, *, free_text: bool = False) -> npt.NDArray[np.int8]:
    """A yes/no column as 0/1, null as 0. With `free_text` any other text counts as yes.

    Raises Refused when another word stands there.
    """
    words = pc.utf8_lower(pc.utf8_trim_whitespace(pc.fill_null(column, "")))
    no, yes = pc.is_in(words, pa.array(_NO)), pc.is_in(words, pa.array(_YES))
    if not free_text and not pc.all(pc.or_(no, yes), min_count=0).as_py():
        raise Refused(f"The register's `{what}` column holds other words than yes and no.", "", "Write true or false there.")
    marks: npt.NDArray[np.int8] = np.asarray(pc.invert(no)).astype(np.int8)
    return marks


def _any_per_person(person: npt.NDArray[np.int32], marks: npt.NDArray[np.int8], size: int) -> pa.Array:
    found = np.zeros(size, np.int8)
    np.maximum.at(found, person, marks)
    return pa.array(found)


def people(rows: pa.Table, ids: pa.Array) -> People:
    """Standardised persons of `rows` (text columns of the interface); `ids` are the distinct owner's ids in order."""
    person = np.asarray(pc.index_in(rows["person_id"], ids).combine_chunks()).astype(np.int32)
    order = np.argsort(person, kind="stable")
    names = standardise_names(rows.take(pa.array(order)))
    veto = _any_per_person(person, flags(rows["veto"], "veto"), len(ids))
    exclusions = _any_per_person(person, flags(rows["exclusions"], "exclusions", free_text=True), len(ids))
    persons = pa.table({"person_id": ids, "veto": veto, "exclusions": exclusions})
    return People(persons, names.add_column(0, "person", pa.array(person[order])))


def starts(person: npt.NDArray[np.int32], size: int) -> npt.NDArray[np.int64]:
    """Where each person's rows begin in a clustered column; one more entry closes the last."""
    edges: npt.NDArray[np.int64] = np.searchsorted(person, np.arange(size + 1, dtype=np.int32)).astype(np.int64)
    return edges


def expand(begin: Sequence[int] | npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For ranges [begin, end): which range, and each position inside it, in order."""
    first = np.asarray(begin, np.int64)
    counts = np.maximum(end - first, 0)
    owner = np.repeat(np.arange(len(first), dtype=np.int64), counts)
    offset = np.arange(len(owner), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, first[owner] + offset


def distinct(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The distinct values in order, by sorting (numpy's own way, by hashing, is many times slower for millions)."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]
