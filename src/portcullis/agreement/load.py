"""An agreement's folder as one checked value.

`agreement.yaml` holds the terms; `rules/` the rules; `../fields.yaml` or `fields.yaml` what rules may name. The agreement's hash
(content.py) covers every file in the folder by name and content, so that no word of it can change under a signature.

Keys of agreement.yaml read here: id, version, title, parties (source, recipient: code, federal), authority (gate, gates), data (class,
elements, groups, answer), roster (offices), matching (agree, budget_per_million), document, standing, sample,
authorizations, purposes, in_force (from, to) or signed_on, witnesses (quorum, keys), use_days, working_data_days, after. Rules read zone,
lists, thresholds, switches.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portcullis.agreement.after import After, read_after
from portcullis.agreement.content import agreement_hash
from portcullis.agreement.terms import DocumentTerms, agree_of, answer_of, budget_of, document_of, federal, gates_of, groups_of
from portcullis.datafile.statement import AGREEMENT_ID
from portcullis.decision import AUTHORIZATION_HOURS
from portcullis.errors import Refused
from portcullis.ledger.members import is_code
from portcullis.ledger.note import COSIGNATURE, parse_vkey
from portcullis.rules import RuleSet, agreements_folder, load
from portcullis.rules.document import Node, read

__all__ = ["Agreement", "find", "load_agreement"]

_WORD = re.compile(r"[A-Za-z0-9._:/+=@()-]{1,64}")


@dataclass(frozen=True, slots=True)
class Agreement:
    """The terms the gateway acts on. Days are epoch days; `permitted` are the data elements that may leave (R36); `offices` maps
    an office to whether its holder may sign by itself; `zone` is in seconds east of UTC; `agree` is what must agree with one person on the
    register; `budget` wrong answers per request by kind of evidence; `gates` are all gates a batch may name, `gate`
    the first of them; `federal` whether the recipient is a Federal agency."""

    id: str
    version: int
    title: str
    source: str
    recipient: str
    gate: str
    gates: frozenset[str]
    federal: bool
    data_class: str
    answer: str
    permitted: frozenset[str]
    groups: Mapping[str, frozenset[str]]
    agree: frozenset[str]
    budget: Mapping[str, float]
    document: DocumentTerms | None
    offices: Mapping[str, bool]
    purposes: frozenset[str]
    valid_from: int
    valid_to: int | None
    witness_quorum: int
    witnesses: frozenset[str]
    use_days: int
    working_data_days: int
    report_days: int
    training_days: int
    sample_size: int
    zone: int
    rules: RuleSet
    hash: str
    folder: Path
    after: After = field(default_factory=After)

    @property
    def signing_offices(self) -> frozenset[str]:
        """Offices whose holders may sign by themselves (R02)."""
        return frozenset(code for code, may in self.offices.items() if may)

    @property
    def closed(self) -> frozenset[str]:
        """Kinds of evidence that the agreement allows no wrong answer: nothing is released on them."""
        return frozenset(kind for kind, share in self.budget.items() if share == 0)

    def day(self, seconds: int) -> int:
        """The epoch day of an instant in the agreement's zone."""
        return (seconds + self.zone) // 86_400


def find(name: str) -> Path:
    """The folder of an agreement: a path, or the name of one that is shipped."""
    for folder in (Path(name), agreements_folder() / name):
        with suppress(OSError):  # a name can be too long for any file
            if (folder / "agreement.yaml").is_file():
                return folder
    shipped = ", ".join(sorted(f.parent.name for f in agreements_folder().glob("*/agreement.yaml")))
    raise Refused(f"There is no agreement {name}.", "It is neither a folder with agreement.yaml nor shipped.", f"Shipped: {shipped}.")


_NEEDED = ("id", "version", "title", "parties", "authority", "data", "roster", "standing", "sample")
_MAY = (
    *("signed_on", "source", "zone", "purposes", "authorizations", "clauses", "in_force", "witnesses", "use_days", "working_data_days"),
    *("lists", "thresholds", "switches", "after", "matching", "document"),
)
"""What agreement.yaml may say beside; a word that nothing reads would be a promise that nothing keeps."""


def load_agreement(folder: Path) -> Agreement:
    """Load and validate. Raises Refused with file, line and column of the first fault."""
    digest = agreement_hash(folder)  # first: it refuses links, pipes and giants before anything is opened to be read
    top = read(folder / "agreement.yaml").mapping(_NEEDED, _MAY)
    parties = top["parties"].mapping(("source", "recipient"), None)
    data = top["data"].mapping(("class", "elements"), None)
    answer, permitted = answer_of(data)
    authority = top["authority"].mapping(("gate",), None)
    offices = _offices(top["roster"])
    force = top["in_force"].mapping(("from",), ("to",)) if "in_force" in top else {}
    valid_from, valid_to = _day(force.get("from") or top.get("signed_on")) or 0, _day(force.get("to"))
    if valid_to is not None and valid_to < valid_from:
        force["to"].refuse("the agreement would end before it begins")
    rules, agree, document = load(folder), agree_of(top.get("matching")), document_of(top.get("document"))
    _refuse_untyped(rules, agree, document)
    return Agreement(
        id=_matching(top["id"], AGREEMENT_ID, "an id is small letters, digits and dashes"),  # it names a folder of the home
        version=_whole(top["version"], 1, 1_000_000),
        title=top["title"].text(),
        source=_code(parties["source"]),
        recipient=_code(parties["recipient"]),
        gate=_word(authority["gate"]),
        gates=gates_of(authority),
        federal=federal(parties["recipient"]),
        data_class=_word(data["class"]),
        answer=answer,
        permitted=permitted,
        groups=groups_of(data, permitted),
        agree=agree,
        budget=budget_of(top.get("matching")),
        document=document,
        offices=offices,
        purposes=frozenset(_code(item) for item in top["purposes"].items()) if "purposes" in top else frozenset(),
        valid_from=valid_from,
        valid_to=valid_to,
        **_witnesses(top),
        use_days=_whole(top["use_days"], 1, 36_500) if "use_days" in top else 365,
        working_data_days=_whole(top["working_data_days"], 0, 36_500) if "working_data_days" in top else 365,
        **_terms(top),
        zone=zone_seconds(top["zone"]) if "zone" in top else -5 * 3600,
        rules=rules,
        hash=digest,
        folder=folder,
        after=read_after(top.get("after")),
    )


