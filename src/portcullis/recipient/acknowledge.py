"""Acknowledging: the recipient's signature over exactly the sealed answers that arrived.

1. Only a release that was accepted (release.py) is acknowledged.
2. The act is a `receipt` over the root of the sealed answers, for one ledger and one agreement, with a nonce and an expiry.
"""

from __future__ import annotations

from portcullis.crypto import SigningKey, sign_act
from portcullis.model import Act
from portcullis.recipient.release import Arrived

__all__ = ["acknowledge"]


def acknowledge(
    arrived: Arrived, key: SigningKey, *, officer: str, origin: str, agreement: str, nonce: str, expires: int
) -> dict[str, object]:
    """The signed receipt. `origin` names the gateway's ledger; `expires` is whole seconds UTC."""
    return sign_act(key, Act(origin, agreement, "receipt", arrived.answer.sealed_root, officer, nonce, expires))
