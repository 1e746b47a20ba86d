"""The rows of a data file, sealed while they are read: never more of them in memory than a part.

1. A fresh data key is made; it becomes the batch's when the batch is accepted, and is forgotten when it is not.
2. Each part is counted, added to the file root and sealed into one file before the next is read.
3. Request ids are compared by keyed hashes of 16 bytes, so that a million of them take 20 MB.
4. The sealed file lies in a private folder beside the evidence, on the same disk, so that taking it over is a rename. What a killed
   process leaves there nobody can read, and the next process that opens the home removes it.
5. Few rows are kept in memory instead: they are sealed in no time when the batch is accepted.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from portcullis.crypto import new_data_key, read_parts, write_parquet
from portcullis.datafile import SCHEMA
from portcullis.errors import Refused
from portcullis.evidence import Staged

__all__ = ["FEW", "Rows", "Taking"]

FEW = 100
"""Rows that are kept in memory: most batches have no more."""


@dataclass(frozen=True, slots=True)
class Rows:
    """So many rows, in `file` under `key`, or `few` in memory."""

    num_rows: int = 0
    key: bytes = b""
    file: Staged | None = None
    few: pa.Table = field(default_factory=SCHEMA.empty_table)

    @property
    def content(self) -> pa.Table | Staged:
        """What becomes the evidence file `raw`."""
        return self.file or self.few

    def parts(self) -> Iterator[pa.Table]:
        """The rows again, a part at a time."""
        if self.file is None:
            yield from [self.few] if self.num_rows else ()
            return
        for part in read_parts(self.file.path, self.key, expected_sha256=self.file.digest):
            yield pa.Table.from_batches([part])


@dataclass
class Taking:
    """Takes the parts of one data file: `folder` makes the private folder, `part` is called with each part.

    `fault` is why the reading ended, if it did not end well.
    """

    folder: Callable[[], Path]
    part: Callable[[pa.RecordBatch], None]
    fault: Refused | None = None
    num_rows: int = 0
    _ids: list[bytes] = field(default_factory=list)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    _nameless: bool = False

    def take(self, parts: Iterable[pa.RecordBatch]) -> Rows:
        """Read to the end or the first fault; rows before it are kept, since they too are requests (R43)."""
        read, first = self._noted(parts), list[pa.RecordBatch]()
        for part in read:
            first.append(part)
            if self.num_rows > FEW:
                break
        if not first:
            return Rows()
        key = new_data_key()
        if self.num_rows <= FEW:
            return Rows(self.num_rows, key, None, pa.Table.from_batches(first, SCHEMA))
        path, whole = self.folder() / "raw.parquet", pa.RecordBatchReader.from_batches(SCHEMA, chain(first, read))
        digest = write_parquet(path, whole, key, sync=False)
        return Rows(self.num_rows, key, Staged(path, digest))

    @property
    def ids_unique(self) -> bool:
        """Whether every row has a request id, and no two the same."""
        if self._nameless:
            return False
        found = np.frombuffer(b"".join(self._ids), dtype="V16")
        found = found.view([("high", "<u8"), ("low", "<u8")])
        return len(np.unique(found)) == self.num_rows

    def _noted(self, parts: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            for part in parts:
                self.num_rows += part.num_rows
                self._note(part.column("request_id"))
                self.part(part)
                yield part
        except Refused as fault:
            self.fault = fault

    def _note(self, ids: pa.Array) -> None:
        self._nameless |= ids.null_count > 0
        if not self._nameless:
            key = self._key
            self._ids.append(b"".join(hashlib.blake2b(one.encode(), digest_size=16, key=key).digest() for one in ids.to_pylist()))
