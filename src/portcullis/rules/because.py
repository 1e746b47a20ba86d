"""Why one request got a finding: the checks that gave it, the facts they read, which of their requirements are not met, and what would do.

No value of a row is repeated: of a fact it is told whether it is known and, where it is a yes or no, which. What the requester may know is
kept apart (`for_requester`): the statutory elements its own data lack, and nothing that follows from the register (R39).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portcullis.model import Finding, Verdict
from portcullis.rules.explain import in_words
from portcullis.rules.predicate import AllOf, CountWithinBatch, Predicate, ShareWithinBatch
from portcullis.rules.reference import judge, truth
from portcullis.rules.rule import Check, Rule
from portcullis.rules.ruleset import RuleSet

__all__ = ["Row", "because", "for_requester"]

Row = Mapping[str, int | str | None]

UNIFORM = "No disclosure."


def because(ruleset: RuleSet, finding: Finding, facts: Row, switches: Mapping[str, bool] | None = None) -> dict[str, object]:
    """One finding explained over the request's own facts; a fact that is not in `facts` was not kept. Plain JSON values."""
    rule = ruleset.rule(finding.rule)
    checks = _gave(rule, finding, facts, ruleset.positions(switches))
    fields = sorted({name for check in checks for name in check.fields})
    return {
        "rule": rule.id,
        "title": rule.title,
        "tier": rule.tier,
        "verdict": finding.verdict.name.lower(),
        "reason": finding.reason,
        "clause": next((check.citation for check in checks), rule.citation),
        "message": rule.message,
        "fields": {name: {"meaning": ruleset.fields[name].meaning, "is": _state(ruleset, name, facts)} for name in fields},
        "not_met": [words for check in checks for words in _not_met(check.require, facts, ruleset)],
        "would_pass_if": [_would_pass(check, ruleset) for check in checks],
        "requester_is_told": _told(rule, finding, checks),
    }


def for_requester(ruleset: RuleSet, findings: Sequence[tuple[str, Finding]]) -> list[str]:
    """The statutory elements a request lacks, as its sender may be told; `findings` are (stage, finding). Nothing of the register."""
    told = {
        rule.message
        for stage, finding in findings
        if (rule := ruleset.rule(finding.rule)).tell_requester == "deficient" and stage == "check" and finding.verdict is Verdict.FAIL
    }
    return sorted(told)


def _gave(rule: Rule, finding: Finding, facts: Row, positions: Mapping[str, bool]) -> list[Check]:
    """The checks that gave the finding: of its reason, switched on, and bad by these facts as far as one row can tell."""
    on = [c for c in rule.checks if c.reason == finding.reason and (c.switch is None or positions[c.switch.name] == c.switch.when_on)]
    row = _whole(on, facts)
    bad = [c for c in on if _of_batch(c.require) or judge(c, row, [row]) == finding.verdict]
    return bad or on or list(rule.checks)


def _whole(checks: Sequence[Check], facts: Row) -> Row:
    return {**dict.fromkeys(name for check in checks for name in check.fields), **facts}


def _state(ruleset: RuleSet, name: str, facts: Row) -> str:
    if name not in facts:
        return "used and not kept"
    value = facts[name]
    if value is None:
        return "unknown"
    return ("yes" if value else "no") if ruleset.fields[name].type == "flag" else "known"


def _of_batch(predicate: Predicate) -> bool:
    """Whether it counts over the batch, which one row cannot answer."""
    parts = getattr(predicate, "parts", ())
    return isinstance(predicate, CountWithinBatch | ShareWithinBatch) or any(_of_batch(part) for part in parts)


def _not_met(predicate: Predicate, facts: Row, ruleset: RuleSet) -> list[str]:
    """The requirements that are not known to be true, each in words."""
    if isinstance(predicate, AllOf):
        return [words for part in predicate.parts for words in _not_met(part, facts, ruleset)]
    if _of_batch(predicate):
        return [f"{in_words(predicate, ruleset)} (counted over the batch)"]
    names = {**dict.fromkeys(ruleset.fields), **facts}
    found = truth(predicate, names, [names])
    return [] if found else [in_words(predicate, ruleset) + (" (unknown)" if found is None else "")]


def _would_pass(check: Check, ruleset: RuleSet) -> str:
    words = in_words(check.require, ruleset)
    return f"{words} (asked only when {in_words(check.when, ruleset)})" if check.when else words


def _told(rule: Rule, finding: Finding, checks: Sequence[Check]) -> str:
    early = all(check.stage == "check" for check in checks)
    return rule.message if rule.tell_requester == "deficient" and early and finding.verdict is Verdict.FAIL else UNIFORM
