"""Backups: everything but the wrapping keys, and a restored home that cannot fork its ledger.

 1. `create` copies settings, store (SQLite's own online copy), evidence, accounting, ledger, register, agreements, outbox, and all keys
    but `wrapping.json`: an old backup with today's keys must not open what was destroyed since.
 2. `restore` makes a home in an empty place. The published ledger is taken from the backup; a newer checkpoint given beside it is
    remembered as the floor, and `publish` refuses to sign below it (ledger.log).
A PostgreSQL store is backed up with PostgreSQL's own tools; `create` says so.
"""

from __future__ import annotations

import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import select

from portcullis import config, evidence
from portcullis.crypto import SigningKey, load_key, read_private, write_private
from portcullis.crypto.keyfile import KEYRING_LIMIT
from portcullis.errors import Refused, Tampered
from portcullis.home import Home, open_home, secret_of, store_url
from portcullis.ledger import NoteKey, open_checkpoint
from portcullis.ledger.checkpoint import parse_checkpoint
from portcullis.ledger.note import parse_note
from portcullis.publish import RESTORED
from portcullis.retention import finish
from portcullis.store import reading, schema
from portcullis.store.connect import sqlite_path
from portcullis.witnesses import WITNESSES

__all__ = ["KEPT_BACK", "check_restore", "check_target", "create", "restore"]

KEPT_BACK = "wrapping.json"
_NEVER = (KEPT_BACK, f"{KEPT_BACK}.new", f"{KEPT_BACK}.old", ".publishing", ".staging", "*.part")
_STORE_URL = re.compile(r"^\s*store_url\s*=.*\n?", re.MULTILINE)
_FOLDERS = ("evidence", "accounting", "ledger", "register", "agreements", "outbox", "keys")


def create(home: Home, folder: Path) -> int:
    """Back up `home` into the empty or absent `folder`, whole or not at all; returns the number of files."""
    check_target(folder)
    if home.engine.dialect.name != "sqlite":
        raise Refused(
            "This store is PostgreSQL.",
            "It is backed up with PostgreSQL's own tools.",
            "Use pg_dump, and copy the rest of the home but keys/wrapping.json.",
        )
    finish(home)  # what is on record as destroyed is not carried into a backup
    with _whole(folder) as part:
        _copy_store(sqlite_path(store_url(home.path, home.settings)), part / "store.db")
        for name in _FOLDERS:
            shutil.copytree(home.path / name, part / name, ignore=shutil.ignore_patterns(*_NEVER))
        if (home.path / WITNESSES).is_file():
            shutil.copyfile(home.path / WITNESSES, part / WITNESSES)
        settings = (home.path / config.FILE_NAME).read_text(encoding="utf-8")
        (part / config.FILE_NAME).write_text(_STORE_URL.sub("", settings), encoding="utf-8")  # the restored home has its own store
    return sum(path.is_file() for path in folder.rglob("*"))


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A new directory beside `folder` that takes its place when the block ends well, and is removed when it does not."""
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    part.mkdir(mode=0o700, parents=True)
    try:
        yield part
        part.rename(folder)  # over nothing, or an empty directory
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _copy_store(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)
        there.execute("DELETE FROM console_session")
        there.commit()
    target.chmod(0o600)


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
    """Make a home from a backup, whole or not at all.

    Raises Refused when something is at `home`, the backup is not whole or holds links, the wrapping key is not its own, or `published`
    is not this ledger's checkpoint.
    """
    check_restore(folder, home, published)
    _check_plain(folder)
    wrapping = read_private(wrapping_key, KEYRING_LIMIT)
    with _whole(home) as part:
        shutil.copytree(folder, part, dirs_exist_ok=True)
        for name in (*_FOLDERS, "tmp"):
            (part / name).mkdir(mode=0o700, exist_ok=True)
        (part / "keys" / KEPT_BACK).unlink(missing_ok=True)
        write_private(part / "keys" / KEPT_BACK, wrapping)
        if published is not None:
            _raise_floor(part / "ledger" / "checkpoint", published.read_bytes())
        _check_opens(part)
        (part / RESTORED).write_text("portcullis ledger recover\n", encoding="utf-8")


def _check_plain(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Refused(
                f"{path.name} in the backup is a link or no plain file.",
                "A backup is plain files; a link would bring in what was never backed up.",
                "Take the backup from where it is kept.",
            )


def _raise_floor(kept: Path, given: bytes) -> None:
    """The newer of the two checkpoints is what nothing may be signed below."""
    own = parse_checkpoint(parse_note(kept.read_bytes()).text).size if kept.is_file() else -1
    if parse_checkpoint(parse_note(given).text).size > own:
        kept.write_bytes(given)


def _check_opens(home: Path) -> None:
    """The restored home opens: its keys, its store, and the data key of one batch under the wrapping key that was given."""
    opened = open_home(home)
    b = schema.batch
    try:
        with reading(opened.engine) as conn:
            there = conn.execute(select(b.c.id).where(b.c.wrapped_key.is_not(None)).order_by(b.c.id)).scalars()
            some = next((each for each in there if opened.keyring.holds(evidence.key_number(each))), None)
            if some is not None:  # those destroyed since the backup are not opened by any keyring of today
                evidence.batch_key(opened, conn, some)
    except Tampered as error:
        raise Refused(
            "This is not the wrapping key of that home.", "It does not open the keys of its batches.", "Name the one kept with the backup."
        ) from error
    finally:
        opened.engine.dispose()


def _check(folder: Path, origin: str, data: bytes) -> None:
    log = load_key(folder / "keys" / "log.json", secret_of(folder))
    if not isinstance(log, SigningKey):
        raise Refused("The backup's log key is of another kind.", "It is no signing key.", "Restore it from where keys are kept.")
    open_checkpoint(data, NoteKey(origin, log.public))
