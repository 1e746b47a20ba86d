"""The proof: every claim asked of Z3 over the compiled rules and the two tables, and every counterexample replayed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb
import z3

from portcullis import decision
from portcullis.decision import ReleaseFacts
from portcullis.errors import OutOfOrder, Refused
from portcullis.model import Decision
from portcullis.rules.prove.encode import Encoder
from portcullis.rules.prove.invariant import Invariant, gates, statute_invariants
from portcullis.rules.prove.outcome import CONFIRM_SWITCH, Outcome, outcome, release
from portcullis.rules.prove.released import RELEASED
from portcullis.rules.prove.replay import Request, kept, others_of, replay
from portcullis.rules.prove.report import Counterexample, Holds, Report, differences
from portcullis.rules.prove.search import Search
from portcullis.rules.prove.space import LIMITS, Row, Space
from portcullis.rules.prove.vacuity import Alone, contradictions, first_uncovered, independence, shadowed
from portcullis.rules.ruleset import RuleSet

__all__ = ["Proof", "prove"]

_NEEDED = ("candidates", "same_as_last_known")
_VACUITY = {
    "address": (("V-DISCLOSE", Decision.DISCLOSE), ("V-CONFIRM", Decision.CONFIRM)),
    "yes_no": (("V-CONFIRM", Decision.CONFIRM), ("V-DENY", Decision.DENY)),
}
_FOREIGN = {"address": Decision.DENY, "yes_no": Decision.DISCLOSE}


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
    def _con(self) -> Any:
        return duckdb.connect(":memory:")

    def report(self, begun: float) -> Report:
        """Every question, in order."""
        found = [*self.vacuous(), *(self.claim(one) for one in self.invariants), self._foreign(), *self._releases()]
        alone = independence(self.search, self.rules)
        found.append(_Found(self._independence(alone)))
        examples = [each.example for each in found if each.example]
        facts = contradictions(self.search, self.rules, self._answered_alone()), shadowed(self.search, self.rules)
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
        if core is not None:
            free = 1 in core and self.search.find(violated) is not None
            return _Found(Holds(invariant.id, invariant.says, cited, True, "answer", invariant.person, free))
        holds = Holds(invariant.id, invariant.says, cited, False, "answer", invariant.person)
        return _Found(holds, self._example(invariant, violated))

    def _example(self, invariant: Invariant, violated: Any) -> Counterexample:
        base = self._base
        request = self._request(self.search.nearest([violated, self.outcome.excluded], self._wishes(base)), base)
        replayed = replay(self.ruleset, request, self.answer, self._con)
        if kept(invariant, request, replayed):
            raise OutOfOrder(
                f"A counterexample to {invariant.id} is none when it is replayed.",
                "The rules as Z3 reads them are not the rules as DuckDB runs them.",
                "Nothing is proved; report the agreement.",
            )
        facts = {name: value for name, value in request.row.items() if value is not None}
        return Counterexample(invariant.id, facts, tuple(self._lines(invariant, request, base, replayed.decision, replayed.referred)))

    def _lines(
        self, invariant: Invariant, request: Request, base: Mapping[str, Any], decided: Decision, referred: Sequence[str]
    ) -> Iterator[str]:
        yield f"{invariant.id} fails. {invariant.says}"
        yield f"  {invariant.citation}"
        changed = differences(request.row, base, self.ruleset.fields)
        yield "  A request like the lawful one" + (", except:" if changed else ":" if base else "")
        yield from changed
        if request.others:
            yield f"    in a batch of {len(request.rows)} rows"
        usual = self.ruleset.positions()
        turned = [f"{name} is {'on' if on else 'off'}" for name, on in request.switches.items() if usual[name] != on]
        yield "  Switches: " + (", ".join(turned) if turned else "as they are by default")
        yield f"  A reviewer accepted it, for {', '.join(referred)}." if referred else "  No rule refuses it, and nobody has to look at it."
        yield f"  The gateway would answer: {decided}. Replayed on DuckDB: confirmed."

    @cached_property
    def _base(self) -> Mapping[str, int | str | None]:
        """A lawful request: the one given, else any that is answered without a person and keeps every invariant, else nothing."""
        if self._like is not None:
            return self._like
        kept_all = [z3.Not(self.violated(one)) for one in self.invariants]
        model = self.search.nearest([self._answered_alone()], [*self._usual(), *kept_all, *self._plain()])
        return {} if model is None else self.space.row(model, {})

    def _wishes(self, base: Mapping[str, int | str | None]) -> list[Any]:
        """What a readable counterexample has: nobody reviewed it, alone in its batch, switches as usual, facts as in the base."""
        wishes = [z3.Not(self.outcome.accepted), *self._plain(), *self._usual()]
        return [*wishes, *(fact.equals(base[name]) for name, fact in self.space.facts.items() if name in base)]

    def _plain(self) -> list[Any]:
        """Alone in its batch, or at least in a small one."""
        return [self.space.total <= 1, self.space.total <= 100, *(count.value <= 1 for count in self.space.counts.values())]

    def _usual(self) -> list[Any]:
        """Every switch as it is by default."""
        usual = self.ruleset.positions()
        return [on if usual[name] else z3.Not(on) for name, on in self.space.switches.items()]

    def _request(self, model: Any, base: Mapping[str, int | str | None]) -> Request:
        row: Row = self.space.row(model, base)
        counts: dict[Any, int | None] = {
            key: int(model.eval(count.value, model_completion=True).as_long())
            for key, count in self.space.counts.items()
            if z3.is_true(model.eval(count.known, model_completion=True))
        }
        total = int(model.eval(self.space.total, model_completion=True).as_long())
        switches = {name: z3.is_true(model.eval(on, model_completion=True)) for name, on in self.space.switches.items()}
        accepts = z3.is_true(model.eval(self.outcome.accepted, model_completion=True))
        return Request(row, others_of(row, counts, total), switches, accepts)

    def _foreign(self) -> _Found:
        """A decision that the agreement's kind of answer does not have is never written."""
        word = _FOREIGN[self.answer]
        says = f"An agreement that answers with {self.answer} never writes {word}."
        holds = self.search.find(self.outcome.answered(word)) is None
        return _Found(Holds("I-KIND-OF-ANSWER", says, "the table of decide (S)", holds, "answer"))

    # ---- something is possible -------------------------------------------------------------------------------------------------

    def _answered_alone(self) -> Any:
        words = [word for _, word in _VACUITY[self.answer]]
        return z3.And(self.outcome.answered(*words), self.outcome.alone)

    def vacuous(self) -> Iterator[_Found]:
        """Under every position of the switches every kind of answer is possible without a person having to decide."""
        for name, word in _VACUITY[self.answer]:
            possible = z3.And(self.outcome.answered(word), self.outcome.alone)
            confirms = word == Decision.CONFIRM and self.answer == "address" and CONFIRM_SWITCH in self.space.switches
            within = self.space.switches[CONFIRM_SWITCH] if confirms else z3.BoolVal(True)
            wishes = self._wishes(self._like) if self._like else []
            uncovered = first_uncovered(self.search, self.space, possible, within, wishes)
            says = f"Some request is answered with {word}, nobody having to decide, under every position of the switches"
            says += f" in which {CONFIRM_SWITCH} is on." if confirms else "."
            holds = Holds(name, says, "26 U.S.C. 6103(i)(2)(A), \"shall disclose\"", uncovered is None, "vacuity")
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
        says += "." if not silent else ": not " + ", ".join(f"{one.rule.id} (see {', '.join(one.others) or 'itself'})" for one in silent) + "."
        return Holds("N-INDEPENDENT", says, "rules.md, Proofs", not silent, "independence")

    # ---- claims about releases -------------------------------------------------------------------------------------------------

    def _releases(self) -> Iterator[_Found]:
        table = release()
        search = Search([])
        for claim in RELEASED:
            model = search.find(table.goes, z3.Not(table.holds(claim.require)))
            holds = Holds(claim.id, claim.says, claim.citation, model is None, "release")
            yield _Found(holds, None if model is None else _release_example(claim.id, claim.says, table.facts, model))
        yield _Found(Holds("V-RELEASE", "Some release may go.", "26 U.S.C. 6103(i)(2)(A)", search.find(table.goes) is not None, "vacuity"))
        idle = [
            row
            for row, holds in table.rows.items()
            if search.find(z3.Not(holds), *(other for name, other in table.rows.items() if name != row)) is None
        ]
        says = "Every requirement of a release can be the only one that stops it" + (f": not {', '.join(idle)}." if idle else ".")
        yield _Found(Holds("N-RELEASE", says, "rules.md, Proofs", not idle, "independence"))
        self.search.asked += search.asked


def _refuse_twice(invariants: Sequence[Invariant]) -> None:
    ids = [one.id for one in invariants]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise Refused(f"Two invariants have the id {twice[0]}.", "An id names one claim.", "Give one of them another.")


def _release_example(name: str, says: str, facts: Mapping[str, tuple[Any, Any]], model: Any) -> Counterexample:
    values: dict[str, int | None] = {
        fact: int(model.eval(value, model_completion=True).as_long()) if z3.is_true(model.eval(known, model_completion=True)) else None
        for fact, (known, value) in facts.items()
    }
    if reasons := decision.may_release(ReleaseFacts(**values)):
        raise OutOfOrder(f"A counterexample to {name} is none when it is replayed.", f"may_release refuses it: {', '.join(reasons)}.")
    lines = [f"{name} fails. {says}", "  may_release says yes to:", *(f"    {k}: {'unknown' if v is None else v}" for k, v in values.items())]
    return Counterexample(name, values, tuple(lines))
