"""The look-up beside each accounting file: from a blind index to the rows that bear it, without reading the accounting whole.

A look-up must never silently lose a disclosure. So
 1. its root (SHA-256 of head and directory) stands in the store beside the hash of the accounting it was made of, in one transaction;
 2. the directory has the SHA-256 of every bucket, so that what is read is what was written, and a key that is not in its bucket is in none;
 3. the head names the accounting by its own hash and by that of its tail (the footer, which holds what every part is authenticated by), and
    says how many rows it has;
 4. the same accounting gives the same bytes, so that anybody with the key can make it again and compare.

It holds the first 16 bytes of each blind index, encrypted: not even the same person in two batches can be seen. Keys are well mixed, so
the first bits of one say in which bucket it is. Bytes: mark (16), hash of the accounting (32), hash of its tail (32), rows, entries and
bits (8 each, big-endian); for each of 2^bits buckets its end (8) and hash (32); then the buckets: AES-256-GCM under a key of this
accounting alone, the nonce being the bucket's number, over records of 16 bytes key and 4 bytes row, in order.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portcullis.crypto import canonical
from portcullis.errors import Tampered

__all__ = ["BLIND", "Index", "build", "open_index", "root_of", "tail_hash"]

BLIND = ("blind_number", "blind_name", "blind_person")
"""The columns that entries are found by."""
_MARK = b"portcullis-idx-1"
_DOMAIN = "portcullis/accounting-index/1"
_HEAD, _STEP, _ENTRY, _KEY = 104, 40, 20, 16
_BUCKET = 1024
"""Entries in a bucket, about: it is read and decrypted whole."""
_RECORD = np.dtype([("high", ">u8"), ("low", ">u8"), ("row", ">u4")])


@dataclass(frozen=True, slots=True)
class Index:
    """An opened look-up, its head and directory checked."""

    path: Path
    rows: int
    tail: bytes
    bits: int
    directory: bytes
    key: bytes

    def find(self, blinds: Collection[bytes]) -> list[int]:
        """The rows that bear one of these blind indices, in order. Raises Tampered (2)."""
        found: set[int] = set()
        with _opened(self.path) as descriptor:
            for blind in blinds:
                found.update(self._bucket(descriptor, blind))
        return sorted(found)

    def _bucket(self, file: int, blind: bytes) -> Iterator[int]:
        high, low = int.from_bytes(blind[:8], "big"), int.from_bytes(blind[8:_KEY], "big")
        number = high >> (64 - self.bits) if self.bits else 0
        begin, _ = self._stated(number - 1)
        end, digest = self._stated(number)
        data = os.pread(file, end - begin, _HEAD + len(self.directory) + begin)
        if not hmac.compare_digest(hashlib.sha256(data).digest(), digest):
            raise damaged("A part of it is not what was written.")
        records = np.frombuffer(_opened_bucket(self.key, number, data), _RECORD)
        at = int(np.searchsorted(records["high"], np.uint64(high)))
        while at < len(records) and records["high"][at] == high:
            if records["low"][at] == low:
                yield int(records["row"][at])
            at += 1

    def _stated(self, number: int) -> tuple[int, bytes]:
        if number < 0:
            return 0, b""
        part = self.directory[number * _STEP : (number + 1) * _STEP]
        return int.from_bytes(part[:8], "big"), part[8:]


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A file to read at places."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise damaged("It is not there, or cannot be read.") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def build(table: pa.Table, key: bytes, accounting_sha256: str, tail: bytes) -> bytes:
    """The bytes of the look-up of an accounting (with the columns BLIND, in the order of its file)."""
    records = _records(table)
    bits = max(0, (len(records) // _BUCKET).bit_length())
    numbers = (records["high"] >> np.uint64(64 - bits)).astype(np.int64) if bits else np.zeros(len(records), np.int64)
    ends = np.searchsorted(numbers, np.arange(1 << bits), side="right")
    cipher, buckets, directory, at, begin = AESGCM(_key(key, accounting_sha256)), [], [], 0, 0
    for number, end in enumerate(ends.tolist()):
        buckets.append(cipher.encrypt(number.to_bytes(12, "big"), records[begin:end].tobytes(), None))
        begin, at = end, at + len(buckets[-1])
        directory.append(at.to_bytes(8, "big") + hashlib.sha256(buckets[-1]).digest())
    counts = b"".join(number.to_bytes(8, "big") for number in (table.num_rows, len(records), bits))
    return b"".join([_MARK, bytes.fromhex(accounting_sha256), tail, counts, *directory, *buckets])


def _records(table: pa.Table) -> npt.NDArray[np.void]:
    keys, rows = [], []
    for name in BLIND:
        column = table[name].combine_chunks()
        present = np.flatnonzero(np.asarray(column.is_valid()))
        keys.append(np.frombuffer(b"".join(column.drop_null().to_pylist()), np.uint8).reshape(-1, 32)[:, :_KEY])
        rows.append(present)
    joined = np.ascontiguousarray(np.concatenate(keys)).view(">u8").reshape(-1, 2)
    found = np.zeros(len(joined), _RECORD)
    found["high"], found["low"], found["row"] = joined[:, 0], joined[:, 1], np.concatenate(rows)
    order = np.lexsort((found["row"], found["low"], found["high"]))
    return found[order]


def root_of(data: bytes) -> str:
    """The root (hex) of a look-up's bytes."""
    return hashlib.sha256(data[: _HEAD + (_STEP << _bits(data))]).hexdigest()


def _bits(head: bytes) -> int:
    bits = int.from_bytes(head[_HEAD - 8 : _HEAD], "big")
    if head[:16] != _MARK or len(head) < _HEAD or bits > 32:
        raise damaged("It has not the form of one.")
    return bits


def open_index(path: Path, key: bytes, accounting_sha256: str, root: str) -> Index:
    """The look-up of this accounting, if it has this root (1, 3). Raises Tampered."""
    with _opened(path) as file:
        head = os.pread(file, _HEAD, 0)
        directory = os.pread(file, _STEP << _bits(head), _HEAD)
    if not hmac.compare_digest(hashlib.sha256(head + directory).hexdigest(), root):
        raise damaged("Its root is not the one noted when it was written.")
    if head[16:48].hex() != accounting_sha256:
        raise damaged("It was made of another accounting.")
    rows = int.from_bytes(head[80:88], "big")
    return Index(path, rows, head[48:80], _bits(head), directory, _key(key, accounting_sha256))


def tail_hash(path: Path) -> bytes:
    """SHA-256 of the footer of an encrypted Parquet file. Raises Tampered when it has none."""
    with _opened(path) as file:
        size = os.fstat(file).st_size
        last = os.pread(file, 8, max(0, size - 8))
        length = int.from_bytes(last[:4], "little") + 8
        if last[4:] != b"PARE" or not 8 < length <= size:
            raise damaged("The accounting has no footer.")
        return hashlib.sha256(os.pread(file, length, size - length)).digest()


def _key(key: bytes, accounting_sha256: str) -> bytes:
    """A key of this accounting alone: it is written once, so no nonce is used for two contents."""
    return hmac.digest(key, canonical([_DOMAIN, accounting_sha256]), "sha256")


def _opened_bucket(key: bytes, number: int, data: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(number.to_bytes(12, "big"), data, None)
    except InvalidTag as error:
        raise damaged("A part of it does not decrypt under the accounting's key.") from error


def damaged(why: str) -> Tampered:
    """What is said of a look-up that cannot be relied on."""
    return Tampered("The look-up of the accounting is not what was written.", why, "Type: portcullis store reindex")
