"""The recipient's signed acknowledgement of exactly the sealed answers that were dispatched."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert, select

from portcullis.batches import get, move, ref
from portcullis.crypto import canonical
from portcullis.errors import OutOfOrder, Refused
from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import BatchState, LeafType, Role
from portcullis.officers import accept_act
from portcullis.store import schema, writing

__all__ = ["record_receipt"]


def record_receipt(home: Home, batch_id: str, act: Mapping[str, object]) -> None:
    """Record the receipt. Raises Refused unless it is over the sealed root and by the requesting agency."""
    with writing(home.engine) as conn:
        row = get(conn, batch_id)
        if row["state"] != BatchState.DISPATCHED:
            raise OutOfOrder(f"Batch {batch_id} is not waiting for a receipt.", f"Its state is {row['state']}.")
        r = schema.release
        sealed = conn.execute(select(r.c.sealed_root).where(r.c.batch_id == batch_id, r.c.state == "dispatched")).scalar_one()
        roles = [Role.OFFICER, Role.SIGNER]
        officer, _ = accept_act(home, conn, act, action="receipt", content=sealed, agreement=row["agreement_id"], roles=roles)
        if officer.agency != row["agency"]:
            raise Refused("The receipt is not by the agency that asked.", "Its key belongs to another.", "The receiving officer signs it.")
        index = record(home, conn, LeafType.RECEIPT, {"act": dict(act)}, batch=ref(conn, batch_id))
        conn.execute(
            insert(schema.receipt).values(
                batch_id=batch_id, person=officer.person, act=canonical(dict(act)).decode(), at=home.now(), leaf_idx=index
            )
        )
        move(conn, batch_id, BatchState.DISPATCHED, BatchState.ACKNOWLEDGED)
