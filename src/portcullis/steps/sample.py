"""reviewed: the decisions are published, then the number is revealed and the sample drawn (review.sample)."""

from __future__ import annotations

from sqlalchemy import select

from portcullis.batches import get
from portcullis.errors import OutOfOrder
from portcullis.home import DEMO_SECRET, Home
from portcullis.model import BatchState
from portcullis.publish import publish
from portcullis.review import reveal_and_draw
from portcullis.store import reading, schema

__all__ = ["draw"]


def draw(home: Home, batch_id: str, number: bytes) -> list[int]:
    """Publish, reveal `number`, draw; returns the ordinals drawn."""
    with reading(home.engine) as conn:
        if get(conn, batch_id)["state"] != BatchState.REVIEWED:
            raise OutOfOrder(f"Batch {batch_id} has no decisions to sample.", "", f"Type: portcullis batch status {batch_id}")
        q = schema.request
        rows = conn.execute(select(q.c.leaf_idx, q.c.ordinal).where(q.c.batch_id == batch_id).order_by(q.c.leaf_idx)).all()
    # In a demonstration everybody's key lies in one home; then the leaf says that the operator could have chosen.
    overseer_is_apart = not (home.path / "keys" / DEMO_SECRET).exists()
    head = publish(home)
    if head is None:  # a rehearsal publishes nothing, so there is nothing to draw from
        return []
    drawn = reveal_and_draw(home, batch_id, number, (head.size, head.root), [(r.leaf_idx, r.ordinal) for r in rows], overseer_is_apart)
    publish(home)
    return drawn
