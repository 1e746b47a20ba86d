"""The encrypted evidence files of a batch, and the key they are under.

Each batch has its own data key, wrapped by the batch's wrapping key of the keyring and kept in the store; taking that key out of the
keyring makes every evidence file of the batch unreadable while ledger and accounting stay whole (retention/). A file's SHA-256 stands
in the store, written in the same transaction as the step that made it, so that a file that was exchanged or half written is found
before it is used.

Files of one batch: `raw` (rows as received), `checked` and `matched` (findings), `decisions` (with the openings of their
commitments), `answers` (what would leave, with salts), `accounting` (openings of the accounting entries).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, select, update

from portcullis.crypto import canonical, read_parquet, read_row, unwrap, wrap, write_parquet
from portcullis.crypto.wrap import sync_folder
from portcullis.engine import workdir
from portcullis.errors import OutOfOrder, Refused
from portcullis.home import Home
from portcullis.store import reading, rehearsing, schema

__all__ = ["Staged", "batch_key", "has", "key_number", "place", "read", "row", "seal_file", "staged", "staging", "wrapped", "write"]

STAGING = ".staging"
"""In `evidence/`: where files lie that belong to no batch yet, each process in a folder of its own."""


def _context(batch_id: str) -> str:
    return f"portcullis/batch/{batch_id}"


def key_number(batch_id: str) -> int:
    """The number of a batch's wrapping key in the keyring: its year from 2000 and its own number, `B-2026-000001`."""
    _, year, number = batch_id.split("-")
    return (int(year) - 2000) << 20 | int(number)


def wrapped(home: Home, batch_id: str, key: bytes) -> bytes:
    """A batch's data key under its wrapping key."""
    return wrap(home.keyring.key_of(key_number(batch_id)), key, _context(batch_id))


def batch_key(home: Home, conn: Connection, batch_id: str) -> bytes:
    """The data key of a batch. Raises Refused when it was destroyed."""
    b = schema.batch
    wrapped = conn.execute(select(b.c.wrapped_key).where(b.c.id == batch_id)).scalar_one_or_none()
    if wrapped is None:
        raise Refused(
            f"The working data of batch {batch_id} was destroyed.", "Its key is gone.", "The ledger and the accounting still answer."
        )
    return unwrap(home.keyring.key_of(key_number(batch_id)), bytes(wrapped), _context(batch_id))


@dataclass(frozen=True, slots=True)
class Staged:
    """An evidence file that is on disk, synced, under a name nobody knows yet; `digest` is its SHA-256 (hex)."""

    path: Path
    digest: str


@contextmanager
def staged(home: Home, batch_id: str, tables: Mapping[str, pa.Table]) -> Iterator[Mapping[str, Staged]]:
    """The files of some tables, sealed before the transaction that will name them, so that nobody waits for a file to be written.

    What `write` did not take is removed at the end.
    """
    with reading(home.engine) as conn:
        key = batch_key(home, conn, batch_id)
    files: dict[str, Staged] = {}
    try:
        for name, table in tables.items():
            path = home.evidence(batch_id, f".{name}.{secrets.token_hex(8)}")
            files[name] = Staged(path, "" if rehearsing() else write_parquet(path, table, key))
        yield files
    finally:
        for one in files.values():
            one.path.unlink(missing_ok=True)


@contextmanager
def staging(home: Home) -> Iterator[Path]:
    """A private folder on the disk of the evidence, for files of a batch that has no number yet; gone at the end."""
    with workdir(home.path / "evidence" / STAGING) as folder:
        yield folder


def place(home: Home, batch_id: str, key: bytes, files: Mapping[str, pa.Table | Staged]) -> str:
    """Put the first files of a batch that is being made in their place; returns what its row notes of them (canonical JSON).

    They are on disk when this returns, and the transaction that makes the batch names them; a rehearsal writes none.
    """
    if rehearsing():
        return canonical({}).decode()
    digests = {}
    for name, content in files.items():
        target = home.evidence(batch_id, name)
        if isinstance(content, Staged):
            content.path.replace(target)
            digests[name] = content.digest
        else:
            digests[name] = write_parquet(target, content, key, sync=False)
    sync_folder(target.parent)
    sync_folder(target.parent.parent)
    return canonical(digests).decode()


def write(home: Home, conn: Connection, batch_id: str, name: str, content: pa.Table | Staged) -> None:
    """Put one evidence file in its place, once, and note its hash in the caller's transaction.

    The file is in place, synced, before the transaction that names it commits; a kill between leaves a file nobody names,
    which the next run replaces; a rehearsal writes none. Raises OutOfOrder when the store names one already: another process was faster,
    and its file stands.
    """
    b = schema.batch
    # The row stays locked until the caller commits (on SQLite the caller is alone), so that of two processes only one writes.
    conn.execute(select(b.c.id).where(b.c.id == batch_id).with_for_update(key_share=True))
    if has(conn, batch_id, name):
        raise OutOfOrder(
            f"The evidence file {name} of batch {batch_id} was written before.",
            "Another process took the same step at the same time.",
            f"Type: portcullis batch run {batch_id}",
        )
    if rehearsing():
        return
    if isinstance(content, Staged):
        digest = content.digest
        content.path.replace(home.evidence(batch_id, name))
        sync_folder(content.path.parent)
    else:
        digest = seal_file(home, batch_key(home, conn, batch_id), batch_id, name, content)
    noted = _noted(conn, batch_id) | {name: digest}
    conn.execute(update(b).where(b.c.id == batch_id).values(evidence_sha256s=canonical(noted).decode()))


def seal_file(home: Home, key: bytes, batch_id: str, name: str, table: pa.Table) -> str:
    """Write the encrypted file and return its SHA-256 (hex)."""
    return write_parquet(home.evidence(batch_id, name), table, key)


def has(conn: Connection, batch_id: str, name: str) -> bool:
    """Whether that evidence file was written."""
    return name in _noted(conn, batch_id)


def read(home: Home, conn: Connection, batch_id: str, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read one evidence file, checked against the hash in the store. Raises Tampered when it differs."""
    noted = _noted(conn, batch_id)
    if name not in noted:
        raise OutOfOrder(f"Batch {batch_id} has no evidence file {name} yet.")
    return read_parquet(home.evidence(batch_id, name), batch_key(home, conn, batch_id), columns=columns, expected_sha256=noted[name])


def row(home: Home, conn: Connection, batch_id: str, name: str, ordinal: int, pick: Callable[[str], bool]) -> dict[str, Any]:
    """Some columns of one request's row in an evidence file, empty when it has none; checked as `read` does."""
    noted = _noted(conn, batch_id)
    if name not in noted:
        raise OutOfOrder(f"Batch {batch_id} has no evidence file {name} yet.")
    return read_row(home.evidence(batch_id, name), batch_key(home, conn, batch_id), ordinal, pick, expected_sha256=noted[name])


def _noted(conn: Connection, batch_id: str) -> dict[str, str]:
    b = schema.batch
    text = conn.execute(select(b.c.evidence_sha256s).where(b.c.id == batch_id)).scalar_one_or_none()
    return json.loads(text) if text else {}
