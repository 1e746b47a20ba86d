"""Load a folder of rules, strictly: one error with file, line and column, and nothing loaded.

Refused: 1. anything document.py refuses; 2. an unknown key, predicate, field, list, threshold or switch; 3. a missing citation;
4. the same id twice with overlapping dates; 5. a check that mixes facts of the batch with facts of a request, or reads match
facts at stage check; 6. `tell_requester: deficient` on a rule that has no check before the register is read; 7. a data rule without a
case that passes and one that does not; 8. a rule with neither checks nor a place where it lives; 9. a rule implied by one that is not
there, or, in a circle, by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import combinations
from pathlib import Path

from portcullis.errors import Refused
from portcullis.model import DATA_COLUMNS, Verdict
from portcullis.rules.document import Node, read
from portcullis.rules.fields import load_fields
from portcullis.rules.reading import Names, read_predicate
from portcullis.rules.rule import SCOPES, SOURCES, STAGES, TIERS, Case, Check, Rule, Span, Switch
from portcullis.rules.ruleset import RuleSet, SwitchDefault
from portcullis.rules.shipped import fields_file

__all__ = ["load"]

MAX_FILES = 500
_ID = re.compile(r"[A-Z][A-Z0-9]{0,3}[0-9]{2,3}")
_CODE = re.compile(r"[A-Z]-[A-Z0-9]+(-[A-Z0-9]+)*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,60}")
_RULE_KEYS = ("id", "title", "tier", "scope", "stage", "citation", "source", "valid", "known", "message", "tell_requester")
_RULE_OPTIONAL = ("changed_by", "lives_in", "checks", "cases", "status", "implied_by", "reasons")
_VERDICTS = {"pass": Verdict.PASS, "fail": Verdict.FAIL, "refer": Verdict.REFER, "not_applicable": Verdict.NOT_APPLICABLE}
_BAD = {"fail": Verdict.FAIL, "refer": Verdict.REFER}


def load(folder: Path, fields: Path | None = None) -> RuleSet:
    """Every rule of an agreement's folder (`agreement.yaml`, `rules/*.yaml`), all versions. Raises Refused."""
    settings = read(folder / "agreement.yaml").mapping(("id",), None)
    catalogue = load_fields(fields or fields_file(folder))
    names = Names(catalogue, _lists(settings.get("lists")), _thresholds(settings.get("thresholds")))
    switches = _switches(settings.get("switches"))
    files = sorted((folder / "rules").glob("*.yaml"))
    if not files or len(files) > MAX_FILES:
        raise Refused(f"{len(files)} rule files in rules/.", f"From 1 to {MAX_FILES} are wanted.", "Check the agreement's folder.")
    nodes = [(read(path, f"rules/{path.name}"), names, switches) for path in files]
    rules = tuple(sorted((_rule(*node) for node in nodes), key=lambda rule: (rule.id, rule.valid.start, rule.known.start)))
    _refuse_overlaps(rules)
    _refuse_implications(rules)
    zone = settings["zone"].text() if "zone" in settings else "-05:00"
    return RuleSet(settings["id"].text(), rules, catalogue, names.lists, names.thresholds, switches, zone)


def _lists(node: Node | None) -> dict[str, tuple[str, ...]]:
    entries = node.mapping(optional=None) if node else {}
    return {name: tuple(item.text() for item in values.items()) for name, values in entries.items()}


def _thresholds(node: Node | None) -> dict[str, int | Decimal]:
    thresholds: dict[str, int | Decimal] = {}
    for name, value in (node.mapping(optional=None) if node else {}).items():
        figure = value.value
        if isinstance(figure, bool) or not isinstance(figure, int | Decimal):
            value.refuse("a threshold is a number")
        thresholds[name] = figure
    return thresholds


def _switches(node: Node | None) -> dict[str, SwitchDefault]:
    switches: dict[str, SwitchDefault] = {}
    for name, body in (node.mapping(optional=None) if node else {}).items():
        keys = body.mapping(("default", "rule", "meaning"))
        if not _NAME.fullmatch(name):
            body.refuse("a switch's name is letters, digits and underscores")
        switches[name] = SwitchDefault(name, keys["default"].flag(), keys["rule"].text(), keys["meaning"].text())
    return switches


def _rule(node: Node, names: Names, switches: Mapping[str, SwitchDefault]) -> Rule:
    keys = node.mapping(_RULE_KEYS, _RULE_OPTIONAL)
    if not _ID.fullmatch(keys["id"].text()):
        keys["id"].refuse("an id is one to four capitals or digits and two or three digits, as R12")
    tier, stage = keys["tier"].text(TIERS), keys["stage"].text(STAGES)
    citation, source = keys["citation"].text(), keys["source"].text(SOURCES)
    checks = tuple(_check(item, names, switches, (tier, citation, source, stage)) for item in _optional_items(keys, "checks"))
    rule = Rule(
        keys["id"].text(),
        keys["title"].text(),
        tier,
        keys["scope"].text(SCOPES),
        stage,
        citation,
        source,
        _span(keys["valid"]),
        _span(keys["known"]),
        tuple(item.text() for item in _optional_items(keys, "changed_by")),
        _lives_in(keys.get("lives_in")),
        checks,
        keys["message"].text(),
        keys["tell_requester"].text(("deficient", "uniform")),
        tuple(_case(item, names, switches) for item in _optional_items(keys, "cases")),
        keys["status"].text(("in_force", "planned")) if "status" in keys else "in_force",
        tuple(item.text() for item in _optional_items(keys, "implied_by")),
        tuple(_reason(item) for item in _optional_items(keys, "reasons")),
        node.file,
        tuple((item.line, item.column) for item in _optional_items(keys, "checks")),
    )
    _refuse_incomplete(rule, node)
    return rule


