"""Parts: what one written field says, whatever was put into it.

Each function takes one raw value and is pure, so a column is standardised by its distinct values. Nothing is thrown away that
could tell two people apart: particles stay in the compact form, a generation found in any field is kept as such.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from portcullis.intake.names.letters import fold

__all__ = ["Family", "Given", "family_parts", "generation_of", "given_parts", "middle_parts"]

GENERATIONS = {
    "SR": 1, "SENIOR": 1, "I": 1, "1ST": 1, "JR": 2, "JNR": 2, "JUNIOR": 2, "II": 2, "2ND": 2, "2": 2, "III": 3, "3RD": 3, "3": 3,
    "IV": 4, "4TH": 4, "4": 4, "V": 5, "5TH": 5, "5": 5,
}  # fmt: skip
_GENERATION_IN_NAME = frozenset({"SR", "SENIOR", "JR", "JNR", "JUNIOR", "II", "2ND", "III", "3RD", "IV", "4TH"})
_TITLES = frozenset({"MR", "MRS", "MS", "MISS", "DR", "REV", "SGT", "HON"})
_DEGREES = frozenset({"MD", "PHD", "ESQ", "CPA", "DDS", "RN"})
_PARTICLE_WORDS = """
DE LA LAS LOS DEL DELA DA DAS DO DOS DI DU DAL DALLA DELLA VAN VON DER DEN DES TER TEN VOM ZU ZUR AL EL BIN IBN BINT ABD ABU Y E
"""
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_GLUE = frozenset({"MC", "MAC", "O", "D", "ST", "SAN", "SANTA", "LE"})
_NO_MIDDLE = frozenset({"NMN", "NMI", "NONE", "NA", "NULL", "UNKNOWN", "UNK"})
_SAINT = {"SAINT": "ST", "SAINTE": "STE"}


@dataclass(frozen=True, slots=True)
class Given:
    """A given-name field: compact letters, first token, the tokens after it, and a generation or family name found in it."""

    compact: str | None = None
    first: str | None = None
    rest: str | None = None
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """A family-name field: compact letters with particles, the core tokens, a generation, and a given name after a comma."""

    compact: str | None = None
    tokens: str | None = None
    generation: int | None = None
    given: str | None = None


def generation_of(value: str | None) -> int | None:
    """The generation a suffix field states (Sr 1, Jr and II 2, III 3 …), or None."""
    if not value:
        return None
    words = re.sub(r"[^A-Z0-9 ]", "", value.upper()).split()
    return next((GENERATIONS[w] for w in words if w in GENERATIONS), None)


def _split(value: str) -> tuple[list[str], int | None]:
    """Tokens without titles, degrees and generation marks, as long as a name remains; and the generation."""
    raw = re.sub(r"\b([23])(nd|rd)\b", lambda m: {"2": "II", "3": "III"}[m[1]], value, flags=re.IGNORECASE)
    tokens = fold(raw).split()
    marks = [t for t in tokens[1:] if t in _GENERATION_IN_NAME]
    kept = [t for i, t in enumerate(tokens) if not (i and t in _GENERATION_IN_NAME) and t not in _DEGREES]
    named = [t for t in kept if t not in _TITLES]
    return (named or kept or tokens), (GENERATIONS[marks[0]] if marks else None)


def given_parts(value: str | None) -> Given:
    """What a given-name field says."""
    if not value:
        return Given()
    tokens, generation = _split(value)
    if not tokens:
        return Given()
    return Given("".join(tokens), tokens[0], " ".join(tokens[1:]) or None, generation)


def middle_parts(value: str | None) -> Given:
    """What a middle-name field says; words for "no middle name" say nothing."""
    if not value or fold(value).replace(" ", "") in _NO_MIDDLE:
        return Given()
    return given_parts(value)


def _glued(tokens: list[str]) -> list[str]:
    """Tokens with prefixes that belong to the next word joined to it (Mc Donald, St John, O Brien)."""
    out: list[str] = []
    pending = ""
    for token in (_SAINT.get(t, t) for t in tokens):
        if token in _GLUE:
            pending += token
        else:
            out.append(pending + token)
            pending = ""
    return [*out, pending] if pending else out


def family_parts(value: str | None) -> Family:
    """What a family-name field says; `Smith, John` also gives the given name."""
    if not value:
        return Family()
    head, comma, tail = value.partition(",")
    spilled = tail.strip() if comma and fold(tail) and generation_of(tail) is None else ""
    tokens, generation = _split(head if spilled else value)
    if not tokens:
        return Family()
    words = _glued(tokens)
    core = [w for i, w in enumerate(words) if i == len(words) - 1 or w not in _PARTICLES]
    return Family("".join(words), " ".join(core), generation, spilled or None)
