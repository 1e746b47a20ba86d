"""What is left of a batch on disk once its key is gone: overwritten, synced, unlinked.

Its key being destroyed, none of this can be read any more; it goes because nobody needs it. Storage that keeps old blocks (flash
translation, snapshots, a file system's journal) may still hold the ciphertext, and nothing that opens it.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from portcullis.crypto import destroy
from portcullis.engine import sweep
from portcullis.home import Home, store_url
from portcullis.store.connect import sqlite_path

__all__ = ["remove_remains"]


def remove_remains(home: Home, batch_id: str) -> int:
    """Remove evidence files and sealed copies of a batch, and empty what is temporary; returns how many files were overwritten."""
    removed = 0
    for folder in (home.path / "evidence" / batch_id, home.path / "outbox" / batch_id):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            removed += path.is_file() and destroy(path)
        shutil.rmtree(folder, ignore_errors=True)
    sweep(home.tmp)
    if home.engine.dialect.name == "sqlite":
        _empty_wal(sqlite_path(store_url(home.path, home.settings)))
    return removed


def _empty_wal(store: Path) -> None:
    """The wrapped key stood in the write-ahead log too. A reader can hold this up; the next destruction tries again."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(store, timeout=5.0)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
