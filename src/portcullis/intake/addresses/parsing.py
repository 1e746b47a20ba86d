"""One row's class letters to roles. Each different signature is parsed once, in plain Python; rows only look it up.

A whole address in one text first needs to be told where the delivery line ends and the town begins.

State, ZIP and country were found before and stand as Z at the end. The town is the last part after a comma, if a delivery line
stands before it; else every place is tried where a town could begin, and the best street wins.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from portcullis.intake.addresses.grammar import Parse, delivery_line

__all__ = ["parse"]

_NOT_IN_TOWN = frozenset("n5ah90#%g,|")
_NOT_TOWN_FIRST = frozenset("oLui")
_OPENERS = frozenset("8S3sDF")
_STRONG_TYPES = frozenset("ts:W")
_PREFERENCE = {
    "box": 0,
    "military": 0,
    "puerto_rico": 0,
    "highway": 1,
    "typed": 1,
    "grid": 2,
    "lettered": 2,
    "short": 3,
    "bare": 4,
    "cross": 4,
}
_LONGEST_TOWN = 5


@lru_cache(maxsize=500_000)
def parse(signature: str) -> Parse:
    """Parse a signature: region letter (`n` plain, `m` military, `r` Puerto Rico, capital when free text), then class letters."""
    region, body = signature[0], signature[1:]
    found = _free(region.lower(), body) if region.isupper() else delivery_line(region, body)
    return replace(found, roles="X" + found.roles)


def _free(region: str, body: str) -> Parse:
    """The parse of a free text without its region letter."""
    end = body.find("Z")
    head = (body if end < 0 else body[:end]).rstrip(",|")
    comma = max(head.rfind(","), head.rfind("|"))
    if comma > 0 and not set(head[comma + 1 :]) & _NOT_IN_TOWN:
        found = delivery_line(region, head[:comma])
        if found.kind:
            return _with_town(found, body, len(head), comma + 1)
    best = _best_split(region, head)
    if best:
        return _with_town(best[1], body, len(head), best[0])
    found = delivery_line(region, head)
    return replace(found, roles=found.roles + "Z" * (len(body) - len(head)))


def _with_town(found: Parse, body: str, end: int, start: int) -> Parse:
    roles = found.roles + "X" * (start - len(found.roles)) + "C" * (end - start) + "Z" * (len(body) - end)
    return replace(found, roles=roles)


def _best_split(region: str, head: str) -> tuple[int, Parse] | None:
    """Where the town begins, and the delivery line before it."""
    ranked: list[tuple[tuple[int, int], int, Parse]] = []
    for start in range(len(head) - 1, max(0, len(head) - 1 - _LONGEST_TOWN), -1):
        if head[start] in _NOT_IN_TOWN:
            break
        if head[start] in _NOT_TOWN_FIRST:
            continue
        found = delivery_line(region, head[:start].rstrip(","))
        if found.kind:
            ranked.append((_rank(found, head, start), start, found))
    return min(ranked, key=lambda item: item[0])[1:] if ranked else None


def _rank(found: Parse, head: str, start: int) -> tuple[int, int]:
    """Lower is better: a street with a strong type just before a long town, then weaker ends, then a bare street before a short town."""
    level, town = _PREFERENCE.get(found.form, 5), len(head) - start
    if found.form == "typed":
        last = found.roles.rfind("T")
        level = 1 if head[last] in _STRONG_TYPES else 3
        if set(head[found.roles.find("S") : last]) <= frozenset("Cy") or head[last - 1 : last + 1] == "8T":
            level = 5  # a road without its name, or SALT LAKE | CITY
    if level == _PREFERENCE["bare"]:
        if [head[at] for at, role in enumerate(found.roles) if role == "S"] == ["y"]:
            return level + 2, town  # 60 State | Boston, but never 60 State | St Boston
        return level, (0 if head[start] in _OPENERS and town > 1 else 10) + town
    late = head[start] == "6" or ("I" in found.roles and level > 1)
    return level + late, -town
