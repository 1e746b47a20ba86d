"""A prepared register, open for matching: read-only tables, and look-ups by the direct index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from portcullis.errors import Refused
from portcullis.matching.direct import Marks, bucket, buckets, possible
from portcullis.matching.folder import INDEX, read_index, read_tables
from portcullis.matching.hashing import Keys
from portcullis.matching.load import standardisers
from portcullis.matching.people import expand, starts

__all__ = ["Register", "is_prepared", "open_register"]

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Register:
    """Persons, names and addresses by integer row, with the keys they are found by."""

    version: str
    synthetic: bool
    tables: dict[str, pa.Table]
    facts: dict[str, Any]
    name_starts: Rows
    address_starts: Rows

    @property
    def size(self) -> int:
        """How many persons."""
        return int(self.tables["persons"].num_rows)

    def column(self, table: str, name: str) -> npt.NDArray[Any]:
        """A number column as an array, without copying where it has no nulls."""
        chunks = self.tables[table][name]
        return np.asarray(chunks.chunk(0) if chunks.num_chunks == 1 else chunks)

    def _reached(self, index: str, keys: Keys) -> tuple[Rows, Rows]:
        """(which key, place in `index`) of the rows that carry the key; key 0 finds nothing."""
        known = self.column(index, "key")
        owner, at = buckets(self.column(f"{index}_begin", "begin"), len(known), keys)
        hit = known[at] == keys[owner]
        return owner[hit], at[hit]

    def count(self, index: str, keys: Keys) -> Rows:
        """How many rows of `index` are looked at for each of `keys`: at least those that carry it."""
        first, last = bucket(self.column(f"{index}_begin", "begin"), self.tables[index].num_rows, keys)
        return last - first

    def find(self, index: str, keys: Keys) -> tuple[Rows, Rows]:
        """(which key, which row) for every row of `index` that carries one of `keys`; key 0 finds nothing."""
        owner, at = self._reached(index, keys)
        return owner, self.column(index, "row")[at].astype(np.int64)

    def find_close(self, index: str, keys: Keys, asked: Marks) -> tuple[Rows, Rows]:
        """As `find`, without the rows whose address can neither be equal to nor within tolerance of the one asked for (direct.py)."""
        owner, at = self._reached(index, keys)
        kept = possible(asked, owner, {name: self.column(index, name) for name in asked}, at)
        return owner[kept], self.column(index, "row")[at[kept]].astype(np.int64)

    def names_of(self, person: Rows) -> tuple[Rows, Rows]:
        """(which of `person`, name row) for every filed name of the given persons."""
        return expand(self.name_starts[person], self.name_starts[person + 1])

    def addresses_of(self, person: Rows) -> tuple[Rows, Rows]:
        """(which of `person`, address row) for every address on file of the given persons."""
        return expand(self.address_starts[person], self.address_starts[person + 1])

    def take(self, table: str, rows: Rows, columns: tuple[str, ...]) -> pa.Table:
        """Some columns of some rows."""
        return self.tables[table].select(list(columns)).take(pa.array(rows))


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
    tables = read_tables(index)
    begin = [starts(np.asarray(tables[t]["person"].combine_chunks()), tables["persons"].num_rows) for t in ("names", "addresses")]
    return Register(index["version"], bool(index["synthetic"]), tables, index, *begin)
