"""Rules and findings in words: what is asked, under which clause, and what would make it pass."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from portcullis.model import Finding, Verdict
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
from portcullis.rules.rule import Check, Rule
from portcullis.rules.ruleset import RuleSet

__all__ = ["explain_finding", "explain_rule", "in_words"]

_OUTCOME = {Verdict.FAIL: "the request fails", Verdict.REFER: "a person decides"}
_SOURCE = {"T": "text of the law read", "R": "reported by a secondary source", "K": "known, not re-read", "I": "our inference"}
_SHOWN = 6


def explain_rule(ruleset: RuleSet, rule: Rule | str) -> dict[str, object]:
    """One rule, by its id or one of its versions, as a person would read it aloud; plain JSON values."""
    rule = ruleset.rule(rule) if isinstance(rule, str) else rule
    return {
        "id": rule.id,
        "title": rule.title,
        "tier": rule.tier,
        "citation": rule.citation,
        "source": _SOURCE[rule.source],
        "valid": _span(rule.valid.start, rule.valid.end),
        "known": _span(rule.known.start, rule.known.end),
        "status": rule.status,
        "lives_in": dict(rule.lives_in) if rule.lives_in else None,
        "reasons": list(rule.reasons),
        "tell_requester": rule.tell_requester,
        "message": rule.message,
        "checks": [_check(check, ruleset) for check in rule.checks],
    }


def explain_finding(ruleset: RuleSet, finding: Finding, facts: Mapping[str, object] | None = None) -> dict[str, object]:
    """Why a finding is what it is: the checks that gave its reason, the fields they read, and what would make them pass.

    `facts`, if given, are that request's own; their values are repeated in the answer, which is then as confidential as they are.
    """
    rule = ruleset.rule(finding.rule)
    checks = [check for check in rule.checks if check.reason == finding.reason] or list(rule.checks)
    fields = sorted({name for check in checks for name in check.fields})
    return {
        "rule": rule.id,
        "title": rule.title,
        "verdict": finding.verdict.name.lower(),
        "reason": finding.reason,
        "citation": finding.citation or rule.citation,
        "message": rule.message,
        "fields": {name: {"meaning": ruleset.fields[name].meaning, **({"value": facts.get(name)} if facts else {})} for name in fields},
        "would_pass": [in_words(check.require, ruleset) for check in checks],
        "unless": [in_words(check.when, ruleset) for check in checks if check.when is not None],
    }


def _check(check: Check, ruleset: RuleSet) -> dict[str, object]:
    switch = check.switch
    return {
        "applies_when": in_words(check.when, ruleset) if check.when else "always",
        "requires": in_words(check.require, ruleset),
        "fields": {name: ruleset.fields[name].meaning for name in sorted(check.fields)},
        "if_not": _OUTCOME[check.on_false],
        "if_unknown": _OUTCOME[check.on_null],
        "reason": check.reason,
        "citation": check.citation,
        "source": _SOURCE[check.source],
        "tier": check.tier,
        "stage": check.stage,
        "switch": f"{switch.name} is {'on' if switch.when_on else 'off'}" if switch else None,
    }


def _span(start: dt.date, end: dt.date | None) -> str:
    return f"from {start}" + (f" until {end}" if end else "")


def in_words(predicate: Predicate, ruleset: RuleSet) -> str:
    """One predicate as an English clause."""
    match predicate:
        case Present(field):
            return f"{_name(field)} is known"
        case Is(field):
            return f"{_name(field)} is 1"
        case OneOf(field, values, form, listed):
            where = f"in the list {listed}" if listed else _among(values)
            return f"{_name(field)} is {'not ' if form == 'not_one_of' else ''}{where}"
        case Compare(field, form, bound):
            return f"{_name(field)} is {form.replace('_', ' ')} {_bound(bound)}"
        case Order(field, form, than):
            return f"{_name(field)} is {form} {_name(than) if isinstance(than, str) else dt.date(1970, 1, 1) + dt.timedelta(days=than)}"
        case DaysBetween(start, end, least, most):
            return f"from {_name(start)} to {_name(end)} are {_range(least, most)} days"
        case CountWithinBatch(by, of, least, most):
            counted = f"different {_name(of)}" if of else "requests"
            return f"there are {_range(least, most)} {counted} with the same {' and '.join(map(_name, by))} in the batch"
        case ShareWithinBatch(by, least, most):
            return f"{_range(least, most)} of the batch have the same {' and '.join(map(_name, by))}"
        case AllOf(parts):
            return "; and ".join(in_words(part, ruleset) for part in parts)
        case AnyOf(parts):
            return "either " + "; or ".join(f"({in_words(part, ruleset)})" for part in parts)
        case NoneOf(parts):
            return "it is not so that " + "; nor that ".join(f"({in_words(part, ruleset)})" for part in parts)


def _name(field: str) -> str:
    return field.replace("_", " ")


def _among(values: tuple[object, ...]) -> str:
    shown = ", ".join(str(value) for value in values[:_SHOWN])
    return shown + (f" or {len(values) - _SHOWN} others" if len(values) > _SHOWN else "")


def _bound(bound: Bound) -> str:
    figure = str(bound.value) if bound.unit == 1 else f"{100 * bound.value / bound.unit:g} %"
    return figure + (f" ({bound.threshold})" if bound.threshold else "")


def _range(least: Bound | None, most: Bound | None) -> str:
    words = [f"at least {_bound(least)}"] if least else []
    words += [f"at most {_bound(most)}"] if most else []
    return " and ".join(words)
