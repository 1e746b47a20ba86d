"""The ledger: an append-only log whose evidence anyone entitled can check, offline and with other people's programs (ledger.md).

`encode`, `template`, `decode` write and read leaves; `Publisher` turns the store's leaves into tiles and a signed checkpoint.
"""

from portcullis.ledger.checkpoint import Checkpoint, add_cosignature, cosign, open_checkpoint, sign_checkpoint
from portcullis.ledger.leaf import Leaf, decode, encode, template
from portcullis.ledger.log import LeafSource, Publisher, read_published
from portcullis.ledger.note import NoteKey, open_note, parse_vkey, sign_note
from portcullis.ledger.tree import leaf_hash, root

__all__ = [
    "Checkpoint",
    "Leaf",
    "LeafSource",
    "NoteKey",
    "Publisher",
    "add_cosignature",
    "cosign",
    "decode",
    "encode",
    "leaf_hash",
    "open_checkpoint",
    "open_note",
    "parse_vkey",
    "read_published",
    "root",
    "sign_checkpoint",
    "sign_note",
    "template",
]
