"""Handing over what was dispatched, once more.

The dispatch put the answers at the recipient's door; until they are fetched, the last door is here. Under the shared release lock
 1. no order in force covers the batch (R07),
 2. the agency's safeguard standing is current (R06),
 3. no recall, notice or overdue duty of the agency stops the flow (R48-R53),
 4. the vault the answers are sealed to is still enrolled (R46).
Whatever does not hold keeps the files here. They count as disclosed all the same: the accounting was written with the dispatch.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from portcullis.agreement import adopted
from portcullis.batches import get
from portcullis.home import Home
from portcullis.matters import stopping
from portcullis.orders import stays_on
from portcullis.release.deliver import deliver
from portcullis.standing import current, vault_of
from portcullis.store import release_shared

__all__ = ["hand_over"]


def hand_over(home: Home, batch_id: str) -> Path | None:
    """The release folder of a dispatched batch, or None when it may not be handed over now."""
    with release_shared(home.engine) as conn:
        free = _free(home, conn, batch_id)
    return deliver(home, batch_id) if free else None


def _free(home: Home, conn: Connection, batch_id: str) -> bool:
    row = get(conn, batch_id)
    agreement = adopted(home, conn, row["agreement_id"])
    if agreement is None or stays_on(conn, agreement=row["agreement_id"], agency=row["agency"], gate=row["gate"], batch=row["log_id"]):  # 1
        return False
    if any(stopping(conn, row["agency"], row["agreement_id"], home.now()).values()):  # 3
        return False
    standing = current(conn, row["agency"], agreement.day(home.now()), agreement.report_days)
    return standing == 1 and vault_of(conn, row["agency"]) is not None  # 2, 4
