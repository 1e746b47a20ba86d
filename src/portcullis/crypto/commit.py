"""Commitments to values that are guessable: salted, keyed, and bound to their place (ledger.md, "Commitments").

A commitment opens only when
 1. its salt is exactly 32 random bytes (anything shorter could be searched),
 2. HMAC-SHA-256(salt, canonical [domain, field, record, agreement, value]) equals it, compared in constant time.

The blind index finds one person's entries in the accounting. Its key never leaves the source agency.
"""

from __future__ import annotations

import hmac
from functools import lru_cache

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
    before, after = _place(field, agreement)
    return hmac.digest(_thirty_two(salt, "salt"), before + canonical(record) + after + text + b"]", "sha256")


@lru_cache(maxsize=256)
def _place(field: str, agreement: str) -> tuple[bytes, bytes]:
    """What stands before and after the record: the same for millions of commitments, so it is written once."""
    return canonical([_DOMAIN, field])[:-1] + b",", b"," + canonical(agreement) + b","


def open_commitment(commitment: bytes, salt: bytes, field: str, record: str, agreement: str, value: object) -> bool:
    """Whether `commitment` is the one to exactly this value in exactly this place."""
    return hmac.compare_digest(commitment, commit(salt, field, record, agreement, value))


def blind_index(key: bytes, kind: str, value: str) -> bytes:
    """The 32-byte index of `value` (normalised by the caller) among values of `kind`, for lookups only."""
    return hmac.digest(_thirty_two(key, "key"), _kind(kind) + canonical(value) + b"]", "sha256")


@lru_cache(maxsize=256)
def _kind(kind: str) -> bytes:
    return canonical([_INDEX_DOMAIN, kind])[:-1] + b","


def _thirty_two(material: bytes, what: str) -> bytes:
    if len(material) != 32:
        raise OutOfOrder(f"A {what} of 32 random bytes is needed.", f"This one has {len(material)}.")
    return material
