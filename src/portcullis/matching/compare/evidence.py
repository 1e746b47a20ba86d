"""Evidence beyond name and address: second names, birth date, number, generation. Each agrees (1), conflicts (-1) or is open (0).

Second names are the middle field and whatever follows the first given name. They agree when any two are equal, are one edit
apart in four letters or more, or one is the other's initial. They conflict when both sides have some and none agree, or when
both wrote several given names and those disagree (José Luis, José Antonio are brothers). A second name that is the other's
family name (a maiden name kept) decides nothing.

Birth dates conflict when they differ, except that a slip (day and month exchanged, one digit, two neighbouring digits exchanged,
at most nine years apart, less than any generation) is open. Numbers likewise: one digit or one exchange apart is open, and so is
a number that is given but unusable. Generations: one side only is `ONE_SIDED`, because a son is often filed without "Jr".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

from portcullis.matching.compare.coded import NO_DATE, Names
from portcullis.matching.compare.near import unique_pairs

__all__ = [
    "AGREES", "CONFLICTS", "ONE_SIDED", "OPEN", "compare_dob", "compare_generation", "compare_middle", "compare_number", "dob_slips",
]  # fmt: skip

Rows = npt.NDArray[np.int64]
States = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]
AGREES, OPEN, CONFLICTS, ONE_SIDED = np.int8(1), np.int8(0), np.int8(-1), np.int8(-2)
SLIP_YEARS = 9


def _near_second(left: str, right: str) -> bool:
    """Whether two second names agree."""
    if left == right or (1 in (len(left), len(right)) and left[0] == right[0]):
        return True
    return min(len(left), len(right)) >= 4 and OSA.distance(left, right, score_cutoff=1) <= 1


def _any_near(names: Names, a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]) -> Flags:
    """Whether any second name of row k of `a` agrees with any of `b`."""
    hit = np.zeros(len(a), np.bool_)
    for i in range(a.shape[1]):
        for j in range(b.shape[1]):
            rows = np.flatnonzero(~hit & (a[:, i] >= 0) & (b[:, j] >= 0))
            x, y, where = unique_pairs(a[rows, i], b[rows, j])
            texts = names.token_texts
            near = np.array([_near_second(texts[p], texts[q]) for p, q in zip(x.tolist(), y.tolist(), strict=True)], np.bool_)
            hit[rows] = near[where] if len(rows) else False
    return hit


def compare_middle(names: Names, left: Rows, right: Rows) -> States:
    """Second names."""
    seconds = np.concatenate([names.rest[:, :2], names.middle[:, None]], axis=1)
    a, b = seconds[left], seconds[right]
    both = (a >= 0).any(axis=1) & (b >= 0).any(axis=1)
    near = _any_near(names, a, b)
    rest_a, rest_b = names.rest[left][:, :2], names.rest[right][:, :2]
    apart = (rest_a[:, 0] >= 0) & (rest_b[:, 0] >= 0) & ~_any_near(names, rest_a, rest_b)
    long = np.array([len(t) > 1 for t in names.token_texts] + [False])
    kept = np.zeros(len(left), np.bool_)
    for mine, theirs in ((a, names.family_tokens[right]), (b, names.family_tokens[left])):
        for k in range(mine.shape[1]):
            kept |= (mine[:, k][:, None] == theirs).any(axis=1) & (mine[:, k] >= 0) & long[mine[:, k]]
    states = np.where(both, np.where(near, AGREES, np.where(kept, OPEN, CONFLICTS)), OPEN)
    return np.where(apart, CONFLICTS, states).astype(np.int8)


def _digits(value: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int64]:
    return np.stack([value // 10**k % 10 for k in range(width)], axis=1)


def _slip(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64], width: int) -> Flags:
    """One digit differs, or two neighbouring digits are exchanged."""
    x, y = _digits(a, width), _digits(b, width)
    differs = x != y
    count = differs.sum(axis=1)
    pair = differs[:, :-1] & differs[:, 1:]
    exchanged = (pair & (x[:, :-1] == y[:, 1:]) & (x[:, 1:] == y[:, :-1])).any(axis=1)
    slip: Flags = (count == 1) | ((count == 2) & exchanged)
    return slip


def _ymd(days: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int64], ...]:
    date = days.astype("datetime64[D]")
    year = date.astype("datetime64[Y]").astype(np.int64) + 1970
    month = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (date - date.astype("datetime64[M]")).astype(np.int64) + 1
    return year, month, day


def dob_slips(names: Names, left: Rows, right: Rows) -> Flags:
    """Whether both birth dates are given and one slip apart: day and month, one digit, or two neighbouring digits exchanged."""
    a, b = names.dob[left], names.dob[right]
    both = (a != NO_DATE) & (b != NO_DATE)
    safe_a, safe_b = np.where(both, a, 0).astype(np.int32), np.where(both, b, 0).astype(np.int32)
    (ya, ma, da), (yb, mb, db) = _ymd(safe_a), _ymd(safe_b)
    swapped = (ya == yb) & (ma == db) & (da == mb)
    slip = swapped | (_slip(ya * 10_000 + ma * 100 + da, yb * 10_000 + mb * 100 + db, 8) & (np.abs(ya - yb) <= SLIP_YEARS))
    slips: Flags = both & slip & (a != b)
    return slips


def compare_dob(names: Names, left: Rows, right: Rows) -> States:
    """Birth dates."""
    a, b = names.dob[left], names.dob[right]
    open_ = (a == NO_DATE) | (b == NO_DATE) | dob_slips(names, left, right)
    return np.where(open_, OPEN, np.where(a == b, AGREES, CONFLICTS)).astype(np.int8)


def compare_number(names: Names, left: Rows, right: Rows) -> States:
    """Taxpayer numbers."""
    a, b = names.number[left], names.number[right]
    both = (a >= 0) & (b >= 0)
    slip = _slip(np.maximum(a, 0), np.maximum(b, 0), 9)
    return np.where(~both, OPEN, np.where(a == b, AGREES, np.where(slip, OPEN, CONFLICTS))).astype(np.int8)


def compare_generation(names: Names, left: Rows, right: Rows) -> States:
    """Generations: Jr, Sr, III."""
    a, b = names.generation[left], names.generation[right]
    return np.where((a == 0) & (b == 0), OPEN, np.where(a == b, AGREES, np.where((a == 0) | (b == 0), ONE_SIDED, CONFLICTS))).astype(
        np.int8
    )
