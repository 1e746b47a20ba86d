"""The second look: one row with suspect words, or without a delivery line, read as a person would read it.

Checks in their order (rules.md R12-R15):
1. nothing but punctuation, or nothing but numbers;
2. words of custody, institutions and agencies outside a street's name (R15);
3. words that say no address is known, alone or as a statement (R14), unless they are the name of a numbered street with its type;
4. descriptions of a place instead of its address.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise

from portcullis.intake.addresses.lexicon import classify
from portcullis.intake.addresses.suspicion import gibberish, near, plain_letters, unpronounceable, vocabulary
from portcullis.intake.addresses.vocabulary import read_yaml

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


_FILLER_NUMBERS = frozenset({"0", "00", "000", "0000", "1234", "12345", "123456", "999", "9999", "99999", "111", "1111", "11111"})
_GENERIC_TYPES = frozenset({"ST", "AVE"})
_HOUSES = frozenset({"CTR", "CP", "STA", "HVN", "MSN", "UN", "VLG", "LDG", "MNR", "HL"})
_SEVERITY = [Reading.CLEAR, Reading.DOUBT, Reading.PLACEHOLDER_DOUBT, Reading.INSTITUTION, Reading.HELD, Reading.PLACEHOLDER]
_MEASURES = frozenset({"BLOCK", "BLOCKS", "BLK", "MILES"})
_WHOSE = frozenset({"HIS", "HER", "MY", "THEIR", "OUR", "YOUR"})
_ZIP_WORDS = frozenset({"ZIP", "ZIPCODE", "CODE", "POSTAL", "CODIGO", "CP"})
_SPACED = 3


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one part of a row, and how many are of each kind."""

    words: tuple[str, ...]

    def any(self, *kinds: str) -> bool:
        return any(word in vocabulary(kind) for word in self.words for kind in kinds)

    @property
    def strong(self) -> bool:
        return self.any("strong")

    @property
    def misspelt(self) -> str | None:
        return next((known for known in map(near, self.words) if known in vocabulary("strong")), None)

    def loud(self, *kinds: str) -> bool:
        """As `any`, without the words that are too common in street names."""
        return any(word in vocabulary(kind) and word not in vocabulary("quiet") for word in self.words for kind in kinds)

    @property
    def statement(self) -> bool:
        """A denial and something that could have been told, in this order or the other."""
        both = self.any("deny") and any(word in vocabulary("told") and word not in vocabulary("deny") for word in self.words)
        return both and (self.loud("deny", "told") or self.only_vocabulary)

    @property
    def only_vocabulary(self) -> bool:
        kinds = ("strong", "deny", "told", "about", "statement", "any_street", "remark")
        return bool(self.words) and all(any(word in vocabulary(kind) for kind in kinds) or near(word) for word in self.words)

    @property
    def institution(self) -> bool:
        held = any(near(word) in vocabulary("custody") for word in self.words)
        return held or self.any("custody", "place", "agency") or self.joined(self.words)

    @staticmethod
    def joined(words: tuple[str, ...]) -> bool:
        return any(first in words and second in words for first, second in read_yaml("institutions.yaml")["joined"])

    @property
    def keys(self) -> bool:
        return any(map(gibberish, self.words))

    @property
    def unreadable(self) -> bool:
        return any(map(unpronounceable, self.words))


def _words(tokens: list[str], pairs: bool = True) -> _Words:
    """Letters read for look-alike digits, and words that were spelt out with spaces put together."""
    found: list[str] = []
    run: list[str] = []
    for token in [*map(plain_letters, tokens), ""]:
        if len(token) == 1 and token.isalpha():
            run.append(token)
            continue
        found.extend(["".join(run)] if len(run) >= _SPACED else run)
        run = []
        if any(char.isalpha() for char in token):
            found.append(token)
    return _Words(tuple(_paired(found) if pairs else found))


def _paired(words: list[str]) -> list[str]:
    """UN KNOWN and HOME LESS: two neighbours that are one strong word."""
    joined = [first + second for first, second in pairwise(words) if first + second in vocabulary("strong")]
    return words + joined


@lru_cache(maxsize=200_000)
def read(tokens: tuple[str, ...], roles: str, kind: str | None, form: str) -> Reading:
    """The reading of one delivery line: its tokens without the field mark, a role for each (grammar.py), its kind and shape."""
    signs = [token for token in tokens if token not in (",", "|", "#", "&", "%", "@")]
    if not signs:
        return Reading.BLANK
    if not any(char.isalpha() or char == "~" for token in signs for char in token):
        return Reading.CLEAR if kind else Reading.BLANK if not "".join(signs).strip("0-/.") else Reading.NUMBERS_ONLY
    if kind is None:
        return _without_street(_words(signs))
    return _with_street(tokens, roles, kind, form)


