"""Backups: everything but the wrapping key, and a restored home that cannot fork its ledger.

 1. `create` copies settings, store (SQLite's own online copy), evidence, accounting, ledger, register, agreements, outbox, and all keys
    but `wrapping.json`: an old backup with today's keys must not open what was destroyed since.
 2. `restore` makes a home in an empty place. The published ledger is taken from the backup; a newer checkpoint given beside it is
    remembered as the floor, and `publish` refuses to sign below it (ledger.log).
A PostgreSQL store is backed up with PostgreSQL's own tools; `create` says so.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

from portcullis import config
from portcullis.crypto import SigningKey, load_key, secret_from_env
from portcullis.errors import Refused
from portcullis.home import DEMO_SECRET, Home
from portcullis.ledger import NoteKey, open_checkpoint

__all__ = ["KEPT_BACK", "check_restore", "check_target", "create", "restore"]

KEPT_BACK = "wrapping.json"
_FOLDERS = ("evidence", "accounting", "ledger", "register", "agreements", "outbox", "keys")


def create(home: Home, folder: Path) -> int:
    """Back up `home` into the empty or absent `folder`; returns the number of files."""
    check_target(folder)
    if home.engine.dialect.name != "sqlite":
        raise Refused(
            "This store is PostgreSQL.",
            "It is backed up with PostgreSQL's own tools.",
            "Use pg_dump, and copy the rest of the home but keys/wrapping.json.",
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = sqlite3.connect(folder / "store.db")
    source = sqlite3.connect(home.path / "store.db")
    with target, source:
        source.backup(target)
    target.close()
    source.close()
    for name in _FOLDERS:
        shutil.copytree(home.path / name, folder / name, ignore=shutil.ignore_patterns(KEPT_BACK, ".publishing", "*.part"))
    shutil.copy2(home.path / config.FILE_NAME, folder / config.FILE_NAME)
    return sum(path.is_file() for path in folder.rglob("*"))


def check_target(folder: Path) -> None:
    """Raises Refused unless a backup can be made there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"A backup cannot be made at {folder}.", "Something is there already.", "Name an empty or absent directory.")


def check_restore(folder: Path, home: Path, published: Path | None) -> None:
    """Raises Refused unless the backup can be restored to `home`, and `published` is a checkpoint of this ledger."""
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise Refused(f"Nothing can be restored to {home}.", "Something is there already.", "Name an empty or absent directory.")
    settings = config.load(folder)
    if published is not None:
        _check(folder, settings.origin, published.read_bytes())


def restore(folder: Path, home: Path, wrapping_key: Path, published: Path | None) -> None:
    """Make a home from a backup. Raises Refused when something is at `home`, or `published` is not this ledger's checkpoint."""
    check_restore(folder, home, published)
    shutil.copytree(folder, home, dirs_exist_ok=True)
    shutil.copyfile(wrapping_key, home / "keys" / KEPT_BACK)
    os.chmod(home / "keys" / KEPT_BACK, 0o600)
    (home / "tmp").mkdir(mode=0o700, exist_ok=True)
    if published is not None:
        shutil.copyfile(published, home / "ledger" / "checkpoint")


def _check(folder: Path, origin: str, data: bytes) -> None:
    demo = folder / "keys" / DEMO_SECRET
    secret = demo.read_bytes().strip() if demo.is_file() else secret_from_env()
    log = load_key(folder / "keys" / "log.json", secret)
    if not isinstance(log, SigningKey):
        raise Refused("The backup's log key is of another kind.", "", "Restore it from where keys are kept.")
    open_checkpoint(data, NoteKey(origin, log.public))
