"""A register's two tables on their way in: every row once, in an order of their content, so many persons at a time.

They lie in a private database file while a load works, so that memory holds a portion and not a country.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.errors import Refused
from portcullis.matching.source import ADDRESS_COLUMNS, PERSON_COLUMNS, Mapped, read_owned

__all__ = ["Owned", "Portion"]

MEMORY = "2GB"
"""What sorting a table may hold; the rest spills beside it."""

_COLUMNS = {"persons": PERSON_COLUMNS, "addresses": ADDRESS_COLUMNS}
_BLANKS = "".join(chr(c) for c in range(0x3001) if chr(c).isspace())


class Portion(NamedTuple):
    """Some persons whole: their ids in order, their rows, and the addresses on file under these ids."""

    ids: pa.Array
    persons: pa.Table
    addresses: pa.Table


class Owned:
    """Both tables as text, in a database of its own in the folder `scratch`, which the caller removes."""

    def __init__(self, scratch: Path, folder: Path, mapping: Mapped) -> None:
        scratch.mkdir(parents=True, mode=0o700, exist_ok=True)
        settings: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": str(scratch / "spill"),
            "memory_limit": MEMORY,
            "preserve_insertion_order": "true",
        }
        self._connection = duckdb.connect(str(scratch / "owned.db"), config=settings)
        self.duplicates = 0
        self.rows: dict[str, int] = {}
        for table, columns in _COLUMNS.items():
            read_owned(self._connection, folder, table, mapping, "raw")
            self._require_ids(table)
            filed = self._count("raw")
            self._connection.execute(f"CREATE TABLE {table} AS SELECT DISTINCT {', '.join(columns)} FROM raw ORDER BY ALL")
            self._connection.execute("DROP TABLE raw")
            self.rows[table] = self._count(table)
            self.duplicates += filed - self.rows[table]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _count(self, table: str, where: str = "true") -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchall()[0][0])

    def _require_ids(self, table: str) -> None:
        if missing := self._count("raw", f"trim(coalesce(person_id, ''), '{_BLANKS}') = ''"):
            raise Refused(
                f"{missing} rows of `{table}` have no person_id.",
                "Left out, such a person could not be seen as a rival.",
                "Give every row its id.",
            )

    def _edges(self, size: int) -> Iterator[str]:
        """The first id of each portion."""
        seen, last = 0, None
        reader: Any = self._connection.sql("SELECT person_id FROM persons").to_arrow_reader(1 << 20)
        for batch in reader:
            ids = pc.unique(batch.column(0))  # in order, for the rows are
            fresh = ids.slice(1) if len(ids) and ids[0].as_py() == last else ids
            at = np.arange(-seen % size, len(fresh), size)
            yield from fresh.take(pa.array(at)).to_pylist()
            seen, last = seen + len(fresh), ids[-1].as_py() if len(ids) else last

    def portions(self, size: int) -> Iterator[Portion]:
        """All persons, `size` at a time."""
        for first, beyond in pairwise([*self._edges(size), None]):
            persons, addresses = (self._between(table, first, beyond) for table in _COLUMNS)
            ids = pc.unique(persons["person_id"])
            yield Portion(ids, persons, addresses.filter(pc.is_in(addresses["person_id"], ids)))

    def _between(self, table: str, first: str | None, beyond: str | None) -> pa.Table:
        where, values = ("person_id >= ?", [first]) if beyond is None else ("person_id >= ? AND person_id < ?", [first, beyond])
        return self._connection.sql(f"SELECT * FROM {table} WHERE {where} ORDER BY ALL", params=values).to_arrow_table()
