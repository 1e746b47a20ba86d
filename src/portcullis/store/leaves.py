"""Leaves: appended in the transaction that changes the state they record, read back in order.

The head row is locked before the first index is taken and stays locked until the transaction ends, so indices are gapless and
stand in the order of commit. Append as the last thing a transaction does: everything after it keeps the others waiting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select, update

from portcullis.errors import OutOfOrder, Tampered
from portcullis.ledger.tree import leaf_hash
from portcullis.model import LeafType
from portcullis.store import schema
from portcullis.store.bulk import insert_many

__all__ = ["CHUNK", "MAX_BODY", "StoredLeaves", "append", "iterate", "published", "set_published", "size"]

CHUNK = 10_000
"""Leaves a transaction should hold at most: a tenth of a second, which is what a stay may then have to wait for."""

MAX_BODY = 65_535
"""Bytes: an entry's length is written in 16 bits (C2SP tlog-tiles)."""

_TYPES = frozenset(kind.value for kind in LeafType)
_COLUMNS = ("idx", "type", "batch_id", "hash", "body")
_PAGE = 5_000


def append(conn: Connection, leaves: Sequence[tuple[str, str | None, bytes]]) -> int:
    """Append (type, batch id, body) in their order; returns the index of the first. With no leaves: the size, unchanged.

    Raises OutOfOrder for an unknown type or a body of no or too many bytes; nothing is then written.
    """
    for kind, _, body in leaves:
        if kind not in _TYPES or not 0 < len(body) <= MAX_BODY:
            raise OutOfOrder(
                f"A leaf of type {kind} with {len(body)} bytes cannot be appended.", f"At most {MAX_BODY} bytes, of a known type."
            )
    head = schema.ledger_head
    first: int = conn.execute(select(head.c.size).where(head.c.id == 1).with_for_update()).scalar_one()
    if leaves:
        rows = ((first + i, kind, batch, leaf_hash(body), body) for i, (kind, batch, body) in enumerate(leaves))
        insert_many(conn, schema.leaf, _COLUMNS, rows)
        conn.execute(update(head).where(head.c.id == 1).values(size=first + len(leaves)))
    return first


def size(conn: Connection) -> int:
    """How many leaves there are."""
    found: int = conn.execute(select(schema.ledger_head.c.size)).scalar_one()
    return found


def published(conn: Connection, *, lock: bool = False) -> tuple[int, str | None]:
    """How many leaves the last published checkpoint covers, and its root in hex.

    With `lock` nobody else can record another one before this transaction ends: for whoever reads it in order to record the next.
    """
    wanted = select(schema.ledger_head.c.published_size, schema.ledger_head.c.published_root)
    row = conn.execute(wanted.with_for_update() if lock else wanted).one()
    return row.published_size, row.published_root


def set_published(conn: Connection, size: int, root: str) -> None:
    """Record that a checkpoint of `size` leaves was published.

    Raises Tampered when a larger one, or another one of this size, was published before: the ledger would fork.
    """
    head = schema.ledger_head
    before, known = conn.execute(select(head.c.published_size, head.c.published_root).with_for_update()).one()
    if size < before or (size == before and known not in (None, root)):
        raise Tampered(
            f"A checkpoint of {size} leaves would fork the ledger.",
            f"One of {before} leaves was published before.",
            "Stop, and compare this store with its latest backup and with the witnesses.",
        )
    conn.execute(update(head).values(published_size=size, published_root=root))


@dataclass(frozen=True, slots=True)
class StoredLeaves:
    """The store as a source of leaves for the ledger."""

    engine: Engine

    def size(self) -> int:
        """How many leaves are committed."""
        with self.engine.connect() as conn:
            return size(conn)

    def iterate(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """The leaves `start` to `stop` (exclusive) as (index, body)."""
        return iterate(self.engine, start, stop)


def iterate(engine: Engine, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    """The leaves `start` to `stop` (exclusive) as (index, body), in order.

    Raises Tampered when one is missing or does not have the hash it was appended with.
    """
    leaf = schema.leaf
    for page in range(start, stop, _PAGE):
        end = min(page + _PAGE, stop)
        with engine.connect() as conn:
            wanted = select(leaf.c.idx, leaf.c.hash, leaf.c.body).where(leaf.c.idx >= page, leaf.c.idx < end).order_by(leaf.c.idx)
            rows = conn.execute(wanted).all()
        for expected, row in enumerate(rows, page):
            _check(expected, row.idx, row.hash, row.body)
            yield row.idx, row.body
        if len(rows) != end - page:
            raise Tampered(*_missing(page + len(rows)))


def _check(expected: int, idx: int, stored: bytes, body: bytes) -> None:
    if idx != expected:
        raise Tampered(*_missing(expected))
    if leaf_hash(body) != stored:
        raise Tampered(
            f"Leaf {idx} was altered in the store.", "It no longer has the hash it was appended with.", "Restore the store from a backup."
        )


def _missing(index: int) -> tuple[str, str, str]:
    return f"Leaf {index} is missing from the store.", "The ledger has no gaps.", "Restore the store from a backup."
