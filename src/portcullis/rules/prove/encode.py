"""Predicates, checks and rules to Z3, with Kleene's logic written out: for every predicate when it is true and when it is false.

Unknown is what is neither. The meaning is that of rules.reference; a test compares both over every row of small domains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import z3

from portcullis.model import Verdict
from portcullis.rules.predicate import (
    AllOf,
    AnyOf,
    Bound,
    Compare,
    CountWithinBatch,
    DaysBetween,
    Is,
    NoneOf,
    OneOf,
    Order,
    Predicate,
    Present,
    ShareWithinBatch,
)
from portcullis.rules.prove.space import Space, key_of
from portcullis.rules.rule import Check, Rule, Switch
from portcullis.rules.ruleset import RuleSet

__all__ = ["Encoder", "Judged", "Ruled", "both"]


@dataclass(frozen=True, slots=True)
class Truth:
    """When a predicate is true and when it is false."""

    true: Any
    false: Any


@dataclass(frozen=True, slots=True)
class Judged:
    """One check: when it fails, when it refers, and when it applies and passes. `number` is its place in the rule's file."""

    rule: Rule
    number: int
    check: Check
    fail: Any
    refer: Any
    passes: Any

    @property
    def bad(self) -> Any:
        """When it does not let the request pass."""
        return z3.Or(self.fail, self.refer)


@dataclass(frozen=True, slots=True)
class Ruled:
    """One rule at one stage and frame: the worst of its checks. `says(code)`: when its reason is that code."""

    rule: Rule
    stage: str
    frame: str
    checks: tuple[Judged, ...]

    @property
    def fail(self) -> Any:
        """When its verdict is fail."""
        return z3.Or(*[judged.fail for judged in self.checks])

    @property
    def refer(self) -> Any:
        """When its verdict is refer."""
        return z3.And(z3.Not(self.fail), z3.Or(*[judged.refer for judged in self.checks]))

    def refers_for(self, reason: str) -> Any:
        """When its verdict is refer and its reason this one: that of the first check that refers."""
        earlier: list[Any] = []
        found = []
        for judged in self.checks:
            if judged.check.reason == reason:
                found.append(z3.And(judged.refer, *[z3.Not(other) for other in earlier]))
            earlier.append(judged.refer)
        return z3.And(z3.Not(self.fail), z3.Or(*found))


class Encoder:
    """Predicates over one space; what was encoded once is not built again."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._known: dict[Predicate, Truth] = {}

    def rules(self, ruleset: RuleSet) -> tuple[Ruled, ...]:
        """Every rule wherever the gateway evaluates it: about the batch, at check, at match (as rules.run does)."""
        found = []
        for frame, stage in (("batch", "check"), ("request", "check"), ("request", "match")):
            for rule in ruleset.rules:
                checks = [(n, c) for n, c in enumerate(rule.checks) if c.stage == stage and ruleset.frame(c) == frame]
                if checks:
                    found.append(Ruled(rule, stage, frame, tuple(self._judge(rule, number, check) for number, check in checks)))
        return tuple(found)

    def gate(self, switch: Switch | None) -> Any:
        """When a switch leaves a check on."""
        if switch is None:
            return z3.BoolVal(True)
        return self.space.switches[switch.name] if switch.when_on else z3.Not(self.space.switches[switch.name])

    def _judge(self, rule: Rule, number: int, check: Check) -> Judged:
        met, applies = self.truth(check.require), self.applies(check.when)
        on = z3.And(self.gate(check.switch), z3.Not(applies.false))
        passes, false = z3.And(on, applies.true, met.true), z3.And(on, applies.true, met.false)
        unknown = z3.And(on, z3.Not(z3.And(applies.true, z3.Or(met.true, met.false))))

        def gives(verdict: Verdict) -> Any:
            return z3.Or(*([false] if check.on_false == verdict else []), *([unknown] if check.on_null == verdict else []))

        return Judged(rule, number, check, gives(Verdict.FAIL), gives(Verdict.REFER), passes)

    def applies(self, when: Predicate | None) -> Truth:
        """When a check applies, and when it does not; no condition always does."""
        return self.truth(when) if when is not None else Truth(z3.BoolVal(True), z3.BoolVal(False))

    def truth(self, predicate: Predicate) -> Truth:
        """When a predicate is true and when false."""
        if predicate not in self._known:
            self._known[predicate] = self._truth(predicate)
        return self._known[predicate]

    def _truth(self, predicate: Predicate) -> Truth:
        facts = self.space.facts
        match predicate:
            case Present(field):
                return Truth(facts[field].known, z3.Not(facts[field].known))
            case Is(field):
                return _given([facts[field].known], facts[field].value == 1)
            case OneOf(field, values, form):
                found = z3.Or(*[facts[field].value == facts[field].code(value) for value in values])
                return _given([facts[field].known], z3.Not(found) if form == "not_one_of" else found)
            case Compare(field, form, bound):
                sides = (bound, None) if form == "at_least" else (None, bound)
                return _given([facts[field].known], _within(facts[field].value, *sides))
            case Order(field, form, than):
                return self._order(field, form, than)
            case DaysBetween(start, end, least, most):
                known = [facts[start].known, facts[end].known]
                return _given(known, _within(facts[end].value - facts[start].value, least, most))
            case CountWithinBatch(_, _, least, most):
                count = self.space.counts[key_of(predicate)]
                return _given([count.known], _within(count.value, least, most))
            case ShareWithinBatch(_, least, most):
                count = self.space.counts[key_of(predicate)]
                return _given([count.known], _within(count.value, least, most, self.space.total))
            case AllOf(parts):
                return both([self.truth(part) for part in parts])
            case AnyOf(parts):
                return _not(both([_not(self.truth(part)) for part in parts]))
            case NoneOf(parts):
                return both([_not(self.truth(part)) for part in parts])

    def _order(self, field: str, form: str, than: str | int) -> Truth:
        one, other = self.space.facts[field], self.space.facts[than] if isinstance(than, str) else None
        value = other.value if other else than
        known = [one.known, *([other.known] if other else [])]
        return _given(known, one.value > value if form == "after" else one.value < value)


def both(parts: Sequence[Truth]) -> Truth:
    """True when all are, false when any is."""
    return Truth(z3.And(*[part.true for part in parts]), z3.Or(*[part.false for part in parts]))


def _not(truth: Truth) -> Truth:
    return Truth(truth.false, truth.true)


def _given(known: Sequence[Any], holds: Any) -> Truth:
    return Truth(z3.And(*known, holds), z3.And(*known, z3.Not(holds)))


_SIDES: Sequence[Callable[[Any, Any], Any]] = (lambda amount, limit: amount >= limit, lambda amount, limit: amount <= limit)


def _within(amount: Any, least: Bound | None, most: Bound | None, total: Any = 1) -> Any:
    """The amount within its bounds; of a share, by cross-multiplication."""
    bounds = zip((least, most), _SIDES, strict=True)
    return z3.And(*[side(amount * bound.unit, total * bound.value) for bound, side in bounds if bound is not None])
