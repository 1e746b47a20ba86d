"""Filing: what the recipient states after a release, signed by the person who states it, and entered in its own record first.

1. The act is over exactly what the filing is about, for one ledger, once, until it expires.
2. The entry in the own record is on disk before the filing is handed out (own_record.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portcullis.crypto import SigningKey, sign_act
from portcullis.exchange.filing import Filing, about_hash
from portcullis.model import Act
from portcullis.recipient.own_record import add

__all__ = ["sign_filing"]


def sign_filing(
    key: SigningKey,
    kind: str,
    about: Mapping[str, Any],
    *,
    officer: str,
    origin: str,
    nonce: str,
    expires: int,
    record: Path | None = None,
) -> Filing:
    """The signed filing. `origin` names the gateway's ledger; `expires` is whole seconds UTC. Raises Refused."""
    content = about_hash(about)
    if record is not None:
        entry = {"kind": kind, "officer": officer, "time": about["at"], "content": content, "matter": about.get("matter", "")}
        add(record, entry)  # 2
    return Filing(kind, about, sign_act(key, Act(origin, "", kind, content, officer, nonce, expires)))  # 1
