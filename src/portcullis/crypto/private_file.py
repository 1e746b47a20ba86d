"""Small files that only their owner may read, and that are never overwritten.

A private file is read only when
 1. it opens without waiting, and is an ordinary file (a pipe in its place is refused, not waited for),
 2. neither group nor others have any permission on it,
 3. it has at most 64 KiB (a keyring from which many keys were taken out: 4 MiB).
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from portcullis.errors import Refused

__all__ = ["MAX_FILE", "read_private", "write_private"]

MAX_FILE = 64 << 10


def read_private(path: Path, limit: int = MAX_FILE) -> bytes:
    """The bytes of a small ordinary file that only its owner can read (check 1). Raises Refused."""
    try:
        # Not blocking: a pipe in place of the file must be refused, not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"{path.name} cannot be opened.", f"{error.strerror}.", "Name an existing file that you may read.") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Refused(f"{path.name} is not an ordinary file.", "Secrets are read from ordinary files only.", "Name the file itself.")
    with os.fdopen(descriptor, "rb") as file:
        if status.st_mode & 0o077:
            raise Refused(
                f"{path.name} can be read by others.", "A key that others can read is not a secret.", f"Type: chmod 600 {path.name}"
            )
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Refused(f"{path.name} is too large.", f"No such file has more than {limit} bytes.", "Name the key file.")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Write a new file, mode 0600, whole or not at all. Raises Refused when something is at `path` already."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # unlike a rename, fails when `path` exists
    except FileExistsError as error:
        raise Refused(f"{path.name} exists already.", "A private file is never overwritten.", "Name another file.") from error
    except OSError as error:
        raise Refused(f"{path.name} cannot be written.", f"{error.strerror}.", "Name a directory you may write to.") from error
    finally:
        with suppress(OSError):  # it may never have been made
            temporary.unlink()
