"""Which leaves carry a person's or an agency's signed act: which action, by whom, over what (docs/formats/ledger.md).

`over` names the members of the leaf whose canonical JSON is hashed to the act's content, `=member` a member that is the content itself.
A member ending in `?` counts when it is there. `rules.changed` carries two such acts, in `acts`.
`roles` None asks for the agency's root key, an empty set for anybody enrolled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portcullis.crypto import canonical
from portcullis.ledger.members import AFTERWARDS
from portcullis.model import LeafType, Role

__all__ = ["ACTS", "CHANGES", "ENDS", "ActRule", "act_content", "concerns", "content_of"]

L = LeafType
_CHECKERS = frozenset({Role.OVERSEER.value, Role.REVIEWER.value})
_SWITCHERS = frozenset({Role.AUTHORIZER.value, Role.COUNSEL.value, Role.OVERSEER.value, Role.SAFEGUARDS.value})


@dataclass(frozen=True, slots=True)
class ActRule:
    """The act one type of leaf must carry."""

    action: str
    roles: frozenset[str] | None
    over: str


ACTS: Mapping[str, ActRule] = {
    L.KEY_ENROLLED.value: ActRule("key.enroll", None, "agency person roles key webauthn?"),
    L.KEY_REVOKED.value: ActRule("key.revoke", None, "key_id from?"),
    L.AGREEMENT_SIGNED.value: ActRule("agreement.sign", None, "=agreement.hash"),
    L.VAULT_ENROLLED.value: ActRule("vault.enroll", None, "agency vault jwk storage"),
    L.VAULT_REVOKED.value: ActRule("vault.revoke", None, "vault"),
    L.ROSTER_CHANGED.value: ActRule("officer.record", None, "=content"),
    L.STANDING_CHANGED.value: ActRule("standing.set", frozenset({Role.SAFEGUARDS.value}), "agency field value"),
    L.ORDER_IMPOSED.value: ActRule("order.impose", frozenset({Role.COUNSEL.value}), "order scope court_time"),
    L.REVIEW_RECORDED.value: ActRule("review.record", frozenset({Role.REVIEWER.value}), "=request"),
    L.SAMPLE_COMMITTED.value: ActRule("sample.commit", frozenset({Role.OVERSEER.value}), "k commitment"),
    L.SAMPLE_PASSED.value: ActRule("sample.record", _CHECKERS, "batch decisions_root checked defects"),
    L.SAMPLE_FAILED.value: ActRule("sample.record", _CHECKERS, "batch decisions_root checked defects"),
    L.RULES_CHANGED.value: ActRule("switch.turn", _SWITCHERS, "agreement dated position switch"),
    L.RELEASE_AUTHORIZED.value: ActRule("release.authorize", frozenset({Role.AUTHORIZER.value}), "=root"),
    L.LEDGER_RECOVERED.value: ActRule("ledger.recover", frozenset({Role.COUNSEL.value, Role.OVERSEER.value}), "root size"),
    L.DISPOSAL.value: ActRule("disposal", frozenset({Role.SAFEGUARDS.value}), "batch what"),
    L.HOLD_PLACED.value: ActRule("hold.place", frozenset({Role.COUNSEL.value}), "hold scope"),
    L.HOLD_LIFTED.value: ActRule("hold.lift", frozenset({Role.COUNSEL.value}), "hold"),
    **{kind.value: ActRule(kind.value, frozenset(roles.split()), "about") for kind, roles in AFTERWARDS.items()},
}
"""For agreement.suspended/ended, order.lifted and receipt, whose content is not made of their own members, see replay.py."""

CHANGES = frozenset(
    kind.value
    for kind in (
        *(L.AGREEMENT_IN_FORCE, L.AGREEMENT_SUSPENDED, L.AGREEMENT_ENDED, L.VAULT_ENROLLED, L.VAULT_REVOKED, L.ROSTER_CHANGED),
        *(L.STANDING_CHANGED, L.RULES_CHANGED, L.REGISTER_LOADED),
    )
)
"""What a release rests on: a leaf of these types voids what was signed before it (journey.md, "Between authorization and dispatch")."""


ENDS = frozenset(
    kind.value for kind in (L.OBLIGATION_ANSWERED, L.OBLIGATION_WITHDRAWN, L.OBLIGATION_WITNESSED, L.RECALL_CLOSED, L.INCIDENT_CLOSED)
)
"""The leaves by which a matter that stops a flow can end: those of them that say `ends`."""


def concerns(fields: Mapping[str, Any], agency: str, agreement_id: str) -> bool:
    """Whether a change touches the batches of this agency under this agreement; what the leaf does not name it does not limit."""
    agreement = fields.get("agreement")
    return fields.get("agency") in (None, agency) and (agreement is None or agreement["id"] == agreement_id)


def content_of(value: object) -> str:
    """SHA-256 (hex) of canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def act_content(kind: str, fields: Mapping[str, object]) -> str | None:
    """What the act of this leaf must be over; None when the leaf does not carry all of it (a vault without its public key)."""
    over = ACTS[kind].over
    if over == "=agreement.hash":
        agreement = fields["agreement"]
        return str(agreement["hash"]) if isinstance(agreement, Mapping) else None
    if over.startswith("="):
        return str(fields[over[1:]])
    names = [name.rstrip("?") for name in over.split() if not name.endswith("?") or fields.get(name[:-1]) is not None]
    return None if "jwk" in names and "jwk" not in fields else content_of({name: fields.get(name) for name in names})
