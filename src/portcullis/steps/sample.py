"""reviewed: the decisions are published, then the number is revealed and the sample drawn (review.sample)."""

from __future__ import annotations

from sqlalchemy import select

from portcullis.batches import get
from portcullis.errors import OutOfOrder
from portcullis.home import Home
from portcullis.model import BatchState
from portcullis.publish import publish
from portcullis.review import reveal_and_draw
from portcullis.steps.context import agreement_of
from portcullis.store import reading, schema

__all__ = ["draw"]


def draw(home: Home, batch_id: str, number: bytes) -> list[int]:
    """Publish, reveal `number`, draw; returns the ordinals drawn."""
    with reading(home.engine) as conn:
        row = get(conn, batch_id)
        if row["state"] != BatchState.REVIEWED:
            raise OutOfOrder(f"Batch {batch_id} has no decisions to sample.", "", f"Type: portcullis batch status {batch_id}")
        size = agreement_of(home, conn, row).sample_size
        q = schema.request
        rows = conn.execute(select(q.c.leaf_idx, q.c.ordinal).where(q.c.batch_id == batch_id).order_by(q.c.leaf_idx)).all()
    head = publish(home)
    if head is None:  # a rehearsal publishes nothing, so there is nothing to draw from
        return []
    drawn = reveal_and_draw(home, batch_id, number, (head.size, head.root), [(r.leaf_idx, r.ordinal) for r in rows], size=size)
    publish(home)
    return drawn
