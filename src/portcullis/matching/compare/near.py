"""Near texts: optimal-string-alignment distance over pairs of codes, behind a bound that never loses a near pair.

The bound is sound for any length: one edit changes at most two of the letters present (a substitution) and the length by at
most one, so a pair further apart in either cannot be within the limit. Only survivors reach the letters.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rapidfuzz import process
from rapidfuzz.distance import OSA

from portcullis.intake.names import sound
from portcullis.matching.compare.coded import Codes, Texts
from portcullis.matching.letters import letter_bits, sound_perhaps

__all__ = ["FAR", "begins", "distances", "same_sound", "unique_pairs"]

FAR = 9
"""What is further apart than the limit."""


def unique_pairs(left: Codes, right: Codes) -> tuple[Codes, Codes, npt.NDArray[np.int64]]:
    """Distinct (left, right) code pairs, and for each given pair which of them it is."""
    packed = (left.astype(np.int64) << 32) | right.astype(np.int64)
    distinct, where = np.unique(packed, return_inverse=True)
    return (distinct >> 32).astype(np.int32), (distinct & 0xFFFFFFFF).astype(np.int32), where


def distances(texts: Texts, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64], limit: int) -> npt.NDArray[np.uint8]:
    """OSA distance of the texts of rows `left` and `right` where it is at most `limit`, else FAR; FAR for nulls."""
    a, b, where = unique_pairs(texts.code[left], texts.code[right])
    found = np.full(len(a), FAR, np.uint8)
    lengths = np.array([len(v) for v in texts.values] + [0], np.int64)
    masks = np.append(letter_bits(pa.array(texts.values, pa.string())), np.uint32(0))
    possible = (a >= 0) & (b >= 0) & (np.abs(lengths[a] - lengths[b]) <= limit)
    possible &= np.bitwise_count(masks[a] ^ masks[b]) <= 2 * limit
    rows = np.flatnonzero(possible)
    if len(rows):
        values = texts.values
        measured = process.cpdist(
            [values[c] for c in a[rows].tolist()],
            [values[c] for c in b[rows].tolist()],
            scorer=OSA.distance,
            score_cutoff=limit,
            dtype=np.uint8,
        )
        found[rows] = np.where(measured <= limit, measured, FAR)
    return found[where]


def same_sound(texts: Texts, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether the texts of rows `left` and `right` are spellings of one sound; the sound is made only of the texts looked at."""
    a, b, where = unique_pairs(texts.code[left], texts.code[right])
    bits = np.append(letter_bits(pa.array(texts.values, pa.string())), np.uint32(0))
    same = (a >= 0) & (b >= 0) & sound_perhaps(bits[a], bits[b])
    rows = np.flatnonzero(same)
    heard = {c: sound(texts.values[c]) for c in set(a[rows].tolist() + b[rows].tolist())}
    same[rows] = [heard[x] == heard[y] for x, y in zip(a[rows].tolist(), b[rows].tolist(), strict=True)]
    return same[where]


def begins(texts: Texts, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether one of the texts of rows `left` and `right` begins with the other."""
    a, b, where = unique_pairs(texts.code[left], texts.code[right])
    values = texts.values
    begun = [
        x >= 0 and y >= 0 and (values[x].startswith(values[y]) or values[y].startswith(values[x]))
        for x, y in zip(a.tolist(), b.tolist(), strict=True)
    ]
    return np.array(begun, np.bool_)[where]
