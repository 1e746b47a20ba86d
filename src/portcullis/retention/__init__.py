"""How long working data is kept, what stops its destruction, and destroying it without breaking the evidence."""

from portcullis.retention.destroy import Destroyed, destroy_batch, disposal_content, due_on, finish
from portcullis.retention.holds import hold_content, holds_on, lift_hold, lift_hold_content, listed_holds, place_hold
from portcullis.retention.remains import remove_remains

__all__ = [
    "Destroyed",
    "destroy_batch",
    "disposal_content",
    "due_on",
    "finish",
    "hold_content",
    "holds_on",
    "lift_hold",
    "lift_hold_content",
    "listed_holds",
    "place_hold",
    "remove_remains",
]
