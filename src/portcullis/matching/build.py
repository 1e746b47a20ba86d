"""From standardised persons and addresses, portion by portion, to the tables of a prepared register.

1. Each portion becomes numbers (shelf/) and goes to a private folder of raw columns; memory holds one portion.
2. When all have come, the distinct tuples of all portions are made one, and addresses are put in the order of their keys, so that a
   household lies together and the ZIP index needs no row numbers.
3. House by house, still together, occupancy and the given names that relatives share are counted.
4. Indexes, and each person's rows.

Tables: `persons`, `names`, `addresses` (numbers, one row each), `set_*` (distinct tuples), `given` (frequency.py), `index_*`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from portcullis.matching.direct import beginnings, fingerprints, in_order, sign
from portcullis.matching.frequency import given_table
from portcullis.matching.hashing import Keys, combine
from portcullis.matching.kin import relatives
from portcullis.matching.occupancy import occupancy
from portcullis.matching.people import People, distinct, expand
from portcullis.matching.places import answer_rows
from portcullis.matching.shelf.coding import Coded, Growing, coded, tuples
from portcullis.matching.shelf.ids import id_parts
from portcullis.matching.shelf.names import NAME_GROUPS, NO_NUMBER, as_number, name_sets, with_marks
from portcullis.matching.shelf.places import PLACE_GROUPS, place_keys, place_sets, with_lookups
from portcullis.matching.shelf.spool import Spool, narrow

__all__ = ["NOBODY", "Builder"]

Rows = npt.NDArray[np.int64]
Table = tuple[str, pa.Table]
NOBODY = (1 << 32) - 1
"""Stands for no row."""
PORTION = 4_000_000
"""Addresses counted house by house at a time."""
LAST_NTH = 255


class Builder:
    """Takes a register portion by portion, every person whole and in the order of their ids, and gives its tables."""

    def __init__(self, scratch: Path) -> None:
        self._spool = Spool(scratch)
        self._groups = {g: Growing(c) for g, c in (PLACE_GROUPS | NAME_GROUPS).items()} | {"form": Growing(("before", "width"))}
        self._portions: list[tuple[int, int, int]] = []  # persons, names, addresses
        self._tokens: Coded = coded(pa.array([], pa.string()))
        self.warnings = {"last_known_left_open": 0, "persons_without_address": 0}

    @property
    def persons(self) -> int:
        """How many have come."""
        return sum(p for p, _, _ in self._portions)

    @property
    def addresses(self) -> int:
        """How many have come."""
        return sum(a for _, _, a in self._portions)

    def add(self, folk: People, place: pa.Table) -> None:
        """A portion; `person` counts from 0 in it, names and addresses are clustered by it."""
        size, before = folk.persons.num_rows, self.persons
        owner = np.asarray(place["person"]).astype(np.int64)
        answer, left_open = answer_rows(place, size)
        self.warnings["last_known_left_open"] += left_open
        self.warnings["persons_without_address"] += size - len(np.unique(owner))
        forms, number = id_parts(folk.persons["person_id"].combine_chunks())
        self._put("form", self._groups["form"].add(forms))
        marks = [np.asarray(folk.persons[c]).astype(np.uint8) for c in ("veto", "exclusions")]
        columns: dict[str, npt.NDArray[Any]] = {
            "id_number": number,
            "stands_against": marks[0] | (marks[1] << np.uint8(1)),
            "answer": np.where(answer < 0, -1, answer + self.addresses),
            "names_each": np.bincount(np.asarray(folk.names["person"]), minlength=size).astype(np.uint32),
            "addresses_each": np.bincount(owner, minlength=size).astype(np.uint32),
            "number": as_number(folk.names["number"]),
            "person": (owner + before).astype(np.uint32),
        }
        for name, values in columns.items():
            self._put(name, values)
        for sets, groups in ((name_sets(folk.names), NAME_GROUPS), (place_sets(place), PLACE_GROUPS)):
            for group in groups:
                self._put(group, self._groups[group].add(sets))
        self._portions.append((size, folk.names.num_rows, place.num_rows))

    def _put(self, name: str, values: npt.NDArray[Any]) -> None:
        self._spool.append(name, values)

    def _whole(self, group: str, part: int) -> tuple[pa.Table, npt.NDArray[Any]]:
        """(a group's distinct tuples, every row's number among them); `part` says which of a portion's counts are its rows."""
        table, final = self._groups.pop(group).finish()
        codes, at = self._spool.read(group), 0
        for portion, each in zip(self._portions, final, strict=True):
            codes[at : at + portion[part]] = each[codes[at : at + portion[part]]]
            at += portion[part]
        return table, narrow(codes, max(table.num_rows - 1, 0))

    def tables(self, say: Callable[[str], None] = lambda _: None) -> Iterator[Table]:
        """Each table once, as soon as it is done. Nothing can be added afterwards."""
        try:
            say("numbering names")
            folk = _Folk(self.persons, begin=_begin(self._spool.read("names_each")), columns={"number": self._spool.read("number")})
            for group in NAME_GROUPS:
                table, folk.columns[group] = self._whole(group, 1)
                folk.sets[group] = with_marks(group, table)
            yield from folk.tables()
            say("numbering addresses")
            homes = _Homes({"person": self._spool.read("person")})
            for group in PLACE_GROUPS:
                table, homes.columns[group] = self._whole(group, 2)
                homes.sets[group] = with_lookups(group, table)
            say("putting addresses in order")
            homes.arrange()
            yield from ((f"set_{group}", table) for group, table in homes.sets.items())
            say("counting households")
            yield "given", homes.count(folk)
            yield from folk.indexes()
            del folk
            yield from homes.tables()
            yield from self._persons(homes)
        finally:
            self._spool.close()

    def _persons(self, homes: _Homes) -> Iterator[Table]:
        forms, form = self._whole("form", 0)
        answer = self._spool.read("answer")
        columns = {
            "id_form": form,
            "id_number": self._spool.read("id_number"),
            "stands_against": self._spool.read("stands_against"),
            "answer_row": np.where(answer < 0, NOBODY, homes.place_of[answer]).astype(np.uint32),
        }
        yield "set_form", forms
        yield "persons", _table(columns)
        begin = _begin(self._spool.read("addresses_each"))
        yield "persons_addresses", _table({"begin": begin})
        yield "addresses_of_persons", _table({"row": homes.place_of})


