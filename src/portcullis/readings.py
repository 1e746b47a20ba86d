"""What courts are reported to have said of the June 2025 file, as dated data for the replay and for nothing else.

An *order* binds from the day it was made. An *interpretation* says what the statute required all along: on its day only what is known
changes. An affirmance is an interpretation. Every entry is tagged R or I; nothing here is certain. No rule set is loaded from it: the
rules these cases are cited for stand in the agreement whatever becomes of the cases (rules.md §3).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from portcullis.rules import RuleSet, agreements_folder
from portcullis.rules.document import Node, read
from portcullis.rules.rule import SOURCES

__all__ = ["AsOf", "Change", "Reading", "Readings", "load_readings", "readings_file"]

_PATHS = ("number", "address")
_REPORTED = tuple(tag for tag in SOURCES if tag in "RI")


@dataclass(frozen=True, slots=True)
class AsOf:
    """The law as it stood on one day, as known on another."""

    valid: dt.date
    known: dt.date

    def __str__(self) -> str:
        """As it is typed."""
        return f"{self.valid}@{self.known}" if self.valid != self.known else str(self.valid)


@dataclass(frozen=True, slots=True)
class Change:
    """What a reading says through one rule; `not_done_on` is the path of the reported process that never made this check."""

    rule: str
    order: bool
    source: str
    says: str
    not_done_on: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One ruling: who, when, whether it orders anything, and what it changes."""

    id: str
    court: str
    case: str
    decided: dt.date
    kind: str
    source: str
    says: str
    changes: tuple[Change, ...]

    def in_force(self, change: Change, on: dt.date) -> bool:
        """Whether a change of this reading holds for what happened on a day: an order from its own day, an interpretation always."""
        return not change.order or self.decided <= on


@dataclass(frozen=True, slots=True)
class Readings:
    """All of one replay, oldest first, and what was applied before any of them."""

    agreement: str
    applied_on: dt.date
    applied: str
    readings: tuple[Reading, ...]

    def between(self, old: AsOf, new: AsOf) -> tuple[Reading, ...]:
        """Those that became known after the one and by the other."""
        return tuple(one for one in self.readings if old.known < one.decided <= new.known)

    def by(self, when: AsOf) -> tuple[Reading, ...]:
        """Those known then."""
        return tuple(one for one in self.readings if one.decided <= when.known)


def readings_file(replay: str) -> Path:
    """Where the readings of a replay are shipped."""
    return agreements_folder() / "replays" / f"{replay}.yaml"


def load_readings(path: Path, rules: RuleSet) -> Readings:
    """Read and check. Raises Refused with file, line and column: an unknown rule, another tag than R or I, dates out of order."""
    top = read(path).mapping(("id", "agreement", "applied", "readings"))
    if top["agreement"].text() != rules.agreement:
        top["agreement"].refuse(f"these are readings of {top['agreement'].text()}, not of {rules.agreement}")
    applied = top["applied"].mapping(("day", "source", "says"))
    found = tuple(_reading(node, {rule.id for rule in rules.rules}) for node in top["readings"].items())
    if [one.decided for one in found] != sorted(one.decided for one in found) or len({one.id for one in found}) < len(found):
        top["readings"].refuse("the readings are not in the order of their days, each once", next_step="Put the oldest first.")
    return Readings(top["agreement"].text(), applied["day"].date(), applied["says"].text(), found)


def _reading(node: Node, rules: set[str]) -> Reading:
    keys = node.mapping(("id", "court", "case", "decided", "kind", "source", "says", "changes"))
    kind = keys["kind"].text(("order", "interpretation"))
    changes = tuple(_change(item, rules) for item in keys["changes"].items())
    if any(change.order for change in changes) != (kind == "order"):
        keys["kind"].refuse("an order orders something, an interpretation nothing", next_step="Say so in `as` of its changes.")
    name, court, case = (keys[key].text() for key in ("id", "court", "case"))
    return Reading(name, court, case, keys["decided"].date(), kind, keys["source"].text(_REPORTED), keys["says"].text(), changes)


def _change(node: Node, rules: set[str]) -> Change:
    keys = node.mapping(("rule", "as", "source", "says"), ("not_done_on",))
    if keys["rule"].text() not in rules:
        keys["rule"].refuse(f"there is no rule {keys['rule'].text()}")
    path = keys["not_done_on"].text(_PATHS) if "not_done_on" in keys else None
    order = keys["as"].text(("order", "interpretation")) == "order"
    return Change(keys["rule"].text(), order, keys["source"].text(_REPORTED), keys["says"].text(), path)
