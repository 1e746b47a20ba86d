"""A rule, its checks and its cases, as frozen values; where a check runs follows from the facts it reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from portcullis.model import Verdict
from portcullis.rules.document import Value
from portcullis.rules.predicate import Predicate, fields_of

__all__ = ["SCOPES", "SOURCES", "STAGES", "TIERS", "Case", "Check", "Rule", "Span", "Switch"]

TIERS = ("statute", "court", "agreement", "guidance", "policy")
SCOPES = ("request", "officer", "batch", "agreement", "system")
STAGES = ("check", "match", "release", "system")
SOURCES = ("T", "R", "K", "I")
"""Evidence tags: text read, reported by a secondary source, known but not re-read, our inference."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` (included) to `end` (excluded); no end means until further notice."""

    start: dt.date
    end: dt.date | None = None

    def holds(self, day: dt.date) -> bool:
        """Whether the day lies within."""
        return self.start <= day and (self.end is None or day < self.end)

    def overlaps(self, other: Span) -> bool:
        """Whether any day lies within both."""
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)


@dataclass(frozen=True, slots=True)
class Switch:
    """The name of a switch, and whether the check applies when it is on or (`not name`) when it is off."""

    name: str
    when_on: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement: passes only when `require` is true; `when` false means not applicable, unknown means `on_null`."""

    require: Predicate
    on_false: Verdict
    on_null: Verdict
    reason: str
    tier: str
    citation: str
    source: str
    stage: str
    when: Predicate | None = None
    switch: Switch | None = None

    @property
    def fields(self) -> frozenset[str]:
        """Every fact the check reads."""
        return fields_of(self.require) | (fields_of(self.when) if self.when else frozenset())


@dataclass(frozen=True, slots=True)
class Case:
    """An example a lawyer reads: the lawful request with `given` changed gives `expect` (and `reason`).

    `switches` are set for this case; `copies` rows are made like it, each with its own value in `vary`, among `others` lawful rows.
    """

    name: str
    given: Mapping[str, Value]
    expect: Verdict
    reason: str | None = None
    switches: Mapping[str, bool] = field(default_factory=dict)
    copies: int = 1
    vary: tuple[str, ...] = ()
    others: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the agreement with its law, its dates, its checks and its cases (rules.md §3)."""

    id: str
    title: str
    tier: str
    scope: str
    stage: str
    citation: str
    source: str
    valid: Span
    known: Span
    changed_by: tuple[str, ...]
    lives_in: Mapping[str, str] | None
    checks: tuple[Check, ...]
    message: str
    tell_requester: str
    cases: tuple[Case, ...]
    status: str = "in_force"
    implied_by: tuple[str, ...] = ()
    declared_reasons: tuple[str, ...] = ()
    file: str = ""
    places: tuple[tuple[int, int], ...] = ()
    """Line and column of each check in the file, for whoever has to mend it."""

    def place(self, number: int) -> str:
        """Where a check (from 0) stands, as every error says it."""
        line, column = self.places[number] if number < len(self.places) else (1, 1)
        return f"{self.file or self.id}, line {line}, column {column}"

    def at(self, stage: str) -> tuple[Check, ...]:
        """The checks of one stage."""
        return tuple(check for check in self.checks if check.stage == stage)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason code the rule can give, in the order written; a rule that lives in code declares its own."""
        return tuple(dict.fromkeys((*(check.reason for check in self.checks), *self.declared_reasons)))