def _refuse_untyped(rules: RuleSet, agree: frozenset[str], document: DocumentTerms | None) -> None:
    """A rule may only read facts that this agreement's requests will have."""
    for rule in rules.rules:
        for name in sorted(name for check in rule.checks for name in check.fields):
            if rules.fields[name].scope == "document" and document is None:
                raise Refused(
                    f"{rule.file}: rule {rule.id} reads {name!r}, a fact of a document.",
                    "agreement.yaml asks for no document.",
                    "State there: document: {kind: …, cited_by: …}",
                )
            if name == "birth_agrees" and "date_of_birth" not in agree:
                raise Refused(
                    f"{rule.file}: rule {rule.id} reads {name!r}.",
                    "agreement.yaml does not say that the date of birth must agree.",
                    "Name date_of_birth there under matching, agree.",
                )


def _terms(top: Mapping[str, Node]) -> dict[str, Any]:
    """Days of standing and the size of the sample. What the program does in one way only may not be stated in another."""
    standing = top["standing"].mapping(("safeguard_report_days", "training_days"), None)
    sample = top["sample"].mapping(("size",), ("defects_allowed",))
    fixed = {"people": 2, "valid_hours": AUTHORIZATION_HOURS}
    stated = top["authorizations"].mapping(tuple(fixed)) if "authorizations" in top else {}
    for name, node in stated.items():
        if node.integer() != fixed[name]:
            node.refuse(f"{name} must be {fixed[name]}", "Two people, for at most 72 hours: no agreement changes that (R40).")
    if "defects_allowed" in sample and sample["defects_allowed"].integer() != 0:
        sample["defects_allowed"].refuse("no defect is allowed", "One blocks the batch (R41).")
    days = {"report_days": standing["safeguard_report_days"], "training_days": standing["training_days"], "sample_size": sample["size"]}
    for name, node in days.items():
        if node.integer() < 1:
            node.refuse(f"{name.replace('_', ' ')} must be 1 or more")
    return {name: node.integer() for name, node in days.items()}


def _witnesses(top: Mapping[str, Node]) -> dict[str, Any]:
    """How many must have cosigned before anything leaves, and which count: their verifier keys, or none for those the gateway lists."""
    stated = top["witnesses"].mapping(("quorum",), ("keys",)) if "witnesses" in top else {}
    keys = stated["keys"].items() if "keys" in stated else []
    for key in keys:
        try:
            good = parse_vkey(key.text()).kind == COSIGNATURE and is_code(key.text())
        except Refused:
            good = False
        if not good:
            key.refuse("this is not a witness's verifier key")
    quorum = _whole(stated["quorum"], 0, 100) if stated else 0
    named = frozenset(key.text() for key in keys)
    if named and quorum > len(named):
        stated["quorum"].refuse("more witnesses are asked for than are named")
    return {"witness_quorum": quorum, "witnesses": named}


def _code(node: Node) -> str:
    return _word(node.mapping(("code",), None)["code"])


def _word(node: Node) -> str:
    """A code: it will stand in the ledger, which holds no text that somebody could read."""
    return _matching(node, _WORD, "a code has letters, digits and . _ : / + = @ ( ) - only")


def _matching(node: Node, pattern: re.Pattern[str], what: str) -> str:
    if not pattern.fullmatch(node.text()):
        node.refuse(what, next_step="Write it so.")
    return node.text()


def _whole(node: Node, low: int, high: int) -> int:
    if not low <= node.integer() <= high:
        node.refuse(f"a whole number from {low} to {high} is wanted here")
    return node.integer()


def _offices(node: Node) -> dict[str, bool]:
    """Office code → whether it may sign by itself; any other needs the switch its text names."""
    listed = [item.mapping(("code", "may_sign"), None) for item in node.mapping(("offices",), None)["offices"].items()]
    return {item["code"].text(): item["may_sign"].value is True for item in listed}


def zone_seconds(node: Node) -> int:
    """`-05:00` as seconds east of UTC."""
    sign, hours, minutes = node.text()[:1], node.text()[1:3], node.text()[4:6]
    if not re.fullmatch(r"[+-](0[0-9]|1[0-4]):[0-5][0-9]", node.text()):
        node.refuse('a zone is hours and minutes from UTC, as "-05:00"')
    return (-1 if sign == "-" else 1) * (int(hours) * 3600 + int(minutes) * 60)


def _day(node: Node | None) -> int | None:
    return None if node is None or node.value is None else (node.date() - dt.date(1970, 1, 1)).days
