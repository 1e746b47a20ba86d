"""Commitments to values that are guessable: salted, keyed, and bound to their place (ledger.md, "Commitments").

A commitment opens only when
 1. its salt is exactly 32 random bytes (anything shorter could be searched),
 2. HMAC-SHA-256(salt, canonical [domain, field, record, agreement, value]) equals it, compared in constant time.

The blind index finds one person's entries in the accounting. Its key never leaves the source agency.
"""

from __future__ import annotations

import hmac

from portcullis.crypto.canonical import canonical
from portcullis.errors import OutOfOrder

__all__ = ["blind_index", "commit", "commit_text", "open_commitment"]

_DOMAIN = "portcullis/commitment/1"
_INDEX_DOMAIN = "portcullis/blind-index/1"


def commit(salt: bytes, field: str, record: str, agreement: str, value: object) -> bytes:
    """The commitment (32 bytes) to `value` as `field` of `record` under `agreement`.

    Raises OutOfOrder when the salt is not 32 bytes, or `value` has no canonical JSON form.
    """
    return commit_text(salt, field, record, agreement, canonical(value))


def commit_text(salt: bytes, field: str, record: str, agreement: str, text: bytes) -> bytes:
    """`commit` to the value whose canonical JSON is `text`, which the caller has written and which is not parsed again.

    Raises OutOfOrder when the salt is not 32 bytes.
    """
    place = canonical([_DOMAIN, field, record, agreement])
    return hmac.digest(_thirty_two(salt, "salt"), place[:-1] + b"," + text + b"]", "sha256")


def open_commitment(commitment: bytes, salt: bytes, field: str, record: str, agreement: str, value: object) -> bool:
    """Whether `commitment` is the one to exactly this value in exactly this place."""
    return hmac.compare_digest(commitment, commit(salt, field, record, agreement, value))


def blind_index(key: bytes, kind: str, value: str) -> bytes:
    """The 32-byte index of `value` (normalised by the caller) among values of `kind`, for lookups only."""
    return hmac.digest(_thirty_two(key, "key"), canonical([_INDEX_DOMAIN, kind, value]), "sha256")


def _thirty_two(material: bytes, what: str) -> bytes:
    if len(material) != 32:
        raise OutOfOrder(f"A {what} of 32 random bytes is needed.", f"This one has {len(material)}.")
    return material
