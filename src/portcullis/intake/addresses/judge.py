"""Genuine, deficient or for a person to decide (rules.md R12-R15), from what the parts of one address are.

1. Blank (R12), or numbers only.
2. A placeholder in the delivery line (R14).
3. An institution: with a building's street address a person confirms it, without one it is deficient (R15).
4. No delivery line: number and street, box, route, general delivery, military or Puerto Rico form (R13).
5. State abroad or unreadable; ZIP invalid or in a state far from the one stated (R13).
6. City, state and ZIP: two missing is deficient; one missing is for a person, the others tell which place is meant.
7. Placeholder or odd city, ZIP across a border, filler ZIP, doubtful shape: for a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from portcullis.intake.addresses.doubt import Reading
from portcullis.intake.addresses.place import AGREES, DISAGREES

__all__ = ["BLANK", "INCOMPLETE", "INSTITUTION", "PLACEHOLDER", "ZIPONLY", "Judgement", "Parts", "judge"]

BLANK, INCOMPLETE, ZIPONLY = "P-ADDR-BLANK", "P-ADDR-INCOMPLETE", "P-ADDR-ZIPONLY"
PLACEHOLDER, INSTITUTION = "P-ADDR-PLACEHOLDER", "P-ADDR-INSTITUTION"


@dataclass(frozen=True, slots=True)
class Parts:
    """What is known of one address when it is judged. Statuses as in place.py."""

    reading: Reading
    kind: str | None
    doubtful_shape: bool
    odd_parts: bool
    city: str
    state: str
    zip: str
    agreement: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """1 genuine, 0 deficient, None refer; and why not genuine."""

    genuine: int | None
    reason: str | None


_REFUSED_ZIP = frozenset({"placeholder"})


def judge(parts: Parts) -> Judgement:
    """The first check that objects decides."""
    line = _line(parts)
    return line or _place(parts) or _person(parts) or Judgement(1, None)


def _line(parts: Parts) -> Judgement | None:
    place_blank = parts.city in ("blank", "bad") and parts.state == "blank"
    if parts.reading == Reading.BLANK and place_blank:
        return Judgement(0, BLANK if parts.zip in ("blank", "placeholder") else ZIPONLY)
    if parts.reading == Reading.NUMBERS_ONLY and place_blank:
        return Judgement(0, ZIPONLY)
    if parts.reading == Reading.PLACEHOLDER:
        return Judgement(0, PLACEHOLDER)
    if parts.reading in (Reading.INSTITUTION, Reading.HELD):
        return Judgement(None if parts.reading == Reading.INSTITUTION and parts.kind == "street" else 0, INSTITUTION)
    if parts.kind is None:
        return Judgement(0, PLACEHOLDER if "placeholder" in (parts.city, parts.state) else INCOMPLETE)
    return None


def _place(parts: Parts) -> Judgement | None:
    if "placeholder" in (parts.city, parts.state) and (parts.zip != "ok" or parts.agreement != AGREES):
        return Judgement(0, PLACEHOLDER)
    if parts.state == "abroad" or parts.zip in _REFUSED_ZIP or (parts.state == "bad" and parts.zip != "ok"):
        return Judgement(0, INCOMPLETE)
    missing = [parts.city in ("blank", "bad"), parts.state in ("blank", "bad"), parts.zip in ("blank", "bad")]
    if sum(missing) > 1:
        return Judgement(0, INCOMPLETE)
    if not any(missing) and parts.zip in ("ok", "filler") and parts.agreement == DISAGREES:
        return Judgement(0, INCOMPLETE)
    return None


def _person(parts: Parts) -> Judgement | None:
    if "placeholder" in (parts.city, parts.state) or parts.reading == Reading.PLACEHOLDER_DOUBT:
        return Judgement(None, PLACEHOLDER)
    sound = parts.city == "ok" and parts.state in ("ok", "odd") and parts.zip == "ok" and parts.agreement == AGREES
    if parts.reading == Reading.DOUBT or parts.doubtful_shape or parts.odd_parts or not sound:
        return Judgement(None, INCOMPLETE)
    return None
