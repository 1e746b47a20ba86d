"""Matters in the store: what is open after a release, its steps, and whether it stops the flow.

A matter (`M-2026-000001`) is opened, gets steps, and is closed, each in the transaction that writes the leaf. What stops a flow is
read by `may_release` (rows A28-A32) and, from the leaves alone, by the offline verifier.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from portcullis.crypto import canonical
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import AgreementRef
from portcullis.model import LeafType
from portcullis.store import insert_many, schema

__all__ = [
    "STOPPING",
    "Matter",
    "add_items",
    "add_step",
    "close",
    "find",
    "items",
    "listed",
    "number",
    "open_matter",
    "prolong",
    "ref_of",
    "steps",
    "stopping",
]

STOPPING = {
    "recall": "recalls_open",
    "ai_notice": "ai_notices_open",
    "environment_notice": "environment_notices_open",
    "use": "disposals_overdue",
    "incident": "incidents_open",
}
"""Kind of matter → the fact of `may_release` that counts those of this kind that stop the flow."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter as it stands. Times are POSIX seconds; `detail` holds codes and counts."""

    id: str
    kind: str
    agency: str
    agreement: str | None
    batch: str | None
    state: str
    opened_at: int
    due_at: int | None
    stops_from: int | None
    closed_at: int | None
    detail: Mapping[str, Any]


def number(home: Home, conn: Connection, *, lock: bool = True) -> str:
    """The next number of the year; one at a time, also on PostgreSQL. Without `lock` it is only what the next one would be now."""
    if lock:
        conn.execute(select(schema.ledger_head.c.size).with_for_update())
    prefix = f"M-{datetime.fromtimestamp(home.now(), UTC).year}-"
    last = conn.execute(select(func.max(schema.matter.c.id)).where(schema.matter.c.id.like(f"{prefix}%"))).scalar_one_or_none()
    return f"{prefix}{int(last[len(prefix) :]) + 1 if last else 1:06d}"


def open_matter(
    home: Home,
    conn: Connection,
    leaf_idx: int,
    *,
    id: str,
    kind: str,
    agency: str,
    agreement: str | None = None,
    batch: str | None = None,
    state: str = "open",
    due: int | None = None,
    stops_from: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """The row of a new matter, beside the leaf that opened it."""
    row = {"id": id, "kind": kind, "agency": agency, "agreement_id": agreement, "batch_id": batch, "state": state, "due_at": due}
    stated = canonical(dict(detail or {})).decode()
    conn.execute(insert(schema.matter).values(**row, opened_at=home.now(), stops_from=stops_from, detail=stated, leaf_idx=leaf_idx))


def find(conn: Connection, matter: str, kinds: Sequence[str] = (), *, open_only: bool = True, lock: bool = True) -> Matter:
    """The matter, with `lock` until the transaction ends. Raises Refused when there is none of these kinds, or it is closed."""
    m = schema.matter
    query = select(m).where(m.c.id == matter)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None or (kinds and row["kind"] not in kinds):
        raise Refused(f"There is no such matter {matter}.", "Its number is not known for this.", "Type: portcullis safeguard status")
    if open_only and row["closed_at"] is not None:
        raise Refused(f"The matter {matter} is closed.", f"Its state is {row['state']}.", "Type: portcullis safeguard status")
    return _matter(row)


def add_step(
    home: Home,
    conn: Connection,
    matter: str,
    kind: LeafType,
    person: str,
    leaf_idx: int,
    detail: Mapping[str, Any],
    state: str | None = None,
) -> None:
    """A step of a matter, and its new state where there is one."""
    row = {"matter": matter, "step": kind.value, "person": person, "at": home.now(), "detail": canonical(dict(detail)).decode()}
    conn.execute(insert(schema.matter_step).values(**row, leaf_idx=leaf_idx))
    if state is not None:
        conn.execute(update(schema.matter).where(schema.matter.c.id == matter).values(state=state))


def prolong(conn: Connection, matter: str, *, due: int | None, stops_from: int | None) -> None:
    """Another deadline, and another time from which the matter stops the flow."""
    conn.execute(update(schema.matter).where(schema.matter.c.id == matter).values(due_at=due, stops_from=stops_from))


def close(home: Home, conn: Connection, matter: str, state: str) -> None:
    """The matter is over, and stops nothing any more."""
    conn.execute(update(schema.matter).where(schema.matter.c.id == matter).values(state=state, closed_at=home.now()))


def add_items(conn: Connection, matter: str, rows: Iterable[tuple[str, int, str]], state: str) -> None:
    """The records a matter is about: (batch, ordinal, custodian)."""
    columns = ("matter", "batch_id", "ordinal", "custodian", "state")
    insert_many(conn, schema.matter_item, columns, ((matter, *row, state) for row in rows))


def items(conn: Connection, matter: str) -> list[RowMapping]:
    """The records of a matter, in order."""
    i = schema.matter_item
    return list(conn.execute(select(i).where(i.c.matter == matter).order_by(i.c.batch_id, i.c.ordinal, i.c.custodian)).mappings())


def steps(conn: Connection, matter: str) -> list[dict[str, Any]]:
    """What happened in a matter, in order."""
    s = schema.matter_step
    rows = conn.execute(select(s).where(s.c.matter == matter).order_by(s.c.seq)).mappings()
    return [
        {"step": r["step"], "person": r["person"], "at": r["at"], "leaf": r["leaf_idx"], "about": json.loads(r["detail"])} for r in rows
    ]


def listed(conn: Connection, kinds: Sequence[str] = (), *, agency: str | None = None, open_only: bool = False) -> list[Matter]:
    """Matters in the order of their numbers."""
    m = schema.matter
    query = select(m).order_by(m.c.id)
    query = query.where(m.c.kind.in_(kinds)) if kinds else query
    query = query.where(m.c.agency == agency) if agency else query
    query = query.where(m.c.closed_at.is_(None)) if open_only else query
    return [_matter(row) for row in conn.execute(query).mappings()]


def stopping(conn: Connection, agency: str, agreement: str, now: int) -> dict[str, int]:
    """How many matters of each kind stop dispatches to this agency under this agreement at `now` (A28-A32)."""
    m = schema.matter
    mine = (m.c.agency == agency, m.c.closed_at.is_(None), or_(m.c.agreement_id.is_(None), m.c.agreement_id == agreement))
    rows = conn.execute(select(m.c.kind, func.count()).where(*mine, m.c.stops_from <= now).group_by(m.c.kind)).all()
    found = {kind: count for kind, count in rows}
    return {fact: int(found.get(kind, 0)) for kind, fact in STOPPING.items()}


def ref_of(conn: Connection, agreement: str | None) -> AgreementRef | None:
    """The version of an agreement that matters are recorded under: the one in force, else the latest."""
    a = schema.agreement
    query = select(a.c.id, a.c.version, a.c.hash).where(a.c.id == agreement)
    row = conn.execute(query.order_by((a.c.state == "in_force").desc(), a.c.version.desc()).limit(1)).first()
    return AgreementRef(row.id, row.version, row.hash) if row else None


def _matter(row: RowMapping) -> Matter:
    names = {"agreement": "agreement_id", "batch": "batch_id"}
    stated = {name: row[names.get(name, name)] for name in Matter.__slots__ if name != "detail"}
    return Matter(**stated, detail=json.loads(row["detail"]))