def _without_street(words: _Words) -> Reading:
    """No number and street: whatever the words say only names the reason."""
    if words.words and all(word in _ZIP_WORDS for word in words.words):
        return Reading.NUMBERS_ONLY
    street = any(classify(word).letter in "tW:" for word in words.words[1:]) or words.words[-1:] == ("ST",)
    if words.institution and not (street and not words.any("custody", "agency")):
        return Reading.HELD
    unknown = words.strong or words.misspelt or words.statement or words.keys or words.any("any_street")
    return Reading.PLACEHOLDER if unknown or words.any("statement") else Reading.CLEAR


def _with_street(tokens: tuple[str, ...], roles: str, kind: str, form: str) -> Reading:
    part = {key: [token for token, role in zip(tokens, roles, strict=True) if role in key] for key in ("SB123", "T", "XE", "N", "I")}
    outside, name = _words(part["XE"]), _words(part["SB123"])
    if "~" in part["XE"] or "~" in part["SB123"]:
        return Reading.DOUBT
    if outside.institution:
        return Reading.INSTITUTION
    if outside.strong or outside.misspelt or outside.statement:
        return Reading.PLACEHOLDER_DOUBT
    if outside.any("where", "joining") or outside.loud("statement") or outside.keys:
        return Reading.DOUBT
    if kind == "po_box" and (_words(part["I"]).strong):
        return Reading.PLACEHOLDER
    if kind == "puerto_rico" and (name.keys or ((name.strong or name.misspelt) and name.only_vocabulary)):
        return Reading.PLACEHOLDER
    if kind != "street":
        return Reading.CLEAR
    types = [classify(token).street_type for token in part["T"]]
    if not types and form not in ("highway", "grid"):
        mixed = any(classify(token).letter in "w=." and not token.isalpha() for token in part["SB123"])
        return max(_untyped(name), Reading.DOUBT if mixed else Reading.CLEAR, key=_SEVERITY.index)
    return _typed(_words(part["SB123"], pairs=False), types[-1] if types else "HWY", part["N"], tuple(part["T"]))


def _untyped(name: _Words) -> Reading:
    """A number and a name without a street type: the name must not be a statement, a remark, keys or a house of custody."""
    if name.institution:
        street = any(classify(word).letter in "tsW:" for word in name.words)
        return Reading.HELD if name.any("custody", "agency") and not street else Reading.INSTITUTION
    named = name.strong or name.misspelt or name.statement
    if name.keys or name.any("any_street") or (named and (name.statement or name.only_vocabulary)):
        return Reading.PLACEHOLDER
    remark = name.only_vocabulary or name.loud("where", "statement", "deny", "remark")
    described = name.any("joining") and bool(name.words) and classify(name.words[0]).letter not in "tsW:TvC83"
    if named or remark or described or name.unreadable or all(len(word) < 3 for word in name.words):
        return Reading.PLACEHOLDER_DOUBT
    return Reading.CLEAR


def _typed(name: _Words, street_type: str, number: list[str], last: tuple[str, ...]) -> Reading:
    """A number, a name and a street type: streets may be named like placeholders, so only what no street is called is held against it."""
    whole = " ".join([*number, *name.words, street_type])
    if whole in vocabulary("well_known") or (name.strong and name.any("told") and name.only_vocabulary):
        return Reading.PLACEHOLDER
    if any(gibberish(word) and (len(set(word)) == 1 or len(word) <= 4) for word in name.words):
        return Reading.PLACEHOLDER
    if name.institution and (street_type in _HOUSES or _Words.joined((*name.words, *last))):
        return Reading.INSTITUTION
    return _doubtful(name, street_type, number, last)


def _doubtful(name: _Words, street_type: str, number: list[str], last: tuple[str, ...]) -> Reading:
    """A typed street that a person should see: a lone placeholder with a filler number or the commonest type, a statement, a description."""
    filler = "".join(number) in _FILLER_NUMBERS or not "".join(number).strip("0")
    common = filler or street_type in _GENERIC_TYPES
    if name.misspelt == "UNKNOWN" or name.keys or name.statement or (name.any("never_street") and name.only_vocabulary):
        return Reading.PLACEHOLDER_DOUBT
    if name.only_vocabulary and common and (name.strong or name.misspelt or name.any("any_street", "statement", "remark")):
        return Reading.PLACEHOLDER_DOUBT
    if name.words[:1] == ("THE",) and len(name.words) == 1 and common:
        return Reading.DOUBT
    if name.words[:1] and name.words[0] in _WHOSE:
        return Reading.PLACEHOLDER_DOUBT
    measured = len(name.words) > 1 and name.words[0] in _MEASURES
    placed = bool(last) and classify(last[-1]).letter == "T" and bool(name.words) and name.words[0] in vocabulary("where")
    described = measured or placed
    return Reading.DOUBT if described else Reading.CLEAR
