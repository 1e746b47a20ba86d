"""The ledger: RFC 6962 tree, C2SP tiles and signed notes, leaves, publishing, proofs."""

from portcullis.ledger.checkpoint import Checkpoint, open_checkpoint
from portcullis.ledger.leaf import Leaf, decode, encode, template
from portcullis.ledger.log import Publisher, read_published
from portcullis.ledger.note import NoteKey
from portcullis.ledger.tree import root

__all__ = ["Checkpoint", "Leaf", "NoteKey", "Publisher", "decode", "encode", "open_checkpoint", "read_published", "root", "template"]
