"""The addresses of a register being built: put in the order of their keys, and counted house by house."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from portcullis.matching.direct import beginnings, in_order, sign
from portcullis.matching.frequency import given_table
from portcullis.matching.hashing import Keys
from portcullis.matching.kin import relatives
from portcullis.matching.occupancy import occupancy
from portcullis.matching.people import expand
from portcullis.matching.shelf.build_common import Table, column_of, table_of
from portcullis.matching.shelf.build_names import Folk
from portcullis.matching.shelf.coding import Coded, tuples
from portcullis.matching.shelf.places import place_keys
from portcullis.matching.shelf.spool import narrow

__all__ = ["Homes"]

Rows = npt.NDArray[np.int64]
PORTION = 4_000_000
"""Addresses counted house by house at a time."""
LAST_NTH = 255


class Homes:
    """Addresses as numbers, in the order of their keys once arranged."""

    def __init__(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        self.columns = columns
        self.sets: dict[str, pa.Table] = {}
        self.place_of = np.zeros(0, np.uint32)

    def _keys(self) -> tuple[Keys, Keys]:
        """The two keys of every row, a portion at a time."""
        size = len(self.columns["person"])
        found = np.empty(size, np.uint64), np.empty(size, np.uint64)
        for begin in range(0, size, PORTION):
            rows = slice(begin, begin + PORTION)
            for whole, part in zip(
                found, place_keys(self.sets, {g: self.columns[g][rows] for g in ("spot", "street", "town")}), strict=True
            ):
                whole[rows] = part
        return found

    def arrange(self) -> None:
        """Put the rows in the order of their keys, and keep where each came to lie."""
        by_zip, by_city = self._keys()
        main = np.where(by_zip == 0, by_city, by_zip)
        order, self.live = in_order(main)
        self.begin = beginnings(main[order[: self.live]])
        del main
        sketch = column_of(self.sets["street"], "sketch")
        nth = _nth(self.columns["person"])
        for name in list(self.columns):
            self.columns[name] = self.columns[name][order]
        self.columns["nth"] = nth[order]
        sketch = sketch[self.columns["street"]]
        self.columns["sign"] = sign(by_zip[order], sketch)
        self._by_city = by_city[order]
        self._sketch = sketch
        self.place_of = np.empty(len(order), np.uint32)
        self.place_of[order] = np.arange(len(order), dtype=np.uint32)

    def _doors(self, begin: int, end: int) -> Rows:
        """A number for each door of a run of rows, -1 without a delivery point."""
        codes = {g: self.columns[g][begin:end] for g in ("spot", "street", "town", "unit")}
        head = column_of(self.sets["spot"], "head_number")[codes["spot"]]
        parts = [
            Coded(head, pa.nulls(self.sets["spot"].num_rows)),
            Coded(column_of(self.sets["street"], "rest_number")[codes["street"]], pa.nulls(self.sets["street"].num_rows)),
            Coded(column_of(self.sets["town"], "town_number")[codes["town"]], pa.nulls(self.sets["town"].num_rows)),
            Coded(column_of(self.sets["unit"], "unit_number")[codes["unit"]], pa.nulls(self.sets["unit"].num_rows)),
        ]
        door, _ = tuples(parts)
        return np.where(head < 0, -1, door.astype(np.int64))

    def _runs(self) -> Iterator[tuple[int, int]]:
        """Runs of rows that hold whole buckets, and so whole doors; the rows without a key are the last run."""
        begin = 0
        while begin < self.live:
            want = int(np.searchsorted(self.begin, min(begin + PORTION, self.live), "left"))
            end = int(self.begin[want])
            yield begin, end
            begin = end
        if self.live < len(self.columns["person"]):
            yield self.live, len(self.columns["person"])

    def count(self, folk: Folk) -> pa.Table:
        """Occupancy of every row, and what the register says of each given name."""
        connection, tokens, surnames = duckdb.connect(), folk.tokens(), folk.surnames()
        crowd = np.zeros(len(self.columns["person"]), np.uint16)
        with_kin, namesakes = (np.zeros(len(tokens.values), np.int64) for _ in range(2))
        status = self.sets["status"]
        for begin, end in self._runs():
            door, person = self._doors(begin, end), self.columns["person"][begin:end].astype(np.int64)
            surname, years = surnames[person], pa.array(self.columns["status"][begin:end])
            since, until = (status[c].combine_chunks().take(years) for c in ("period_from", "period_to"))
            crowd[begin:end] = np.minimum(occupancy(connection, door, surname, since, until), 65_535)
            more = _kin(connection, folk, tokens, door, surname, person)
            with_kin, namesakes = with_kin + more[0], namesakes + more[1]
        self.columns["occupancy"] = narrow(crowd)
        return given_table(tokens.values.to_pylist(), folk.counts(tokens), folk.size, with_kin, namesakes)

    def tables(self) -> Iterator[Table]:
        """Rows and indexes."""
        yield "addresses", table_of(self.columns)
        yield "index_zip_begin", table_of({"begin": self.begin})
        order, live = in_order(self._by_city)
        order = order[:live]
        keys = self._by_city[order]
        yield "index_city_begin", table_of({"begin": beginnings(keys)})
        yield "index_city", table_of({"row": order.astype(np.uint32), "sign": sign(keys, self._sketch[order])})


def _nth(person: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Which of its person's addresses each row is; rows are clustered by person."""
    place = np.arange(len(person))
    first = np.append(True, person[1:] != person[:-1]) if len(person) else np.zeros(0, np.bool_)
    begun = np.maximum.accumulate(np.where(first, place, 0))
    return np.minimum(place - begun, LAST_NTH).astype(np.uint8)


def _kin(connection: duckdb.DuckDBPyConnection, folk: Folk, tokens: Coded, door: Rows, surname: Rows, person: Rows) -> tuple[Rows, Rows]:
    live = np.flatnonzero((door >= 0) & (surname >= 0))
    owner, name = expand(folk.begin[person[live]].astype(np.int64), folk.begin[person[live] + 1].astype(np.int64))
    given, at = tokens.code[name], live[owner]
    told = given >= 0
    columns = {"door": door[at], "surname": surname[at], "given": given, "person": person[at]}
    return relatives(connection, table_of({c: v[told] for c, v in columns.items()}), len(tokens.values))
