"""What a court order covers.

A scope names agreements, agencies, gates or batches; what it does not name it does not limit, so a scope that names nothing covers
everything. Any stay that covers a batch holds it; whether two orders conflict is for counsel, never for the program.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from portcullis.errors import Refused
from portcullis.store import schema

__all__ = ["Scope", "covers", "stays_on"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Lists of what is covered; None means no limit of that kind. `batches` are ledger ids."""

    agreements: tuple[str, ...] | None = None
    agencies: tuple[str, ...] | None = None
    gates: tuple[str, ...] | None = None
    batches: tuple[str, ...] | None = None

    def member(self) -> dict[str, list[str] | None]:
        """As it stands in a leaf and in the signed content."""
        return {name: None if value is None else sorted(value) for name, value in asdict(self).items()}

    @classmethod
    def parse(cls, stated: Mapping[str, object]) -> Scope:
        """Raises Refused on a member that is not one of the four lists; an empty list would cover nothing and is refused too."""
        values: dict[str, tuple[str, ...] | None] = {}
        for name, value in stated.items():
            if name not in cls.__slots__:
                raise Refused(
                    f"An order's scope cannot name {name!r}.",
                    "Only agreements, agencies, gates and batches are known.",
                    "Correct the scope.",
                )
            if value is not None and (not isinstance(value, list) or not value or not all(isinstance(v, str) and v for v in value)):
                raise Refused(
                    f"The scope's {name} must be a list of names.", "An empty list would stay nothing.", "Leave it out to cover all."
                )
            values[name] = None if value is None else tuple(value)
        return cls(**values)


def covers(scope: Scope, *, agreement: str, agency: str, gate: str, batch: str | None) -> bool:
    """Whether an order of this scope covers a flow; a batch that is not yet known is covered by no list of batches."""
    pairs = ((scope.agreements, agreement), (scope.agencies, agency), (scope.gates, gate), (scope.batches, batch))
    return all(names is None or value in names for names, value in pairs)


def stays_on(conn: Connection, *, agreement: str, agency: str, gate: str, batch: str | None) -> list[str]:
    """The ids of all orders in force that cover this flow."""
    o = schema.court_order
    rows = conn.execute(select(o.c.id, o.c.scope).where(o.c.lifted_at.is_(None)).order_by(o.c.id)).all()
    return [
        row.id for row in rows if covers(Scope.parse(json.loads(row.scope)), agreement=agreement, agency=agency, gate=gate, batch=batch)
    ]