def _refuse_incomplete(rule: Rule, node: Node) -> None:
    if not rule.checks and rule.lives_in is None and rule.status != "planned":
        node.refuse("the rule has no checks and lives nowhere", "Nothing would enforce it.", "Add checks, lives_in, or status: planned.")
    if rule.tell_requester == "deficient" and not rule.at("check"):
        node.refuse("only a check before the register is read may be told to the requester", next_step="Write tell_requester: uniform.")
    verdicts = {case.expect for case in rule.cases}
    if rule.checks and (Verdict.PASS not in verdicts or not verdicts & {Verdict.FAIL, Verdict.REFER}):
        node.refuse("cases in both directions are missing", "A rule is shown by one case that passes and one that does not.", "Add them.")


def _check(node: Node, names: Names, switches: Mapping[str, SwitchDefault], inherited: tuple[str, str, str, str]) -> Check:
    keys = node.mapping(("require", "on_false", "on_null", "reason"), ("when", "switch", "tier", "citation", "source", "stage"))
    tier, citation, source, stage = inherited
    when = keys.get("when")
    check = Check(
        read_predicate(keys["require"], names),
        _BAD[keys["on_false"].text(tuple(_BAD))],
        _BAD[keys["on_null"].text(tuple(_BAD))],
        _reason(keys["reason"]),
        keys["tier"].text(TIERS) if "tier" in keys else tier,
        keys["citation"].text() if "citation" in keys else citation,
        keys["source"].text(SOURCES) if "source" in keys else source,
        keys["stage"].text(STAGES) if "stage" in keys else stage,
        read_predicate(when, names) if when and when.value is not None else None,
        _switch(keys.get("switch"), switches),
    )
    _refuse_mixed(check, names, node)
    return check


def _reason(node: Node) -> str:
    if not _CODE.fullmatch(node.text()):
        node.refuse("a reason code is capitals and dashes, as P-ADDR-BLANK")
    return node.text()


def _refuse_mixed(check: Check, names: Names, node: Node) -> None:
    fields = [names.fields[name] for name in sorted(check.fields)]
    if len({field.scope == "batch" for field in fields}) > 1:
        node.refuse("facts of the batch and of a request in one check", "They stand in different tables.", "Write two checks.")
    if check.stage == "check" and any(field.stage == "match" for field in fields):
        node.refuse("a fact of stage match in a check before the register is read", next_step="Write stage: match.")


def _switch(node: Node | None, switches: Mapping[str, SwitchDefault]) -> Switch | None:
    if node is None or node.value is None:
        return None
    text = node.text()
    name = text.removeprefix("not ")
    if name not in switches:
        node.refuse(f"unknown switch {name!r}", f"The agreement has: {', '.join(sorted(switches)) or 'none'}.")
    return Switch(name, when_on=name == text)


def _lives_in(node: Node | None) -> dict[str, str] | None:
    if node is None or node.value is None:
        return None
    keys = node.mapping(("module", "test"))
    return {"module": keys["module"].text(), "test": keys["test"].text()}


def _span(node: Node) -> Span:
    keys = node.mapping(("from",), ("to",))
    end = keys["to"].date() if "to" in keys and keys["to"].value is not None else None
    span = Span(keys["from"].date(), end)
    if span.end is not None and span.end <= span.start:
        node.refuse("the dates end before they begin", "`to` is the first day on which it no longer holds.")
    return span


def _case(node: Node, names: Names, switches: Mapping[str, SwitchDefault]) -> Case:
    keys = node.mapping(("name", "given", "expect"), ("reason", "switches", "copies", "vary", "others"))
    positions = keys["switches"].mapping(optional=tuple(switches)) if "switches" in keys else {}
    given = {name: value.plain() for name, value in keys["given"].mapping(optional=(*DATA_COLUMNS, *names.fields)).items()}
    return Case(
        keys["name"].text(),
        given,
        _VERDICTS[keys["expect"].text(tuple(_VERDICTS))],
        keys["reason"].text() if "reason" in keys else None,
        {name: value.flag() for name, value in positions.items()},
        keys["copies"].integer() if "copies" in keys else 1,
        tuple(item.text() for item in _optional_items(keys, "vary")),
        keys["others"].integer() if "others" in keys else 0,
    )


def _optional_items(keys: Mapping[str, Node], name: str) -> tuple[Node, ...]:
    node = keys.get(name)
    if node is None or node.value is None or node.value == ():
        return ()
    return node.items()


def _refuse_overlaps(rules: tuple[Rule, ...]) -> None:
    for one, other in combinations(rules, 2):
        if one.id == other.id and one.valid.overlaps(other.valid) and one.known.overlaps(other.known):
            raise Refused(
                f"{other.file}, line 1, column 1: rule {one.id} stands also in {one.file}, for the same days.",
                "On any day, as known on any day, one rule has one text.",
                "Give the older one an end, or the newer one another id.",
            )


def _refuse_implications(rules: tuple[Rule, ...]) -> None:
    """`implied_by` excuses a rule from being able to stop a request alone, so it must lead to a rule that can."""
    by_id = {rule.id: rule for rule in rules}
    for rule in rules:
        seen, ahead = {rule.id}, list(rule.implied_by)
        while ahead:
            name = ahead.pop()
            if name not in by_id or name in seen:
                fault = f"implied by {name}, which is not there" if name not in by_id else f"implied, in a circle, by {name}"
                raise Refused(
                    f"{rule.file}, line 1, column 1: rule {rule.id} is {fault}.",
                    "Rules that only imply each other can all be removed unnoticed.",
                    "Name the one rule that stops whatever this one stops, or leave implied_by out.",
                )
            seen.add(name)
            ahead += by_id[name].implied_by
