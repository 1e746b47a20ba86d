"""The proof: every claim asked of Z3 over the compiled rules and the two tables, and every counterexample replayed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import z3

from portcullis.errors import Refused
from portcullis.model import Decision
from portcullis.rules.prove.counterexample import Examples
from portcullis.rules.prove.encode import Encoder
from portcullis.rules.prove.invariant import Invariant, gates, statute_invariants
from portcullis.rules.prove.outcome import CONFIRM_SWITCH, Outcome, outcome
from portcullis.rules.prove.released import releases
from portcullis.rules.prove.report import Counterexample, Holds, Report
from portcullis.rules.prove.search import Search
from portcullis.rules.prove.space import LIMITS, Space
from portcullis.rules.prove.vacuity import Alone, contradictions, first_uncovered, independence, shadowed
from portcullis.rules.ruleset import RuleSet

__all__ = ["Proof", "prove"]

_NEEDED = ("candidates", "same_as_last_known")
_VACUITY = {
    "address": (("V-DISCLOSE", Decision.DISCLOSE), ("V-CONFIRM", Decision.CONFIRM)),
    "yes_no": (("V-CONFIRM", Decision.CONFIRM), ("V-DENY", Decision.DENY)),
    "elements": (("V-DISCLOSE", Decision.DISCLOSE),),
}
_FOREIGN = {"address": (Decision.DENY,), "yes_no": (Decision.DISCLOSE,), "elements": (Decision.CONFIRM, Decision.DENY)}


def prove(
    ruleset: RuleSet,
    answer: str = "address",
    switches: str | Mapping[str, bool] = "all",
    *,
    gate: str = "6103(i)(2)",
    own: Sequence[Invariant] = (),
    like: Mapping[str, int | str | None] | None = None,
) -> Report:
    """Prove the statute's invariants for the gate, and the agreement's `own`, for every typed request, reviewer and position of switches.

    `switches` may fix positions instead. `like` is a lawful request, which counterexamples then stay close to. One version of each rule
    must stand in the rule set (`as_of`). Raises Refused when nothing is written for the gate and the agreement brings nothing of its own,
    OutOfOrder when a counterexample is not confirmed by the gateway's own code: the encoding would be unsound.
    """
    begun = time.monotonic()
    if gate not in gates() and not own:
        raise Refused(
            "There is nothing to prove this agreement against.",
            f"No invariants of the statute are written for the gate {gate}.",
            "Add the agreement's own in invariants/*.yaml.",
        )
    proof = Proof(ruleset, answer, switches, (*statute_invariants(ruleset, gate), *own), like)
    return proof.report(begun)


@dataclass(frozen=True, slots=True)
class _Found:
    """A claim with the counterexample that breaks it, if any."""

    holds: Holds
    example: Counterexample | None = None


class Proof:
    """One rule set encoded once, and the questions about it."""

    def __init__(
        self,
        ruleset: RuleSet,
        answer: str,
        switches: str | Mapping[str, bool],
        invariants: Sequence[Invariant],
        like: Mapping[str, int | str | None] | None = None,
        limits: Mapping[str, tuple[int, int]] = LIMITS,
    ) -> None:
        """Encode. Raises OutOfOrder when a rule stands in several versions, Refused when an id stands twice among the invariants."""
        _refuse_twice(invariants)
        self.ruleset, self.answer, self.invariants, self._like = ruleset, answer, tuple(invariants), like
        checks = [check for rule in ruleset.rules for check in ruleset.rule(rule.id).checks]
        read = [p for check in checks for p in (check.require, *((check.when,) if check.when else ()))]
        read += [p for invariant in invariants for p in invariant.predicates]
        self.space = Space(ruleset.fields, read, sorted(ruleset.switches), _NEEDED, limits)
        self.encoder = Encoder(self.space)
        self.rules = self.encoder.rules(ruleset)
        self.outcome: Outcome = outcome(self.encoder, self.rules, answer)
        fixed = {} if isinstance(switches, str) else ruleset.positions(switches)
        positions = [self.space.switches[name] if on else z3.Not(self.space.switches[name]) for name, on in fixed.items()]
        self.search = Search([*self.space.domain, *self.outcome.bounds, *positions])

    @cached_property
    def examples(self) -> Examples:
        """Counterexamples, close to the lawful request."""
        keeps = [z3.Not(self.violated(one)) for one in self.invariants]
        place = self.space, self.outcome, self.search
        return Examples(self.ruleset, self.answer, *place, self._like, self.answered_alone(), keeps)

    def report(self, begun: float) -> Report:
        """Every question, in order."""
        found = [*self.vacuous(), *(self.claim(one) for one in self.invariants), self._foreign(), *(_Found(*each) for each in releases())]
        alone = independence(self.search, self.rules)
        found.append(_Found(self._independence(alone)))
        examples = [each.example for each in found if each.example]
        facts = contradictions(self.search, self.rules, self.answered_alone()), shadowed(self.search, self.rules)
        seconds = round(time.monotonic() - begun, 3)
        held, asked = tuple(each.holds for each in found), self.search.asked
        return Report(self.ruleset.agreement, self.ruleset.hash, held, tuple(examples), *facts, asked, seconds)

    # ---- claims about answers --------------------------------------------------------------------------------------------------

    def violated(self, invariant: Invariant) -> Any:
        """When an answer breaks the invariant."""
        met, applies = self.encoder.truth(invariant.require), self.encoder.applies(invariant.when)
        alone = z3.Not(self.outcome.accepted)
        broken = {
            "never": z3.Not(met.true),
            "unknown": z3.Or(met.false, z3.And(alone, z3.Not(met.true))),
            "decides": z3.And(alone, z3.Not(met.true)),
        }[invariant.person]
        return z3.And(self.outcome.answered(*invariant.of), self.encoder.gate(invariant.switch), z3.Not(applies.false), broken)

    def claim(self, invariant: Invariant) -> _Found:
        """Whether it holds of every answer; if not, the request most like the lawful one that breaks it, replayed."""
        violated, excluded = self.violated(invariant), self.outcome.excluded
        cited = f"{invariant.citation} ({invariant.source})"
        core = self.search.why_not(violated, excluded)
        if core is None:
            holds = Holds(invariant.id, invariant.says, cited, False, "answer", invariant.person)
            return _Found(holds, self.examples.of(invariant, violated))
        strictly = self.violated(replace(invariant, person="never"))
        person = invariant.person != "never" and self.search.possible(strictly, excluded)
        bound = 1 in core and self.search.possible(violated)
        return _Found(Holds(invariant.id, invariant.says, cited, True, "answer", invariant.person, person, bound))

    def _foreign(self) -> _Found:
        """A decision that the agreement's kind of answer does not have is never written."""
        words = _FOREIGN[self.answer]
        says = f"An agreement that answers with {self.answer} never writes {' or '.join(words)}."
        holds = not self.search.possible(self.outcome.answered(*words))
        return _Found(Holds("I-KIND-OF-ANSWER", says, "the table of decide (S)", holds, "answer"))

    # ---- something is possible -------------------------------------------------------------------------------------------------

    def answered_alone(self) -> Any:
        """When an answer is written and nobody had to decide."""
        words = [word for _, word in _VACUITY[self.answer]]
        return z3.And(self.outcome.answered(*words), self.outcome.alone)

    def vacuous(self) -> Iterator[_Found]:
        """Under every position of the switches every kind of answer is possible without a person having to decide."""
        for name, word in _VACUITY[self.answer]:
            possible = z3.And(self.outcome.answered(word), self.outcome.alone)
            confirms = word == Decision.CONFIRM and self.answer == "address" and CONFIRM_SWITCH in self.space.switches
            within = self.space.switches[CONFIRM_SWITCH] if confirms else z3.BoolVal(True)
            wishes = self.examples.wishes(self._like) if self._like else []
            uncovered = first_uncovered(self.search, self.space, possible, within, wishes)
            says = f"Some request is answered with {word}, nobody having to decide, under every position of the switches"
            says += f" in which {CONFIRM_SWITCH} is on." if confirms else "."
            holds = Holds(name, says, '26 U.S.C. 6103(i)(2)(A), "shall disclose"', uncovered is None, "vacuity")
            yield _Found(holds, None if uncovered is None else self._nothing(name, says, uncovered))

    def _nothing(self, name: str, says: str, position: Mapping[str, bool]) -> Counterexample:
        shown = ", ".join(f"{switch} {'on' if on else 'off'}" for switch, on in position.items())
        lines = [f"{name} fails. {says}", f"  With {shown or 'these rules'}: no request at all."]
        chosen = [self.space.switches[switch] == z3.BoolVal(on) for switch, on in position.items()]
        sound = [(rule.rule.id, z3.Not(z3.Or(rule.fail, rule.refer))) for rule in self.rules]
        core = self.search.why_not(*chosen, *(condition for _, condition in sound))
        if core is not None:
            against = dict.fromkeys(sound[place - len(chosen)][0] for place in core if place >= len(chosen))
            lines.append(f"  Together these rules let nothing pass: {', '.join(against) or 'none'}.")
        return Counterexample(name, {switch: int(on) for switch, on in position.items()}, tuple(lines))

    def _independence(self, alone: Sequence[Alone]) -> Holds:
        silent = [one for one in alone if not one.possible and not one.rule.implied_by]
        says = "Every rule can be the only one that stops a request, unless it says that another implies it"
        says += (
            "." if not silent else ": not " + ", ".join(f"{one.rule.id} (see {', '.join(one.others) or 'itself'})" for one in silent) + "."
        )
        return Holds("N-INDEPENDENT", says, "rules.md, Proofs", not silent, "independence")


def _refuse_twice(invariants: Sequence[Invariant]) -> None:
    ids = [one.id for one in invariants]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise Refused(f"Two invariants have the id {twice[0]}.", "An id names one claim.", "Give one of them another.")
