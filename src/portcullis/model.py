"""The nouns, as frozen values without any input or output.

The vocabulary is closed: every state, verdict and decision that can be written anywhere stands here once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

__all__ = [
    "ADDRESS_FIELDS",
    "DATA_COLUMNS",
    "IDENTITY_FIELDS",
    "Act",
    "BatchState",
    "Decision",
    "Finding",
    "LeafType",
    "Role",
    "Verdict",
]

DATA_COLUMNS: tuple[str, ...] = (
    "request_id",
    "given_name",
    "middle_name",
    "family_name",
    "suffix",
    "date_of_birth",
    "taxpayer_number",
    "address_line",
    "unit",
    "city",
    "state",
    "postal_code",
    "address",
    "taxable_periods",
    "statute",
    "purpose",
    "reason",
    "stage",
    "case_id",
    "case_opened_on",
    "order_id",
    "order_date",
    "judicial_review",
    "judicial_final_date",
    "order_ground",
    "order_stayed",
    "finality_basis",
    "prior_removal_date",
    "reentry_date",
    "elements",
    "attestations",
    "consent_id",
    "court_order_id",
)
"""Every column a data file may have, all text; missing ones are null, any other is refused by name."""

ADDRESS_FIELDS: tuple[str, ...] = ("address_line", "unit", "city", "state", "postal_code")
"""The mailing address: the only data elements that irs-ice-2025 permits to leave (R36)."""

IDENTITY_FIELDS: tuple[str, ...] = ("date_of_birth", "taxpayer_number")
"""What else of a register can leave, under an agreement that permits it: no register column beyond these and the address is ever read."""


class Verdict(IntEnum):
    """What one rule says of one request. The order is from best to worst, so a rule's verdict is the maximum of its checks'."""

    NOT_APPLICABLE = 0
    PASS = 1
    REFER = 2
    FAIL = 3


class Decision(StrEnum):
    """What is written once for a request, after reviews close. `REFER` is never written: a person must decide first."""

    DISCLOSE = "disclose"
    CONFIRM = "confirm"
    DENY = "deny"
    NO_DISCLOSURE = "no_disclosure"
    DEFICIENT = "deficient"
    REFER = "refer"


class BatchState(StrEnum):
    """The nine states of a batch in their order, and the two ends outside it. A stay is a condition, not a state."""

    RECEIVED = "received"
    CHECKED = "checked"
    MATCHED = "matched"
    REVIEWED = "reviewed"
    SAMPLED = "sampled"
    AUTHORIZED = "authorized"
    COMMITTED = "committed"
    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    BLOCKED = "blocked"


class Role(StrEnum):
    """What a person may be in one batch; one person, one role per batch."""

    SIGNER = "signer"
    OFFICER = "officer"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    AUTHORIZER = "authorizer"
    COUNSEL = "counsel"
    SAFEGUARDS = "safeguards"
    OVERSEER = "overseer"


class LeafType(StrEnum):
    """Every kind of fact the ledger knows (ledger.md)."""

    AGREEMENT_PROPOSED = "agreement.proposed"
    AGREEMENT_SIGNED = "agreement.signed"
    AGREEMENT_IN_FORCE = "agreement.in_force"
    AGREEMENT_SUSPENDED = "agreement.suspended"
    AGREEMENT_ENDED = "agreement.ended"
    ORDER_IMPOSED = "order.imposed"
    ORDER_LIFTED = "order.lifted"
    ORDER_SERVED = "order.served"
    ORDER_ACKNOWLEDGED = "order.acknowledged"
    ORDER_REACHED = "order.reached"
    ORDER_PERMITTED = "order.permitted"
    ORDER_ENDED = "order.ended"
    BATCH_RECEIVED = "batch.received"
    BATCH_REFUSED = "batch.refused"
    BATCH_CLOSED = "batch.closed"
    BATCH_BLOCKED = "batch.blocked"
    REQUEST_DECIDED = "request.decided"
    INSPECTION = "inspection"
    REVIEW_RECORDED = "review.recorded"
    SAMPLE_COMMITTED = "sample.committed"
    SAMPLE_REVEALED = "sample.revealed"
    SAMPLE_DRAWN = "sample.drawn"
    SAMPLE_PASSED = "sample.passed"
    SAMPLE_FAILED = "sample.failed"
    SAMPLE_ABORTED = "sample.aborted"
    RELEASE_AUTHORIZED = "release.authorized"
    RELEASE_COMMITTED = "release.committed"
    RELEASE_DISPATCHED = "release.dispatched"
    RELEASE_WITHHELD = "release.withheld"
    AUTHORIZATION_VOIDED = "authorization.voided"
    DISCLOSURE = "disclosure"
    RECEIPT = "receipt"
    DISPOSAL = "disposal"
    HOLD_PLACED = "hold.placed"
    HOLD_LIFTED = "hold.lifted"
    KEY_ENROLLED = "key.enrolled"
    KEY_REVOKED = "key.revoked"
    VAULT_ENROLLED = "vault.enrolled"
    VAULT_REVOKED = "vault.revoked"
    ROSTER_CHANGED = "roster.changed"
    STANDING_CHANGED = "standing.changed"
    RULES_CHANGED = "rules.changed"
    REGISTER_LOADED = "register.loaded"
    REPORT_PUBLISHED = "report.published"
    LEDGER_RECOVERED = "ledger.recovered"
    OBLIGATION_NOTICED = "obligation.noticed"
    OBLIGATION_ANSWERED = "obligation.answered"
    OBLIGATION_WITHDRAWN = "obligation.withdrawn"
    OBLIGATION_ASKED = "obligation.asked"
    OBLIGATION_DECIDED = "obligation.decided"
    OBLIGATION_CERTIFIED = "obligation.certified"
    OBLIGATION_WITNESSED = "obligation.witnessed"
    OBLIGATION_LOGGED = "obligation.logged"
    RECALL_OPENED = "recall.opened"
    RECALL_ORDERED = "recall.ordered"
    RECALL_ACKNOWLEDGED = "recall.acknowledged"
    RECALL_CERTIFIED = "recall.certified"
    RECALL_WITNESSED = "recall.witnessed"
    RECALL_CLOSED = "recall.closed"
    INCIDENT_IDENTIFIED = "incident.identified"
    INCIDENT_REPORTED = "incident.reported"
    INCIDENT_TOLD = "incident.told"
    INCIDENT_DETERMINED = "incident.determined"
    INCIDENT_CLOSED = "incident.closed"
    ACCOUNTING_ASKED = "accounting.asked"
    ACCOUNTING_DETERMINED = "accounting.determined"
    ACCOUNTING_RELEASED = "accounting.released"
    ACCOUNTING_REVIEWED = "accounting.reviewed"
    ACCOUNTING_CONTESTED = "accounting.contested"
    FILING_REFUSED = "filing.refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of one request: the verdict, the reason code and the citation it rests on."""

    rule: str
    verdict: Verdict
    reason: str | None = None
    citation: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """What a person or an agency signs: one action over one content, for one log, once, until it expires.

    `content` is the release root, or the SHA-256 (hex) of the canonical content acted on; `expires` is whole seconds UTC.
    """

    origin: str
    agreement: str
    action: str
    content: str
    officer: str
    nonce: str
    expires: int
    detail: Mapping[str, object] = field(default_factory=dict)

    def payload(self) -> dict[str, object]:
        """The signed object; `detail` is left out when empty so that equal acts have equal bytes."""
        body: dict[str, object] = {
            "origin": self.origin,
            "agreement": self.agreement,
            "action": self.action,
            "content": self.content,
            "officer": self.officer,
            "nonce": self.nonce,
            "expires": self.expires,
        }
        if self.detail:
            body["detail"] = dict(self.detail)
        return body
