"""How long proofs take: `agreement prove` of the shipped agreement, and of a set of 200 rules. Figures hold as ratios only.

    python benchmarks/proofs.py [--json]

The 200 rules are the shipped ones and as many more as are wanting, each about its own combination of purpose, period and order, so that
each can be the only one that stops a request. Explaining a request is measured beside it: stage by stage on SQLite, then every finding
in words.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from portcullis.intake.facts_cases import typed_rows
from portcullis.model import Verdict
from portcullis.rules import RuleSet, Single, agreements_folder, explain_finding, load
from portcullis.rules.cases import lawful
from portcullis.rules.predicate import AllOf, Bound, Compare, DaysBetween, NoneOf, OneOf
from portcullis.rules.prove import own_invariants, prove
from portcullis.rules.rule import Check, Rule

T = TypeVar("T")
WANTED = 200
AGREEMENT = agreements_folder() / "irs-ice-2025"


def facts() -> dict[str, int | str | None]:
    """The facts of the lawful request."""
    base = lawful(AGREEMENT)
    return {**typed_rows([base.row], base.received_on).to_pylist()[0], **base.officer, **base.batch, **base.match, "ordinal": 1}


def two_hundred(ruleset: RuleSet) -> RuleSet:
    """The shipped rules and others, 200 with checks in all."""
    have = sum(bool(rule.checks) for rule in ruleset.rules)
    return replace(ruleset, rules=(*ruleset.rules, *(_another(ruleset.rule("R25"), number) for number in range(WANTED - have))))


def _another(like: Rule, number: int) -> Rule:
    """A rule that stops one purpose for one length of period within some days of the order."""
    stopped = AllOf(
        (
            OneOf("purpose_code", ("criminal_investigation",) if number % 2 else ("grand_jury",), "one_of"),
            OneOf("case_subjects", (number + 2,), "one_of"),
            Compare("period_years", "at_least", Bound(number % 9 + 1)),
            DaysBetween("order_date", "received_on", Bound(91), Bound(400 + number)),
        )
    )
    check = Check(NoneOf((stopped,)), Verdict.FAIL, Verdict.REFER, f"X-{number}", "policy", "benchmark", "I", "check")
    return replace(like, id=f"T{number:03d}", checks=(check,))


def measure() -> dict[str, float | int | bool]:
    """Every figure."""
    ruleset, lawful_facts = load(AGREEMENT), facts()
    own = own_invariants(AGREEMENT, ruleset)
    like = {name: value for name, value in lawful_facts.items() if name != "ordinal"}
    shipped, (seconds, processor) = _timed(lambda: prove(ruleset, own=own, like=like))
    many = two_hundred(ruleset)
    large, (large_seconds, large_processor) = _timed(lambda: prove(many, own=own, like=like))
    singles = [Single(ruleset, stage) for stage in ("check", "match")]
    _, (explaining, _) = _timed(lambda: [_explained(ruleset, singles, lawful_facts) for _ in range(100)])
    return {
        "shipped_rules": sum(bool(rule.checks) for rule in ruleset.rules),
        "claims": len(shipped.invariants),
        "shipped_proved": shipped.proved,
        "shipped_seconds": round(seconds, 2),
        "shipped_processor_seconds": round(processor, 2),
        "large_rules": sum(bool(rule.checks) for rule in many.rules),
        "large_proved": large.proved,
        "large_questions": large.questions,
        "large_seconds": round(large_seconds, 2),
        "large_processor_seconds": round(large_processor, 2),
        "explain_one_request_ms": round(explaining * 10, 2),
    }


def _explained(ruleset: RuleSet, singles: list[Single], row: dict[str, int | str | None]) -> list[dict[str, object]]:
    found = [finding for single in singles for finding in single.explained(single.findings(row))]
    return [explain_finding(ruleset, finding, row) for finding in found]


def _timed(work: Callable[[], T]) -> tuple[T, tuple[float, float]]:
    """What it gives, and its seconds on the clock and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    found = work()
    return found, (time.perf_counter() - wall, time.process_time() - processor)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    figures = measure()
    lines = json.dumps(figures) if chosen.json else "\n".join(f"{name:30} {value}" for name, value in figures.items())
    sys.stdout.write(lines + "\n")


if __name__ == "__main__":
    main()
