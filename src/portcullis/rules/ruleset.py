"""A rule set: rules, what they may name, the switches, and one hash over all of it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from decimal import Decimal
from enum import IntEnum

from portcullis.crypto import canonical
from portcullis.errors import OutOfOrder
from portcullis.rules.fields import Catalogue
from portcullis.rules.rule import Check, Rule

__all__ = ["RuleSet", "SwitchDefault", "rules_json"]


@dataclass(frozen=True, slots=True)
class SwitchDefault:
    """One switch of the agreement: its position unless changed, the rule it belongs to, and what on and off mean."""

    name: str
    default: bool
    rule: str
    meaning: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules with the names they use. Several versions of one rule may stand in it; `as_of` leaves one of each."""

    agreement: str
    rules: tuple[Rule, ...]
    fields: Catalogue
    lists: Mapping[str, tuple[str, ...]]
    thresholds: Mapping[str, int | Decimal]
    switches: Mapping[str, SwitchDefault]
    zone: str = "-05:00"
    _hash: str = field(default="", init=False, repr=False, compare=False)

    def as_of(self, valid_on: dt.date, known_on: dt.date) -> RuleSet:
        """The law as it stood on `valid_on`, as this gateway knew it on `known_on`."""
        standing = tuple(r for r in self.rules if r.valid.holds(valid_on) and r.known.holds(known_on))
        return self if len(standing) == len(self.rules) else replace(self, rules=standing)

    def stretches(self, first: dt.date, last: dt.date | None = None) -> tuple[tuple[dt.date, RuleSet], ...]:
        """Every text that holds, as known on its own day, from `first` to `last`: the day it begins, and its rules."""
        turns = {day for rule in self.rules for span in (rule.valid, rule.known) for day in (span.start, span.end) if day is not None}
        days = [first, *sorted(day for day in turns if first < day and (last is None or day <= last))]
        found: list[tuple[dt.date, RuleSet]] = []
        for day in days:
            rules = self.as_of(day, day)
            if not found or found[-1][1].rules != rules.rules:
                found.append((day, rules))
        return tuple(found)

    @property
    def several(self) -> tuple[str, ...]:
        """The rules that stand in several versions, so that a day must be chosen with `as_of` before anything is evaluated or proved."""
        ids = [rule.id for rule in self.rules]
        return tuple(sorted({name for name in ids if ids.count(name) > 1}))

    def without(self, *rules: str) -> RuleSet:
        """The same without these rules; only replay and tests ask for it."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.id not in rules))

    def rule(self, rule_id: str) -> Rule:
        """The one version of a rule. Raises OutOfOrder when there is none or several."""
        found = [rule for rule in self.rules if rule.id == rule_id]
        if len(found) != 1:
            raise OutOfOrder(f"{len(found)} versions of rule {rule_id!r} here.", "One is wanted.", "Choose dates with as_of first.")
        return found[0]

    def positions(self, changed: Mapping[str, bool] | None = None) -> dict[str, bool]:
        """Every switch's position: its default, or what was changed. Raises OutOfOrder on an unknown switch."""
        unknown = sorted(set(changed or {}) - set(self.switches))
        if unknown:
            raise OutOfOrder(f"Unknown switch {unknown[0]!r}.", "The agreement does not have it.", "See agreement.yaml.")
        return {name: (changed or {}).get(name, switch.default) for name, switch in self.switches.items()}

    def frame(self, check: Check) -> str:
        """`batch` when the check reads facts of the batch as a whole, else `request`."""
        scopes = {self.fields[name].scope for name in check.fields}
        return "batch" if scopes == {"batch"} else "request"

    @property
    def hash(self) -> str:
        """SHA-256 (hex) over the canonical JSON of `rules_json`; computed once, since a rule set never changes."""
        if not self._hash:
            object.__setattr__(self, "_hash", hashlib.sha256(canonical(rules_json(self))).hexdigest())
        return self._hash


def rules_json(ruleset: RuleSet) -> dict[str, object]:
    """The rule set as plain JSON: what the hash covers and the bundle carries. Cases and places in files are left out."""
    rules = [_plain({k: v for k, v in _shallow(rule).items() if k not in ("cases", "file", "places")}) for rule in ruleset.rules]
    return {
        "agreement": ruleset.agreement,
        "zone": ruleset.zone,
        "rules": rules,
        "fields": {name: _plain(field) for name, field in sorted(ruleset.fields.items())},
        "lists": {name: list(values) for name, values in sorted(ruleset.lists.items())},
        "thresholds": {name: _plain(value) for name, value in sorted(ruleset.thresholds.items())},
        "switches": {name: _plain(switch) for name, switch in sorted(ruleset.switches.items())},
    }


def _shallow(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}  # type: ignore[attr-defined]


def _plain(value: object) -> object:
    """Any value of a rule as JSON; a predicate carries the name of its class as `is_a`."""
    if isinstance(value, Decimal | dt.date):
        return str(value)
    if isinstance(value, IntEnum):
        return value.name.lower()
    if is_dataclass(value):
        marked = {"is_a": type(value).__name__} if type(value).__module__.endswith(".predicate") else {}
        return {**marked, **{name: _plain(item) for name, item in _shallow(value).items()}}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value
