"""Evidence files: encrypted Parquet under a batch's data key.

An evidence file is read only when
 1. the SHA-256 of the whole file is the one recorded when it was written (readers check tags only of the columns they read),
 2. its footer and columns decrypt and authenticate under the key (Parquet modular encryption, AES-256-GCM, footer encrypted).

Where one row is looked at, 1 is done once for as long as nothing about the file changes: whatever writes to it or replaces it moves its
time of change, which no program can set back. 2 is done every time, and nobody without the key can make another part pass it.

Files are written whole or not at all: temporary file, sync, rename, sync of the folder.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.parquet import encryption

from portcullis.crypto.wrap import sync_folder
from portcullis.errors import OutOfOrder, Refused, Tampered

__all__ = ["read_parquet", "read_parts", "read_row", "read_rows", "write_parquet"]


def write_parquet(path: Path, table: pa.Table | pa.RecordBatchReader, key: bytes, *, sync: bool = True, group: int = 0) -> str:
    """Write `table` to `path`, encrypted under `key` (32 bytes), and give the SHA-256 (hex) of the whole file.

    A file already at `path` is replaced: a step that was killed before its commit is done again. Without `sync` the file is on disk and its
    name may not be: for a caller that puts several files in one folder and syncs that once. `group` is how many rows are encrypted
    together, where single rows will be read often.
    """
    if len(key) != 32:
        raise OutOfOrder("A data key has 32 bytes.", f"This one has {len(key)}.")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b") as file:
            _write(file, table, key, group or _GROUP)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if sync:
        sync_folder(path.parent)
    return digest


def read_parquet(path: Path, key: bytes, columns: Sequence[str] | None = None, *, expected_sha256: str) -> pa.Table:
    """The table, or only `columns` of it, in the evidence file at `path`; checks 1 and 2.

    Raises Tampered when the file is not the one that was written, Refused when it is not there.
    """
    with _checked(path, key, expected_sha256) as file:
        return file.read(None if columns is None else list(columns))


def read_parts(path: Path, key: bytes, *, expected_sha256: str) -> Iterator[pa.RecordBatch]:
    """The rows of an evidence file a part at a time, in bounded memory; checks 1 and 2. Raises as `read_parquet` does."""
    with _checked(path, key, expected_sha256) as file:
        yield from file.iter_batches(_GROUP)


def read_row(path: Path, key: bytes, ordinal: int, pick: Callable[[str], bool], *, expected_sha256: str) -> dict[str, Any]:
    """The columns that `pick` takes of the one row with this `ordinal`; empty when there is none. Checks 1 and 2 as `read_parquet`.

    Only the row's own part of the file is decrypted: somebody who looks at one request does not wait for a million.
    """
    with _checked(path, key, expected_sha256, again=True) as file:
        names = [name for name in file.schema_arrow.names if pick(name)]
        for group in _groups_with(file, ordinal):
            place = pc.index(file.read_row_group(group, ["ordinal"], use_threads=False)["ordinal"], pa.scalar(ordinal, pa.int64())).as_py()
            if place >= 0:
                return dict(file.read_row_group(group, names, use_threads=False).slice(place, 1).to_pylist()[0]) if names else {}
    return {}


def read_rows(path: Path, key: bytes, places: Sequence[int], columns: Sequence[str]) -> pa.Table:
    """Some columns of the rows at these places (from 0, in order); only the parts of the file that hold them are decrypted. Check 2.

    The caller has compared the footer with the one that was written: by it everything read is authenticated. Raises Tampered, Refused.
    """
    with _opened(path) as source, _decrypting(source, key) as file:
        parts, first = [], 0
        for group in range(file.num_row_groups):
            last = first + file.metadata.row_group(group).num_rows
            if here := [place - first for place in places if first <= place < last]:
                parts.append(file.read_row_group(group, list(columns), use_threads=False).take(pa.array(here, pa.int64())))
            first = last
        if sum(part.num_rows for part in parts) != len(places):
            raise _tampered("It has fewer rows than it must.")
        return pa.concat_tables(parts) if parts else file.schema_arrow.empty_table().select(list(columns))


def _groups_with(file: pq.ParquetFile, ordinal: int) -> Iterator[int]:
    """The parts that can hold this ordinal, by the smallest and largest that each states of itself under encryption."""
    place = file.schema_arrow.names.index("ordinal")
    for group in range(file.num_row_groups):
        stated = file.metadata.row_group(group).column(place).statistics
        if stated is None or not stated.has_min_max or stated.min <= ordinal <= stated.max:
            yield group


@contextmanager
def _checked(path: Path, key: bytes, expected_sha256: str, *, again: bool = False) -> Iterator[pq.ParquetFile]:
    """The file, once both checks have passed; what is found wrong while it is read is told alike.

    With `again` check 1 counts as passed where it was, of this very file, before.
    """
    with _opened(path) as file:
        if not (again and _PASSED.get(path) == (_state_of(file), expected_sha256)):
            before = _state_of(file)
            if not hmac.compare_digest(hashlib.file_digest(file, "sha256").hexdigest(), expected_sha256):  # 1
                raise _tampered("Its SHA-256 is not the one recorded when it was written.")
            file.seek(0)
            if again and _settled(before) and _state_of(file) == before:
                _remember(path, (before, expected_sha256))
        with _decrypting(file, key) as opened:
            yield opened


def _opened(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        raise Refused(
            "An evidence file cannot be read.", f"{error.strerror}.", "Restore the evidence of the batch from a backup."
        ) from error


@contextmanager
def _decrypting(file: BinaryIO, key: bytes) -> Iterator[pq.ParquetFile]:
    """(2)"""
    try:
        yield pq.ParquetFile(file, decryption_properties=encryption.create_decryption_properties(key))
    except (pa.ArrowException, OSError, ValueError):
        raise _tampered("It does not decrypt under the key of its batch.") from None


_State = tuple[int, int, int, int]
_PASSED: OrderedDict[Path, tuple[_State, str]] = OrderedDict()
"""Files whose whole content had the hash that was asked for, with what the file system said of them then."""
_MOST_PASSED = 256
_SETTLED = 2_000_000_000
"""Nanoseconds: times of change are coarse, and a file that changed this lately could change again within the same one."""


def _state_of(file: BinaryIO) -> _State:
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns


def _settled(state: _State) -> bool:
    return state[3] < time.time_ns() - _SETTLED


def _remember(path: Path, passed: tuple[_State, str]) -> None:
    _PASSED[path] = passed
    while len(_PASSED) > _MOST_PASSED:
        _PASSED.popitem(last=False)


_FEW = 64
_SMALL: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_statistics": False}
"""For few rows: what would shrink a large file only takes time."""
_GROUP = 4_096
"""Rows that are encrypted together: small enough that one request is read at once, large enough that a whole file is hardly slower."""


def _write(file: BinaryIO, table: Any, key: bytes, group: int) -> None:
    properties = encryption.create_encryption_properties(key)
    how = _SMALL if isinstance(table, pa.Table) and table.num_rows <= _FEW else {"compression": "zstd"}
    with pq.ParquetWriter(file, table.schema, encryption_properties=properties, **how) as writer:
        for batch in table if isinstance(table, pa.RecordBatchReader) else table.to_batches(max_chunksize=group):
            writer.write_batch(batch, row_group_size=group)


def _tampered(why: str) -> Tampered:
    return Tampered("An evidence file is not what was written.", why, "Stop, keep the file, and compare with a backup.")
