"""The permanent accounting (26 U.S.C. 6103(p)(3)(A)): every request, with its reason and date, and what was disclosed.

One encrypted file per batch under the accounting key, which is never destroyed; destroying a batch's working data leaves it whole.
A keyed blind index finds a person's entries without listing anybody; the key never leaves the source agency. A look-up beside each file
(index.py) says in which rows. The openings of the commitments in `request.decided` and `disclosure` leaves stand here, so that each entry
can be proved against the ledger.

Columns: ordinal int64 · log_request text · blind_number, blind_name, blind_person binary(32) or null · decision_salt,
subject_salt, accounting_salt binary(32) · decision, subject, entry canonical JSON text · purpose text.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, select, update

from portcullis.accounting.index import BLIND, build, root_of, tail_hash
from portcullis.crypto import blind_index, canonical, read_parquet, write_parquet
from portcullis.crypto.wrap import sync_folder
from portcullis.errors import OutOfOrder
from portcullis.home import Home
from portcullis.store import rehearsing, schema

__all__ = [
    "COLUMNS",
    "INDEX",
    "NAME",
    "Entry",
    "Staged",
    "blind_name",
    "blind_number",
    "blind_person",
    "entries",
    "hashes_of",
    "path_of",
    "read",
    "staged",
    "write",
    "write_index",
]

COLUMNS: Mapping[str, pa.DataType] = {
    "ordinal": pa.int64(),
    "log_request": pa.string(),
    "blind_number": pa.binary(),
    "blind_name": pa.binary(),
    "blind_person": pa.binary(),
    "decision_salt": pa.binary(),
    "subject_salt": pa.binary(),
    "accounting_salt": pa.binary(),
    "decision": pa.string(),
    "subject": pa.string(),
    "entry": pa.string(),
    "purpose": pa.string(),
}
NAME = "accounting"
GROUP = 4_096
"""Rows decrypted for one that is looked up."""
INDEX = "accounting-index"
"""What the store notes the file's hash, and the root of its look-up, under."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a `disclosure` leaf commits to, with its salt and the purpose code that stands in the clear."""

    salt: bytes
    text: str
    purpose: str

    @property
    def value(self) -> Mapping[str, object]:
        """The entry, parsed only when somebody asks: a batch has many, and few were disclosed."""
        read: Mapping[str, object] = json.loads(self.text)
        return read


def blind_number(home: Home, number: str) -> bytes:
    """Blind index of a taxpayer number in its nine digits."""
    return blind_index(home.accounting_key, "number", number)


def blind_name(home: Home, given: str, family: str, born: int | None) -> bytes:
    """Blind index of standardised names and date of birth (epoch day)."""
    written = f"[{quoted(given)},{quoted(family)},{'null' if born is None else born}]"  # as `canonical` writes it, in fewer steps
    return blind_index(home.accounting_key, "name", written)


def blind_person(home: Home, person_id: str) -> bytes:
    """Blind index of a person of the register."""
    return blind_index(home.accounting_key, "person", person_id)


def path_of(home: Home, batch_id: str) -> Path:
    """Where the accounting of one batch lies."""
    return home.path / "accounting" / f"{batch_id}.parquet"


@dataclass(frozen=True, slots=True)
class Staged:
    """The entries of a batch and their look-up on disk, synced, under a name nobody knows yet; `digest` is the file's SHA-256 (hex), `root`
    the look-up's."""

    path: Path
    digest: str
    root: str


@contextmanager
def staged(home: Home, batch_id: str, table: pa.Table | pa.RecordBatchReader) -> Iterator[Staged]:
    """The file of these entries (COLUMNS), sealed before the transaction that will name it; removed at the end unless `write` took it."""
    path = home.path / "accounting" / f".{batch_id}.{secrets.token_hex(8)}.parquet"
    try:
        yield Staged(path, "", "") if rehearsing() else _staged(home, path, table)
    finally:
        path.unlink(missing_ok=True)
        path.with_suffix(".idx").unlink(missing_ok=True)


