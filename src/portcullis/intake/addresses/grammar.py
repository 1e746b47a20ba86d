"""The delivery line: class letters of a street, box, route, general delivery, military or Puerto Rico address to roles."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portcullis.intake.addresses.patterns import BOXES, MILITARY, PUERTO_RICO, STREETS
from portcullis.intake.addresses.roles import box_roles, military_roles, puerto_rico_roles, street_roles

__all__ = ["Parse", "delivery_line"]

_LETTERS = frozenset("D6lPOI_Re#")
_ROAD_AND_BOX_WORDS = frozenset("rRHCUyqNxpjJXcAGdBK")
_UNIT_WORDS = frozenset("uLi#em_")
_DIRECTIONS = frozenset("D6")
_WORDLESS = frozenset(",|#%&n5h90f")
_LONE_TYPES = ("t", "s", ":", "T", "W")
_LONE_WORDS = ("t", "W", "i", "L", "u", "d", "G", "r", "C")
_SPELT_OUT = 4


@dataclass(frozen=True, slots=True)
class Parse:
    """Roles per token; the kind of delivery line or None; `form` the shape that fitted; `doubt` when a person should look.

    `words` is false when nothing but numbers and signs was written.
    """

    roles: str
    kind: str | None
    form: str = ""
    doubt: bool = False
    words: bool = True

    @property
    def wordless(self) -> bool:
        """No delivery line, and nothing but numbers and signs."""
        return self.kind is None and not self.words

    @property
    def loose(self) -> bool:
        """Whether a remark could hide in it: words beside the address, or a street without a type."""
        return "E" in self.roles or self.form == "bare"


def delivery_line(region: str, body: str) -> Parse:
    """The delivery line of one address, without city, state and ZIP."""
    found: Parse | None = None
    if region == "m":
        found = _military(body)
    elif region == "r" or "Y" in body or "E" in body:
        found = _puerto_rico(body)
    return found or _street(body) or _box(body) or Parse("X" * len(body), None, words=bool(set(body) - _WORDLESS))


def _street(body: str) -> Parse | None:
    for form, pattern in STREETS:
        match = pattern.match(body)
        if match and _plausible(form, match):
            return Parse(street_roles(body, match), "street", form, _doubtful(form, match))
    return None


def _plausible(form: str, match: re.Match[str]) -> bool:
    """Whether what matched as a name can be one."""
    name, prefix = match.group("name"), match.group("prefix")
    if form in ("bare", "typed") and match.group("number")[0] == "D" and (set(name) <= _DIRECTIONS or prefix):
        return False
    if form == "bare":
        return _plausible_alone(name, prefix)
    if form == "typed":
        return name[0] not in "#&" and not set(name) <= frozenset("e#") and not (name in _DIRECTIONS and _named_by_its_type(match))
    return not (form in ("grid", "short", "cross") and prefix)


def _named_by_its_type(match: re.Match[str]) -> bool:
    """After a direction alone: a word that is as often a name is the name (12 W Union), and so is a loop (8700 NE Loop 820, N Loop W)."""
    kind, after = match.group("type"), match.group("postdir")
    return (kind == "T" and not after) or (kind == ":" and (bool(after) or match.group("units")[:1] in tuple("n5ab")))


def _plausible_alone(name: str, prefix: str | None) -> bool:
    """A street without a type is more than letters, unit words or road words, and not a type after other words."""
    if prefix and name in _LONE_TYPES:
        return False
    if (name != "y" and any(set(name) <= idle for idle in (_LETTERS, _ROAD_AND_BOX_WORDS, _UNIT_WORDS))) or name in ("s", "&"):
        return False  # State alone is a street; State Route is half of one
    return "#" not in (name[0], name[-1]) and not (name[0] == "e" and "w" not in name)


def _doubtful(form: str, match: re.Match[str]) -> bool:
    """Shapes that a person should see: a lone type or unit word, very short words, letters spelt out, a name after other words."""
    name, prefix = match.group("name"), match.group("prefix")
    if match.group("number") == "b" or form == "cross":
        return True
    if form == "typed":
        return (len(name) >= _SPELT_OUT and set(name) <= _LETTERS) or (name in ("y", "U") and match.group("type") == "H")
    if form == "bare" and (name in _LONE_WORDS or "&" in name or set(name) <= frozenset("=lzF")):
        return True
    return bool(prefix) and form in ("bare", "lettered") and not prefix.startswith("%")


def _box(body: str) -> Parse | None:
    for kind, pattern in BOXES:
        match = pattern.match(body)
        if match and _boxed(kind, body, match):
            short = "short" in match.re.groupindex
            return Parse(box_roles(body, match, kind), kind, "short" if short else "box", short)
    return None


def _boxed(kind: str, body: str, match: re.Match[str]) -> bool:
    """Words before a route or a lone BOX make it something else, except one name (Navajo Route 12 Box 4) and care of."""
    prefix = match.group("prefix")
    if not prefix or prefix.startswith("%"):
        return True
    if kind == "rural_route":
        return prefix in ("w", "=") and bool(match.groupdict().get("route")) and "number" in match.re.groupindex
    return body[match.end("prefix")] not in "xXWRA"


def _military(body: str) -> Parse | None:
    match = next(filter(None, (pattern.match(body) for pattern in MILITARY)), None)
    return Parse(military_roles(body, match), "military", "military") if match else None


def _puerto_rico(body: str) -> Parse | None:
    match = next(filter(None, (pattern.match(body) for pattern in PUERTO_RICO)), None)
    return Parse(puerto_rico_roles(body, match), "puerto_rico", "puerto_rico") if match else None
