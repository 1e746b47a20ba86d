"""Given names: how two of them agree. `left` is the request's, `right` the register's. The highest level that holds stands.

SAME      the same letters, or the same first token (Mary Ann, Maryann, Mary)
SPELLING  spellings of one name (Mohammed, Muhammad), from the lexicon
SHORT     a short form and its full name, or two short forms that begin alike (Bill, William; Bob, Bobby)
TYPO      one edit from four letters, two from six, or one sound; only when the request's token is no known given name
CALLED    one's first name is the other's second (Luis, Jose Luis)
INITIAL   one is the initial of the other
LOOSE     within two edits or cut short, not both known names: enough for a rival, never for the subject
OTHER     none of these; two different known names are two people (Donald, Ronald)
UNKNOWN   one of them is missing
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from portcullis.matching.compare.coded import Names, Texts
from portcullis.matching.compare.near import begins, distances, same_sound

__all__ = ["Given", "compare_given"]

Rows = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]


class Given(IntEnum):
    """Levels of agreement of two given names."""

    UNKNOWN = -1
    OTHER = 0
    LOOSE = 1
    INITIAL = 2
    CALLED = 3
    TYPO = 4
    SHORT = 5
    SPELLING = 6
    SAME = 7


def _lengths(texts: Texts) -> npt.NDArray[np.int64]:
    return np.array([len(v) for v in texts.values] + [0], np.int64)[texts.code]


def _short_form(names: Names, left: Rows, right: Rows) -> Flags:
    """One is short for the other, or both for the same name and they begin with the same three letters."""
    spelling, roots = names.spelling, names.roots
    hit = np.zeros(len(left), np.bool_)
    for a, b in ((left, right), (right, left)):
        hit |= ((roots[a] == spelling[b][:, None]) & (roots[a] > 0)).any(axis=1)
    heads = {v: i for i, v in enumerate(dict.fromkeys(t[:3] for t in names.first.values))}
    head = np.array([heads[t[:3]] for t in names.first.values] + [-1], np.int64)[names.first.code]
    for k in range(roots.shape[1]):
        root = roots[left][:, k]
        hit |= ((root[:, None] == roots[right]).any(axis=1)) & (root > 0) & (head[left] == head[right])
    return hit


def _called(names: Names, first_token: npt.NDArray[np.int32], left: Rows, right: Rows, long: Flags) -> Flags:
    """One's first name stands among the other's second names, written in full."""
    hit = np.zeros(len(left), np.bool_)
    for a, b in ((left, right), (right, left)):
        token = first_token[a]
        found = (token[:, None] == names.rest[b]).any(axis=1) | (token == names.middle[b])
        hit |= found & (token >= 0) & long[a]
    return hit


def _first_tokens(names: Names) -> npt.NDArray[np.int32]:
    """First given names in the token dictionary."""
    by_text = {t: i for i, t in enumerate(names.token_texts)}
    return np.array([by_text.get(v, -1) for v in names.first.values] + [-1], np.int32)[names.first.code]


def _alike(names: Names, left: Rows, right: Rows, length: npt.NDArray[np.int64]) -> tuple[Flags, Flags]:
    """(a slip of the pen apart, loosely alike) by letters and sound, whether known or not."""
    short = np.minimum(length[left], length[right])
    apart = np.minimum(distances(names.first, left, right, 2), distances(names.given, left, right, 2))
    slip = apart <= np.where(short >= 6, 2, np.where(short >= 4, 1, 0))
    far = np.flatnonzero(~slip & (short >= 3))
    slip[far] = same_sound(names.first, left[far], right[far])
    loose = (apart <= 2) & (short >= 3)
    rest = np.flatnonzero(~loose & (short >= 3))
    loose[rest] = begins(names.first, left[rest], right[rest])
    return slip, loose | slip


def compare_given(names: Names, known: Flags, left: Rows, right: Rows) -> Levels:
    """The level of each pair of rows; `known` says of each row whether its first token is a known given name."""
    code, length = names.first.code, _lengths(names.first)
    slip, loose = _alike(names, left, right, length)
    levels = np.where(loose & ~(known[left] & known[right]), np.int8(Given.LOOSE), np.int8(Given.OTHER))
    initials = np.array([v[:1] for v in names.first.values] + [""])[code]
    either_short = (length[left] == 1) | (length[right] == 1)
    levels[either_short & (initials[left] == initials[right])] = Given.INITIAL
    levels[_called(names, _first_tokens(names), left, right, length > 2)] = Given.CALLED
    levels[slip & ~known[left] & ~either_short] = Given.TYPO
    levels[_short_form(names, left, right)] = Given.SHORT
    levels[(names.spelling[left] == names.spelling[right]) & (names.spelling[left] > 0)] = Given.SPELLING
    same = (names.given.code[left] == names.given.code[right]) | (code[left] == code[right])
    levels[same & ~either_short] = Given.SAME
    levels[(code[left] < 0) | (code[right] < 0)] = Given.UNKNOWN
    return levels
