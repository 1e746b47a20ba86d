"""What the agency that asked may see of its batch (journey.md, "Who owns which data").

1. State, count, and after the dispatch its deficient rows with the element missing. No other figure, ever (R39).
2. Until two officers have acted and the answers are sealed, every batch that is not refused or blocked is `received`: that a batch of one
   request waits for a reviewer would tell that somebody was found.
3. A batch of another agency is not there: the answer is the same as for a number that was never given.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow.compute as pc
from pydantic import BaseModel, Field
from sqlalchemy import Connection, RowMapping, select

from portcullis import evidence
from portcullis.api.problems import MEDIA_TYPE, Problem
from portcullis.home import Home
from portcullis.ledger import decode
from portcullis.model import BatchState, LeafType
from portcullis.store import schema

__all__ = ["PROBLEMS", "BatchView", "Deficient", "Received", "batch_view", "own_batch", "refusal_of"]

_SHOWN = {
    BatchState.COMMITTED: "committed",
    BatchState.DISPATCHED: "dispatched",
    BatchState.ACKNOWLEDGED: "acknowledged",
    BatchState.REFUSED: "refused",
    BatchState.BLOCKED: "blocked",
}
"""Every other state is shown as `received`."""
_ANSWERED = (BatchState.DISPATCHED, BatchState.ACKNOWLEDGED)
_PROBLEM = {"type": "object", "required": ["type", "title", "status", "detail"]} | {
    "properties": {name: {"type": "string"} for name in ("type", "title", "detail", "batch", "rule", "code")}
    | {"status": {"type": "integer"}, "members": {"type": "array", "items": {"type": "string"}}}
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {"description": "A problem document (RFC 9457).", "content": {MEDIA_TYPE: {"schema": _PROBLEM}}},
}


class Received(BaseModel):
    """What a batch that was sent became."""

    batch: str = Field(examples=["B-2026-000001"])
    state: str
    count: int


class Deficient(BaseModel):
    """A row of the sender's own that lacks statutory elements."""

    ordinal: int
    elements: list[str]


class BatchView(Received):
    """State, count and deficient rows."""

    received_at: datetime
    rule: str | None = Field(default=None, description="For a refused batch: the rule that refused it.")
    code: str | None = Field(default=None, description="For a refused batch: the reason code.")
    deficient: list[Deficient] | None = Field(default=None, description="After the dispatch only.")


def own_batch(conn: Connection, agency: str, batch_id: str) -> RowMapping:
    """The batch, if it is this agency's. Raises Problem 404 otherwise, whoever's it is."""
    b, c = schema.batch, schema.api_call
    row = conn.execute(select(b).where(b.c.id == batch_id)).mappings().first()
    if row is not None and row["agency"] == agency:
        return row
    sent = select(c.c.batch_id).where(c.c.batch_id == batch_id, c.c.agency == agency)  # refused, with an envelope nobody could read
    if row is not None and row["agency"] is None and conn.execute(sent).first():
        return row
    raise Problem(404, "This agency has no such batch.")


def batch_view(home: Home, conn: Connection, row: RowMapping) -> BatchView:
    """The recipient's view of one batch."""
    state = BatchState(row["state"])
    view = BatchView(
        batch=row["id"],
        state=_SHOWN.get(state, "received"),
        count=row["count"],
        received_at=datetime.fromtimestamp(row["received_at"], UTC),
    )
    if state is BatchState.REFUSED:
        view.rule, view.code = refusal_of(conn, row["id"])
    if state in _ANSWERED and row["wrapped_key"] is not None:
        view.deficient = _deficient(home, conn, row["id"])
    return view


def refusal_of(conn: Connection, batch_id: str) -> tuple[str, str]:
    """Rule and reason code of a refused batch, from its leaf."""
    leaf = schema.leaf
    query = select(leaf.c.body).where(leaf.c.batch_id == batch_id, leaf.c.type == LeafType.BATCH_REFUSED.value)
    fields = decode(bytes(conn.execute(query).scalar_one())).fields
    return str(fields["rule"]), str(fields["reason"])


def _deficient(home: Home, conn: Connection, batch_id: str) -> list[Deficient]:
    table = evidence.read(home, conn, batch_id, "decisions", columns=["ordinal", "decision", "elements"])
    rows = table.filter(pc.equal(table["decision"], "deficient")).to_pylist()
    return [Deficient(ordinal=row["ordinal"], elements=row["elements"].split(";")) for row in rows]
