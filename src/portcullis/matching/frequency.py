"""Given names by the register's own count: which tokens are names, and which are rare enough to be evidence.

*Known*: carried by so many persons that it is not a slip of the pen, or in the shipped lexicon. *Rare*: carried by fewer than
0.05 % of the persons, with 95 % confidence by fewer than 0.1 % (a small register calls nothing rare that it has merely not met),
and no name that is not rare lies within one edit, is a spelling, or is a short or full form of it: a rare spelling of John is John.
*Shared* and *unshared* among relatives: see kin.py. A shared name is not rare enough for anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rapidfuzz.distance import OSA

from portcullis.matching import kin
from portcullis.matching.hashing import text_keys
from portcullis.matching.lexicon import Lexicon, lexicon

__all__ = ["RARE_SHARE", "given_table", "known_from"]

Rows = npt.NDArray[np.int64]

RARE_SHARE = 0.0005
"""matching.md: "given name rarer than 0.05 %"."""

CERTAIN_SHARE = 0.001
"""What the share lies below with 95 % confidence."""


def known_from(persons: int) -> int:
    """From how many persons on a token counts as a name: 3 in a small register, 802 in one of 160 million."""
    return 2 + math.ceil(persons / 200_000)


def _deletions(token: str) -> Iterator[str]:
    yield token
    for i in range(len(token)):
        yield token[:i] + token[i + 1 :]


def _near(common: Iterable[str]) -> dict[str, list[str]]:
    """Common names by themselves and by each of their single deletions: two texts within one edit share one of these."""
    near: dict[str, list[str]] = {}
    for token in common:
        for part in set(_deletions(token)):
            near.setdefault(part, []).append(token)
    return near


def _rare(counts: dict[str, int], persons: int, words: Lexicon) -> set[str]:
    few = {t for t, n in counts.items() if n < RARE_SHARE * persons and kin.upper_bound(n) < CERTAIN_SHARE * persons and len(t) > 1}
    common = set(counts) - few
    near = _near(common)
    codes = {code for t in common for code in (words.code(t), *words.roots(t))} - {0}

    def stands_apart(token: str) -> bool:
        if words.code(token) in codes or words.roots(token) & codes:
            return False
        alike = {other for part in _deletions(token) for other in near.get(part, ())}
        return all(OSA.distance(token, other, score_cutoff=1) > 1 for other in alike)

    return {t for t in few if stands_apart(t)}


def _unshared(with_kin: int, namesakes: int) -> bool:
    """Whether relatives surely hardly ever share the name."""
    return with_kin > 0 and kin.upper_bound(namesakes) < kin.UNSHARED_SHARE * with_kin


def _shared(with_kin: int, namesakes: int) -> bool:
    """Whether relatives surely share the name now and then."""
    return kin.lower_bound(namesakes) > kin.SHARED_SHARE * with_kin


def given_table(tokens: Sequence[str], counts: Rows, persons: int, with_kin: Rows, namesakes: Rows) -> pa.Table:
    """Columns: key (uint64, sorted), token, persons, with_kin, namesakes (see kin.py), and 0/1: known (by count), rare, unshared.

    `counts`: persons per token.
    """
    home = list(zip(with_kin.tolist(), namesakes.tolist(), strict=True))
    shared = {t for t, pair in zip(tokens, home, strict=True) if _shared(*pair)}
    rare = _rare(dict(zip(tokens, counts.tolist(), strict=True)), persons, lexicon()) - shared
    keys = text_keys(pa.array(tokens, pa.string()))
    table = pa.table(
        {
            "key": pa.array(keys),
            "token": pa.array(tokens, pa.string()),
            "persons": pa.array(counts),
            "with_kin": pa.array(with_kin),
            "namesakes": pa.array(namesakes),
            "known": pa.array((counts >= known_from(persons)).astype(np.int8)),
            "rare": pa.array([int(t in rare) for t in tokens], pa.int8()),
            "unshared": pa.array([int(_unshared(*pair)) for pair in home], pa.int8()),
        }
    )
    return table.take(pa.array(np.argsort(keys, kind="stable")))
