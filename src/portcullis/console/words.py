"""The words of the screens: roles, states, decisions, what is waited for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from portcullis.model import Role

__all__ = ["REVIEW_WORDS", "decision", "navigation", "role", "state"]

_ROLES: Mapping[str, str] = {
    "operator": "Operator",
    "reviewer": "Reviewer",
    "authorizer": "Authorizer",
    "counsel": "Counsel",
    "safeguards": "Office of Safeguards",
    "overseer": "Overseer",
    "signer": "Signer",
    "officer": "Officer",
}
_STATES: Mapping[str, str] = {
    "received": "Received: the rules have not been applied yet",
    "checked": "Checked against the rules; not matched yet",
    "matched": "Matched; people review what was referred",
    "reviewed": "Decided; the sample is drawn and checked by hand",
    "sampled": "The sample passed; two officers authorize",
    "authorized": "Authorized by two officers; not sealed yet",
    "committed": "Sealed and committed; nothing has left",
    "dispatched": "Dispatched",
    "acknowledged": "Acknowledged by the recipient",
    "refused": "Refused as a whole",
    "blocked": "Blocked: nothing leaves",
}
_DECISIONS: Mapping[str, str] = {
    "disclose": "Address is disclosed",
    "confirm": "Address is confirmed",
    "deny": "Answered with no",
    "no_disclosure": "No disclosure",
    "deficient": "Deficient",
}
REVIEW_WORDS: Mapping[str, str] = {
    "same-person": "It is the same person",
    "not-same-person": "It is not the same person",
    "cannot-tell": "It cannot be told",
    "reason-specific": "The reason given is specific",
    "reason-not-specific": "The reason given is not specific",
    "permitted": "The law permits it",
    "not-permitted": "The law does not permit it",
}
_NAVIGATION: tuple[tuple[str, str, frozenset[Role] | None], ...] = (
    ("/queue", "Work queue", None),
    ("/batches", "Batches", None),
    ("/agreements", "Agreement", None),
    ("/rules", "Rules", None),
    ("/orders", "Orders", None),
    ("/safeguards", "Safeguards", None),
    ("/keys", "Keys", None),
    ("/ledger", "Ledger", None),
    ("/accounting", "Accounting", frozenset({Role.COUNSEL})),
    ("/reports", "Reports", None),
)


def role(value: str) -> str:
    """A role as people say it."""
    return _ROLES.get(str(value), str(value))


def state(value: str) -> str:
    """A batch's state in a sentence."""
    return _STATES.get(str(value), str(value))


def decision(value: str) -> str:
    """A decision in words."""
    return _DECISIONS.get(str(value), str(value))


def navigation(roles: Collection[Role]) -> list[tuple[str, str]]:
    """Where these roles may go from every page."""
    return [(path, title) for path, title, only in _NAVIGATION if only is None or only & set(roles)]
