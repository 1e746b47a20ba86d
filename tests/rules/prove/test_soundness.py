"""Z3's answer is the answer of trying every request, for random rule sets over small domains."""

from __future__ import annotations

import os
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portcullis.errors import OutOfOrder
from portcullis.model import Decision, Verdict
from portcullis.rules import RuleSet
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
    fields_of,
)
from portcullis.rules.prove import encode
from portcullis.rules.prove.proof import Proof
from portcullis.rules.prove.vacuity import independence, never_passing, shadowed
from portcullis.rules.reference import judge
from portcullis.rules.rule import Check, Rule
from prove_world import LIMITS, REGISTER, broken, check, decided, every_row, invariant, rule, rules, switch, worst

EXAMPLES = int(os.environ.get("PORTCULLIS_PROOFS", "12"))
"""Rule sets hypothesis draws per test; raise it for a long run."""

few = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
KINDS = {"flagged": "flag", "number": "int", "began": "date", "ended": "date", "word": "text", "known_there": "flag", "candidates": "int"}
small = st.integers(0, 2)


def leaf(name: str, names: list[str]) -> st.SearchStrategy[Predicate]:
    kind = KINDS.get(name, "flag")
    found: list[st.SearchStrategy[Any]] = [st.just(Present(name))]
    if kind == "flag":
        found.append(st.just(Is(name)))
    if kind == "int":
        found.append(st.builds(Compare, st.just(name), st.sampled_from(["at_least", "at_most"]), st.builds(Bound, small)))
    if kind == "date":
        others = [other for other in names if KINDS.get(other) == "date"]
        found.append(st.builds(Order, st.just(name), st.sampled_from(["before", "after"]), st.one_of(small, st.sampled_from(others))))
        bounds = st.one_of(st.none(), st.builds(Bound, st.integers(-1, 2)))
        found.append(st.builds(DaysBetween, st.just(name), st.sampled_from(others), st.builds(Bound, small), bounds))
    else:
        values = st.sampled_from([("a",), ("a", "b"), ()] if kind == "text" else [(0,), (1,), (0, 1)])
        found.append(st.builds(OneOf, st.just(name), values, st.sampled_from(["one_of", "not_one_of"])))
    return st.one_of(found)


def predicates(names: list[str]) -> st.SearchStrategy[Predicate]:
    leaves = st.sampled_from(names).flatmap(lambda name: leaf(name, names))
    parts = st.lists(leaves, min_size=1, max_size=3).map(tuple)
    return st.one_of(leaves, *[st.builds(kind, parts) for kind in (AllOf, AnyOf, NoneOf)])


