"""Commit: seal every answer to the vault that was authorized, lay the files in the outbox, and say so in the ledger.

 1. The batch is authorized and not held; everything `may_release` asks for, but the commit itself, holds now.
 2. Each answer is sealed alone: one JWE to the agency's vault, padded to one size, so that length tells nothing.
 3. The sealed file is on disk, synced, before the transaction that names it.
 4. `release.committed` binds the release root, the number of answers and the root over the sealed answers.

Nothing has left: a commit can still be withheld.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, insert

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
from portcullis.officers import content_hash
from portcullis.release.gather import gather
from portcullis.review import release_content, release_root
from portcullis.standing import vault_of
from portcullis.store import outbox, release_shared, schema

__all__ = ["BEFORE_COMMIT", "commit_release", "sealed_hash", "sealed_root"]

BEFORE_COMMIT = frozenset({"A23", "A24", "A25"})
"""Rows of may_release that only a commit can fulfil."""


def sealed_hash(jwe: str) -> bytes:
    """SHA-256 of one sealed answer."""
    return hashlib.sha256(jwe.encode("ascii")).digest()


def sealed_root(hashes: list[bytes]) -> str:
    """RFC 6962 root (hex) over the hashes of the sealed answers, in the order of the outbox file."""
    return root([hashlib.sha256(b"\x00" + h).digest() for h in hashes]).hex()


def commit_release(home: Home, batch_id: str) -> int:
    """Seal and commit; returns the number of sealed answers.

    Raises OutOfOrder when the batch is not authorized, Refused with every reason when something changed since.
    """
    with release_shared(home.engine) as conn:
        row = get(conn, batch_id)
        if row["state"] != BatchState.AUTHORIZED:
            raise OutOfOrder(f"Batch {batch_id} is not authorized.", f"Its state is {row['state']}.", "Type: portcullis batch status")
        reasons = [r for r in may_release(gather(home, conn, batch_id)) if r.split()[0] not in BEFORE_COMMIT]
        if row["held"] or reasons:
            raise Refused(
                "The release cannot be committed.", "; ".join(reasons) or "The batch is held.", "Type: portcullis batch status " + batch_id
            )
        content = release_content(conn, batch_id)
        answers = evidence.read(home, conn, batch_id, "answers")
        name, digest, sealed = _seal_all(home, conn, batch_id, release_root(content), answers)
        outbox.put(conn, batch_id, "answers", [(name, digest)], at=home.now())
        facts = canonical(asdict(content) | {"engagements": list(content.engagements)}).decode()
        index = record(
            home,
            conn,
            LeafType.RELEASE_COMMITTED,
            {"root": release_root(content), "answers": len(sealed), "sealed_root": sealed_root(sealed)},
            batch=ref(conn, batch_id),
        )
        conn.execute(
            insert(schema.release).values(
                batch_id=batch_id,
                root=release_root(content),
                state="committed",
                facts=facts,
                committed_leaf=index,
                answers=len(sealed),
                sealed_root=sealed_root(sealed),
            )
        )
        move(conn, batch_id, BatchState.AUTHORIZED, BatchState.COMMITTED)
        return len(sealed)


def _seal_all(home: Home, conn: Connection, batch_id: str, released: str, answers: pa.Table) -> tuple[str, str, list[bytes]]:
    """Seal each answer into one file; returns its name in the outbox, its hash, and the hash of each sealed answer."""
    vault = vault_of(conn, get(conn, batch_id)["agency"])
    if vault is None:
        raise OutOfOrder("There is no vault to seal to.")
    name = f"{batch_id}/{content_hash(released)[:16]}.jsonl"
    hashes: list[bytes] = []
    lines: list[bytes] = []
    for request, body in zip(answers["log_request"].to_pylist(), answers["body"].to_pylist(), strict=True):
        jwe = seal(json.loads(body), vault.jwk, {"batch": batch_id, "request": request, "vault": vault.id})
        hashes.append(sealed_hash(jwe))
        lines.append(canonical({"jwe": jwe, "request": request}) + b"\n")
    return name, _write(home.path / "outbox" / name, b"".join(lines)), hashes


def _write(path: Path, content: bytes) -> str:
    """Write, sync, rename; returns the SHA-256 (hex)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return hashlib.sha256(content).hexdigest()
