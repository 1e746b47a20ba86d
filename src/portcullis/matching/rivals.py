"""Rivals: anybody else who could be meant by the same request. One rival is enough that a person must decide (R34).

Looked for widely and only where exactly one person is acceptable: everybody at the address, in any unit, within its tolerance
or near it, everybody who ever shared a door with the accepted person (a brother whose stay is not on file), and every holder of
the number given. Nobody is passed over for a low likelihood, only for a reason to be somebody else:

- another family name without a token in common, or another given name (two known given names are two people);
- a conflict in second name, birth date, generation or number.

A missing name is no reason. A different unit is no reason: units are the part of an address most often wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from portcullis.matching.compare.evidence import CONFLICTS
from portcullis.matching.compare.family import Family
from portcullis.matching.compare.given import Given
from portcullis.matching.compare.place import Place

__all__ = ["APART_BY", "could_be_meant"]

APART_BY = ("middle", "dob", "generation", "number")
"""A conflict in one of these shows another person."""


def could_be_meant(pairs: Mapping[str, npt.NDArray[np.int64]], apart_by: tuple[str, ...] = APART_BY) -> npt.NDArray[np.bool_]:
    """Whether each pair's person could be the one the request means."""
    here = pairs["place"] >= Place.WITHIN
    family, given = pairs["family"], pairs["given"]
    by_family = np.where(here, family != Family.OTHER, family >= Family.TYPO)
    by_given = np.where(here, given != Given.OTHER, given >= Given.LOOSE)
    meant: npt.NDArray[np.bool_] = by_family & by_given
    for column in apart_by:
        meant &= pairs[column] != CONFLICTS
    return meant
