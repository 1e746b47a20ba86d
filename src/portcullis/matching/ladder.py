"""The ladder: named rules by which a registered person may be the subject. One that holds is enough; a veto ends it.

A rung says how given name, family name and address must agree and which evidence beyond them is needed, because a relative who
is not on the register may share surname, address and even the given name. No rung adds anything up: each is a sentence.

Evidence: `number` the number given is this person's and nobody else's · `dob` birth dates agree · `dob_slip` both birth dates are
given, differ by one slip (evidence.py) and neither side alone states a generation: a relative who bears the same given name belongs to
another generation, and a slip never spans one · `middle` second names agree and neither side alone states a generation (a son bears
his father's second name too) · `rare` the given name is rare in the register and both families and addresses agree to the letter ·
`unshared` by the register's own count relatives practically never share that given name, and both families and addresses agree to the
letter (kin.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portcullis.matching.compare.evidence import CONFLICTS
from portcullis.matching.compare.family import Family
from portcullis.matching.compare.given import Given
from portcullis.matching.compare.place import Place

__all__ = ["LADDER", "VETOES", "Rung", "Veto", "climb", "vetoed"]

Columns = Mapping[str, npt.NDArray[np.int64]]
Flags = npt.NDArray[np.bool_]

_NAMED = frozenset({Given.SAME, Given.SPELLING})
_CALLED = _NAMED | {Given.SHORT, Given.TYPO, Given.CALLED}
_OF_FAMILY = frozenset({Family.SAME, Family.ORDER, Family.PART, Family.TYPO})
_SURE_FAMILY = frozenset({Family.SAME, Family.ORDER, Family.PART})
_ON_FILE = frozenset({Place.EQUAL, Place.WITHIN})


@dataclass(frozen=True, slots=True)
class Rung:
    """One rule: what must agree, and the evidence of which every one named must be there."""

    id: str
    sentence: str
    given: frozenset[Given]
    family: frozenset[Family]
    place: frozenset[Place]
    evidence: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The kind of evidence, a stratum of the agreement's budget (agreement.terms)."""
        return "_".join(self.evidence)


@dataclass(frozen=True, slots=True)
class Veto:
    """One conflict that ends a candidate whatever else agrees: a column and the value that vetoes."""

    id: str
    sentence: str
    column: str


LADDER: tuple[Rung, ...] = (
    Rung(
        "L1",
        "Name, address and taxpayer number agree, and the number is nobody else's.",
        _CALLED | {Given.INITIAL, Given.LOOSE},
        _OF_FAMILY,
        _ON_FILE,
        ("number",),
    ),
    Rung("L2", "Name, address and birth date agree.", _CALLED, _OF_FAMILY, _ON_FILE, ("dob",)),
    Rung(
        "L3",
        "Initial or a given name alike, family name, address, birth date and second name agree.",
        frozenset({Given.INITIAL, Given.LOOSE}),
        _OF_FAMILY,
        _ON_FILE,
        ("dob", "middle"),
    ),
    Rung("L4", "Given name, family name, address and second name agree.", _NAMED, _OF_FAMILY, _ON_FILE, ("middle",)),
    Rung(
        "L5",
        "A short form of the given name, family name, address and second name agree.",
        frozenset({Given.SHORT}),
        _SURE_FAMILY,
        _ON_FILE,
        ("middle",),
    ),
    Rung(
        "L6",
        "A given name with a slip of the pen, family name, address and second name agree.",
        frozenset({Given.TYPO}),
        _SURE_FAMILY,
        _ON_FILE,
        ("middle",),
    ),
    Rung(
        "L7",
        "A rare given name, family name and address agree to the letter.",
        frozenset({Given.SAME}),
        frozenset({Family.SAME}),
        frozenset({Place.EQUAL}),
        ("rare",),
    ),
    Rung(
        "L8",
        "A given name that relatives do not share, family name and address agree to the letter.",
        frozenset({Given.SAME}),
        frozenset({Family.SAME}),
        frozenset({Place.EQUAL}),
        ("unshared",),
    ),
    Rung(
        "L9",
        "Given name, family name and address agree to the letter, and the birth dates are one slip apart.",
        frozenset({Given.SAME}),
        frozenset({Family.SAME}),
        frozenset({Place.EQUAL}),
        ("dob_slip",),
    ),
    Rung(
        "L10",
        "An initial, and to the letter family name, address and birth date, agree.",
        frozenset({Given.INITIAL}),
        frozenset({Family.SAME}),
        frozenset({Place.EQUAL}),
        ("dob",),
    ),
)

VETOES: tuple[Veto, ...] = (
    Veto("V-NUMBER", "The taxpayer number given is not this person's.", "number"),
    Veto("V-DOB", "The birth dates differ.", "dob"),
    Veto("V-GENERATION", "One is Sr and the other Jr, or another generation.", "generation"),
    Veto("V-MIDDLE", "The second names differ.", "middle"),
    Veto("V-UNIT", "The units differ.", "unit"),
)


def vetoed(pairs: Columns, vetoes: tuple[Veto, ...] = VETOES) -> npt.NDArray[np.int8]:
    """For each pair the number (from 1) of the first veto that holds, 0 for none."""
    found = np.zeros(len(pairs["given"]), np.int8)
    for number, veto in reversed(list(enumerate(vetoes, 1))):
        found[pairs[veto.column] == CONFLICTS] = number
    return found


def _member(values: npt.NDArray[np.int64], allowed: frozenset[Given] | frozenset[Family] | frozenset[Place]) -> Flags:
    held: Flags = np.logical_or.reduce([values == int(level) for level in sorted(allowed)])
    return held


def climb(pairs: Columns, evidence: Mapping[str, Flags], ladder: tuple[Rung, ...] = LADDER) -> npt.NDArray[np.int8]:
    """For each pair the number (from 1) of the first rung that holds, 0 for none. Vetoes are not looked at here."""
    found = np.zeros(len(pairs["given"]), np.int8)
    for number, rung in reversed(list(enumerate(ladder, 1))):
        holds = _member(pairs["given"], rung.given) & _member(pairs["family"], rung.family) & _member(pairs["place"], rung.place)
        for name in rung.evidence:
            holds &= evidence[name]
        found[holds] = number
    return found
