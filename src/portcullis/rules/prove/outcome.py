"""From findings to the decision, and from release facts to a release: the two tables of `decision`, read for Z3 row by row.

What people may do with a referral is modelled as `record_review` allows it: refuse it, or accept it, except that a request for which
several people could be meant is never accepted. Their word is a free choice, so what is proved holds whatever reviewers say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import z3

from portcullis import decision
from portcullis.decision import NEVER_ACCEPTED, Condition, ReleaseFacts
from portcullis.model import Decision
from portcullis.rules.prove.encode import Encoder, Ruled

__all__ = ["ANSWERS", "CONFIRM_SWITCH", "NEVER_ACCEPTED", "Outcome", "Release", "outcome", "release"]

ANSWERS = (Decision.DISCLOSE, Decision.CONFIRM, Decision.DENY)
"""The decisions with which something leaves."""

CONFIRM_SWITCH = "R37_confirm"
"""Off: an address equal to the last-known one is disclosed like any other (pipeline.decide_all)."""

Values = Mapping[str, tuple[Any, Any] | str]
"""What the table is read over: fact → (known, value), or a constant."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`decided`: when each decision is written. `accepted`: a reviewer accepted a referral. `alone`: nobody had to decide.

    `admitted`: the batch's own rules let it in. `excluded`: reviewers cannot accept where several people could be meant.
    `bounds` hold always.
    """

    decided: Mapping[Decision, Any]
    accepted: Any
    alone: Any
    admitted: Any
    excluded: Any
    bounds: tuple[Any, ...]

    def answered(self, *which: Decision) -> Any:
        """When one of these decisions is written for a request of an admitted batch."""
        return z3.And(self.admitted, z3.Or(*[self.decided[decision] for decision in which]))


def outcome(encoder: Encoder, rules: Sequence[Ruled], answer: str) -> Outcome:
    """The decision as a function of facts, switches and reviewers (pipeline.check, match, decide_all; review.record_review)."""
    batch, check, match = (_at(rules, *place) for place in (("batch", "check"), ("request", "check"), ("request", "match")))
    ended = _any(rule.fail for rule in check)  # nothing of the register is read after a failure at check
    deficient = _any(rule.fail for rule in check if rule.rule.tell_requester == "deficient")
    refused = z3.Or(
        _any(rule.fail for rule in check if rule.rule.tell_requester != "deficient"),
        z3.And(z3.Not(ended), _any(rule.fail for rule in match)),
    )
    opened = z3.Or(_any(rule.refer for rule in check), z3.And(z3.Not(ended), _any(rule.refer for rule in match)))
    read: dict[str, tuple[Any, Any] | str] = {**_register(encoder, ended), "answer": answer}
    first = _decide({**read, "deficient": _flag(deficient), "refused": _flag(refused), "open": _flag(opened)})
    referred, accept, excluded = first[Decision.REFER], z3.Bool("a reviewer accepts"), z3.Bool("reviewers are bound")
    ambiguous = z3.Or(*[rule.refers_for(NEVER_ACCEPTED) for rule in (*check, *match)])
    closed = _flag(z3.Or(refused, z3.Not(accept)))
    then = _decide({**read, "deficient": _flag(deficient), "refused": closed, "open": _flag(z3.BoolVal(False))})
    return Outcome(
        {word: z3.If(referred, then[word], first[word]) for word in first},
        accept,
        z3.Not(referred),
        z3.Not(z3.Or(*[z3.Or(rule.fail, rule.refer) for rule in batch])),
        excluded,
        (z3.Implies(accept, referred), z3.Implies(z3.And(accept, excluded), z3.Not(ambiguous))),
    )


def _at(rules: Sequence[Ruled], frame: str, stage: str) -> list[Ruled]:
    return [rule for rule in rules if (rule.frame, rule.stage) == (frame, stage)]


def _any(parts: Any) -> Any:
    return z3.Or(*parts)


def _flag(holds: Any) -> tuple[Any, Any]:
    """A count that is certainly known, as the pipeline hands it to `decide`: none or some."""
    return z3.BoolVal(True), z3.If(holds, 1, 0)


def _register(encoder: Encoder, ended: Any) -> dict[str, tuple[Any, Any]]:
    """`persons` and `same_address` as the pipeline derives them from what the register said."""
    persons, same = encoder.space.facts["candidates"], encoder.space.facts["same_as_last_known"]
    count = z3.If(ended, 0, z3.If(persons.value > 2, 2, persons.value))
    confirms = encoder.space.switches.get(CONFIRM_SWITCH, z3.BoolVal(True))
    equal = z3.If(z3.And(same.value == 1, z3.Not(confirms)), 0, same.value)
    return {"persons": (z3.Or(ended, persons.known), count), "same_address": (z3.And(z3.Not(ended), same.known), equal)}


def _decide(values: Values) -> dict[Decision, Any]:
    """When each decision follows: the first row of the table that holds, else no disclosure."""
    found: dict[Decision, list[Any]] = {word: [] for word in Decision}
    before: list[Any] = []
    for row in decision.DECIDE:
        holds = _holds(row.when, values)
        found[row.then].append(z3.And(holds, *[z3.Not(other) for other in before]))
        before.append(holds)
    found[Decision.NO_DISCLOSURE].append(z3.Not(z3.Or(*before)))
    return {word: z3.Or(*rows) for word, rows in found.items()}


def _holds(conditions: Sequence[Condition], values: Values) -> Any:
    return z3.And(*[_condition(values[name], operator, expected) for name, operator, expected in conditions])


def _condition(fact: tuple[Any, Any] | str, operator: str, expected: int | str) -> Any:
    """A condition is true only of a known fact."""
    if isinstance(fact, str) or isinstance(expected, str):
        return z3.BoolVal((fact == expected) == (operator == "eq"))
    known, value = fact
    meaning = {"eq": value == expected, "ne": value != expected, "at_least": value >= expected, "at_most": value <= expected}
    return z3.And(known, meaning[operator])


@dataclass(frozen=True, slots=True)
class Release:
    """`facts`: each release fact as (known, value). `rows`: when each requirement holds. `goes`: when all of them do."""

    facts: Mapping[str, tuple[Any, Any]]
    rows: Mapping[str, Any]
    goes: Any

    def holds(self, conditions: Sequence[Condition]) -> Any:
        """When conditions hold of known facts."""
        return _holds(conditions, dict(self.facts))


def release() -> Release:
    """`may_release` over every value its facts can have, unknown included."""
    facts = {f.name: (z3.Bool(f"{f.name} known"), z3.Int(f"release {f.name}")) for f in fields(ReleaseFacts)}
    rows = {row.id: _holds(row.require, dict(facts)) for row in decision.MAY_RELEASE}
    return Release(facts, rows, z3.And(*rows.values()))
