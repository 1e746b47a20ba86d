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

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from portcullis.matching.people import People
from portcullis.matching.places import answer_rows
from portcullis.matching.shelf.build_common import Table, begin_of, table_of
from portcullis.matching.shelf.build_names import Folk
from portcullis.matching.shelf.build_places import Homes
from portcullis.matching.shelf.coding import Growing
from portcullis.matching.shelf.ids import id_parts
from portcullis.matching.shelf.names import NAME_GROUPS, as_number, name_sets, with_marks
from portcullis.matching.shelf.places import PLACE_GROUPS, place_sets, with_lookups
from portcullis.matching.shelf.spool import Spool, narrow

__all__ = ["NOBODY", "Builder"]

Rows = npt.NDArray[np.int64]
NOBODY = (1 << 32) - 1
"""Stands for no row."""


class Builder:
    """Takes a register portion by portion, every person whole and in the order of their ids, and gives its tables."""

    def __init__(self, scratch: Path) -> None:
        self._spool = Spool(scratch)
        self._groups = {g: Growing(c) for g, c in (PLACE_GROUPS | NAME_GROUPS).items()} | {"form": Growing(("before", "width"))}
        self._portions: list[tuple[int, int, int]] = []  # persons, names, addresses
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
            folk = Folk(self.persons, begin=begin_of(self._spool.read("names_each")), columns={"number": self._spool.read("number")})
            for group in NAME_GROUPS:
                table, folk.columns[group] = self._whole(group, 1)
                folk.sets[group] = with_marks(group, table)
            yield from folk.tables()
            say("numbering addresses")
            homes = Homes({"person": self._spool.read("person")})
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

    def _persons(self, homes: Homes) -> Iterator[Table]:
        forms, form = self._whole("form", 0)
        answer = self._spool.read("answer")
        columns = {
            "id_form": form,
            "id_number": self._spool.read("id_number"),
            "stands_against": self._spool.read("stands_against"),
            "answer_row": np.where(answer < 0, NOBODY, homes.place_of[answer]).astype(np.uint32),
        }
        yield "set_form", forms
        yield "persons", table_of(columns)
        begin = begin_of(self._spool.read("addresses_each"))
        yield "persons_addresses", table_of({"begin": begin})
        yield "addresses_of_persons", table_of({"row": homes.place_of})
