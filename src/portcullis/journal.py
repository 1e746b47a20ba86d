"""Writing facts into the ledger, inside the caller's transaction.

`record` is the only door through which a leaf is made: it adds the members common to all leaves (time, agreement, batch), so
that no caller can leave one out, and appends in the transaction that changes the state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from portcullis.home import Home
from portcullis.ledger import encode, template
from portcullis.model import LeafType
from portcullis.store import append

__all__ = ["AgreementRef", "BatchRef", "leaf", "record", "record_many", "stamp", "writer"]


@dataclass(frozen=True, slots=True)
class AgreementRef:
    """Which agreement, in which version, with which content."""

    id: str
    version: int
    hash: str

    def member(self) -> dict[str, str | int]:
        """As it stands in a leaf."""
        return {"id": self.id, "version": self.version, "hash": self.hash}


@dataclass(frozen=True, slots=True)
class BatchRef:
    """A batch by its number (`B-2026-000001`, never in a leaf) and by its random ledger id."""

    id: str
    log_id: str
    agreement: AgreementRef | None
    rules: str | None


def stamp(seconds: int) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def leaf(
    home: Home, kind: LeafType, fields: Mapping[str, object], *, batch: BatchRef | None = None, agreement: AgreementRef | None = None
) -> bytes:
    """The bytes of one leaf."""
    body: dict[str, object] = {"time": stamp(home.now()), **fields}
    stated = agreement or (batch.agreement if batch else None)
    if stated is not None:
        body["agreement"] = stated.member()
    if batch is not None:
        body["batch"] = batch.log_id
        if batch.rules is not None:
            body["rules"] = batch.rules
    return encode(kind.value, body)


def writer(home: Home, kind: LeafType, batch: BatchRef, varying: Sequence[str]) -> Callable[..., bytes]:
    """A fast writer of one bulk type's leaves for one batch at one time; it takes the values of `varying`, hashes as bytes."""
    fixed: dict[str, object] = {"time": stamp(home.now()), "batch": batch.log_id}
    if batch.agreement is not None:
        fixed["agreement"] = batch.agreement.member()
    if batch.rules is not None:
        fixed["rules"] = batch.rules
    return template(kind.value, fixed, varying)


def record(
    home: Home,
    conn: Connection,
    kind: LeafType,
    fields: Mapping[str, object],
    *,
    batch: BatchRef | None = None,
    agreement: AgreementRef | None = None,
) -> int:
    """Append one leaf; returns its index."""
    return record_many(conn, [(kind, batch.id if batch else None, leaf(home, kind, fields, batch=batch, agreement=agreement))])


def record_many(conn: Connection, leaves: Sequence[tuple[LeafType, str | None, bytes]]) -> int:
    """Append several leaves in their order; returns the index of the first."""
    return append(conn, [(kind.value, batch_id, body) for kind, batch_id, body in leaves])
