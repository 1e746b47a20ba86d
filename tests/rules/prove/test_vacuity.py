"""A rule set that lets nothing through, or holds a rule that can never stop anything, does not prove."""

from __future__ import annotations

from portcullis.rules.predicate import AllOf, Is, NoneOf, OneOf, Present
from portcullis.rules.prove.proof import Proof
from portcullis.rules.prove.vacuity import contradictions, shadowed
from prove_world import LIMITS, check, rule, rules, switch


def proof(*its: object) -> Proof:
    return Proof(rules(*its), "address", "all", [], limits=LIMITS)  # type: ignore[arg-type]


def test_two_rules_that_contradict_each_other_let_nothing_pass_and_are_named() -> None:
    found = list(
        proof(rule(1, check(Is("flagged"))), rule(2, check(NoneOf((Is("flagged"),)))), rule(3, check(Present("number")))).vacuous()
    )
    assert [each.holds.holds for each in found] == [False, False]
    assert found[0].example is not None and "Together these rules let nothing pass: T01, T02." in found[0].example.lines[-1]


def test_rules_that_agree_let_something_pass() -> None:
    found = list(proof(rule(1, check(Is("flagged"))), rule(2, check(Present("number")))).vacuous())
    assert [each.holds.holds for each in found] == [True, True]


def test_a_contradiction_under_one_position_of_a_switch_is_found_and_the_position_named() -> None:
    found = list(proof(rule(1, check(Is("flagged"))), rule(2, check(NoneOf((Is("flagged"),)), switch=switch(False)))).vacuous())
    assert not found[0].holds.holds
    assert found[0].example is not None and "With S1 off: no request at all." in found[0].example.lines[1]


def test_no_request_need_serve_every_position_of_the_switches_alone() -> None:
    """On asks for a, off asks for b: each position has its own request."""
    on = check(OneOf("word", ("a",), "equals"), switch=switch(True))
    off = check(OneOf("word", ("b",), "equals"), switch=switch(False))
    assert [each.holds.holds for each in proof(rule(1, on), rule(2, off)).vacuous()] == [True, True]


def test_a_rule_that_another_implies_must_say_so() -> None:
    strict, mild = check(AllOf((Is("flagged"), Present("number")))), check(Present("number"))
    silent = proof(rule(1, strict), rule(2, mild)).report(0.0)
    said = proof(rule(1, strict), rule(2, mild, implied_by=("T01",))).report(0.0)
    assert [(one.holds, "T02 (see T01)" in one.says) for one in silent.invariants if one.id == "N-INDEPENDENT"] == [(False, True)]
    assert [one.holds for one in said.invariants if one.id == "N-INDEPENDENT"] == [True]


def test_a_check_that_never_decides_alone_is_listed() -> None:
    world = proof(rule(1, check(AllOf((Is("flagged"), Present("number")))), check(Is("flagged"))))
    assert shadowed(world.search, world.rules) == ("T01 check 2 (X-TEST), shadowed by T01 check 1 (X-TEST)",)


def test_a_check_that_passes_in_no_request_that_is_answered_is_listed() -> None:
    """Whoever cites `a` needs a flag that another rule refuses."""
    needs = check(Is("flagged"), when=OneOf("word", ("a",), "equals"))
    world = proof(rule(1, needs), rule(2, check(OneOf("flagged", (0,), "equals"))))
    listed = contradictions(world.search, world.rules, world.answered_alone())
    assert listed == ("T01 check 1 (X-TEST) never passes in a request that is answered",)
