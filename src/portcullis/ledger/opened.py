"""What openings say, and whether it follows (ledger.md, verifier step 6).

 1. An opening opens its commitment: salt, field, record, agreement and value give the HMAC that stands in the leaf.
 2. An opened decision: each finding that is not a pass has its reason, the rule set says what such a finding means, together they give the
    facts, and `decide` over the bundle's own table gives the decision; no table may answer against a finding.
 3. An opened accounting entry is that of its disclosure, and names permitted data elements only.

The table is read from the bundle and evaluated here, not `decision.decide` called: the evidence must hold by what it carries.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from portcullis.crypto import decode64, open_commitment, strict_loads
from portcullis.errors import PortcullisError
from portcullis.ledger.people import broken
from portcullis.model import ADDRESS_FIELDS, Decision

__all__ = ["check_opening", "read_openings", "satisfied"]

Fields = Mapping[str, Any]
_MEMBERS = {"agreement", "field", "leaf", "record", "salt", "value"}
_FACTS = ("deficient", "refused", "open", "persons", "same_address", "answer")
_ANSWERED = frozenset({Decision.DISCLOSE.value, Decision.CONFIRM.value, Decision.DENY.value})
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "at_least": operator.ge,
    "at_most": operator.le,
}


def read_openings(data: bytes) -> Iterator[Fields]:
    """The lines of `opened.jsonl`, in the order of the leaves. Raises Tampered at the first that is none."""
    last = 0
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            raise broken(6, "opened.jsonl is cut.", "A line has no end.")
        try:
            opening: Any = strict_loads(line[:-1])
        except PortcullisError as error:
            raise broken(6, "A line of opened.jsonl is not canonical JSON.", error.why) from error
        if not isinstance(opening, dict) or set(opening) != _MEMBERS or type(opening["leaf"]) is not int or opening["leaf"] < last:
            raise broken(6, "A line of opened.jsonl is not an opening.", "It has other members, or is not in the order of the leaves.")
        last = opening["leaf"]
        yield opening


def satisfied(conditions: Iterable[tuple[str, str, Any]], facts: Fields) -> bool:
    """Whether a row's conditions hold, as far as there are facts for them; on what is null none holds."""
    return all(
        facts[name] is not None and _OPERATORS[operator_](facts[name], value) for name, operator_, value in conditions if name in facts
    )


def check_opening(o: Fields, f: Fields, terms: Fields, rules: Fields, tables: Fields, count: int) -> None:
    """One opening of the leaf `f` (1), and what it says (2, 3).

    `terms` are the members of the leaf that put the agreement into force, `rules` the rule sets by hash, `count` the batch's requests.
    Raises Tampered.
    """
    agreement = f.get("agreement") or {}
    of_leaf = o["record"] in (f.get("id"), f.get("request"), f.get("batch"))
    if not of_leaf or o["agreement"] not in (agreement.get("id"), agreement.get("hash")):
        raise broken(6, "An opening names another record than its leaf.", "It was given for something else.")
    if not _opens(f.get(o["field"]), o):
        raise broken(6, "An opening does not open its commitment.", "Salt or value were exchanged.")
    try:
        if o["field"] == "decision":
            _decision(o["value"], f, terms, rules, tables, count)
        elif o["field"] == "accounting":
            _accounting(o["value"], f, terms)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise broken(6, f"The opened {o['field']} has not the form of one.", "It was not written by the gateway.") from error


def _opens(commitment: object, o: Fields) -> bool:
    try:
        salt = decode64(o["salt"], "A salt")
        found = bytes.fromhex(commitment) if isinstance(commitment, str) else b""
        return len(salt) == 32 and open_commitment(found, salt, o["field"], o["record"], o["agreement"], o["value"])
    except (PortcullisError, ValueError, TypeError):
        return False


def _decision(value: Any, f: Fields, terms: Fields, rules: Fields, tables: Fields, count: int) -> None:
    if f["rules"] not in rules:
        raise broken(6, "A decision was opened whose rule set is not in the bundle.", "It cannot be followed.")
    found, facts = _found(value, rules[f["rules"]]["rules"]), value["facts"]
    if not (
        facts["deficient"] == min(1, found["deficient"])
        and facts["refused"] in (min(1, found["refused"]), min(1, found["refused"] + found["open"]))  # a reviewer may have refused
        and facts["open"] in (0, min(1, found["open"]))
        and (value["match"] or facts["persons"] == 0)
        and facts["answer"] == terms.get("answer", facts["answer"])
        and 1 <= value["ordinal"] <= count
    ):
        raise broken(6, "The facts of an opened decision are not those of its findings.", "They were not found so.")
    known = {name: facts[name] for name in _FACTS}
    then = next((row["then"] for row in tables["decide"]["rows"] if satisfied(row["when"], known)), Decision.NO_DISCLOSURE.value)
    if then != value["decision"]:
        raise broken(6, "An opened decision is not the one that its findings give.", "The decision table says another.")
    clear = [known[name] for name in ("deficient", "refused", "open", "persons")] == [0, 0, 0, int(then != Decision.DENY.value)]
    if then in _ANSWERED and not clear:
        raise broken(6, "An answer was decided though a finding stood against it.", "No table may say so.")


def _found(value: Any, rules: Any) -> Counter[str]:
    """How many findings are deficient, refused and open, by the digits and reasons of a decision."""
    hits = [(int(digit), stage) for stage in ("check", "match") for digit in value[stage] if int(digit) >= 2]
    if len(hits) != len(value["reasons"]):
        raise broken(6, "An opened decision does not name one reason for each finding that is not a pass.", "Some were left out.")
    found: Counter[str] = Counter()
    for (verdict, stage), reason in zip(hits, value["reasons"], strict=True):
        tell = [rule["tell_requester"] for rule in rules if any(check["reason"] == reason for check in rule["checks"])]
        if not tell:
            raise broken(6, "An opened decision names a reason that its rule set does not have.", "It was made up.")
        found["open" if verdict == 2 else "deficient" if stage == "check" and "deficient" in tell else "refused"] += 1
    return found


def _accounting(value: Any, f: Fields, terms: Fields) -> None:
    if set(value["elements"]) - set(terms.get("elements", ADDRESS_FIELDS)):
        raise broken(6, "An accounting entry names a data element that may not leave.", "The agreement does not permit it.")
    if any(value[name] != f[name] for name in ("request", "agency", "purpose")) or value["outcome"] not in _ANSWERED:
        raise broken(6, "An accounting entry is not that of its disclosure.", "Request, agency, purpose or outcome differ.")
    if bool(value["elements"]) != (value["outcome"] == Decision.DISCLOSE.value):
        raise broken(6, "An accounting entry names more than its outcome allows.", "A confirmation tells no address.")
