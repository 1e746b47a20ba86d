"""The direct index: from a 64-bit key to its rows by one look at an array, and past all rows that cannot be the address asked for.

Rows lie in the order of their keys, and the keys are well mixed, so the first bits of a key say where its rows begin: `begin` has one
entry for each value of those bits. Beside every row stand three small numbers, by which a row is passed over without reading a letter:

point   hash of the delivery point: differs, then the addresses are not equal
frame   hash of house number, directions and unit: differs, then they are not within tolerance
letters which letters occur in the street name, and whether its type is missing: one edit changes at most two of them

A row is passed over only where equality and tolerance are both impossible, so nothing that could be accepted or could be a rival at
the address is lost; what remains is compared in full. Near addresses are looked up by `find`, which passes nothing over.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.hashing import Keys, text_keys
from portcullis.matching.letters import ALPHABET, letter_bits
from portcullis.matching.people import expand

__all__ = ["BITS_PER_BUCKET", "Marks", "bucket", "buckets", "marks_of", "possible", "sorted_index"]

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Marks = dict[str, npt.NDArray[np.uint32]]
BITS_PER_BUCKET = 2
"""A bucket holds about four rows."""
_NO_TYPE = 31


def _low(keys: Keys) -> npt.NDArray[np.uint32]:
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)


def marks_of(place: pa.Table) -> Marks:
    """`point`, `frame` and `letters` of standardised addresses (PLACE_COLUMNS); frame 0 where there is no street to be near."""
    street = pc.fill_null(pc.equal(place["kind"], "street"), False)
    street = pc.and_(street, pc.and_(pc.is_valid(place["house"]), pc.is_valid(place["street_name"])))
    parts = [pc.fill_null(place[c], "") for c in ("house", "predir", "postdir", "unit_key")]
    frame = text_keys(pc.if_else(street, pc.binary_join_element_wise(*parts, "|"), None))
    letters = letter_bits(pc.if_else(street, place["street_name"], None))
    untyped = np.asarray(pc.is_null(place["street_type"])).astype(np.uint32) << np.uint32(_NO_TYPE)
    return {
        "point": _low(text_keys(place["delivery_key"])),
        "frame": np.where(frame == 0, 0, _low(frame) | 1),
        "letters": letters | untyped,
    }


def possible(asked: Marks, request: Rows, filed: Marks, at: Rows) -> Flags:
    """Whether the address at each place `at` of the index can be equal to, or within tolerance of, that of `request`."""
    same: Flags = asked["point"][request] == filed["point"][at]
    rest = np.flatnonzero(~same)
    frame = asked["frame"][request[rest]]
    rest = rest[(frame == filed["frame"][at[rest]]) & (frame != 0)]
    differ = asked["letters"][request[rest]] ^ filed["letters"][at[rest]]
    typed = differ >> np.uint32(_NO_TYPE)
    same[rest] = (typed == 1) | (np.bitwise_count(differ & ALPHABET) <= 2)
    return same


def _bits(rows: int) -> int:
    return max(1, int(rows).bit_length() - BITS_PER_BUCKET)


def sorted_index(keys: Keys, rows: Rows, marks: Marks | None = None) -> tuple[pa.Table, pa.Table]:
    """(key, row and marks in the order of keys; where each bucket begins). Rows without a key are left out."""
    live = np.flatnonzero(keys)
    order = live[np.argsort(keys[live], kind="stable")]
    table = {"key": pa.array(keys[order]), "row": pa.array(rows[order].astype(np.uint32))}
    table |= {name: pa.array(values[order]) for name, values in (marks or {}).items()}
    bits = _bits(len(order))
    edges = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
    begin = np.append(np.searchsorted(keys[order], edges), len(order)).astype(np.uint32)
    return pa.table(table), pa.table({"begin": pa.array(begin)})


def bucket(begin: npt.NDArray[np.uint32], rows: int, keys: Keys) -> tuple[Rows, Rows]:
    """Where the bucket of each key begins and ends in an index of so many rows; nowhere for key 0."""
    at = (keys >> np.uint64(64 - _bits(rows))).astype(np.int64)
    first = begin[at].astype(np.int64)
    return first, np.where(keys == 0, first, begin[at + 1].astype(np.int64))


def buckets(begin: npt.NDArray[np.uint32], rows: int, keys: Keys) -> tuple[Rows, Rows]:
    """(which of `keys`, place in the index) for every row in the bucket of each key; none for key 0."""
    return expand(*bucket(begin, rows, keys))
