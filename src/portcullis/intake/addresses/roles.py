"""The roles of tokens, one letter each, painted from the named groups of a matched shape (patterns.py).

N number · P direction before · S street name · T street type · Q direction after · U unit word (shown) · I unit id · F floor · C city
B urbanizacion (part of the delivery key) · E words beside the address (read a second time) · X left out · Z state or ZIP
and those that stand for a constant in the street name: CONSTANTS.
"""

from __future__ import annotations

import re

from portcullis.intake.addresses.patterns import UNIT_PIECES

__all__ = ["CONSTANTS", "box_roles", "military_roles", "puerto_rico_roles", "street_roles"]

CONSTANTS = {"1": "US HWY", "2": "SR", "3": "CR", "4": "RR", "5": "HC", "6": "PO BOX", "7": "GENERAL DELIVERY"}

_STREET = {"number": "N", "predir": "P", "old": "S", "name": "S", "alt": "S", "type": "T", "postdir": "Q", "named": "S"}
_ROAD = {"us": "1", "state": "2", "county": "3"}
_BOX = {"rural_route": "4", "highway_contract": "5", "po_box": "6", "general_delivery": "7"}
_PUERTO_RICO = {"number": "N", "name": "S", "postdir": "Q", "urb": "B", "door": "N"}
_MILITARY = {"words": "S", "route": "S", "ship": "S", "number": "N", "prefix": "E", "rest": "E"}
_BESIDE = dict.fromkeys(("prefix", "rest", "before", "tail", "beside"), "E")
_UNIT = {"floor": "U", "word": "U", "id": "I", "sign": "U", "id2": "I", "f1": "F", "f2": "F", "box": "X"}
_SIGNS = frozenset(",|%")


def _paint(roles: list[str], match: re.Match[str], groups: dict[str, str]) -> None:
    """Give the tokens of each group that matched its role; later groups win."""
    for group, role in groups.items():
        if group in match.re.groupindex and match.group(group):
            roles[match.start(group) : match.end(group)] = role * (match.end(group) - match.start(group))


def street_roles(body: str, match: re.Match[str]) -> str:
    """Roles of a number and street. Road words become one constant, so that HIGHWAY, HWY and ROUTE of one system are equal."""
    roles = ["X"] * len(body)
    _paint(roles, match, _STREET)
    for group, constant in _ROAD.items():
        if group in match.re.groupindex and match.group(group):
            start, end = match.span(group)
            roles[start:end] = constant + "X" * (end - start - 1)
    if match.group("number").startswith("Mj"):
        roles[match.start("number") + 1] = "X"
    _beside_and_units(roles, body, match)
    return "".join(roles)


def box_roles(body: str, match: re.Match[str], kind: str) -> str:
    """Roles of a box, a route or general delivery: its first word becomes the constant of the kind."""
    roles = ["X"] * len(body)
    first = match.start("mark") if "mark" in match.re.groupindex else match.end("prefix")
    roles[first] = _BOX[kind]
    _paint(roles, match, {"route": "S", "number": "N"})
    _beside_and_units(roles, body, match)
    return "".join(roles)


def military_roles(body: str, match: re.Match[str]) -> str:
    """Roles of a military address: unit or ship as the street, box as the number."""
    roles = ["X"] * len(body)
    _paint(roles, match, _MILITARY)
    return "".join(roles)


def puerto_rico_roles(body: str, match: re.Match[str]) -> str:
    """Roles of a Puerto Rico address."""
    roles = ["X"] * len(body)
    _paint(roles, match, _PUERTO_RICO)
    for at, letter in enumerate(body):
        if letter in ",|":
            roles[at] = "X"
    _beside_and_units(roles, body, match)
    return "".join(roles)


def _beside_and_units(roles: list[str], body: str, match: re.Match[str]) -> None:
    """Words beside the address, and what tells the doors of one building apart: before the number, after the street, in the unit column."""
    _paint(roles, match, _BESIDE)
    for at, letter in enumerate(body):
        if letter in _SIGNS and roles[at] == "E":
            roles[at] = "X"
    for group in ("lead", "units"):
        if group in match.re.groupindex and match.group(group):
            _units(roles, body, match.start(group), match.end(group))
    if "rest" in match.re.groupindex and match.group("rest"):
        column = body.find("|", match.start("rest"))
        if column >= 0 and body[column + 1 : column + 2] != "%":
            _units(roles, body, column, len(body), loose=True)


def _units(roles: list[str], body: str, start: int, end: int, loose: bool = False) -> None:
    """Roles of unit words; `loose` in a unit column of no known shape, where every word belongs to the unit."""
    for piece in UNIT_PIECES.finditer(body, start, end):
        _paint(roles, piece, _UNIT)
        alone = piece.group("alone")
        if alone and alone not in ",|":
            roles[piece.start()] = "I" if loose or alone not in "uLe#%" else "X"
