"""Every read of the register by anybody is first a leaf: who, why, through which command (26 U.S.C. 6103(b)(7); journey.md)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, insert

from portcullis.batches import ref
from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import LeafType
from portcullis.store import schema

__all__ = ["inspection"]


def inspection(
    home: Home,
    conn: Connection,
    *,
    person: str,
    why: str,
    command: str,
    batch_id: str | None = None,
    more: Mapping[str, str] | None = None,
) -> int:
    """Write the leaf and the row of one inspection in the caller's transaction; returns the leaf's index.

    `more` are further members of the leaf, codes only: the authority that openings are given to.
    """
    fields = {"who": person, "why": why, "command": command, **(more or {})}
    index = record(home, conn, LeafType.INSPECTION, fields, batch=ref(conn, batch_id) if batch_id else None)
    row = {"person": person, "why": why, "command": command, "batch_id": batch_id, "at": home.now(), "leaf_idx": index}
    conn.execute(insert(schema.inspection).values(**row))
    return index
