"""The hash of a folder that is asked for again and again: computed anew only when a file in it is not as it was.

1. Whatever writes, replaces, adds or removes a file or a folder moves a time of change, which no program can set back.
2. Times are coarse: what was changed within two seconds before it was read is read again the next time.
3. A file that changed while it was read is read again the next time.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from portcullis.agreement.content import agreement_hash
from portcullis.rules.shipped import fields_file

__all__ = ["hash_of_kept"]

_State = list[tuple[str, int, int, int, int]]
_SETTLED = 2_000_000_000
_HASHED: dict[Path, tuple[_State, str]] = {}


def hash_of_kept(folder: Path) -> str:
    """`agreement_hash` of a folder. Raises Refused as that does."""
    seen = _state_of(folder)
    known = _HASHED.get(folder)
    if known is not None and known[0] == seen:  # 1
        return known[1]
    found = agreement_hash(folder)
    if max(entry[1] for entry in seen) < time.time_ns() - _SETTLED and _state_of(folder) == seen:  # 2, 3
        _HASHED[folder] = (seen, found)
    return found


def _state_of(folder: Path) -> _State:
    paths = [str(fields_file(folder))]
    for at, folders, files in os.walk(folder):
        paths += [at, *(os.path.join(at, name) for name in (*files, *folders))]
    return [(path, s.st_ctime_ns, s.st_mtime_ns, s.st_size, s.st_ino) for path, s in ((path, os.lstat(path)) for path in paths)]
