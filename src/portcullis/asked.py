"""What was asked about whom, as keyed fingerprints: the memory behind R39, over all batches and agreements.

1. One encrypted file per batch under the accounting key, which is never destroyed: destroying a batch's working data forgets nothing.
2. A fingerprint is HMAC-SHA-256 under a key derived from the accounting key, cut to 64 bits. It never leaves the source agency.
3. The file's SHA-256 stands in the store; a file that was exchanged or removed stops the program.
4. A batch is written down when it was checked, before any is matched, so that of two batches matched at the same time neither is
   overlooked. Only requests that no rule refused are written down: nothing is learnt from the others, because the register is not read.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, insert, select

from portcullis.crypto import blind_index, read_parquet, write_parquet
from portcullis.home import Home
from portcullis.store import rehearsing, schema

__all__ = ["MEMORY_DAYS", "blinder", "earlier", "own", "write"]

MEMORY_DAYS = 365
"""For how many days what was asked counts."""

_DAY = 86_400


def blinder(home: Home) -> Callable[[str, str], int]:
    """A maker of fingerprints under this home's key: kind and value to 64 bits."""
    key = blind_index(home.accounting_key, "asked", "")

    def fingerprint(kind: str, value: str) -> int:
        return int.from_bytes(hmac.digest(key, f"{kind}\0{value}".encode(), "sha256")[:8], "big", signed=True)

    return fingerprint


def write(home: Home, conn: Connection, batch_id: str, received_at: int, table: pa.Table) -> None:
    """Keep what a batch asked, once, and note the file's hash in the caller's transaction."""
    if rehearsing():
        return
    digest = write_parquet(_path(home, batch_id), table, home.accounting_key)
    conn.execute(insert(schema.asked).values(batch_id=batch_id, received_at=received_at, sha256=digest))


def own(home: Home, conn: Connection, batch_id: str) -> pa.Table | None:
    """What this batch asked, None when it was not written down. Raises Tampered when the file differs from its hash."""
    a = schema.asked
    digest = conn.execute(select(a.c.sha256).where(a.c.batch_id == batch_id)).scalar_one_or_none()
    return None if digest is None else _read(home, batch_id, digest)


def earlier(home: Home, conn: Connection, batch_id: str, received_at: int) -> list[pa.Table]:
    """What every other batch asked that was received in the twelve months before, or since. Raises Tampered as `own` does."""
    a = schema.asked
    since = received_at - MEMORY_DAYS * _DAY
    query = select(a.c.batch_id, a.c.sha256).where(a.c.batch_id != batch_id, a.c.received_at > since).order_by(a.c.batch_id)
    return [_read(home, row.batch_id, row.sha256) for row in conn.execute(query)]


def _read(home: Home, batch_id: str, digest: str) -> pa.Table:
    return read_parquet(_path(home, batch_id), home.accounting_key, expected_sha256=digest)


def _path(home: Home, batch_id: str) -> Path:
    return home.path / "accounting" / f"{batch_id}.asked.parquet"
