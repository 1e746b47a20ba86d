"""The file root: one hash over all rows of a data file that tells nothing of any of them.

A row is the RFC 8785 JSON of its fields that are not null. Its leaf is SHA-256(0x00 || salt || row) with 32 random bytes of salt,
and the root is that of RFC 6962 section 2.1 (0x01 || left || right). Without salts a one-row file could be guessed (ledger.md,
"Commitments"); they travel in `salts.bin`, 32 bytes a row in the order of the file.

`sealed_root` is the same tree over SHA-256 of each sealed answer: RFC 6962 leaves over those 32 bytes.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from portcullis.datafile.columns import refused
from portcullis.datafile.read import open_plain
from portcullis.errors import OutOfOrder
from portcullis.model import DATA_COLUMNS

__all__ = ["SALT_BYTES", "FileRoot", "canonical_row", "canonical_rows", "file_root", "new_salts", "read_salts", "sealed_root"]

SALT_BYTES = 32
_SORTED = sorted(DATA_COLUMNS)
_DUMP = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_TEXT = json.JSONEncoder(ensure_ascii=False).encode
_FEW = 20
_PLAIN = bytes(byte for byte in range(256) if byte >= 0x20 and byte not in b'"\\')
"""Every byte that stands in JSON text as it is: all but the quotation mark, the backslash and the controls."""


def canonical_row(row: Mapping[str, str | None]) -> bytes:
    """RFC 8785 JSON of the fields that are not null. Names are ASCII and values text, so plain sorting and escaping suffice."""
    return _DUMP({name: value for name, value in row.items() if value is not None}).encode("utf-8")


def canonical_rows(batch: pa.RecordBatch) -> list[bytes]:
    """`canonical_row` of every row of a batch from `read`: a column at a time, five times as fast, unless there are few."""
    if batch.num_rows <= _FEW:
        return [canonical_row(row) for row in batch.select(_SORTED).to_pylist()]
    members = [_members(name, batch.column(name)) for name in _SORTED if batch.column(name).null_count < batch.num_rows]
    # Not null_handling="skip": with it pyarrow 26 loses the rows in which everything is null. So each member brings its comma.
    if not members:
        return [b"{}"] * batch.num_rows
    joined = pc.binary_join_element_wise("{", *members, "}", "", null_handling="replace", null_replacement="")
    rows: list[bytes] = pc.replace_substring(joined, "{,", "{", max_replacements=1).cast(pa.binary()).to_pylist()
    if len(rows) != batch.num_rows:
        raise OutOfOrder("Rows were lost while they were written as JSON.", "Each row of a batch has one leaf.")
    return rows


def new_salts(rows: int, randomness: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """32 bytes of salt for each row: the content of `salts.bin`."""
    return randomness(rows * SALT_BYTES)


def read_salts(path: Path, rows: int) -> bytes:
    """The salts of `rows` rows. Raises Refused when the file has another length."""
    with open_plain(path, links=False) as file:
        salts = file.read(rows * SALT_BYTES + 1)
    if len(salts) != rows * SALT_BYTES:
        raise refused(
            "The salts do not fit the data file.",
            f"salts.bin must have {SALT_BYTES} bytes for each of {rows} rows.",
            "Pack the batch again.",
        )
    return salts


def file_root(rows_bytes: Iterable[bytes], salts: bytes) -> bytes:
    """The root (32 bytes) over `canonical_row` bytes. Raises Refused when there are not exactly 32 bytes of salt for each row."""
    root = FileRoot(salts)
    root.add(rows_bytes)
    return root.digest()


class FileRoot:
    """The file root, computed while a file is read once: `update` with each batch, then `digest`."""

    def __init__(self, salts: bytes | bytearray) -> None:
        """With the salts of all rows of the file; a bytearray may grow while rows are added."""
        self._salts = salts
        self._tree = _Tree()

    @property
    def rows(self) -> int:
        """How many rows were added."""
        return self._tree.size

    def update(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a batch from `read`."""
        self.add(canonical_rows(batch))

    def add(self, rows_bytes: Iterable[bytes]) -> None:
        """Add rows by their canonical bytes. Raises Refused when there are more rows than salts."""
        salts, tree = self._salts, self._tree
        for row in rows_bytes:
            start = tree.size * SALT_BYTES
            salt = bytes(salts[start : start + SALT_BYTES])
            if len(salt) != SALT_BYTES:
                raise _wrong_salts()
            tree.append(hashlib.sha256(b"\x00" + salt + row).digest())

    def digest(self) -> bytes:
        """The root. Raises Refused when there were fewer rows than salts."""
        if len(self._salts) != self._tree.size * SALT_BYTES:
            raise _wrong_salts()
        return self._tree.root()


def sealed_root(answers: Iterable[str]) -> bytes:
    """RFC 6962 root (32 bytes) over SHA-256 of each sealed answer (compact JWE), in the order of the answers file."""
    tree = _Tree()
    for answer in answers:
        tree.append(hashlib.sha256(b"\x00" + hashlib.sha256(answer.encode("ascii")).digest()).digest())
    return tree.root()


class _Tree:
    """RFC 6962 over leaf hashes as they come; memory is the logarithm of the size. `ledger.tree` is above this module."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, node: bytes) -> None:
        self.size += 1
        full = self.size
        while not full & 1:
            node = hashlib.sha256(b"\x01" + self._edge.pop() + node).digest()
            full >>= 1
        self._edge.append(node)

    def root(self) -> bytes:
        if not self._edge:
            return hashlib.sha256(b"").digest()
        node = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node


def _members(name: str, column: pa.Array) -> pa.Array:
    """`,"name":"value"` for each value, null for null. Few columns need escaping; those go through the JSON encoder."""
    if _needs_escape(column):
        quoted = pa.array([None if value is None else _TEXT(value) for value in column.to_pylist()], pa.string())
        return pc.binary_join_element_wise(f',"{name}":', quoted, "")
    return pc.binary_join_element_wise(f',"{name}":"', column, '"', "")


def _needs_escape(column: pa.Array) -> bool:
    """Looks at the bytes of all values at once. Bytes outside a slice may say yes in vain, which costs time only."""
    values = column.buffers()[2]
    return values is not None and bool(values.to_pybytes().translate(None, _PLAIN))


def _wrong_salts() -> Exception:
    return refused(
        "The salts do not fit the data file.", f"There must be exactly {SALT_BYTES} bytes for each row.", "Pack the batch again."
    )
