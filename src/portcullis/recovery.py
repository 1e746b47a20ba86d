"""A restored home signs nothing new until somebody who does not operate it has said, on record, that nothing newer was published.

`backup restore` leaves the file `restored` in the home; while it is there `publish` refuses to sign beyond the checkpoint that came with
the backup. `recover` takes that away:
 1. every witness that can be reached is asked; one that has seen more, or something else, stops it,
 2. every checkpoint given (the recipient's, the overseer's, a mirror's) must be of this log, no larger than what is here, a prefix of it,
 3. an overseer or counsel signs over size and root of what is here,
 4. the leaf `ledger.recovered` says so for good; only then is the file removed.

Two homes restored from one backup each need such a signature, and the second one is stopped by any witness of the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portcullis.errors import OutOfOrder, Refused, Tampered
from portcullis.home import Home
from portcullis.journal import record
from portcullis.ledger import Checkpoint, NoteKey, open_checkpoint, read_published
from portcullis.ledger.proof import tile_nodes
from portcullis.ledger.tree import range_root
from portcullis.model import LeafType, Role
from portcullis.officers import accept_act, content_hash
from portcullis.publish import RESTORED
from portcullis.store import rehearsing, writing
from portcullis.witnesses import check_not_behind

__all__ = ["recover", "recover_content", "standing"]


def standing(home: Home) -> Checkpoint:
    """The checkpoint that came with the backup. Raises OutOfOrder when the home was not restored, Refused when nothing was published."""
    if not (home.path / RESTORED).exists():
        raise OutOfOrder("This home was not restored from a backup, or has recovered.", "Nothing stands in its way.", "Go on.")
    head = read_published(home.ledger, NoteKey(home.settings.origin, home.log_key.public))
    if head is None:
        raise Refused("The backup held no published ledger.", "There is nothing to go on from.", "Restore another backup.")
    return head


def recover_content(head: Checkpoint) -> str:
    """What the overseer or counsel signs."""
    return content_hash({"root": head.root.hex(), "size": head.size})


def recover(home: Home, act: Mapping[str, object], known: Sequence[bytes] = ()) -> int:
    """Let a restored home sign again; returns the leaf's index. `known` are checkpoints from elsewhere, as notes.

    Raises Tampered when a witness or a checkpoint shows that something newer, or else, was published, Refused for an act not theirs.
    """
    head = standing(home)
    check_not_behind(home)  # 1
    for note in known:
        _is_prefix(home, head, open_checkpoint(note, NoteKey(home.settings.origin, home.log_key.public)).checkpoint)  # 2
    with writing(home.engine) as conn:
        roles = [Role.OVERSEER, Role.COUNSEL]
        accept_act(home, conn, act, action="ledger.recover", content=recover_content(head), agreement="", roles=roles)  # 3
        fields = {"size": head.size, "root": head.root.hex(), "act": dict(act)}
        index = record(home, conn, LeafType.LEDGER_RECOVERED, fields)  # 4
    if not rehearsing():
        (home.path / RESTORED).unlink()
    return index


def _is_prefix(home: Home, head: Checkpoint, other: Checkpoint) -> None:
    nodes = tile_nodes(lambda path: (home.ledger / path).read_bytes(), head.size)
    if other.size > head.size:
        raise Tampered(
            f"A checkpoint of {other.size} leaves was published, and {head.size} are here.",
            "The backup is older; signing would fork the ledger.",
            "Restore a newer backup; without one begin a new home, and keep this ledger as evidence.",
        )
    if range_root(0, other.size, nodes) != other.root:
        raise Tampered("A checkpoint of another history was published.", "The ledger was forked.", "Keep both, and let the overseer judge.")
