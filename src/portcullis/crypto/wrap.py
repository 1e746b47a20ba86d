"""Data keys: one per batch, wrapped under the batch's own wrapping key (keyring.py), destroyable.

A wrapped key opens only when
 1. it has the exact length of nonce, key and tag,
 2. AES-256-GCM opens it under the wrapping key with its context (which batch) as associated data, so that one batch's key
    cannot be put in another's place.

`destroy` makes what a key protected undisclosable (R52). It overwrites, syncs and unlinks; storage that keeps old blocks (flash
translation, snapshots, backups) may still hold them, which is why wrapping keys are left out of backups.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portcullis.crypto.canonical import canonical
from portcullis.errors import OutOfOrder, Tampered

__all__ = ["destroy", "new_data_key", "sync_folder", "unwrap", "wrap"]

_NONCE, _KEY, _TAG = 12, 32, 16


def new_data_key() -> bytes:
    """32 bytes from the operating system's randomness."""
    return secrets.token_bytes(_KEY)


def wrap(wrapping_key: bytes, data_key: bytes, context: str) -> bytes:
    """`data_key` encrypted under `wrapping_key` for `context` alone: nonce, ciphertext and tag, 60 bytes."""
    if len(wrapping_key) != _KEY or len(data_key) != _KEY:
        raise OutOfOrder("Wrapping keys and data keys have 32 bytes.", "One of these has another length.")
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(wrapping_key).encrypt(nonce, data_key, _associated(context))


def unwrap(wrapping_key: bytes, wrapped: bytes, context: str) -> bytes:
    """The data key in `wrapped`. Raises Tampered when it was changed, or wrapped for another context or under another key."""
    try:
        if len(wrapped) != _NONCE + _KEY + _TAG:  # 1
            raise InvalidTag
        return AESGCM(wrapping_key).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _associated(context))  # 2
    except InvalidTag:
        raise Tampered(
            "A wrapped data key does not open.",
            "It was changed, or belongs to another batch or another wrapping key.",
            "Compare with a backup before anything else is done.",
        ) from None


def destroy(path: Path) -> bool:
    """Overwrite, sync and unlink the file at `path`; whether it was there (a repeated call after a kill finds it gone)."""
    try:
        with path.open("r+b") as file:
            remaining = os.fstat(file.fileno()).st_size
            while remaining > 0:
                remaining -= file.write(secrets.token_bytes(min(remaining, 1 << 20)))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return False
    path.unlink()
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Make names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _associated(context: str) -> bytes:
    return canonical(["portcullis/wrap/1", context])
