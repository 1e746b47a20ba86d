"""The home directory: what is in it, how it is made once, and how it is opened.

Only `create` makes a home and a ledger; `open` refuses when there is none. Layout (journey.md):

    portcullis.toml  store.db  keys/  evidence/  accounting/  ledger/  register/  outbox/  tmp/

`tmp/` is private; what a killed run left in it is removed whenever a home is opened. Key files are encrypted under the secret in the
file that `PORTCULLIS_KEY_SECRET_FILE` names; a synthetic demo home carries its own in `keys/demo-secret`, and says so.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from portcullis import config
from portcullis.config import Settings
from portcullis.crypto import (
    Keyring,
    SigningKey,
    load_key,
    load_keyring,
    load_secret,
    new_data_key,
    require_fips,
    save_key,
    save_keyring,
    save_secret,
    secret_from_env,
)
from portcullis.engine import sweep
from portcullis.errors import Refused, Tampered
from portcullis.ledger import NoteKey
from portcullis.store import create_store, open_store

__all__ = ["DEMO_SECRET", "Home", "check_absent", "create", "open_home", "secret_of"]

DEMO_SECRET = "demo-secret"  # noqa: S105 - the name of a file in synthetic demo homes, not a secret
_FOLDERS = ("keys", "evidence", "accounting", "ledger", "register", "outbox", "tmp", "agreements")


@dataclass(frozen=True, slots=True)
class Home:
    """An opened home. `now` gives whole seconds UTC, so that tests can set the time."""

    path: Path
    settings: Settings
    engine: Engine
    log_key: SigningKey
    keyring: Keyring
    accounting_key: bytes
    now: Callable[[], int]

    @property
    def ledger(self) -> Path:
        """Where checkpoint, tiles and entry bundles are published."""
        return self.path / "ledger"

    @property
    def tmp(self) -> Path:
        """The private temporary directory."""
        return self.path / "tmp"

    def evidence(self, batch_id: str, name: str) -> Path:
        """The encrypted evidence file `name` of one batch."""
        folder = self.path / "evidence" / batch_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / f"{name}.parquet"


def _clock() -> int:
    return int(time.time())


def store_url(path: Path, settings: Settings) -> str:
    """The URL of the store: the setting, or SQLite in the home."""
    return settings.store_url or f"sqlite:///{path / 'store.db'}"


def create(
    path: Path,
    secret: bytes,
    *,
    source_agency: str = "IRS",
    origin: str | None = None,
    store: str = "",
    now: Callable[[], int] = _clock,
) -> Home:
    """Make a home, its keys, an empty store and an empty ledger.

    Raises Refused when `path` exists and is not an empty directory: a home is never made over another.
    """
    require_fips()
    settings = Settings(
        origin=NoteKey(origin or f"portcullis.invalid/{source_agency.lower()}/{secrets.token_hex(8)}", bytes(32)).name,
        source_agency=source_agency,
        store_url=store,
    )
    check_absent(path)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        (path / _FOLDERS[0]).mkdir(mode=0o700)  # of two that come at once only one makes this directory, and goes on
    except FileExistsError as error:
        raise _taken(path) from error
    try:
        return _fill(path, settings, secret, now)
    except BaseException:
        _undo(path)
        raise


def check_absent(path: Path) -> None:
    """Raises Refused unless a home can be made at `path`."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise _taken(path)


def _taken(path: Path) -> Refused:
    return Refused(f"A home cannot be made at {path}.", "Something is there already.", "Name an empty or absent directory.")


def _undo(path: Path) -> None:
    """Nothing is left of a home that was not finished; what was not ours is not touched."""
    for folder in _FOLDERS:
        shutil.rmtree(path / folder, ignore_errors=True)
    for file in (config.FILE_NAME, "store.db", "store.db-wal", "store.db-shm", "store.db.turn"):
        (path / file).unlink(missing_ok=True)


def _fill(path: Path, settings: Settings, secret: bytes, now: Callable[[], int]) -> Home:
    for folder in _FOLDERS[1:]:
        (path / folder).mkdir(mode=0o700)
    save_key(path / "keys" / "log.json", SigningKey.generate(), secret)
    save_keyring(path / "keys" / "wrapping.json", Keyring.generate(), secret)
    save_secret(path / "keys" / "accounting.json", new_data_key(), secret)
    create_store(store_url(path, settings))
    (path / config.FILE_NAME).write_text(config.template(settings), encoding="utf-8")
    return _open(path, settings, secret, now)


def open_home(path: Path, *, now: Callable[[], int] = _clock) -> Home:
    """Open an existing home with the key secret of this environment.

    Raises Refused when there is no home, no secret, or the store is of another version.
    """
    require_fips()
    settings = config.load(path)
    return _open(path, settings, secret_of(path), now)


def secret_of(path: Path) -> bytes:
    """The secret that the key files of this home are encrypted under: a demo home's own, or this environment's."""
    demo = path / "keys" / DEMO_SECRET
    return demo.read_bytes().strip() if demo.is_file() else secret_from_env()


def _check_origin(checkpoint: Path, origin: str) -> None:
    """What is signed here names the ledger; under another name it would be good for nothing, and found out too late."""
    if not checkpoint.is_file():
        return
    with checkpoint.open("rb") as file:
        published = file.readline(1024).rstrip(b"\n")
    if published != origin.encode():
        raise Tampered(
            f"The ledger's name in {config.FILE_NAME} is not the one it was published under.",
            "The setting origin, or the published checkpoint, was changed.",
            "Restore the one that was changed; nothing is signed before.",
        )


def _open(path: Path, settings: Settings, secret: bytes, now: Callable[[], int]) -> Home:
    sweep(path / "tmp")  # what a killed run left there may hold personal values
    sweep(path / "evidence" / ".staging")  # sealed files of batches that were never recorded
    _check_origin(path / "ledger" / "checkpoint", settings.origin)
    log_key = load_key(path / "keys" / "log.json", secret)
    if not isinstance(log_key, SigningKey):
        raise Refused(
            "keys/log.json is not the ledger's signing key.", "It holds a key of another kind.", "Restore it from where keys are kept."
        )
    return Home(
        path=path,
        settings=settings,
        engine=open_store(store_url(path, settings)),
        log_key=log_key,
        keyring=load_keyring(path / "keys" / "wrapping.json", secret),
        accounting_key=load_secret(path / "keys" / "accounting.json", secret),
        now=now,
    )
