"""The second look: one row with suspect words, or without a delivery line, read as a person would read it.

Checks in their order (rules.md R12-R15):
1. nothing but punctuation, or nothing but numbers;
2. words of custody, institutions and agencies outside a street's name (R15);
3. words that say no address is known, alone or as a statement (R14), unless they are the name of a numbered street with its type;
4. remarks and descriptions of a place instead of its address.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

from portcullis.intake.addresses.lexicon import classify
from portcullis.intake.addresses.remarks import Remarks, remarks
from portcullis.intake.addresses.suspicion import gibberish, vocabulary

__all__ = ["Reading", "read"]


class Reading(IntEnum):
    """What the second look found. INSTITUTION stands beside a street's address, HELD in the place of one."""

    CLEAR = 0
    BLANK = 1
    NUMBERS_ONLY = 2
    PLACEHOLDER = 3
    PLACEHOLDER_DOUBT = 4
    INSTITUTION = 5
    DOUBT = 6
    HELD = 7


_FILLER_NUMBERS = frozenset({"1234", "12345", "123456", "999", "9999", "99999", "111", "1111", "11111"})
_GENERIC_TYPES = frozenset({"ST", "AVE"})
_HOUSES = frozenset({"CTR", "CP", "STA", "HVN", "MSN", "UN", "VLG", "LDG", "MNR", "HL"})
_MEASURES = frozenset({"BLOCK", "BLOCKS", "MILES"})
_WHOSE = frozenset({"HIS", "HER", "MY", "THEIR", "OUR", "YOUR"})
_ZIP_WORDS = frozenset({"ZIP", "ZIPCODE", "CODE", "POSTAL", "CODIGO", "CP"})
_SIGNS = frozenset(",|#&%@")
_NAME, _BESIDE, _FOREIGN = "SB123", "XE", "~"


@lru_cache(maxsize=200_000)
def read(tokens: tuple[str, ...], roles: str, kind: str | None, form: str) -> Reading:
    """The reading of one delivery line: its tokens without the field mark, a role for each (roles.py), its kind and shape."""
    signs = [token for token in tokens if token not in _SIGNS]
    if not signs:
        return Reading.BLANK
    if not any(char.isalpha() or char == _FOREIGN for token in signs for char in token):
        return Reading.CLEAR if kind else Reading.BLANK if not "".join(signs).strip("0-/.") else Reading.NUMBERS_ONLY
    if kind is None:
        return _without_street(remarks(signs))
    parts = {key: [token for token, role in zip(tokens, roles, strict=True) if role in key] for key in (_NAME, "T", _BESIDE, "N", "I")}
    return _beside(parts) or _line(parts, kind, form)


def _without_street(words: Remarks) -> Reading:
    """No number and street: whatever the words say only names the reason."""
    if words.words and all(word in _ZIP_WORDS for word in words.words):
        return Reading.NUMBERS_ONLY
    street = any(classify(word).letter in "tW:" for word in words.words[1:]) or words.words[-1:] == ("ST",)
    if words.institution and not (street and not words.any("custody", "agency")):
        return Reading.HELD
    unknown = words.strong or words.misspelt or words.statement or words.keys or words.any("any_street", "statement")
    return Reading.PLACEHOLDER if unknown else Reading.CLEAR


def _beside(parts: dict[str, list[str]]) -> Reading:
    """What stands beside a delivery line: a name is welcome, a remark or an institution is not."""
    outside = remarks(parts[_BESIDE])
    if _FOREIGN in parts[_BESIDE] or _FOREIGN in parts[_NAME]:
        return Reading.DOUBT
    if outside.institution:
        return Reading.INSTITUTION
    if outside.strong or outside.misspelt or outside.statement:
        return Reading.PLACEHOLDER_DOUBT
    remark = outside.any("where", "joining") or outside.loud("statement") or outside.keys
    return Reading.DOUBT if remark else Reading.CLEAR


def _line(parts: dict[str, list[str]], kind: str, form: str) -> Reading:
    name = remarks(parts[_NAME])
    if kind == "po_box" and remarks(parts["I"]).strong:
        return Reading.PLACEHOLDER
    if kind == "puerto_rico" and (name.keys or ((name.strong or name.misspelt) and name.only_remarks)):
        return Reading.PLACEHOLDER
    if kind != "street":
        return Reading.CLEAR
    types = [classify(token) for token in parts["T"]]
    if types or form in ("highway", "grid"):
        street_type = types[-1].street_type if types else "HWY"
        weak = bool(types) and types[-1].letter == "T"
        return _typed(remarks(parts[_NAME], pairs=False), street_type, weak, parts)
    mixed = any(classify(token).letter in "w=." and not token.isalpha() for token in parts[_NAME])
    return _untyped(name, bool(remarks(parts[_BESIDE]).words)) or (Reading.DOUBT if mixed else Reading.CLEAR)


def _untyped(name: Remarks, beside: bool) -> Reading:
    """A number and a name without a street type: the name must not be a statement, a remark, keys or an institution."""
    if name.institution:
        return Reading.HELD if beside else _institution(name)
    named = name.strong or name.misspelt or name.statement
    if name.keys or name.any("any_street") or (named and (name.statement or name.only_remarks)):
        return Reading.PLACEHOLDER
    remark = named or name.only_remarks or name.loud("where", "statement", "deny", "remark") or name.unreadable
    described = name.any("joining") and classify(name.first).letter not in "tsW:TvC83"
    short = all(len(word) < 3 for word in name.words)
    return Reading.PLACEHOLDER_DOUBT if remark or described or short else Reading.CLEAR


def _institution(name: Remarks) -> Reading:
    """An institution where a street's name should be: after a street it stands beside the address, else in its place."""
    street = any(classify(word).letter in "tsW:" for word in name.words)
    return Reading.HELD if name.any("custody", "agency") and not street else Reading.INSTITUTION


def _typed(name: Remarks, street_type: str, weak: bool, parts: dict[str, list[str]]) -> Reading:
    """A number, a name and a street type: streets may be named like placeholders, so only what no street is called is held against it."""
    whole = " ".join([*parts["N"], *name.words, street_type])
    if whole in vocabulary("well_known") or (name.strong and name.any("told") and name.only_remarks):
        return Reading.PLACEHOLDER
    if any(gibberish(word) and (len(set(word)) == 1 or len(word) <= 4) for word in name.words):
        return Reading.PLACEHOLDER
    if name.institution and (street_type in _HOUSES or name.with_pair(*parts["T"])):
        return _institution(name)
    if _placeholder_street(name, "".join(parts["N"]), street_type) or name.first in _WHOSE:
        return Reading.PLACEHOLDER_DOUBT
    measured = len(name.words) > 1 and name.first in _MEASURES
    told = weak and name.only_remarks and name.loud("statement")  # 24 Labor Camp
    return Reading.DOUBT if measured or told or (weak and name.first in vocabulary("where")) else Reading.CLEAR


def _placeholder_street(name: Remarks, number: str, street_type: str) -> bool:
    """A typed street that a person should see: no street's name, a statement, a placeholder with a filler number or the commonest type."""
    if name.misspelt == "UNKNOWN" or name.keys or name.statement or (name.any("never_street") and name.only_remarks):
        return True
    common = street_type in _GENERIC_TYPES or number in _FILLER_NUMBERS or not number.strip("0")
    return name.only_remarks and common and (name.strong or bool(name.misspelt) or name.any("any_street", "statement", "remark"))