def _staged(home: Home, path: Path, table: pa.Table | pa.RecordBatchReader) -> Staged:
    parts: list[pa.RecordBatch] = []

    def passing() -> Iterator[pa.RecordBatch]:
        """What the look-up is made of is kept while the rows go by: they may be too many to be held."""
        for part in table:
            parts.append(part.select(list(BLIND)))
            yield part

    streamed = isinstance(table, pa.RecordBatchReader)
    rows = pa.RecordBatchReader.from_batches(table.schema, passing()) if streamed else table
    digest = write_parquet(path, rows, home.accounting_key, sync=False, group=GROUP)  # `_take` syncs the folder, once for both files
    blind = pa.Table.from_batches(parts, pa.schema([table.schema.field(name) for name in BLIND])) if streamed else table
    return Staged(path, digest, write_index(home, path, blind, digest)[1])


def write_index(home: Home, path: Path, table: pa.Table, digest: str, *, dry: bool = False) -> tuple[bytes, str]:
    """Write the look-up of the accounting at `path`, whose SHA-256 (hex) is `digest`, beside it; gives its bytes and its root (hex)."""
    data = build(table.select(list(BLIND)), home.accounting_key, digest, tail_hash(path))
    if not dry:
        target = path.with_suffix(".idx")
        part = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    return data, root_of(data)


def write(home: Home, conn: Connection, batch_id: str, rows: Mapping[str, Iterable[object]] | Staged) -> None:
    """Put the entries of one batch in their place, once, and note the file's hash in the caller's transaction.

    Raises OutOfOrder when the batch has its accounting already.
    """
    hashes = _hashes(conn, batch_id)
    if NAME in hashes:
        raise OutOfOrder(f"The accounting of batch {batch_id} was written before.", "It is written once.", "Look for a second command.")
    if rehearsing():
        return
    if isinstance(rows, Staged):
        noted = _take(rows, path_of(home, batch_id))
    else:
        table = pa.table({name: pa.array(list(rows[name]), kind) for name, kind in COLUMNS.items()})
        with staged(home, batch_id, table) as made:
            noted = _take(made, path_of(home, batch_id))
    b = schema.batch
    conn.execute(update(b).where(b.c.id == batch_id).values(evidence_sha256s=canonical(hashes | noted).decode()))


def _take(rows: Staged, target: Path) -> dict[str, str]:
    """Both files in their place; what the store notes of them."""
    rows.path.with_suffix(".idx").replace(target.with_suffix(".idx"))
    rows.path.replace(target)
    sync_folder(target.parent)
    return {NAME: rows.digest, INDEX: rows.root}


def _hashes(conn: Connection, batch_id: str) -> dict[str, str]:
    b = schema.batch
    return hashes_of(
        conn.execute(select(b.c.evidence_sha256s).where(b.c.id == batch_id).with_for_update(key_share=True)).scalar_one_or_none()
    )


def hashes_of(noted: str | None) -> dict[str, str]:
    """What the store notes of a batch's files: name → SHA-256 (hex)."""
    return json.loads(noted) if noted else {}


def read(home: Home, conn: Connection, batch_id: str, columns: Sequence[str] | None = None) -> pa.Table:
    """The entries of one batch, or some columns of them, checked against the hash in the store. Raises Tampered when the file differs."""
    b = schema.batch
    noted = conn.execute(select(b.c.evidence_sha256s).where(b.c.id == batch_id)).scalar_one_or_none()
    hashes = hashes_of(noted)
    if NAME not in hashes:
        raise OutOfOrder(f"Batch {batch_id} has no accounting yet.")
    return read_parquet(path_of(home, batch_id), home.accounting_key, columns, expected_sha256=hashes[NAME])


def entries(home: Home, conn: Connection, batch_id: str) -> dict[str, Entry]:
    """Log request id → its entry."""
    columns = read(home, conn, batch_id, ["log_request", "accounting_salt", "entry", "purpose"]).to_pydict()
    rows = zip(columns["log_request"], columns["accounting_salt"], columns["entry"], columns["purpose"], strict=True)
    return {request: Entry(salt, entry, purpose) for request, salt, entry, purpose in rows}
