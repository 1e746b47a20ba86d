"""Private working directories for what may hold personal values while a batch is computed.

Each is made new with mode 0700, holds a locked file while its process lives, and is overwritten, emptied and removed at the
end. `sweep` does the same to what a killed process left, and leaves alone what another process is using. On disks that
write elsewhere than they are told (SSD, copy-on-write) overwriting promises nothing: put the home's tmp/ on tmpfs.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["overwrite", "sweep", "workdir"]

_PREFIX = "work-"
_ALIVE = ".alive"
_BLOCK = 1 << 20


@contextmanager
def workdir(parent: Path) -> Iterator[Path]:
    """A new private directory in `parent` (made with mode 0700 if need be), gone at the end."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    alive = _hold(folder, os.O_CREAT)
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(alive)


def sweep(parent: Path) -> int:
    """Remove the working directories in `parent` whose process is gone; returns how many there were."""
    found = 0
    for folder in parent.glob(f"{_PREFIX}*") if parent.is_dir() else ():
        try:
            alive = _hold(folder)
        except (BlockingIOError, FileNotFoundError):
            continue  # in use, or just being made
        _remove(folder)
        os.close(alive)
        found += 1
    return found


def overwrite(folder: Path) -> None:
    """Zeros over every file in `folder`, and onto the disk."""
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("r+b", buffering=0) as file:
            left = size = os.fstat(file.fileno()).st_size
            while left > 0:
                left -= file.write(bytes(min(left, _BLOCK)))
            if size:
                os.fsync(file.fileno())


def _hold(folder: Path, how: int = 0) -> int:
    alive = os.open(folder / _ALIVE, os.O_RDWR | os.O_CLOEXEC | how, 0o600)
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(alive)
        raise
    return alive


def _remove(folder: Path) -> None:
    overwrite(folder)
    shutil.rmtree(folder)
