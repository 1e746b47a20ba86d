"""A prepared register that is looked into again and again: opened and checked once, and again when anything about its files has changed.

The files are hashed when the register is opened, and are mapped from then on. Whatever is written, replaced or removed in the folder moves
a time of change that no program can set back, and the register is then opened, and its hashes checked, anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock

from portcullis.matching.register import Register, open_register

__all__ = ["kept_register"]

_State = tuple[tuple[str, int, int, int], ...]
_OPENED: dict[Path, tuple[_State, Register]] = {}
_LOCK = Lock()


def kept_register(folder: Path) -> Register:
    """The register in `folder`. Raises as `open_register` does."""
    with _LOCK:
        seen = _state_of(folder)
        known = _OPENED.get(folder)
        if known is None or known[0] != seen:
            _OPENED.clear()  # of one home there is one register
            known = _OPENED[folder] = (seen, open_register(folder))
        return known[1]


def _state_of(folder: Path) -> _State:
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.stat().st_ctime_ns, entry.stat().st_size, entry.inode()) for entry in entries]
    return tuple(sorted(found))
