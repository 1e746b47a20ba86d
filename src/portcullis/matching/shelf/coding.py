"""Tuples of columns as numbers: each distinct tuple stands once in a table, a row only says which it has.

Exact, never by a hash: equal number, equal tuple, null and empty text apart. A register comes in portions. Each portion numbers its own
tuples; when all have come, the portions' tables are made into one and the numbers are translated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.scalars import NO_CODE

__all__ = ["Coded", "Codes", "Growing", "coded", "flat", "split", "tuples"]

Codes = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.int64]
_FULL = 1 << 31
MANY = 2_000_000
"""Tuples of portions that wait to be made one."""


@dataclass(frozen=True)
class Coded:
    """A column: `code` per row (-1 null) into `values`, which are distinct."""

    code: Rows
    values: pa.Array

    def text(self) -> pa.Array:
        """The column as it was."""
        return self.values.take(pa.array(self.code, mask=self.code < 0))

    def mapped(self, change: Callable[[pa.Array], pa.Array]) -> Coded:
        """The column of `change(values)`, worked out once per distinct value."""
        new = coded(change(self.values))
        return Coded(np.append(new.code, -1)[self.code], new.values)


def flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column in one piece."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def coded(column: pa.Array | pa.ChunkedArray) -> Coded:
    """A column by its distinct values, in the order they first appear."""
    encoded = flat(column).dictionary_encode()
    return Coded(np.asarray(pc.fill_null(encoded.indices, NO_CODE)).astype(np.int64), encoded.dictionary)


def _numbered(values: Rows) -> tuple[Rows, int]:
    """Numbers from 0 in order of appearance, and how many there are."""
    encoded = pa.array(values).dictionary_encode()
    return np.asarray(encoded.indices).astype(np.int64), len(encoded.dictionary)


def tuples(columns: Sequence[Coded]) -> tuple[Codes, Rows]:
    """(which distinct tuple each row has, in order of appearance; the first row of each tuple)."""
    whole, size = columns[0].code + 1, len(columns[0].values) + 1
    for column in columns[1:]:
        if size > _FULL:
            whole, size = _numbered(whole)
        more = len(column.values) + 1
        whole, size = whole * more + (column.code + 1), size * more
    codes, count = _numbered(whole)
    first = np.zeros(count, np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return codes.astype(np.uint32), first


def split(column: Coded, led_by: Coded, head: Callable[[pa.Array], pa.Array], rest: Callable[[pa.Array], pa.Array]) -> dict[str, Coded]:
    """A text that mostly begins with what stands in another column: whether it does (`led`), and what follows or else all (`rest`)."""
    opens = pc.index_in(head(column.values), led_by.values)
    opening = np.append(np.asarray(pc.fill_null(opens, -2)).astype(np.int64), -2)[column.code]
    led = (opening == led_by.code) & (led_by.code >= 0)
    after = column.mapped(rest)
    both = np.where(led, after.code, np.where(column.code < 0, -1, len(after.values) + column.code))
    return {
        "led": Coded(led.astype(np.int64), pa.array([0, 1], pa.int8())),
        "rest": Coded(both, pa.concat_arrays([after.values, column.values])),
    }


class Growing:
    """The distinct tuples of some columns, while portions of a register come."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._whole: list[pa.Table] = []  # none or one: what was made one so far
        self._waiting: list[pa.Table] = []
        self._final: list[Codes] = []

    def add(self, portion: Mapping[str, Coded]) -> Codes:
        """The portion's rows as numbers of its own tuples."""
        taken = [portion[c] for c in self.columns]
        codes, first = tuples(taken)
        self._waiting.append(pa.table({c: _long(Coded(v.code[first], v.values).text()) for c, v in zip(self.columns, taken, strict=True)}))
        if sum(table.num_rows for table in self._waiting) > MANY:
            self._make_one()
        return codes

    def _make_one(self) -> None:
        """Bring what waits into the whole. What was there before comes first, and so keeps its numbers."""
        parts = [*self._whole, *self._waiting]
        every = pa.concat_tables(parts)
        codes, first = tuples([coded(every[c]) for c in self.columns])
        edges = np.cumsum([0, *(part.num_rows for part in parts)])
        self._final += [codes[a:b] for a, b in pairwise(edges)][len(self._whole) :]
        self._whole, self._waiting = [every.take(pa.array(first))], []

    def finish(self) -> tuple[pa.Table, list[Codes]]:
        """(all distinct tuples; for each portion the final number of each of its own)."""
        self._make_one()
        whole = self._whole.pop()
        return pa.table({c: _short(whole[c]) for c in self.columns}), self._final


def _short(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text with short offsets again, where it is short enough."""
    return pc.cast(column, pa.string()) if pa.types.is_large_string(column.type) and column.nbytes < _FULL else column


def _long(column: pa.Array) -> pa.Array:
    """Text with long offsets: the distinct texts of a country may pass two gigabytes."""
    return pc.cast(column, pa.large_string()) if pa.types.is_string(column.type) else column
