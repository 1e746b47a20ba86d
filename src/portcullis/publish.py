"""Publishing the ledger of a home: the one sequencer, from the store's leaves to checkpoint, tiles and entry bundles.

Where the home lists witnesses they are asked before anything new is signed (has one seen more than is here?) and again after it, for
their cosignatures (witnesses.py).
"""

from __future__ import annotations

import time

from portcullis.errors import OutOfOrder, Refused
from portcullis.home import Home
from portcullis.ledger import Checkpoint, NoteKey, Publisher, read_published
from portcullis.store import StoredLeaves, published, reading, rehearsing, set_published, size, writing
from portcullis.witnesses import check_not_behind, gather, listed

__all__ = ["RESTORED", "publish"]

RESTORED = "restored"
"""The file that says that a home came from a backup, and has not recovered (recovery.py)."""

PATIENCE = 60.0
"""Seconds to wait for another process that is publishing."""


def publish(home: Home, *, recheck: bool = False) -> Checkpoint | None:
    """Publish every committed leaf and note in the store what is covered now; None, and nothing published, in a rehearsal.

    Raises Tampered when the store would fork what was published (a restored backup, a changed leaf), Refused in a home that was restored
    and has not recovered.
    """
    if rehearsing():
        return None
    witnessed, restored = bool(listed(home)), (home.path / RESTORED).exists()
    if (witnessed or restored) and _something_new(home):
        if restored:
            raise Refused(
                "This home was restored from a backup; nothing new is signed yet.",
                "Something newer than the backup may have been published; signing would fork the ledger.",
                "An overseer or counsel types: portcullis ledger recover --help",
            )
        check_not_behind(home)
    head = _in_turn(home, recheck)
    with writing(home.engine) as conn:
        known, _ = published(conn, lock=True)
        if head.size < known:  # another process may have published more in between; then its checkpoint is the one that stands
            head = read_published(home.ledger, NoteKey(home.settings.origin, home.log_key.public)) or head
        set_published(conn, head.size, head.root.hex())
    if witnessed:
        gather(home)
    return head


def _something_new(home: Home) -> bool:
    """Whether a checkpoint stands, and would be replaced."""
    known = read_published(home.ledger, NoteKey(home.settings.origin, home.log_key.public))
    with reading(home.engine) as conn:
        return known is not None and size(conn) > known.size


def _in_turn(home: Home, recheck: bool) -> Checkpoint:
    """There is one sequencer; another process that is publishing is waited for, then what it left is published."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with reading(home.engine) as conn:
                floor = published(conn)
            leaves = StoredLeaves(home.engine)
            return Publisher(home.ledger).publish(leaves, home.log_key, home.settings.origin, recheck=recheck, floor=floor)
        except OutOfOrder:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
