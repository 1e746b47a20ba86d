"""The recipient's own record (26 U.S.C. 6103(p)(4)(A)): every filing and every order it acted on, in its own file, chained by hash.

Each line is canonical JSON with `previous`, the SHA-256 of the line before it, so that a line that was removed or changed shows. It holds
numbers, codes, ids and times, and no personal value.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portcullis.crypto import canonical, strict_loads
from portcullis.errors import Refused, Tampered

__all__ = ["add", "check"]

_FIRST = "0" * 64
_MOST = 1 << 30


def add(path: Path, entry: Mapping[str, Any]) -> None:
    """Append one entry, synced, before anything else is done. Raises Refused, and Tampered when the file was changed."""
    last = check(path)[1]
    line = canonical({**entry, "previous": last}) + b"\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Refused(
            "The agency's own record cannot be written.", f"{error.strerror}.", "Nothing is filed without it; name a file you may write to."
        ) from error


def check(path: Path) -> tuple[int, str]:
    """How many entries the record has, and the hash of the last. Raises Tampered when the chain is broken."""
    if not path.exists():
        return 0, _FIRST
    try:
        data = path.read_bytes() if path.stat().st_size <= _MOST else b""
    except OSError as error:
        raise Refused("The agency's own record cannot be read.", f"{error.strerror}.", "Name an ordinary file.") from error
    last, count = _FIRST, 0
    for line in data.splitlines():
        try:
            entry = strict_loads(line)
        except Refused as error:
            raise _broken(count + 1) from error
        if not isinstance(entry, dict) or entry.get("previous") != last:
            raise _broken(count + 1)
        last, count = hashlib.sha256(line).hexdigest(), count + 1
    return count, last


def _broken(line: int) -> Tampered:
    return Tampered(
        f"Line {line} of the agency's own record does not follow from the one before it.", "It was changed.", "Keep it as it is."
    )
