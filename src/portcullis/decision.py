"""The two decisions everything else serves, each a table that can be read aloud.

`decide`       from the findings of one request and what the register said, what is answered.
`may_release`  from everything that must hold at the instant of dispatch, yes or the reasons why not.

Both are pure: no clock, no store, no key. A table is data: Python evaluates it here, a bundle carries it as
`tables.json`, the offline verifier evaluates it again, and a prover can read the same rows.

A condition is `(fact, operator, value)`; operators are `eq, ne, at_least, at_most`. A fact that is unknown (None) makes
every condition on it false, so nothing ever follows from what is not known:
`decide` falls through to `no_disclosure`, and `may_release` refuses.

Sources: 26 U.S.C. 6103(a), (i)(2); rules.md section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache

from portcullis.model import Decision

__all__ = [
    "AUTHORIZATION_HOURS",
    "DECIDE",
    "MAY_RELEASE",
    "NEVER_ACCEPTED",
    "ReleaseFacts",
    "RequestFacts",
    "decide",
    "first_row",
    "may_release",
    "tables",
]

AUTHORIZATION_HOURS = 72
"""How long an authorizer's signature can carry a release (journey.md, step 7)."""

NEVER_ACCEPTED = "M-AMBIGUOUS"
"""The reason for which no reviewer may accept a referral: exactly one person may match (R34). The proofs rest on it."""

Condition = tuple[str, str, int | str]

