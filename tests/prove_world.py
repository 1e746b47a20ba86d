"""Small worlds for proofs: a catalogue of few facts, rules over them, and the plain meaning of a request, tried out one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from portcullis.decision import RequestFacts, decide
from portcullis.model import Decision, Verdict
from portcullis.rules import RuleSet
from portcullis.rules.fields import Field
from portcullis.rules.predicate import Predicate
from portcullis.rules.prove.invariant import Invariant
from portcullis.rules.reference import judge, truth
from portcullis.rules.rule import Check, Rule, Span, Switch
from portcullis.rules.ruleset import SwitchDefault

LIMITS = {"flag": (0, 1), "int": (0, 2), "date": (0, 2)}
TEXTS = ("a", "b", "(any other text)")
_KINDS = {
    "flagged": ("flag", "request", "check"),
    "number": ("int", "request", "check"),
    "began": ("date", "request", "check"),
    "ended": ("date", "request", "check"),
    "word": ("text", "request", "check"),
    "key": ("text", "request", "check"),
    "known_there": ("flag", "request", "match"),
    "candidates": ("int", "request", "match"),
    "same_as_last_known": ("flag", "request", "match"),
    "lawful_batch": ("flag", "batch", "check"),
}
FIELDS = {name: Field(name, *kind, meaning=name) for name, kind in _KINDS.items()}
REGISTER = ("candidates", "same_as_last_known")

Row = dict[str, int | str | None]


def check(
    require: Predicate, *, stage: str = "check", when: Predicate | None = None, on_false: Verdict = Verdict.FAIL, **more: Any
) -> Check:
    """One check."""
    given = {
        "on_false": Verdict.FAIL,
        "on_null": Verdict.FAIL,
        "reason": "X-TEST",
        "tier": "statute",
        "citation": "none",
        "source": "I",
        **more,
    }
    return Check(require, stage=stage, when=when, **given)


def rule(number: int, *checks: Check, told: str = "deficient", implied_by: tuple[str, ...] = ()) -> Rule:
    """One rule with these checks."""
    span = Span(dt.date(2000, 1, 1))
    dates = (span, span, (), None)
    return Rule(f"T{number:02}", "t", "statute", "request", "check", "c", "I", *dates, checks, "m", told, (), implied_by=implied_by)


def rules(*its: Rule, switches: Sequence[str] = ("S1",)) -> RuleSet:
    """A rule set over the small catalogue."""
    return RuleSet("small", its, FIELDS, {}, {}, {name: SwitchDefault(name, True, "T01", "m") for name in switches})


def invariant(
    require: Predicate, *, when: Predicate | None = None, person: str = "never", of: tuple[Decision, ...] | None = None
) -> Invariant:
    """One claim."""
    return Invariant("I-TEST", "a claim", "none", "I", require, when, person, None, (Decision.DISCLOSE, Decision.CONFIRM))


def every_row(names: Sequence[str]) -> Iterator[Row]:
    """Every row over these facts, unknown included; all other facts unknown."""
    values: list[Sequence[Any]] = []
    for name in names:
        kind = FIELDS[name].type
        values.append([None, *(TEXTS if kind == "text" else range(LIMITS[kind][0], LIMITS[kind][1] + 1))])
    for chosen in product(*values):
        yield {**dict.fromkeys(FIELDS), **dict(zip(names, chosen, strict=True))}


def worst(ruleset: RuleSet, its: Rule, stage: str, frame: str, row: Row, batch: Sequence[Row], on: bool) -> tuple[Verdict, str | None]:
    """A rule's verdict and reason at one stage, by rules.reference."""
    here = [c for c in its.checks if c.stage == stage and ruleset.frame(c) == frame and (c.switch is None or c.switch.when_on == on)]
    verdicts = [judge(c, row, batch) for c in here]
    found = max(verdicts, default=Verdict.NOT_APPLICABLE)
    return found, here[verdicts.index(found)].reason if found >= Verdict.REFER else None


def decided(ruleset: RuleSet, row: Row, batch: Sequence[Row], on: bool, accepts: bool) -> tuple[Decision, bool, bool]:
    """Decision, whether a reviewer accepted, whether nobody had to decide; written from the specification, apart from the prover."""
    if any(worst(ruleset, r, "check", "batch", row, batch, on)[0] >= Verdict.REFER for r in ruleset.rules):
        return Decision.NO_DISCLOSURE, False, True
    first = [(r, *worst(ruleset, r, "check", "request", row, batch, on)) for r in ruleset.rules]
    then = (
        []
        if any(v == Verdict.FAIL for _, v, _ in first)
        else [worst(ruleset, r, "match", "request", row, batch, on) for r in ruleset.rules]
    )
    deficient = sum(v == Verdict.FAIL and r.tell_requester == "deficient" for r, v, _ in first)
    refused = sum(v == Verdict.FAIL and r.tell_requester != "deficient" for r, v, _ in first) + sum(v == Verdict.FAIL for v, _ in then)
    reasons = [code for v, code in [*((v, c) for _, v, c in first), *then] if v == Verdict.REFER]
    persons, same = (row["candidates"] or 0, row["same_as_last_known"]) if then else (0, None)

    def word(refused: int, opened: int) -> Decision:
        return decide(RequestFacts(deficient, refused, opened, int(persons), same, "address"))  # type: ignore[arg-type]

    if word(refused, len(reasons)) != Decision.REFER:
        return word(refused, len(reasons)), False, True
    accepted = accepts and "M-AMBIGUOUS" not in reasons
    return word(refused + (not accepted), 0), accepted, False


def broken(claim: Invariant, row: Row, batch: Sequence[Row], outcome: tuple[Decision, bool, bool]) -> bool:
    """Whether an outcome breaks a claim."""
    word, accepted, _ = outcome
    if word not in claim.of or (claim.when is not None and truth(claim.when, row, batch) is False):
        return False
    met = truth(claim.require, row, batch)
    if met is True:
        return False
    if not accepted or claim.person == "never":
        return True
    return claim.person == "unknown" and met is False


def switch(on: bool) -> Switch:
    """S1 in one position."""
    return Switch("S1", on)