@st.composite
def checks(draw: st.DrawFn, names: list[str], stage: str) -> Check:
    bad = st.sampled_from([Verdict.FAIL, Verdict.REFER])
    return check(
        draw(predicates(names)),
        stage=stage,
        when=draw(st.one_of(st.none(), predicates(names))),
        on_false=draw(bad),
        on_null=draw(bad),
        reason=draw(st.sampled_from(["X-TEST", "M-AMBIGUOUS"])),
        switch=draw(st.sampled_from([None, None, switch(True), switch(False)])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[RuleSet, Any, list[str]]:
    asked = draw(st.sampled_from([["flagged", "number"], ["flagged", "word"], ["began", "ended"], ["number", "word"]]))
    several: list[Rule] = []
    for place in range(draw(st.integers(1, 3))):
        stage = draw(st.sampled_from(["check", "match", "batch"]))
        names = {"check": asked, "match": [*asked, "known_there", "candidates"], "batch": ["lawful_batch"]}[stage]
        its = draw(st.lists(checks(names, "match" if stage == "match" else "check"), min_size=1, max_size=2))
        several.append(rule(place + 1, *its, told=draw(st.sampled_from(["deficient", "uniform"]))))
    claim = invariant(
        draw(predicates([*asked, "candidates"])),
        when=draw(st.one_of(st.none(), predicates(asked))),
        person=draw(st.sampled_from(["never", "unknown", "decides"])),
    )
    read = {name for r in several for c in r.checks for name in c.fields}
    read |= {name for p in claim.predicates for name in fields_of(p)}
    return rules(*several), claim, sorted(read | set(REGISTER))


@few
@given(worlds())
def test_a_claim_holds_for_z3_exactly_when_no_request_breaks_it(world: tuple[RuleSet, Any, list[str]]) -> None:
    ruleset, claim, names = world
    tried = any(
        broken(claim, row, [row], decided(ruleset, row, [row], on, accepts))
        for row in every_row(names)
        for on, accepts in product((True, False), (True, False))
    )
    found = Proof(ruleset, "address", "all", [claim], limits=LIMITS).claim(claim)
    assert found.holds.holds is not tried
    assert (found.example is not None) is tried


@few
@given(worlds())
def test_answers_are_possible_for_z3_exactly_where_some_request_gets_one(world: tuple[RuleSet, Any, list[str]]) -> None:
    ruleset, _, names = world
    reached = {Decision.DISCLOSE: set(), Decision.CONFIRM: set()}  # type: dict[Decision, set[bool]]
    for row in every_row(names):
        for on in (True, False):
            word, _, alone = decided(ruleset, row, [row], on, True)
            if alone and word in reached:
                reached[word].add(on)
    found = Proof(ruleset, "address", "all", [], limits=LIMITS).vacuous()
    assert [each.holds.holds for each in found] == [len(positions) == 2 for positions in reached.values()]


@few
@given(worlds())
def test_a_rule_stops_alone_for_z3_exactly_when_some_request_is_stopped_by_it_alone(world: tuple[RuleSet, Any, list[str]]) -> None:
    ruleset, _, names = world
    places = (("check", "batch"), ("check", "request"), ("match", "request"))
    alone = set()
    for row in every_row(names):
        for on in (True, False):
            stopped = {r.id for r in ruleset.rules if any(worst(ruleset, r, *at, row, [row], on)[0] >= Verdict.REFER for at in places)}
            if len(stopped) == 1:
                alone |= stopped
    proof = Proof(ruleset, "address", "all", [], limits=LIMITS)
    assert {one.rule.id for one in independence(proof.search, proof.rules) if one.possible} == alone


def judged(ruleset: RuleSet, row: Any, on: bool) -> dict[tuple[str, int], Verdict]:
    """Every check that its switch leaves on, by the plain meaning."""
    every = [(r.id, number, c) for r in ruleset.rules for number, c in enumerate(r.checks)]
    return {(name, number): judge(c, row, [row]) for name, number, c in every if c.switch is None or c.switch.when_on == on}


@few
@given(worlds())
def test_checks_contradict_or_are_shadowed_for_z3_exactly_when_trying_every_request_shows_it(world: tuple[RuleSet, Any, list[str]]) -> None:
    """A check contradicts others when it passes in no request that is answered, and is shadowed when it never stops one alone."""
    ruleset, _, names = world
    passing, alone = set[tuple[str, int]](), set[tuple[str, int]]()
    for row in every_row(names):
        for on in (True, False):
            found = judged(ruleset, row, on)
            word, _, nobody = decided(ruleset, row, [row], on, True)
            if nobody and word in (Decision.DISCLOSE, Decision.CONFIRM):
                passing |= {place for place, verdict in found.items() if verdict == Verdict.PASS}
            stopping = [place for place, verdict in found.items() if verdict >= Verdict.REFER]
            alone |= set(stopping) if len(stopping) == 1 else set()
    proof = Proof(ruleset, "address", "all", [], limits=LIMITS)
    every = {(each.rule.id, each.number) for ruled in proof.rules for each in ruled.checks}
    contradicting = {(each.rule.id, each.number) for each in never_passing(proof.search, proof.rules, proof.answered_alone())}
    assert contradicting == every - passing
    assert len(shadowed(proof.search, proof.rules)) == len(every - alone)


@st.composite
def counting(draw: st.DrawFn) -> tuple[RuleSet, Any]:
    bound = st.builds(Bound, st.integers(1, 3))
    least, most = draw(st.sampled_from([(None, 1), (1, None), (1, 1)]))
    of = draw(st.sampled_from([None, "word"]))
    share = st.builds(lambda b: ShareWithinBatch(("key",), None, b), st.builds(Bound, st.integers(0, 3), st.just(3)))
    count = st.builds(lambda b, c: CountWithinBatch(("key",), of, b if least else None, c if most else None), bound, bound)
    within = draw(st.one_of(count, share) if of is None else count)
    its = check(within, on_false=draw(st.sampled_from([Verdict.FAIL, Verdict.REFER])))
    claim = invariant(draw(st.one_of(predicates(["word"]), st.just(within), count)), person=draw(st.sampled_from(["never", "unknown"])))
    return rules(rule(1, its)), claim


@few
@given(counting())
def test_no_batch_breaks_a_claim_about_counts_that_z3_proves(world: tuple[RuleSet, Any]) -> None:
    """What Z3 refutes, `claim` itself replays on DuckDB with a whole batch; here, that it refutes whatever a small batch breaks."""
    ruleset, claim = world
    found = Proof(ruleset, "address", "all", [claim], limits=LIMITS).claim(claim)
    rows = [{**row, "candidates": 1, "same_as_last_known": 0} for row in every_row(["key", "word"])]
    batches = [[row, *others] for row in rows for others in ([], *([other] for other in rows), *([other, rows[0]] for other in rows))]
    if any(broken(claim, batch[0], batch, decided(ruleset, batch[0], batch, True, True)) for batch in batches):
        assert not found.holds.holds


def test_an_encoding_that_differs_from_the_engines_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were Z3 to take an unknown flag for true, its counterexample would be none on DuckDB, and no proof would come of it."""
    ruleset, claim = rules(rule(1, check(Is("flagged")))), invariant(Present("flagged"))
    assert Proof(ruleset, "address", "all", [claim], limits=LIMITS).claim(claim).holds.holds
    real = encode.Encoder._truth

    def wrong(self: encode.Encoder, predicate: Predicate) -> Any:
        truth = real(self, predicate)
        if isinstance(predicate, Is):
            fact = self.space.facts[predicate.field]
            return encode.Truth(encode.z3.Or(truth.true, encode.z3.Not(fact.known)), truth.false)
        return truth

    monkeypatch.setattr(encode.Encoder, "_truth", wrong)
    with pytest.raises(OutOfOrder, match="none when it is replayed"):
        Proof(ruleset, "address", "all", [claim], limits=LIMITS).claim(claim)
