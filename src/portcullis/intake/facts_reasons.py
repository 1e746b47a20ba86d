"""The reason text: is one stated, does it speak of the address, and its masked form, by which boilerplate is found (R24).

The masked form is used for counting within the batch and then dropped; it is never stored (fields.yaml: keep false).
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.facts_columns import flag, holds, text_column
from portcullis.intake.facts_masking import fingerprints

__all__ = ["reason_columns"]

_THREE_WORDS = r"\pL{2,}\PL+(?:\pL+\PL+)*?\pL{2,}\PL+(?:\pL+\PL+)*?\pL{2,}"
_NOTHING = (
    r"^\W*(?:to be (?:determined|provided|supplied|completed|filled in|announced)|no (?:specific )?reason\b.*"
    r"|not (?:yet )?(?:available|applicable|provided|stated)\b.*"
    r"|none (?:given|stated|provided|available)\b.*|reason to follow|lorem ipsum.*|(?:test\W*)+|(?:x+\W*)+|(?:n\W?a\W*)+)\W*$"
)
_ADDRESS = (
    r"address|residen|resid(?:e|ed|es|ing)\b|dwell|domicil|whereabout|locat|\blive[sd]?\b|\bliving\b|\bhome\b|household|mailing|\bdepart"
    r"|presence|premises"
)
_NAMES = ("given_name", "middle_name", "family_name")


def reason_columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """The facts about the reason."""
    reason = text_column(table, "reason")
    return {
        "reason_stated": flag(pc.and_not(holds(reason, _THREE_WORDS), holds(reason, _NOTHING))),
        "reason_address": flag(holds(reason, _ADDRESS)),
        "masked_reason": fingerprints(reason, [text_column(table, name) for name in _NAMES]),
    }
