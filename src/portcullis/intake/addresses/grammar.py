"""One row's class letters to roles, one role letter per token. Each different signature is parsed once, in plain Python; rows only look it up.

Roles: N number · P direction before · S street name · T street type · Q direction after · U unit word (shown) · I unit id · F floor · C city
B urbanizacion (part of the delivery key) · E words beside the address (read a second time) · X left out · Z state or ZIP · and those that stand for a constant in the street name:
1 `US HWY`, 2 `SR`, 3 `CR`, 4 `RR`, 5 `HC`, 6 `PO BOX`, 7 `GENERAL DELIVERY`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from portcullis.intake.addresses.patterns import BOXES, MILITARY, PUERTO_RICO, STREETS, UNIT_PIECES

__all__ = ["CONSTANTS", "KINDS", "Parse", "parse"]

KINDS = ("street", "po_box", "rural_route", "highway_contract", "general_delivery", "military", "puerto_rico")
CONSTANTS = {"1": "US HWY", "2": "SR", "3": "CR", "4": "RR", "5": "HC", "6": "PO BOX", "7": "GENERAL DELIVERY"}

_BOX_ROLE = {"rural_route": "4", "highway_contract": "5", "po_box": "6", "general_delivery": "7"}
_ONLY_LETTERS = frozenset("D6lPOI_Re#")
_GENERIC_WORDS = frozenset("rRHCUyqNxpjJXcAGdBK")
_UNIT_CLASSES = frozenset("uLi#em_")
_STRONG = frozenset("ts:W")


@dataclass(frozen=True, slots=True)
class Parse:
    """Roles per token; the kind of delivery line or None; `form` the shape that fitted; `doubt` when a person should look."""

    roles: str
    kind: str | None
    form: str = ""
    doubt: bool = False
    words: bool = True

    @property
    def wordless(self) -> bool:
        """Whether nothing but numbers and signs was written."""
        return self.kind is None and not self.words

    @property
    def loose(self) -> bool:
        """Whether a remark could hide in it: words beside the address, or a street without a type."""
        return "E" in self.roles or self.form == "bare"


@lru_cache(maxsize=500_000)
def parse(signature: str) -> Parse:
    """Parse a signature: region letter (`n` plain, `m` military, `r` Puerto Rico, capital when free text), then class letters."""
    region, body = signature[0], signature[1:]
    if region.isupper():
        return _free(region.lower(), body)
    found = _line(region, body)
    return replace(found, roles="X" + found.roles)


def _line(region: str, body: str) -> Parse:
    """The delivery line of one address, without city, state and ZIP."""
    if region == "m":
        found = _military(body)
        if found:
            return found
    if region == "r" or "Y" in body or "E" in body:
        found = _puerto_rico(body)
        if found:
            return found
    return _street(body) or _box(body) or Parse("X" * len(body), None, words=_has_words(body))


def _has_words(body: str) -> bool:
    return bool(set(body) - frozenset(",|#%&n5h90f"))


def _paint(roles: list[str], match: re.Match[str], group: str, role: str) -> None:
    if group in match.re.groupindex and match.group(group):
        roles[match.start(group) : match.end(group)] = role * (match.end(group) - match.start(group))


def _street(body: str) -> Parse | None:
    for form, pattern in STREETS:
        match = pattern.match(body)
        if match and _plausible(form, match):
            return Parse(_street_roles(body, match), "street", form, _street_doubt(form, match))
    return None


def _plausible(form: str, match: re.Match[str]) -> bool:
    """A bare street must be more than letters or units; a prefix without comma needs a street type behind it."""
    name = match.group("name")
    if form == "bare":
        if set(name) <= frozenset("D6") or match.group("number")[0] == "D" and match.group("prefix"):
            return False
        if match.group("prefix") and name in ("t", "s", ":", "T", "W"):
            return False
        if set(name) <= _GENERIC_WORDS:
            return False
        if set(name) <= _ONLY_LETTERS or set(name) <= _UNIT_CLASSES or name in ("s", "e", "x", "&"):
            return False
        if name[0] == "#" or name[-1] in "#" or (name[0] == "e" and "w" not in name):
            return False
    if form == "typed" and match.group("number")[0] == "D" and set(name) <= frozenset("D6"):
        return False
    if form == "typed" and (name[0] in "#&" or set(name) <= frozenset("e#")):
        return False
    return not (form in ("grid", "short") and match.group("prefix"))


def _street_doubt(form: str, match: re.Match[str]) -> bool:
    """Shapes that a person should see: a street of one bare type or unit word, words before the number where no street type follows."""
    name, prefix = match.group("name"), match.group("prefix")
    if form == "bare" and (name in ("t", "W", "i", "L", "u", "d", "G", "r", "C") or "&" in name or set(name) <= frozenset("=lz")):
        return True
    return bool(prefix) and form in ("bare", "lettered") and not prefix.startswith("%")


def _street_roles(body: str, match: re.Match[str]) -> str:
    roles = ["X"] * len(body)
    for group, role in (("number", "N"), ("predir", "P"), ("old", "S"), ("name", "S"), ("type", "T"), ("postdir", "Q"), ("named", "S")):
        _paint(roles, match, group, role)
    for group, role in (("us", "1"), ("state", "2"), ("county", "3")):
        if group in match.re.groupindex and match.group(group):
            roles[match.start(group) : match.end(group)] = role + "X" * (match.end(group) - match.start(group) - 1)
    if match.group("number").startswith("Mj"):
        roles[match.start("number") + 1] = "X"
    _units(roles, body, match)
    return "".join(roles)


def _units(roles: list[str], body: str, match: re.Match[str]) -> None:
    """Roles of everything that tells doors of one building apart: before the number, after the street, in the unit column."""
    for group in ("prefix", "rest", "before", "tail", "beside"):
        _paint(roles, match, group, "E")
    for at, letter in enumerate(body):
        if letter in ",|%" and roles[at] == "E":
            roles[at] = "X"
    for group in ("lead", "units"):
        if group in match.re.groupindex and match.group(group):
            _unit_roles(roles, body, match.start(group), match.end(group))
    if "rest" in match.re.groupindex and match.group("rest"):
        bar = body.find("|", match.start("rest"))
        if bar >= 0 and body[bar + 1 : bar + 2] != "%":
            _unit_roles(roles, body, bar, len(body), loose=True)


def _unit_roles(roles: list[str], body: str, start: int, end: int, loose: bool = False) -> None:
    for piece in UNIT_PIECES.finditer(body, start, end):
        for group, role in (
            ("floor", "U"),
            ("word", "U"),
            ("id", "I"),
            ("sign", "U"),
            ("id2", "I"),
            ("f1", "F"),
            ("f2", "F"),
            ("box", "X"),
        ):
            _paint(roles, piece, group, role)
        if piece.group("alone") and piece.group("alone") not in ",|":
            roles[piece.start()] = "I" if piece.group("alone") not in "uLe#%" or loose else "X"


def _box(body: str) -> Parse | None:
    for kind, pattern in BOXES:
        match = pattern.match(body)
        if not match:
            continue
        roles = ["X"] * len(body)
        first = match.start("mark") if "mark" in match.re.groupindex else match.end("prefix")
        roles[first] = _BOX_ROLE[kind]
        for group, role in (("route", "S"), ("number", "N")):
            _paint(roles, match, group, role)
        _units(roles, body, match)
        short = "short" in match.re.groupindex
        prefix = match.group("prefix")
        named = kind == "rural_route" and bool(match.groupdict().get("route")) and "number" in match.re.groupindex and prefix in ("w", "=")
        if prefix and not named and (kind == "rural_route" or body[first] in "xXWRA") and not prefix.startswith("%"):
            continue
        return Parse("".join(roles), kind, "short" if short else "box", short)
    return None


def _military(body: str) -> Parse | None:
    for pattern in MILITARY:
        match = pattern.match(body)
        if not match:
            continue
        roles = ["X"] * len(body)
        for group, role in (("words", "S"), ("route", "S"), ("ship", "S"), ("number", "N"), ("prefix", "E"), ("rest", "E")):
            _paint(roles, match, group, role)
        return Parse("".join(roles), "military", "military")
    return None


def _puerto_rico(body: str) -> Parse | None:
    for pattern in PUERTO_RICO:
        match = pattern.match(body)
        if not match:
            continue
        roles = ["X"] * len(body)
        for group, role in (("number", "N"), ("name", "S"), ("postdir", "Q"), ("urb", "B"), ("door", "N")):
            _paint(roles, match, group, role)
        for at, letter in enumerate(body):
            if letter in ",|":
                roles[at] = "X"
        _units(roles, body, match)
        return Parse("".join(roles), "puerto_rico", "puerto_rico")
    return None


def _free(region: str, body: str) -> Parse:
    """One text for everything: the town is the last part, after a comma if there is one, else where the street ends best."""
    end = body.find("Z")
    head = body if end < 0 else body[:end]
    head = head.rstrip(",|")
    tail = "Z" * (len(body) - len(head))
    comma = max(head.rfind(","), head.rfind("|"))
    town = head[comma + 1 :]
    if comma > 0 and town and not set(town) & frozenset("n5ah90#%g"):
        found = _line(region, head[:comma])
        if found.kind:
            return _with_town(found, head, comma + 1, tail)
    return _without_comma(region, head, tail)


def _with_town(found: Parse, head: str, start: int, tail: str) -> Parse:
    roles = found.roles + "X" * (start - len(found.roles)) + "C" * (len(head) - start)
    return replace(found, roles="X" + roles + tail)


_PREFERENCE = {"box": 0, "military": 0, "puerto_rico": 0, "highway": 1, "typed": 1, "grid": 2, "lettered": 2, "short": 3, "bare": 4}
_MAX_TOWN = 5


def _without_comma(region: str, head: str, tail: str) -> Parse:
    best: tuple[tuple[int, int], int, Parse] | None = None
    for start in range(len(head) - 1, max(0, len(head) - 1 - _MAX_TOWN), -1):
        if head[start] in "n5ah90#%g,|":
            break
        if head[start] in "oLui":
            continue
        found = _line(region, head[:start].rstrip(","))
        if found.kind:
            rank = _rank(found, head, start)
            if best is None or rank < best[0]:
                best = (rank, start, found)
    if best:
        return _with_town(best[2], head, best[1], tail)
    found = _line(region, head)
    return replace(found, roles="X" + found.roles + tail)


def _rank(found: Parse, head: str, start: int) -> tuple[int, int]:
    """Lower is better: a street with a strong type that ends just before the town; then weaker ends; then a bare street and a short town."""
    level = _PREFERENCE.get(found.form, 5)
    if found.form == "typed":
        last = found.roles.rfind("T")
        level = 1 if head[last] in _STRONG else 3
        if set(head[found.roles.find("S") : last]) <= frozenset("Cy"):
            level = 5
    town = len(head) - start
    if level == 4:
        opener = head[start] in "8S3sD"
        return level, (0 if opener and town > 1 else 1) * 10 + town
    if head[start] == "6" or "I" in found.roles and level > 1:
        return level + 1, -town
    return level, -town
