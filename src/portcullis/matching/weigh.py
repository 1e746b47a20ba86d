"""Match weights: how much each comparison speaks for or against one person, in bits, for the eye of a reviewer who has decided.

Fellegi and Sunter (1969): the weight of an agreement is log2(m / u), m how often it is seen between two records of one person, u
how often between two persons drawn at random. u of a given name is its own share of this register (Winkler's frequency weights).
The m values are assumptions, written here; the weights decide nothing. They order, they explain, and `match evaluate` shows how far
off the probability made of them is: relatives agree in family name and address, so these two count as one fact and
the probability is still too high. That is why the ladder decides and not a score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from portcullis.matching.compare.family import Family
from portcullis.matching.compare.given import Given
from portcullis.matching.compare.place import Place
from portcullis.matching.hashing import text_keys
from portcullis.matching.register import Register

__all__ = ["given_share", "probability", "waterfall"]

M_GIVEN = {
    Given.SAME: 0.88, Given.SPELLING: 0.02, Given.SHORT: 0.03, Given.TYPO: 0.03, Given.CALLED: 0.01, Given.INITIAL: 0.01,
    Given.LOOSE: 0.01, Given.OTHER: 0.01,
}  # fmt: skip
U_GIVEN = {
    Given.SPELLING: 0.002, Given.SHORT: 0.004, Given.TYPO: 0.004, Given.CALLED: 0.004, Given.INITIAL: 0.06, Given.LOOSE: 0.03,
    Given.OTHER: 0.89,
}  # fmt: skip
M_HOME = {Place.EQUAL: 0.9, Place.WITHIN: 0.03, Place.NEAR: 0.02, Place.ELSEWHERE: 0.05}
_FAMILY_CONFLICT, _FAMILY_LESS = -6.0, -2.0
STATES = {  # column: bits for (conflict, one side only, open, agrees)
    "middle": (-6.0, 0.0, 0.0, 4.0),
    "dob": (-9.0, 0.0, 0.0, 14.0),
    "number": (-9.0, 0.0, 0.0, 26.0),
    "generation": (-9.0, -2.0, 0.0, 2.0),
    "unit": (-5.0, 0.0, -0.5, 0.5),
}
_AT = {-1: 0, -2: 1, 0: 2, 1: 3}


def _given(level: int, share: float) -> float:
    given = Given(level)
    if given is Given.UNKNOWN:
        return 0.0
    return math.log2(M_GIVEN[given] / (max(share, 1e-9) if given is Given.SAME else U_GIVEN[given]))


def _home(place: int, family: int, persons: int) -> float:
    """Family name and address together: agreeing in one makes the other likely, so both stand for one household of this register."""
    household = math.log2(M_HOME[Place(place)] * max(persons, 1) / 2.5) if place >= Place.WITHIN else math.log2(M_HOME[Place(place)])
    if family == Family.SAME:
        return household
    return household + (_FAMILY_CONFLICT if family <= Family.KIN else _FAMILY_LESS)


def waterfall(row: Mapping[str, Any], share: float, persons: int) -> list[tuple[str, float]]:
    """(what was compared, bits) for one row of the evidence table; `share` of the register bears the given name asked for.

    The first step is where everybody starts: one person of so many.
    """
    steps = [
        ("one person of the register", -math.log2(max(persons, 1))),
        ("family name and address", _home(row["place"], row["family"], persons)),
        ("given name", _given(row["given"], share)),
    ]
    return [*steps, *((column, bits[_AT[row[column]]]) for column, bits in STATES.items())]


def probability(steps: list[tuple[str, float]]) -> float:
    """What the weights together claim that this person is meant."""
    total = sum(bits for _, bits in steps)
    return 1 / (1 + 2.0 ** -min(max(total, -60.0), 60.0))


def given_share(requests: pa.Table, register: Register) -> list[float]:
    """For each prepared request the share of the register that bears its first given name; half a person where nobody does."""
    keys, known = text_keys(requests["given_first"]), register.column("given", "key")
    at = np.minimum(np.searchsorted(known, keys), max(len(known) - 1, 0))
    bearers = register.column("given", "persons")[at] if len(known) else np.zeros(len(keys), np.int64)
    hit = (known[at] == keys) if len(known) else np.zeros(len(keys), np.bool_)
    shares: list[float] = (np.maximum(np.where(hit, bearers, 0), 0.5) / max(register.size, 1)).tolist()
    return shares
