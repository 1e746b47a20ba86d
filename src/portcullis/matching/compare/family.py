"""Family names: how two of them agree. The highest level that holds stands.

SAME     the same letters, particles counted or not (De la Cruz, Delacruz; O'Brien, OBrien)
ORDER    the same core tokens in another order (Garcia Lopez, Lopez Garcia)
PART     all core tokens of one occur in the other (Garcia, Garcia Lopez; Smith, Smith-Jones)
TYPO     one edit from three letters, two from six, three from nine; one spelling of one sound; cut short after five letters; or
         PART with tokens of five letters one edit apart
KIN      they share a core token, exactly or within one edit: relatives, never the same person by name
OTHER    none of these
UNKNOWN  one of them is missing
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

from portcullis.matching.compare.coded import Names
from portcullis.matching.compare.near import begins, distances, same_sound, unique_pairs

__all__ = ["Family", "compare_family", "edits_allowed"]

Rows = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int8]
CUT_FROM = 5


class Family(IntEnum):
    """Levels of agreement of two family names."""

    UNKNOWN = -1
    OTHER = 0
    KIN = 1
    TYPO = 2
    PART = 3
    ORDER = 4
    SAME = 5


def edits_allowed(length: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Edits a family name of `length` letters (the shorter of the two) may differ by and be the same name."""
    return np.where(length >= 9, 3, np.where(length >= 6, 2, np.where(length >= 3, 1, 0)))


def _inside(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(every token of `a` occurs in `b`, some token does), row by row."""
    every, some = np.ones(len(a), np.bool_), np.zeros(len(a), np.bool_)
    for k in range(a.shape[1]):
        token = a[:, k]
        hit = (token[:, None] == b).any(axis=1) & (token >= 0)
        every &= hit | (token < 0)
        some |= hit
    return every & (a[:, 0] >= 0), some


def _near_token(left: str, right: str) -> bool:
    return left == right or (min(len(left), len(right)) >= 5 and OSA.distance(left, right, score_cutoff=1) <= 1)


def _double(left: str, right: str) -> int:
    """TYPO, KIN or OTHER for two names of which one has several tokens."""
    a, b = left.split(), right.split()
    if all(any(_near_token(x, y) for y in b) for x in a) or all(any(_near_token(x, y) for x in a) for y in b):
        return Family.TYPO
    return Family.KIN if any(_near_token(x, y) for x in a for y in b) else Family.OTHER


def _doubles(names: Names, left: Rows, right: Rows) -> Levels:
    """`_double` once per distinct pair, for pairs in which one side has several tokens."""
    tokens = names.family_tokens
    levels = np.zeros(len(left), np.int8)
    rows = np.flatnonzero((tokens[left, 1] >= 0) | (tokens[right, 1] >= 0))
    if not len(rows):
        return levels
    a, b, where = unique_pairs(names.family.code[left[rows]], names.family.code[right[rows]])
    sample = {int(c): int(i) for c, i in zip(names.family.code, range(len(names.family.code)), strict=True) if c >= 0}

    def words(code: int) -> str:
        return " ".join(names.token_texts[t] for t in tokens[sample[code]].tolist() if t >= 0)

    found = [_double(words(x), words(y)) if x >= 0 and y >= 0 else 0 for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    levels[rows] = np.array(found, np.int8)[where]
    return levels


def _typos(names: Names, left: Rows, right: Rows) -> Levels:
    """TYPO or OTHER by letters, sound or cutting short."""
    lengths = np.array([len(v) for v in names.family.values] + [0], np.int64)
    short = np.minimum(lengths[names.family.code[left]], lengths[names.family.code[right]])
    near = distances(names.family, left, right, 3) <= edits_allowed(short)
    far = np.flatnonzero(~near & (short >= 4))
    near[far] = same_sound(names.family, left[far], right[far])
    levels = np.where(near, np.int8(Family.TYPO), np.int8(Family.OTHER))
    rest = np.flatnonzero(~near & (short >= CUT_FROM))
    levels[rest[begins(names.family, left[rest], right[rest])]] = Family.TYPO
    return levels


def compare_family(names: Names, left: Rows, right: Rows) -> Levels:
    """The level of each pair of rows."""
    code, tokens = names.family.code, names.family_tokens
    unknown = (code[left] < 0) | (code[right] < 0)
    some, part = np.zeros(len(left), np.bool_), np.zeros(len(left), np.bool_)
    for a, b in ((left, right), (right, left)):
        inside, shared = _inside(tokens[a], tokens[b])
        part |= inside
        some |= shared
    levels = np.where(some, np.int8(Family.KIN), np.int8(Family.OTHER))
    levels[part] = Family.PART
    levels[names.family_sorted[left] == names.family_sorted[right]] = Family.ORDER
    levels[(code[left] == code[right]) | (names.family_core[left] == names.family_core[right])] = Family.SAME
    open_ = np.flatnonzero(~unknown & (levels < Family.TYPO))
    levels[open_] = np.maximum(levels[open_], _typos(names, left[open_], right[open_]))
    open_ = open_[levels[open_] < Family.TYPO]
    levels[open_] = np.maximum(levels[open_], _doubles(names, left[open_], right[open_]))
    levels[unknown] = Family.UNKNOWN
    return levels
