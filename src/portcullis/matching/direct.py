"""The direct index: from a 64-bit key to its rows by one look at an array, and past all rows that cannot be meant.

Rows lie in the order of their keys, and the keys are well mixed, so the first bits of a key say where its rows begin: `begin` has one
entry for each value of those bits. Beside every row stand 32 bits by which it is passed over unread:

fingerprint  sixteen other bits of its key: differ, then it is not the key asked for
sketch       sixteen bits of its street (shelf/places.py): further apart than one edit, then the addresses are neither equal nor within
             tolerance

A row is passed over only where equality and tolerance are both impossible, so nothing that could be accepted or could be a rival at
the address is lost; what remains is looked at in full. Near addresses are looked up without sketches, which passes nothing over.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from portcullis.matching.hashing import Keys
from portcullis.matching.people import expand

__all__ = ["beginnings", "bucket", "buckets", "close", "fingerprints", "in_order", "sign"]

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Signs = npt.NDArray[np.uint32]
BITS_PER_BUCKET = 2
"""A bucket holds about four rows."""
_SKETCH, _TYPED = np.uint32(0xFFFF), np.uint32(0x7FFF)


def fingerprints(keys: Keys) -> npt.NDArray[np.uint16]:
    """Sixteen bits of each key that no bucket is told by."""
    return (keys & np.uint64(0xFFFF)).astype(np.uint16)


def sign(keys: Keys, sketch: npt.NDArray[np.uint16]) -> Signs:
    """Fingerprint and sketch in one number."""
    signs: Signs = (fingerprints(keys).astype(np.uint32) << np.uint32(16)) | sketch
    return signs


def close(asked: npt.NDArray[np.uint16], filed: Signs) -> Flags:
    """Whether the streets of these sketches can be equal or within one edit, or one of them lacks its type."""
    differ = asked.astype(np.uint32) ^ (filed & _SKETCH)
    near: Flags = (differ > _TYPED) | (np.bitwise_count(differ) <= 2)
    return near


def in_order(keys: Keys) -> tuple[Rows, int]:
    """(rows in the order of their keys, those without a key last; how many have one)."""
    order = np.argsort(keys - np.uint64(1), kind="stable")  # 0 becomes the largest
    return order, int(np.count_nonzero(keys))


def beginnings(ordered: Keys) -> npt.NDArray[np.uint32]:
    """Where each bucket begins in keys that are in order and never 0; one more entry closes the last."""
    bits = max(1, len(ordered).bit_length() - BITS_PER_BUCKET)
    edges = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
    return np.append(np.searchsorted(ordered, edges), len(ordered)).astype(np.uint32)


def bucket(begin: npt.NDArray[np.uint32], keys: Keys) -> tuple[Rows, Rows]:
    """Where the bucket of each key begins and ends; nowhere for key 0."""
    bits = (len(begin) - 1).bit_length() - 1
    at = (keys >> np.uint64(64 - bits)).astype(np.int64)
    first = begin[at].astype(np.int64)
    return first, np.where(keys == 0, first, begin[at + 1].astype(np.int64))


def buckets(begin: npt.NDArray[np.uint32], keys: Keys) -> tuple[Rows, Rows]:
    """(which of `keys`, place in the index) for every row in the bucket of each key; none for key 0."""
    return expand(*bucket(begin, keys))
