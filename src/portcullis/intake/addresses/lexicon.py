"""What one token is, whatever stands beside it: a class letter, its normal forms by role, and whether its row wants a second look.

A token has one class under every spelling (STREET and STR, N and NORTH, FIRST and 1ST): that makes renderings of one address equal.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from portcullis.intake.addresses.suspicion import HINT, SUSPECT, suspect
from portcullis.intake.addresses.vocabulary import Entry, places, read_yaml, word_entries

__all__ = ["END_COMMA", "END_COUNTRY", "END_PLUS4", "END_ZIP", "Token", "classify", "split", "state_words"]

_ORDINAL = re.compile(r"0*([0-9]+)(?:ST|ND|RD|TH|RO|RA|DO|DA|TO|TA)")
_GRID = re.compile(r"[NSEW][1-9][0-9]*(?:[NSEW][0-9]+)?|[0-9]+[NSEW][0-9]+")
_HYPHENATED = re.compile(r"[0-9]+[A-Z]?-[0-9]+[A-Z]?")
_NUMBER_LETTER = re.compile(r"0*([0-9]+[A-Z]{1,2})")
_LETTER_NUMBER = re.compile(r"[A-Z]{1,2}[0-9]+[A-Z]?")
_FRACTION = re.compile(r"[1-9][0-9]?/[1-9][0-9]?")
_DECIMAL = re.compile(r"[0-9]+\.[0-9]+")
_SPLIT = re.compile(r"([A-Z]{2,})([0-9]+[A-Z]{0,2})|([0-9]+)([A-Z]{3,})")
_QUADRANT = re.compile(r"(NE|NW|SE|SW)([0-9]+(?:ST|ND|RD|TH)?)")
_HALF = re.compile(r"([0-9]+)-([1-9]/[1-9])")
_BLOCK = re.compile(r"[0-9]+[A-Z]{1,2}[0-9]+|[A-Z]{1,2}[0-9]+-[0-9]+")
_ZERO_AS_O = re.compile(r"[0-9]+O[0-9O]*[0-9]")
_ZIP9 = re.compile(r"[0-9]{5}-[0-9]{4}")

END_ZIP, END_PLUS4, END_COMMA, END_COUNTRY = 1, 2, 4, 8
END_IDLE = END_COMMA | END_COUNTRY
_ENDS = {",": END_COMMA, "|": END_COMMA, **dict.fromkeys(("USA", "US", "UNITED", "STATES", "AMERICA", "EEUU"), END_COUNTRY)}

_CAN_PREFIX = frozenset("HRCUIq7rNMxpXcmKuLeiksz2")
"""Classes of words that people write a number against: APT4, HWY41, RR2, BOX12."""
_NO_UNIT = frozenset({"NONE", "NULL", "NIL", "NA", "N/A", "UNKNOWN"})
"""Written in a unit column they mean that there is no unit."""
_TYPES = frozenset("tsW:T")
_SILENT_UNITS = frozenset({"APT", "STE", "UNIT", "LOT", "SPC", "TRLR", "RM", "U", "PMB"})
"""Designators that do not tell two units of one building apart (APT 4, UNIT 4 and # 4 are one door)."""


class Token(NamedTuple):
    """Class letter; forms inside a street name, as street type, as number, as shown unit, as unit key; suspect flag; form in a town; ends.

    `end` says what the token can be at the end of a free text (END_* bits), `state` its place in places().codes or -1, `part` its number
    among the words of two-word states or 0.
    """

    letter: str
    name: str
    street_type: str
    number: str
    unit: str
    unit_key: str
    suspect: int
    town: str
    end: int
    state: int
    part: int


@cache
def _spelled() -> dict[str, tuple[str, str]]:
    data = read_yaml("numbers.yaml")
    found = {word: ("1", value) for word, value in data["cardinals"].items()}
    found.update({word: ("1", value) for word, value in data["tens"].items()})
    found.update({word: ("o", value) for word, value in data["ordinals"].items()})
    return found


@cache
def _in_names() -> dict[str, str]:
    return {spelling: form for form, spellings in read_yaml("words.yaml")["in_names"].items() for spelling in spellings}


def split(text: str) -> tuple[str, ...]:
    """The token, or the two it is made of when a known word and a number were written together."""
    if text.isalpha() or text.isdigit():
        return (text,)
    match = _QUADRANT.fullmatch(text) or _HALF.fullmatch(text)
    if match:
        return match.group(1), match.group(2)
    match = _SPLIT.fullmatch(text)
    if not match:
        return (text,)
    if match.group(1):
        entry = word_entries().get(match.group(1))
        return (match.group(1), match.group(2)) if entry and entry.letter in _CAN_PREFIX else (text,)
    return (text,) if _ORDINAL.fullmatch(text) else (match.group(3), match.group(4))


def classify(text: str, surely_far: bool = False) -> Token:
    """The facts about one token. Pure; the same for a token wherever it stands. `surely_far` (suspicion.far) only saves time."""
    if text.isdigit():
        letter, bare, filler = _digits(text)
        return Token(letter, bare, bare, bare, bare, bare, filler, text, _end(text), -1, 0)
    forms = _classify(text, surely_far)
    town = text if forms.letter in "1o" or not text.isalpha() else forms.name
    return Token(*forms, town, _end(text), _state(text), state_words()[0].get(text, 0))


def _end(text: str) -> int:
    if text.isdigit():
        return END_ZIP if len(text) in (5, 9) else END_PLUS4 if len(text) == 4 else 0
    return END_ZIP if "-" in text and _ZIP9.fullmatch(text) else _ENDS.get(text, 0)


def _state(text: str) -> int:
    code = places().by_name.get(text)
    return places().codes.index(code) if code else -1


@cache
def state_words() -> tuple[dict[str, int], dict[tuple[int, int], int]]:
    """A number for each word of two-word states, and the state of each pair of such words."""
    words: dict[str, int] = {}
    pairs: dict[tuple[int, int], int] = {}
    for name, code in sorted(places().by_name.items()):
        parts = name.split()[-2:]
        if len(parts) == 2 and "WASH" not in parts[0]:
            first, second = (words.setdefault(part, len(words) + 1) for part in parts)
            pairs[first, second] = places().codes.index(code)
    return words, pairs


class _Forms(NamedTuple):
    letter: str
    name: str
    street_type: str
    number: str
    unit: str
    unit_key: str
    suspect: int


def _classify(text: str, surely_far: bool) -> _Forms:
    if text[0].isdigit() or (text[-1].isdigit() and text.isascii()):
        return _mixed(text)
    spelled = _spelled().get(text)
    if spelled:
        return _plain(spelled[0], spelled[1])
    entry = word_entries().get(text)
    if entry:
        return _known(text, entry)
    if text in (",", "|", "#", "~"):
        return _Forms(text, text, text, text, text, "/" if text == "#" else text, int(text == "~"))
    if not text.isalpha() and any(char.isdigit() for char in text):
        return _plain("w", text, SUSPECT)
    if text in _NO_UNIT:
        return _plain("w", text, suspect(text))._replace(unit="", unit_key="")
    letter = "l" if len(text) == 1 else "=" if len(text) == 2 else "w"
    return _plain(letter, _in_names().get(text, text), suspect(text, surely_far))


def _plain(letter: str, form: str, suspicion: int = 0) -> _Forms:
    return _Forms(letter, form, form, form, form, form, suspicion)


def _digits(text: str) -> tuple[str, str, int]:
    """Class letter, without leading zeros, and whether it is filler."""
    bare = text.lstrip("0") or "0"
    letter = "5" if len(text) == 5 else "9" if len(text) == 9 else "n"
    return letter, bare, int(len(text) > 2 and text[0] in "09" and len(set(text)) == 1)


def _mixed(text: str) -> _Forms:
    if _ZIP9.fullmatch(text):
        return _plain("9", text)
    if _ZERO_AS_O.fullmatch(text):
        return _plain(*_digits(text.replace("O", "0")))
    ordinal = _ORDINAL.fullmatch(text)
    if ordinal:
        return _plain("o", ordinal.group(1))
    for pattern, letter in ((_GRID, "g"), (_HYPHENATED, "h"), (_FRACTION, "f"), (_DECIMAL, "0"), (_LETTER_NUMBER, "b"), (_BLOCK, "b")):
        if pattern.fullmatch(text):
            return _plain(letter, text.lstrip("0") if letter == "h" else text)
    numbered = _NUMBER_LETTER.fullmatch(text)
    if numbered:
        return _plain("a", numbered.group(1))
    letters = sum(char.isalpha() for char in text)
    return _plain("w" if letters > 2 else ".", text, SUSPECT)


def _known(text: str, entry: Entry) -> _Forms:
    form = entry.form
    suspicion = suspect(text)
    if suspicion == HINT and entry.letter in _TYPES:
        suspicion = 0
    token = _Forms(entry.letter, _in_names().get(text, entry.name), form, form, form, form, suspicion)
    if text == "CR":
        return token._replace(street_type="CIR")
    if entry.letter == "3":
        return token._replace(street_type="LN")
    if entry.letter in "u7m_":
        return token._replace(unit_key="/" if entry.form in _SILENT_UNITS else entry.form)
    if entry.letter == "L":
        return token._replace(unit_key="")
    if entry.letter == "e":
        return token._replace(unit_key="/", unit="#")
    return token
