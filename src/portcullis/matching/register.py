"""A prepared register, open for matching: read-only numbers and distinct texts, mapped from disk, and look-ups by the direct index."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.errors import Refused
from portcullis.matching.build import NOBODY
from portcullis.matching.compare.place import Filed
from portcullis.matching.direct import bucket, buckets, close, fingerprints
from portcullis.matching.folder import INDEX, read_index, read_tables
from portcullis.matching.hashing import Keys, combine
from portcullis.matching.load import standardisers
from portcullis.matching.namesakes import NameMarks, all_letters
from portcullis.matching.people import distinct, expand
from portcullis.matching.shelf.build_names import number_keys
from portcullis.matching.shelf.ids import id_text, places_of
from portcullis.matching.shelf.names import NAME_GROUPS, read_name
from portcullis.matching.shelf.places import PLACE_GROUPS, place_keys, read_place

__all__ = ["Register", "is_prepared", "open_register"]

Rows = npt.NDArray[np.int64]
Sketches = npt.NDArray[np.uint16]
_GROUPS = {"names": (*NAME_GROUPS, "number"), "addresses": tuple(PLACE_GROUPS)}


@dataclass(frozen=True)
class Register:
    """Persons, names and addresses by integer row, with the keys they are found by."""

    version: str
    synthetic: bool
    tables: dict[str, pa.Table]
    facts: dict[str, Any]

    @cached_property
    def size(self) -> int:
        """How many persons."""
        return int(self.tables["persons"].num_rows)

    @cached_property
    def addresses(self) -> int:
        """How many addresses."""
        return int(self.tables["addresses"].num_rows)

    @cached_property
    def names(self) -> int:
        """How many filed names."""
        return int(self.tables["names"].num_rows)

    @cached_property
    def _sets(self) -> dict[str, pa.Table]:
        return {name.removeprefix("set_"): table for name, table in self.tables.items() if name.startswith("set_")}

    @cached_property
    def _columns(self) -> dict[tuple[str, str], npt.NDArray[Any]]:
        return {}

    def column(self, table: str, name: str) -> npt.NDArray[Any]:
        """A number column as an array, without copying where it has no nulls."""
        found = self._columns.get((table, name))
        if found is None:
            chunks = self.tables[table][name]
            found = self._columns[table, name] = np.asarray(chunks.chunk(0) if chunks.num_chunks == 1 else chunks)
        return found

    def group(self, name: str) -> pa.Table:
        """The distinct tuples of a group (shelf/)."""
        return self._sets[name]

    def of(self, group: str, column: str, codes: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A number column of a group for rows that have these codes."""
        values: npt.NDArray[Any] = self.column(f"set_{group}", column)[codes]
        return values

    # ------------------------------------------------------------------------------------------------------------ looking up
    def _verified(self, index: str, keys: Keys, owner: Rows, row: Rows) -> npt.NDArray[np.bool_]:
        """Whether the rows found really carry the key they were found by."""
        if index == "index_number":
            carried = number_keys(self.column("names", "number")[row])
        elif index == "index_name":
            given, family = (self.column("names", g)[row] for g in ("given", "family"))
            carried = combine(self.of("given", "first_key", given), self.of("family", "family_key", family))
        else:
            codes = {g: self.column("addresses", g)[row] for g in ("spot", "street", "town")}
            carried = place_keys(self._sets, codes)[0 if index == "index_zip" else 1]
        same: npt.NDArray[np.bool_] = carried == keys[owner]
        return same

    def find(self, index: str, keys: Keys, asked: Sketches | None = None) -> tuple[Rows, Rows]:
        """(which key, which row) for every row that carries one of `keys`; key 0 finds nothing. Rows are of `addresses`, or of `names`.

        With the sketches of the streets `asked` for, without the rows whose address can neither be equal to nor within tolerance.
        """
        owner, at = buckets(self.column(f"{index}_begin", "begin"), keys)
        marks = fingerprints(keys)
        if index in ("index_zip", "index_city"):
            signs = self.column("addresses" if index == "index_zip" else index, "sign")[at]
            hit = (signs >> np.uint32(16)) == marks[owner]
            if asked is not None:
                hit &= close(asked[owner], signs)
        else:
            hit = self.column(index, "fingerprint")[at] == marks[owner]
        owner, at = owner[hit], at[hit]
        row = at if index == "index_zip" else self.column(index, "row")[at].astype(np.int64)
        same = self._verified(index, keys, owner, row)
        return owner[same], row[same]

    def count(self, index: str, keys: Keys) -> Rows:
        """How many rows of `index` are looked at for each of `keys`: at least those that carry it."""
        first, last = bucket(self.column(f"{index}_begin", "begin"), keys)
        return last - first

    def holders(self, numbers: npt.NDArray[np.uint32], stated: npt.NDArray[np.bool_]) -> tuple[Rows, Rows]:
        """(which number, person) for every person on file under one of the `stated` taxpayer numbers."""
        owner, row = self.find("index_number", np.where(stated, number_keys(numbers), np.uint64(0)))
        return owner, self.person_of(row)

    def named(self, given: str, family: str, dob: int) -> Rows:
        """Persons on file under exactly this standard name and birth date (epoch days)."""
        codes = {group: self._codes(group, wanted) for group, wanted in (("born", dob), ("family", family), ("given", given))}
        first, last = self.of("given", "first_key", codes["given"]), self.of("family", "family_key", codes["family"])
        keys = np.unique(combine(np.repeat(first, len(last)), np.tile(last, len(first))))
        row = np.arange(self.names) if (keys == 0).any() else np.unique(self.find("index_name", keys)[1])  # key 0 finds nothing
        for group, wanted in codes.items():
            row = row[np.isin(self.column("names", group)[row], wanted)]
        return distinct(self.person_of(row))

    def _codes(self, group: str, wanted: str | int) -> npt.NDArray[np.int64]:
        """The distinct tuples of a group of names that begin with this value."""
        values = self.group(group)[NAME_GROUPS[group][0]]
        return np.flatnonzero(np.asarray(pc.fill_null(pc.equal(values, pa.scalar(wanted, values.type)), False)))

    # --------------------------------------------------------------------------------------------------- persons and their rows
    def _range(self, table: str, person: Rows) -> tuple[Rows, Rows]:
        begin = self.column(table, "begin")
        return expand(begin[person].astype(np.int64), begin[person + 1].astype(np.int64))

    def names_of(self, person: Rows) -> tuple[Rows, Rows]:
        """(which of `person`, name row) for every filed name of the given persons."""
        if "persons_names" not in self.tables:
            return np.arange(len(person), dtype=np.int64), np.asarray(person, np.int64)
        return self._range("persons_names", person)

    def person_of(self, name: Rows) -> Rows:
        """Whose these name rows are."""
        if "persons_names" not in self.tables:
            return name
        begin = self.column("persons_names", "begin")
        return np.searchsorted(begin, name.astype(begin.dtype), "right").astype(np.int64) - 1  # of one type: else all of them are copied

    def addresses_of(self, person: Rows) -> tuple[Rows, Rows]:
        """(which of `person`, address row) for every address on file of the given persons, as they were filed."""
        owner, at = self._range("persons_addresses", person)
        return owner, self.column("addresses_of_persons", "row")[at].astype(np.int64)

    def ids(self, person: Rows) -> pa.Array:
        """The owner's ids of persons; null for -1."""
        if (person < 0).all():
            return pa.nulls(len(person), pa.string())
        known = np.maximum(person, 0)
        form, number = (self.column("persons", c)[known] for c in ("id_form", "id_number"))
        text = id_text(self.group("form"), form, number)
        return text if (person >= 0).all() else text.take(pa.array(np.arange(len(person)), mask=person < 0))

    def find_ids(self, ids: Collection[str]) -> Rows:
        """The persons of these ids, -1 where there is none."""
        return places_of(ids, self.group("form"), self.column("persons", "id_form"), self.column("persons", "id_number"))

    def answers(self, person: Rows) -> Rows:
        """The last-known address row of persons, -1 for none and for person -1."""
        row = self.column("persons", "answer_row")[np.maximum(person, 0)].astype(np.int64)
        return np.where((row == NOBODY) | (person < 0), -1, row)

    def against(self, mark: str, person: Rows) -> npt.NDArray[np.bool_]:
        """Whether `veto` or `exclusions` stands against each person."""
        bit = np.uint8(1 if mark == "veto" else 2)
        set_for: npt.NDArray[np.bool_] = (self.column("persons", "stands_against")[person] & bit) > 0
        return set_for

    # ---------------------------------------------------------------------------------------------------------------- reading
    def codes(self, table: str, rows: Rows) -> dict[str, npt.NDArray[Any]]:
        """The numbers of some rows, group by group."""
        return {group: self.column(table, group)[rows] for group in _GROUPS[table]}

    def take(self, table: str, rows: Rows, columns: tuple[str, ...]) -> pa.Table:
        """Some columns of some rows of `names` or `addresses`, as text or as they were."""
        codes, read = self.codes(table, rows), read_name if table == "names" else read_place
        return pa.table({c: read(self._sets, codes, c) for c in columns})

    def scan(self, table: str, columns: tuple[str, ...], portion: int = 1_000_000) -> Iterator[pa.Table]:
        """The same columns of all rows, a portion at a time."""
        total = self.names if table == "names" else self.addresses
        for begin in range(0, total, portion):
            yield self.take(table, np.arange(begin, min(begin + portion, total)), columns)

    def filed(self, rows: Rows) -> Filed:
        """Addresses as they are compared (compare/place.py)."""
        return Filed(self._sets, {g: self.column("addresses", g)[rows] for g in ("spot", "street", "town", "unit")})

    def marks(self, name: Rows) -> NameMarks:
        """What tells of name rows whether they can agree with another (namesakes.py)."""
        given, middle, family = (self.column("names", g)[name] for g in ("given", "middle", "family"))
        found = {c: self.of("family", c, family) for c in ("letters_family", "letters_core", "length")}
        return found | {"letters_all": all_letters(found, self.of("given", "letters", given), self.of("middle", "letters", middle))}


def is_prepared(folder: Path) -> bool:
    """Whether the folder holds a prepared register (of whatever version or state)."""
    return (folder / INDEX).is_file()


def open_register(folder: Path | str) -> Register:
    """Open a prepared register after checking its index, its files' hashes, and the standardisers it was made with.

    Raises Refused when there is none, or it was made with other standardisers; Tampered when anything differs from the index.
    """
    index = read_index(Path(folder))
    if index["standardisers"] != standardisers():
        raise Refused(
            "The register was prepared with other versions of the standardisers.",
            "Both sides of a comparison must be standardised alike (R35).",
            "Load it again with `portcullis register load`.",
            code="X-MATCH-VERSION",
        )
    return Register(index["version"], bool(index["synthetic"]), read_tables(index), index)
