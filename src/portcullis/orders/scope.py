"""What a court order covers.

A scope names agreements, agencies, gates, batches, statutes or persons; what it does not name it does not limit, so a scope that names
nothing covers everything. Any stay that covers a batch holds it; whether two orders conflict is for counsel, never for the program.

 1. By agreement, agency, gate and batch an order covers a flow as its envelope states it.
 2. By statute or person it covers a batch that has at least one row under that statute, or about that person: one batch is one release,
    so the whole of it is held. Which batches are reached is found where rows can be read (intake/reached.py), and is on record.
 3. A statute covers what lies below it: 8 USC 1253(a) covers 8 USC 1253(a)(1)(A). In a scope it is written without spaces.
 4. A person stands in a scope, and so in the leaf, as a salted commitment; only its blind indices are kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from portcullis.errors import Refused
from portcullis.store import schema

__all__ = ["Scope", "covers", "overlap", "stays_on", "within"]

_ROWS = ("persons", "statutes")


@dataclass(frozen=True, slots=True)
class Scope:
    """Lists of what is covered; None means no limit of that kind. `batches` are ledger ids, `persons` commitments in hex."""

    agreements: tuple[str, ...] | None = None
    agencies: tuple[str, ...] | None = None
    gates: tuple[str, ...] | None = None
    batches: tuple[str, ...] | None = None
    statutes: tuple[str, ...] | None = None
    persons: tuple[str, ...] | None = None

    @property
    def by_rows(self) -> bool:
        """Whether it is limited by what stands in the rows (2)."""
        return self.statutes is not None or self.persons is not None

    def member(self) -> dict[str, list[str] | None]:
        """As it stands in a leaf and in the signed content; statutes and persons only where they limit."""
        stated = {name: None if value is None else sorted(value) for name, value in asdict(self).items()}
        return {name: value for name, value in stated.items() if name not in _ROWS or value is not None}

    @classmethod
    def parse(cls, stated: Mapping[str, object]) -> Scope:
        """Raises Refused on a member that is not one of the lists; an empty list would cover nothing and is refused too."""
        values: dict[str, tuple[str, ...] | None] = {}
        for name, value in stated.items():
            if name not in cls.__slots__:
                raise Refused(
                    f"An order's scope cannot name {name!r}.",
                    f"Only {', '.join(cls.__slots__)} are known.",
                    "Correct the scope.",
                )
            if value is not None and (not isinstance(value, list) or not value or not all(isinstance(v, str) and v for v in value)):
                raise Refused(
                    f"The scope's {name} must be a list of names.", "An empty list would stay nothing.", "Leave it out to cover all."
                )
            values[name] = None if value is None else tuple(value)
        return cls(**values)


def within(code: str, named: str) -> bool:
    """Whether a statute is the one named or lies below it (3); both without spaces."""
    return code == named or code.startswith(f"{named}(")


def covers(scope: Scope, *, agreement: str, agency: str, gate: str, batch: str | None) -> bool:
    """Whether the limits of the envelope let an order cover a flow (1); a batch that is not yet known is covered by no list of batches."""
    pairs = ((scope.agreements, agreement), (scope.agencies, agency), (scope.gates, gate), (scope.batches, batch))
    return all(names is None or value in names for names, value in pairs)


def overlap(one: Scope, other: Scope) -> bool:
    """Whether something can be covered by both. Persons are commitments that cannot be compared, so any two may be the same person."""
    for name in ("agreements", "agencies", "gates", "batches"):
        first, second = getattr(one, name), getattr(other, name)
        if first is not None and second is not None and not set(first) & set(second):
            return False
    pairs = [(a, b) for a in one.statutes or () for b in other.statutes or ()]
    return not pairs or any(within(a, b) or within(b, a) for a, b in pairs)


def stays_on(conn: Connection, *, agreement: str, agency: str, gate: str, batch: str | None) -> list[str]:
    """The ids of all orders in force that cover this flow; one limited by rows covers a batch it is on record to have reached."""
    o = schema.court_order
    rows = conn.execute(select(o.c.id, o.c.scope).where(o.c.lifted_at.is_(None)).order_by(o.c.id)).all()
    scopes = [(row.id, Scope.parse(json.loads(row.scope))) for row in rows]
    found = [(id, scope) for id, scope in scopes if covers(scope, agreement=agreement, agency=agency, gate=gate, batch=batch)]
    reached = _reached(conn, batch) if any(scope.by_rows for _, scope in found) else set()
    return [id for id, scope in found if not scope.by_rows or id in reached]


def _reached(conn: Connection, batch: str | None) -> set[str]:
    e, b = schema.order_effect, schema.batch
    query = select(e.c.order_id).join(b, b.c.id == e.c.batch_id).where(b.c.log_id == batch, e.c.reached == 1)
    return set(conn.execute(query).scalars())
