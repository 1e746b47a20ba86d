"""Faults of a rule set that no single line shows: 1. a check that can never stop anything; 2. rules that together let nothing pass;
3. a check that passes in no request that is answered. The first is refused with file, line and column, and what would mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3

from portcullis.errors import Refused
from portcullis.rules.prove.encode import Judged
from portcullis.rules.prove.proof import Proof
from portcullis.rules.prove.vacuity import never_passing
from portcullis.rules.ruleset import RuleSet

__all__ = ["refuse_faults"]


def refuse_faults(ruleset: RuleSet, answer: str = "address") -> None:
    """Nothing, or Refused for the first fault. One version of each rule must stand in the rule set."""
    proof = Proof(ruleset, answer, "all", [])
    checks = [judged for ruled in proof.rules for judged in ruled.checks]
    for judged in checks:
        if not proof.search.possible(judged.bad):
            raise Refused(
                f"{_place(judged)}: this check of {judged.rule.id} can never stop a request ({judged.check.reason}).",
                "Whatever the facts are, what it requires is true, or the case it is for cannot be.",
                "Mend the requirement or its condition, or remove the check.",
            )
    if not proof.search.possible(proof.answered_alone()):
        raise _nothing_passes(proof, checks)
    for judged in never_passing(proof.search, proof.rules, proof.answered_alone()):
        raise Refused(
            f"{_place(judged)}: this check of {judged.rule.id} passes in no request that is answered ({judged.check.reason}).",
            "Whoever meets it is refused by another rule: the two contradict each other for these requests.",
            "Mend one of them.",
        )


def _nothing_passes(proof: Proof, checks: Sequence[Judged]) -> Refused:
    """The first of some checks that cannot all be met, with the others named."""
    core = proof.search.why_not(*_sound(checks)) or list(range(len(checks)))
    first, *others = [checks[place] for place in core]
    beside = ", ".join(f"{one.rule.id} ({_place(one)})" for one in others)
    return Refused(
        f"{_place(first)}: nothing passes {first.rule.id}" + (f" together with {beside}." if others else "."),
        "The rules contradict each other, so that no request at all could be answered, and a valid one shall be.",
        "Mend one of them.",
    )


def _sound(checks: Sequence[Judged]) -> list[Any]:
    return [z3.Not(judged.bad) for judged in checks]


def _place(judged: Judged) -> str:
    return judged.rule.place(judged.number)
