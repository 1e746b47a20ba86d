"""Terms in which agreements differ, read from agreement.yaml: gates, answers, data elements, what must agree, the document asked for.

Each is a closed choice, so that an agreement is data and never a program:
 1. answers: `address` (the last-known mailing address, or confirmed), `yes_no` (confirm or deny), `elements` (what a document names);
 2. elements: parts of the mailing address, date of birth, taxpayer number; nothing else of a register is ever read;
 3. what must agree with exactly one person: the name, and either the address or the taxpayer number, and the birth date if asked for.
    One path for every request; none stands in for another;
 4. a budget: how many wrong answers per million requests each kind of evidence may have; 0 closes the rungs that rest on it;
 5. a document that every request must cite: a court's order or the subject's consent, signed for by an officer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from portcullis.model import ADDRESS_FIELDS, IDENTITY_FIELDS
from portcullis.rules.document import Node

__all__ = [
    "DEFAULT_AGREE", "DEFAULT_BUDGET", "EVIDENCE_KINDS", "YES_NO", "DocumentTerms", "agree_of", "answer_of", "budget_of", "document_of",
    "federal", "gates_of", "groups_of",
]  # fmt: skip

ANSWERS = ("address", "yes_no", "elements")
YES_NO = "yes_no"
CITED_BY = ("consent_id", "court_order_id")
DEFAULT_AGREE = frozenset({"name", "address"})
_AGREE = (
    DEFAULT_AGREE,
    DEFAULT_AGREE | {"date_of_birth"},
    frozenset({"name", "taxpayer_number"}),
    frozenset({"name", "taxpayer_number", "date_of_birth"}),
)
EVIDENCE_KINDS = ("number", "dob", "dob_middle", "dob_slip", "middle", "rare", "unshared")
"""What a release by name and address may rest on beyond them (matching.ladder), each a stratum of the budget."""
_MILLION = 1_000_000
DEFAULT_BUDGET: Mapping[str, float] = {
    kind: part / _MILLION
    for kind, part in {
        "number": 1, "dob": 1, "dob_middle": 0.5, "dob_slip": 0.5, "middle": 5, "rare": 1, "unshared": 1,
    }.items()
}  # fmt: skip
"""Wrong answers per request by kind of evidence where an agreement states none: ten per million together."""
_KIND = re.compile(r"[a-z][a-z_]{0,40}")


@dataclass(frozen=True, slots=True)
class DocumentTerms:
    """The document that every request cites: its kind, the column it is cited in, and whether only what it names may be answered."""

    kind: str
    cited_by: str
    limits_elements: bool


def answer_of(data: Mapping[str, Node]) -> tuple[str, frozenset[str]]:
    """The kind of answer and the data elements that may leave. Raises Refused where they do not go together."""
    answer = data["answer"].text(ANSWERS) if "answer" in data else ANSWERS[0]
    known = {"address": set(ADDRESS_FIELDS), YES_NO: {YES_NO}, "elements": {*ADDRESS_FIELDS, *IDENTITY_FIELDS}}[answer]
    names = frozenset(item.text() for item in data["elements"].items())
    if unknown := sorted(names - known):
        data["elements"].refuse(
            f"{unknown[0]!r} is not a data element this gateway can release as the answer {answer}",
            f"It can release {', '.join(sorted(known))}.",
        )
    return answer, names


def groups_of(data: Mapping[str, Node], permitted: frozenset[str]) -> dict[str, frozenset[str]]:
    """Names under which a document may speak of several data elements at once. Raises Refused for an element that is not permitted."""
    found: dict[str, frozenset[str]] = {}
    for name, node in (data["groups"].mapping(optional=None) if "groups" in data else {}).items():
        found[name] = frozenset(item.text() for item in node.items())
        if outside := sorted(found[name] - permitted):
            node.refuse(
                f"{outside[0]!r} is not among the elements", "A group is of elements that may leave.", "Add it there, or remove it."
            )
    return found


def gates_of(authority: Mapping[str, Node]) -> frozenset[str]:
    """Every gate a batch may name: `gate`, and `gates` where there are several."""
    gate = authority["gate"].text()
    gates = frozenset(item.text() for item in authority["gates"].items()) if "gates" in authority else frozenset({gate})
    if gate not in gates:
        authority["gates"].refuse(f"the gate {gate!r} is not among them", next_step="Name it there too.")
    return gates


def federal(party: Node) -> bool:
    """Whether the asking party is a Federal agency; what is not stated is not so."""
    keys = party.mapping(("code",), None)
    return keys["federal"].flag() if "federal" in keys else False


def agree_of(node: Node | None) -> frozenset[str]:
    """What must agree with exactly one person. Raises Refused for anything but the closed choice."""
    if node is None:
        return DEFAULT_AGREE
    keys = node.mapping((), ("agree", "budget_per_million"))
    if "agree" not in keys:
        return DEFAULT_AGREE
    named = keys["agree"]
    agree = frozenset(item.text() for item in named.items())
    if agree not in _AGREE:
        allowed = "; ".join(", ".join(sorted(each)) for each in _AGREE)
        named.refuse("these cannot identify a person on one path", f"One of: {allowed}.", "Name one of these sets.")
    return agree


def budget_of(node: Node | None) -> Mapping[str, float]:
    """Wrong answers per request that each kind of evidence may have. Raises Refused unless every kind has its figure."""
    stated = node.mapping((), ("agree", "budget_per_million")).get("budget_per_million") if node else None
    if node is None or stated is None:
        return DEFAULT_BUDGET
    if "address" not in agree_of(node):
        stated.refuse("without an address no ladder is climbed", "The budget is of its kinds of evidence.", "Remove it.")
    return {kind: _per_million(item) for kind, item in stated.mapping(EVIDENCE_KINDS).items()}


def _per_million(node: Node) -> float:
    """A figure from 0 to a million, as a share."""
    figure = node.value
    if isinstance(figure, bool) or not isinstance(figure, int | Decimal) or not 0 <= figure <= _MILLION:
        node.refuse("wrong answers per million requests are wanted here, from 0 to 1000000", "0 closes the rungs that rest on it.")
    return float(figure) / _MILLION


def document_of(node: Node | None) -> DocumentTerms | None:
    """The document every request must cite, if any."""
    if node is None:
        return None
    keys = node.mapping(("kind", "cited_by"), ("limits_elements",))
    if not _KIND.fullmatch(keys["kind"].text()):
        keys["kind"].refuse("a kind is small letters and underscores, as court_order")
    limits = keys["limits_elements"].flag() if "limits_elements" in keys else False
    return DocumentTerms(keys["kind"].text(), keys["cited_by"].text(CITED_BY), limits)