def _table(columns: dict[str, npt.NDArray[Any]]) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _begin(each: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """Where each owner's rows begin, and where the last ends."""
    begin = np.zeros(len(each) + 1, np.uint32)
    np.cumsum(each, out=begin[1:])
    return begin


def _column(table: pa.Table, name: str) -> npt.NDArray[Any]:
    return np.asarray(table[name].combine_chunks())


class _Folk:
    """Names as numbers, clustered by person."""

    def __init__(self, size: int, begin: npt.NDArray[np.uint32], columns: dict[str, npt.NDArray[Any]]) -> None:
        self.size, self.begin, self.columns = size, begin, columns
        self.sets: dict[str, pa.Table] = {}
        self.single = len(columns["number"]) == size

    def tables(self) -> Iterator[Table]:
        yield "names", _table(self.columns)
        yield from ((f"set_{group}", table) for group, table in self.sets.items())
        if not self.single:
            yield "persons_names", _table({"begin": self.begin})

    def tokens(self) -> Coded:
        """First given token of each name row."""
        first = coded(self.sets["given"]["given_first"])
        return Coded(np.append(first.code, -1)[self.columns["given"]], first.values)

    def person(self) -> Rows:
        """Whose each name row is."""
        return np.repeat(np.arange(self.size), self.begin[1:] - self.begin[:-1])

    def surnames(self) -> Rows:
        """One surname per person, of the first filed name that has one (double surnames share the first token); -1 none."""
        number: Rows = _column(self.sets["family"], "surname_number")[self.columns["family"]]
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
        number = self.columns["number"]
        stated = np.where(number == NO_NUMBER, np.uint64(0), number_keys(number))
        yield from _index("index_number", stated)
        given, family = self.sets["given"], self.sets["family"]
        key = combine(_column(given, "first_key")[self.columns["given"]], _column(family, "family_key")[self.columns["family"]])
        yield from _index("index_name", key, once=True)


def number_keys(numbers: npt.NDArray[Any]) -> Keys:
    """Keys of taxpayer numbers."""
    return combine(numbers.astype(np.uint64) + np.uint64(1), np.full(len(numbers), 1, np.uint64))


def _index(name: str, keys: Keys, *, once: bool = False) -> Iterator[Table]:
    """Row and fingerprint in the order of the keys, and where the buckets begin; with `once` only the first row of each key."""
    order, live = in_order(keys)
    order = order[:live]
    ordered = keys[order]
    if once and live:
        first = np.append(True, ordered[1:] != ordered[:-1])
        order, ordered = order[first], ordered[first]
    yield name, _table({"row": order.astype(np.uint32), "fingerprint": fingerprints(ordered)})
    yield f"{name}_begin", _table({"begin": beginnings(ordered)})


class _Homes:
    """Addresses as numbers, in the order of their keys once arranged."""

    def __init__(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        self.columns = columns
        self.sets: dict[str, pa.Table] = {}
        self.place_of = np.zeros(0, np.uint32)

    def arrange(self) -> None:
        """Put the rows in the order of their keys, and keep where each came to lie."""
        by_zip, by_city = place_keys(self.sets, self.columns)
        main = np.where(by_zip == 0, by_city, by_zip)
        order, self.live = in_order(main)
        self.begin = beginnings(main[order[: self.live]])
        del main
        sketch = _column(self.sets["street"], "sketch")
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
        head = _column(self.sets["spot"], "head_number")[codes["spot"]]
        parts = [
            Coded(head, pa.nulls(self.sets["spot"].num_rows)),
            Coded(_column(self.sets["street"], "rest_number")[codes["street"]], pa.nulls(self.sets["street"].num_rows)),
            Coded(_column(self.sets["town"], "town_number")[codes["town"]], pa.nulls(self.sets["town"].num_rows)),
            Coded(_column(self.sets["unit"], "unit_number")[codes["unit"]], pa.nulls(self.sets["unit"].num_rows)),
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

    def count(self, folk: _Folk) -> pa.Table:
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
        yield "addresses", _table(self.columns)
        yield "index_zip_begin", _table({"begin": self.begin})
        order, live = in_order(self._by_city)
        order = order[:live]
        keys = self._by_city[order]
        yield "index_city_begin", _table({"begin": beginnings(keys)})
        yield "index_city", _table({"row": order.astype(np.uint32), "sign": sign(keys, self._sketch[order])})


def _nth(person: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Which of its person's addresses each row is; rows are clustered by person."""
    place = np.arange(len(person))
    first = np.append(True, person[1:] != person[:-1]) if len(person) else np.zeros(0, np.bool_)
    begun = np.maximum.accumulate(np.where(first, place, 0))
    return np.minimum(place - begun, LAST_NTH).astype(np.uint8)


def _kin(connection: duckdb.DuckDBPyConnection, folk: _Folk, tokens: Coded, door: Rows, surname: Rows, person: Rows) -> tuple[Rows, Rows]:
    live = np.flatnonzero((door >= 0) & (surname >= 0))
    owner, name = expand(folk.begin[person[live]].astype(np.int64), folk.begin[person[live] + 1].astype(np.int64))
    given, at = tokens.code[name], live[owner]
    told = given >= 0
    columns = {"door": door[at], "surname": surname[at], "given": given, "person": person[at]}
    return relatives(connection, _table({c: v[told] for c, v in columns.items()}), len(tokens.values))
