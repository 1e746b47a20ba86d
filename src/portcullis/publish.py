"""Publishing the ledger of a home: the one sequencer, from the store's leaves to checkpoint, tiles and entry bundles."""

from __future__ import annotations

from portcullis.home import Home
from portcullis.ledger import Checkpoint, Publisher
from portcullis.store import StoredLeaves, rehearsing, set_published, writing

__all__ = ["publish"]


def publish(home: Home, *, recheck: bool = False) -> Checkpoint | None:
    """Publish every committed leaf and note in the store what is covered now; None, and nothing published, in a rehearsal.

    Raises Tampered when the store would fork what was published (a restored backup, a changed leaf).
    """
    if rehearsing():
        return None
    head = Publisher(home.ledger).publish(StoredLeaves(home.engine), home.log_key, home.settings.origin, recheck=recheck)
    with writing(home.engine) as conn:
        set_published(conn, head.size, head.root.hex())
    return head