_OPERATORS: Mapping[str, Callable[[int | str, int | str], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "at_least": lambda a, b: int(a) >= int(b),
    "at_most": lambda a, b: int(a) <= int(b),
}


@dataclass(frozen=True, slots=True)
class DecideRow:
    """One row: when every condition holds, this is the decision. `says` is the row in words."""

    id: str
    when: tuple[Condition, ...]
    then: Decision
    says: str


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One requirement: when a condition does not hold, the release is refused for `reason`."""

    id: str
    require: tuple[Condition, ...]
    reason: str
    says: str


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What `decide` knows of one request; counts of findings, never personal values.

    `deficient`     findings that fail on a statutory element of the request's own data
    `refused`       all other findings that fail, a reviewer's refusal among them
    `open`          findings that refer to a person and no person has closed
    `persons`       persons on the register who are certainly meant
    `same_address`  1 when the last-known address equals the supplied one, 0 when not
    `answer`        what the agreement permits to answer: `address`, `yes_no` or `elements`
    """

    deficient: int | None
    refused: int | None
    open: int | None
    persons: int | None
    same_address: int | None
    answer: str | None


DECIDE: tuple[DecideRow, ...] = (
    DecideRow(
        "D1", (("deficient", "at_least", 1),), Decision.DEFICIENT, "A statutory element is missing: say which, so that it can be perfected."
    ),
    DecideRow("D2", (("refused", "at_least", 1),), Decision.NO_DISCLOSURE, "A rule refuses the request."),
    DecideRow("D3", (("open", "at_least", 1),), Decision.REFER, "A person must decide first."),
    DecideRow(
        "D4",
        (("deficient", "eq", 0), ("refused", "eq", 0), ("open", "eq", 0), ("answer", "eq", "yes_no"), ("persons", "eq", 0)),
        Decision.DENY,
        "The agreement permits a no as an answer, and nobody is meant.",
    ),
    DecideRow(
        "D5",
        (("deficient", "eq", 0), ("refused", "eq", 0), ("open", "eq", 0), ("answer", "eq", "yes_no"), ("persons", "eq", 1)),
        Decision.CONFIRM,
        "The agreement permits a yes as an answer, and exactly one person is meant.",
    ),
    DecideRow(
        "D6",
        (
            ("deficient", "eq", 0),
            ("refused", "eq", 0),
            ("open", "eq", 0),
            ("answer", "eq", "address"),
            ("persons", "eq", 1),
            ("same_address", "eq", 1),
        ),
        Decision.CONFIRM,
        "Exactly one person is meant and the address supplied is the last-known one.",
    ),
    DecideRow(
        "D7",
        (
            ("deficient", "eq", 0),
            ("refused", "eq", 0),
            ("open", "eq", 0),
            ("answer", "eq", "address"),
            ("persons", "eq", 1),
            ("same_address", "eq", 0),
        ),
        Decision.DISCLOSE,
        "Exactly one person is meant and the last-known address is another one.",
    ),
    DecideRow(
        "D8",
        (("deficient", "eq", 0), ("refused", "eq", 0), ("open", "eq", 0), ("answer", "eq", "elements"), ("persons", "eq", 1)),
        Decision.DISCLOSE,
        "The agreement answers with what a document names, and exactly one person is meant.",
    ),
    DecideRow("D9", (), Decision.NO_DISCLOSURE, "Anything else, and anything unknown, is no disclosure."),
)


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What `may_release` must know, read again inside the dispatching transaction.

    Counts are of things found; the flags are 1 (holds) or 0; None is unknown and refuses.
    """

    requests_undecided: int | None
    requests_decided_twice: int | None
    decisions_unchanged: int | None
    answers_unchanged: int | None
    fields_outside_whitelist: int | None
    sample_passed: int | None
    sample_of_these_decisions: int | None
    authorizers: int | None
    authorizers_conflicted: int | None
    authorized_root_equal: int | None
    changes_since: int | None
    agreement_in_force: int | None
    agreement_unchanged: int | None
    rules_unchanged: int | None
    switches_unchanged: int | None
    stays: int | None
    standing_current: int | None
    signer_on_roster: int | None
    keys_valid: int | None
    officers_eligible: int | None
    vaults_valid: int | None
    vetoes_since: int | None
    register_unchanged: int | None
    committed: int | None
    commit_published: int | None
    witnesses_missing: int | None
    dispatched_before: int | None
    recalls_open: int | None
    ai_notices_open: int | None
    environment_notices_open: int | None
    disposals_overdue: int | None
    incidents_open: int | None


def _row(row_id: str, fact: str, operator: str, value: int, reason: str, says: str) -> ReleaseRow:
    return ReleaseRow(row_id, ((fact, operator, value),), reason, says)


MAY_RELEASE: tuple[ReleaseRow, ...] = (
    _row("A1", "requests_undecided", "eq", 0, "X-NONREPLAYABLE", "Every request of the batch has its decision."),
    _row("A2", "requests_decided_twice", "eq", 0, "X-NONREPLAYABLE", "No request has two."),
    _row("A3", "decisions_unchanged", "eq", 1, "A-TAMPER", "The decisions are those the ledger holds."),
    _row("A4", "answers_unchanged", "eq", 1, "A-TAMPER", "The answers are those that were authorized and sealed."),
    _row("A5", "fields_outside_whitelist", "eq", 0, "D-FIELD-BLOCKED", "Nothing leaves but the permitted data elements (R36)."),
    _row("A6", "sample_passed", "eq", 1, "B-SAMPLE-FAILED", "The sample was drawn, checked by hand and had no defect (R41)."),
    _row("A7", "sample_of_these_decisions", "eq", 1, "B-SAMPLE-FAILED", "It was drawn from exactly these decisions."),
    _row("A8", "authorizers", "at_least", 2, "B-RELEASE-NOT-APPROVED", "Two different people authorized (R40)."),
    _row("A9", "authorizers_conflicted", "eq", 0, "B-RELEASE-NOT-APPROVED", "Neither operated or reviewed this batch (R40)."),
    _row("A10", "authorized_root_equal", "eq", 1, "B-RELEASE-NOT-APPROVED", "What they signed is exactly what would leave."),
    _row("A11", "agreement_in_force", "eq", 1, "B-NO-AGREEMENT", "The agreement is in force (R08)."),
    _row("A12", "agreement_unchanged", "eq", 1, "B-NO-AGREEMENT", "It is the version the decisions rest on."),
    _row("A13", "rules_unchanged", "eq", 1, "X-POLICY-UNSIGNED", "The rule set is the one the decisions rest on (R58)."),
    _row("A14", "switches_unchanged", "eq", 1, "X-POLICY-UNSIGNED", "So are the switches (R58)."),
    _row("A15", "stays", "eq", 0, "B-ENJOINED", "No order in force covers it (R07)."),
    _row("A16", "standing_current", "eq", 1, "B-SAFEGUARD-NOT-MET", "The receiving agency's safeguard standing is current (R06)."),
    _row("A17", "signer_on_roster", "eq", 1, "B-SIGNER-NOT-AUTHORISED", "The signer still holds the office (R02)."),
    _row("A18", "keys_valid", "eq", 1, "B-SIG-BAD", "Every key relied on is enrolled and not revoked."),
    _row("A19", "officers_eligible", "eq", 1, "O-INELIGIBLE", "Every officer who would receive is still eligible (R28)."),
    _row("A20", "vaults_valid", "eq", 1, "S-STORAGE-UNAPPROVED", "Every vault sealed to is enrolled and attested (R46)."),
    _row("A21", "vetoes_since", "eq", 0, "D-VETO", "No veto was set on a person since the decision (R30)."),
    _row("A22", "register_unchanged", "eq", 1, "X-NONREPLAYABLE", "The register is the version the decisions rest on."),
    _row("A23", "committed", "eq", 1, "A-NOT-RECORDED", "The release was committed in the ledger."),
    _row("A24", "commit_published", "eq", 1, "A-NOT-RECORDED", "A published checkpoint covers the commit (R42)."),
    _row("A25", "witnesses_missing", "eq", 0, "A-NOT-RECORDED", "The witnesses the agreement asks for have cosigned."),
    _row("A26", "dispatched_before", "eq", 0, "B-INTEGRITY", "It was not dispatched before (R10)."),
    _row("A27", "changes_since", "eq", 0, "B-RELEASE-NOT-APPROVED", "Nothing it rests on has changed since the first of them signed."),
    _row("A28", "recalls_open", "eq", 0, "X-RECALL-OPEN", "No recall stops the flow to this agency (R53)."),
    _row("A29", "ai_notices_open", "eq", 0, "S-AI-NO-NOTICE", "No declared AI analysis waits for an answer, or was objected to (R50)."),
    _row("A30", "environment_notices_open", "eq", 0, "S-ENV-NO-NOTICE", "No new environment stands against an objection (R51)."),
    _row("A31", "disposals_overdue", "eq", 0, "S-DISPOSAL-OVERDUE", "No disposal of what was received before is overdue (R52)."),
    _row("A32", "incidents_open", "eq", 0, "X-INCIDENT-LATE", "No incident stops the flow (R54)."),
)


def _holds(conditions: Sequence[Condition], facts: Mapping[str, int | str | None]) -> bool:
    """Kleene's reading for a conjunction that must be *true*: an unknown fact is not true."""
    for name, operator, expected in conditions:
        value = facts[name]
        if value is None or not _OPERATORS[operator](value, expected):
            return False
    return True


@lru_cache(maxsize=65_536)
def decide(facts: RequestFacts) -> Decision:
    """The first row of DECIDE that holds.

    A batch has few different combinations of these facts, so the cache makes 1.28 million calls cheap.
    """
    # A count that is unknown cannot be proved zero: no row that answers can hold, since each requires the three zeros.
    values = {name: getattr(facts, name) for name in RequestFacts.__slots__}
    for row in DECIDE:
        if _holds(row.when, values):
            return row.then
    return Decision.NO_DISCLOSURE


def may_release(facts: ReleaseFacts) -> tuple[str, ...]:
    """The reasons why the release may not go, in table order; empty means yes."""
    values: dict[str, int | str | None] = asdict(facts)
    return tuple(f"{row.id} {row.reason}" for row in MAY_RELEASE if not _holds(row.require, values))


def first_row(rows: Sequence[tuple[str, Sequence[Condition], str]], facts: Mapping[str, int | None]) -> str | None:
    """The id of the first row of another table (id, conditions, words) that refuses; an unknown fact refuses. None when none does."""
    for row_id, conditions, _ in rows:
        unknown = any(facts[name] is None for name, _, _ in conditions)
        if unknown or _holds(conditions, facts):
            return row_id
    return None


def tables() -> dict[str, object]:
    """Both tables as plain data for `tables.json` in a bundle."""
    return {
        "decide": {
            "facts": [f.name for f in fields(RequestFacts)],
            "rows": [{"id": r.id, "when": [list(c) for c in r.when], "then": r.then.value, "says": r.says} for r in DECIDE],
        },
        "may_release": {
            "facts": [f.name for f in fields(ReleaseFacts)],
            "rows": [{"id": r.id, "require": [list(c) for c in r.require], "reason": r.reason, "says": r.says} for r in MAY_RELEASE],
        },
    }
