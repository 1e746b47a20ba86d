"""The names of a register being built: numbers, clustered by person, and what is counted over them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from portcullis.matching.hashing import Keys, combine
from portcullis.matching.people import distinct
from portcullis.matching.shelf.build_common import Table, column_of, index_of, table_of
from portcullis.matching.shelf.coding import Coded, coded
from portcullis.matching.shelf.names import NO_NUMBER

__all__ = ["Folk", "number_keys"]

Rows = npt.NDArray[np.int64]


class Folk:
    """Names as numbers, clustered by person."""

    def __init__(self, size: int, begin: npt.NDArray[np.uint32], columns: dict[str, npt.NDArray[Any]]) -> None:
        self.size, self.begin, self.columns = size, begin, columns
        self.sets: dict[str, pa.Table] = {}
        self.single = len(columns["number"]) == size

    def tables(self) -> Iterator[Table]:
        """Rows, distinct tuples, and where each person's rows begin unless everybody has one."""
        yield "names", table_of(self.columns)
        yield from ((f"set_{group}", table) for group, table in self.sets.items())
        if not self.single:
            yield "persons_names", table_of({"begin": self.begin})

    def tokens(self) -> Coded:
        """First given token of each name row."""
        first = coded(self.sets["given"]["given_first"])
        return Coded(np.append(first.code, -1)[self.columns["given"]], first.values)

    def person(self) -> Rows:
        """Whose each name row is."""
        return np.repeat(np.arange(self.size), self.begin[1:] - self.begin[:-1])

    def surnames(self) -> Rows:
        """One surname per person, of the first filed name that has one (double surnames share the first token); -1 none."""
        number: Rows = column_of(self.sets["family"], "surname_number")[self.columns["family"]]
        if self.single:
            return number
        person, found = self.person(), np.full(self.size, -1, np.int64)
        told = np.flatnonzero(number >= 0)
        found[person[told[::-1]]] = number[told[::-1]]  # the first is written last
        return found

    def counts(self, tokens: Coded) -> Rows:
        """Persons per token."""
        told = np.flatnonzero(tokens.code >= 0)
        packed = tokens.code[told] if self.single else distinct(self.person()[told] * len(tokens.values) + tokens.code[told])
        return np.bincount(packed if self.single else packed % max(len(tokens.values), 1), minlength=len(tokens.values)).astype(np.int64)

    def indexes(self) -> Iterator[Table]:
        """By taxpayer number, and by given and family name (once each: only whether there is such a name is asked)."""
        number = self.columns["number"]
        stated = np.where(number == NO_NUMBER, np.uint64(0), number_keys(number))
        yield from index_of("index_number", stated)
        given, family = self.sets["given"], self.sets["family"]
        key = combine(column_of(given, "first_key")[self.columns["given"]], column_of(family, "family_key")[self.columns["family"]])
        yield from index_of("index_name", key, once=True)


def number_keys(numbers: npt.NDArray[Any]) -> Keys:
    """Keys of taxpayer numbers."""
    return combine(numbers.astype(np.uint64) + np.uint64(1), np.full(len(numbers), 1, np.uint64))
