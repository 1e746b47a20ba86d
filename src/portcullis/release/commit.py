"""Commit: seal every answer to the vault that was authorized, lay the files in the outbox, and say so in the ledger.

 1. The batch is authorized and not held; everything `may_release` asks for, but the commit itself, holds now.
 2. Each answer is sealed alone: one JWE to the agency's vault, padded to one size, so that length tells nothing.
 3. The sealed file is on disk, synced, before the transaction that names it; a stay never waits for sealing.
 4. `release.committed` binds the release root, the number of answers and the root over the sealed answers.

Nothing has left: a commit can still be withheld.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Connection, RowMapping, insert

from portcullis import evidence
from portcullis.batches import get, move, ref
from portcullis.crypto import canonical
from portcullis.crypto.seal import seal
from portcullis.decision import may_release
from portcullis.errors import OutOfOrder, Refused
from portcullis.home import Home
from portcullis.journal import record
from portcullis.ledger import root
from portcullis.model import BatchState, LeafType
from portcullis.orders import withhold
from portcullis.release.examine import examine
from portcullis.release.gather import gather
from portcullis.review import ReleaseContent, release_content, release_root
from portcullis.standing import vault_of
from portcullis.store import outbox, reading, rehearsing, release_shared, schema

_STATUS = "Type: portcullis batch status "

__all__ = ["BEFORE_COMMIT", "commit_release", "sealed_hash", "sealed_root"]

BEFORE_COMMIT = frozenset({"A23", "A24", "A25"})
"""Rows of may_release that only a commit can fulfil."""


def sealed_hash(jwe: str) -> bytes:
    """SHA-256 of one sealed answer."""
    return hashlib.sha256(jwe.encode("ascii")).digest()


def sealed_root(hashes: list[bytes]) -> str:
    """RFC 6962 root (hex) over the hashes of the sealed answers, in ascending order: the order of the outbox file."""
    return root([hashlib.sha256(b"\x00" + h).digest() for h in hashes]).hex()


def commit_release(home: Home, batch_id: str) -> int:
    """Seal and commit; returns the number of sealed answers.

    Raises OutOfOrder when the batch is not authorized, Refused with every reason when something changed since; the authorizations
    are then void and the batch is back at sampled.
    """
    with reading(home.engine) as conn:
        _authorized(conn, batch_id)
    examined = examine(home, batch_id)  # its look is on record before any answer is read
    content, name, lines, sealed = _seal_all(home, batch_id)
    if not rehearsing():
        _write(home.path / "outbox" / name, lines)
    digest = hashlib.sha256(lines).hexdigest()
    with release_shared(home.engine) as conn, _unless_refused(home.path / "outbox" / name):
        row = _authorized(conn, batch_id, lock=True)
        reasons = [r for r in may_release(gather(home, conn, batch_id, examined)) if r.split()[0] not in BEFORE_COMMIT]
        if not row["held"] and not reasons and release_content(conn, batch_id) == content:
            outbox.put(conn, batch_id, "answers", [(name, digest)], at=home.now())
            return _record(home, conn, batch_id, content, sealed)
        withhold(home, conn, batch_id, ";".join(sorted({reason.split()[1] for reason in reasons})) or "changed", held=False)
    (home.path / "outbox" / name).unlink(missing_ok=True)
    raise Refused(
        "The release cannot be committed, and what was signed is void.", "; ".join(reasons) or "Something changed.", _STATUS + batch_id
    )


@contextmanager
def _unless_refused(sealed: Path) -> Iterator[None]:
    """What was sealed for nothing is removed: another command was faster."""
    try:
        yield
    except (OutOfOrder, Refused):
        sealed.unlink(missing_ok=True)
        raise


def _record(home: Home, conn: Connection, batch_id: str, content: ReleaseContent, sealed: list[bytes]) -> int:
    """The leaf, the row and the move; returns the number of sealed answers."""
    released, sealed_to = release_root(content), sealed_root(sealed)
    fields = {"root": released, "answers": len(sealed), "sealed_root": sealed_to}
    index = record(home, conn, LeafType.RELEASE_COMMITTED, fields, batch=ref(conn, batch_id))
    facts = canonical(asdict(content) | {"engagements": list(content.engagements)}).decode()
    conn.execute(
        insert(schema.release).values(
            batch_id=batch_id,
            root=released,
            state="committed",
            facts=facts,
            committed_leaf=index,
            answers=len(sealed),
            sealed_root=sealed_to,
        )
    )
    move(conn, batch_id, BatchState.AUTHORIZED, BatchState.COMMITTED)
    return len(sealed)


def _authorized(conn: Connection, batch_id: str, *, lock: bool = False) -> RowMapping:
    row = get(conn, batch_id, lock=lock)
    if row["state"] != BatchState.AUTHORIZED:
        raise OutOfOrder(f"Batch {batch_id} is not authorized.", f"Its state is {row['state']}.", _STATUS + batch_id)
    return row


def _seal_all(home: Home, batch_id: str) -> tuple[ReleaseContent, str, bytes, list[bytes]]:
    """Seal each answer, before any lock; returns what it is sealed for, the file's name and content, and each sealed answer's hash."""
    with reading(home.engine) as conn:
        row = _authorized(conn, batch_id)
        content, vault = release_content(conn, batch_id), vault_of(conn, row["agency"])
        answers = evidence.read(home, conn, batch_id, "answers")
    if vault is None:
        raise Refused("There is no vault to seal to.", "None of the receiving agency is enrolled (R46).", code="S-STORAGE-UNAPPROVED")
    name = f"{batch_id}/{release_root(content)[:16]}-{secrets.token_hex(4)}.jsonl"  # of two commands at once each has its own file
    sealed: list[tuple[bytes, bytes]] = []
    for request, body in zip(answers["log_request"].to_pylist(), answers["body"].to_pylist(), strict=True):
        jwe = seal(json.loads(body), vault.jwk, {"batch": batch_id, "request": request, "vault": vault.id})
        sealed.append((sealed_hash(jwe), canonical({"jwe": jwe, "request": request}) + b"\n"))
    sealed.sort()  # by hash, so that the order of the file tells nothing and the root can be made again from the accounting
    return content, name, b"".join(line for _, line in sealed), [digest for digest, _ in sealed]


def _write(path: Path, content: bytes) -> None:
    """Write, sync, rename."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
