"""Repeated calls: what an `Idempotency-Key` stands for.

1. A key belongs to the agency that sent it, and to one envelope: with another it is refused (422), so that no batch is lost by a mistake.
2. Key and batch are written in the transaction that receives the batch: there is never one without the other.
3. What is kept of the envelope is a keyed hash (HMAC under the accounting key): of an unsigned file a plain one could be guessed.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated

from fastapi import Header
from sqlalchemy import Connection, RowMapping, insert, select

from portcullis.home import Home
from portcullis.store import schema

__all__ = ["KeyHeader", "earlier", "fingerprint", "keep"]

KeyHeader = Annotated[
    str,
    Header(alias="Idempotency-Key", pattern=r"^[A-Za-z0-9._~-]{8,128}$", description="Chosen by the caller; the same for a repeated call."),
]


def fingerprint(home: Home, envelope: bytes) -> str:
    """What the key is bound to (hex)."""
    return hmac.new(home.accounting_key, b"portcullis/api-call/1" + envelope, hashlib.sha256).hexdigest()


def earlier(conn: Connection, agency: str, key: str) -> RowMapping | None:
    """The call this agency made with this key, if it did."""
    c = schema.api_call
    return conn.execute(select(c).where(c.c.agency == agency, c.c.key == key)).mappings().first()


def keep(conn: Connection, agency: str, key: str, mark: str, batch_id: str, at: int) -> None:
    """Bind a key to its batch, in the transaction that receives it."""
    conn.execute(insert(schema.api_call).values(agency=agency, key=key, fingerprint=mark, batch_id=batch_id, at=at))
