"""Every read of personal data by anybody is first a leaf: who, why, through which command (26 U.S.C. 6103(b)(7); journey.md)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, insert, select, update

from portcullis.batches import ref
from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import LeafType
from portcullis.store import schema

__all__ = ["inspection", "mark_own"]


def inspection(
    home: Home,
    conn: Connection,
    *,
    person: str,
    why: str,
    command: str,
    batch_id: str | None = None,
    more: Mapping[str, object] | None = None,
) -> int:
    """Write the leaf and the row of one inspection in the caller's transaction; returns the leaf's index.

    `more` are further members of the leaf, codes only: the authority that openings are given to; or the act they rest on.
    """
    fields = {"who": person, "why": why, "command": command, **(more or {})}
    index = record(home, conn, LeafType.INSPECTION, fields, batch=ref(conn, batch_id) if batch_id else None)
    row = {"person": person, "why": why, "command": command, "batch_id": batch_id, "own": 0, "at": home.now(), "leaf_idx": index}
    conn.execute(insert(schema.inspection).values(**row))
    return index


def mark_own(conn: Connection, index: int, person: str, seen: Collection[bytes]) -> None:
    """Note on the row of an inspection that the record looked at, known by these blind indices, is the looker's own."""
    o, i = schema.own_record, schema.inspection
    mine = set(conn.execute(select(o.c.blind).where(o.c.person == person)).scalars())
    if any(blind.hex() in mine for blind in seen):
        conn.execute(update(i).where(i.c.leaf_idx == index).values(own=1))
