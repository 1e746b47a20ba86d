"""Making a store and bringing one up to date, by the migrations that travel inside the package.

Each runs in one transaction on either database, so a store is at one revision or at another and never between.
"""

from __future__ import annotations

import os
from importlib.resources import as_file, files

from portcullis.errors import Refused
from portcullis.store.connect import build, sqlite_path
from portcullis.store.lock import writing
from portcullis.store.open import REVISION, current

__all__ = ["create_store", "upgrade"]


def create_store(url: str) -> None:
    """Make an empty store with an empty ledger. Only `init` and `demo` do this.

    Raises Refused when there is one already: a ledger is never started over.
    """
    if current(url) is not None:
        raise Refused(
            "There is a store already.", "A ledger is never started over.", "Name another place, or type: portcullis store upgrade"
        )
    if url.startswith("sqlite"):
        os.close(os.open(sqlite_path(url), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    _migrate(url)


def upgrade(url: str) -> tuple[str, str]:
    """Bring an existing store to this program's revision; returns the revision before and after.

    Raises Refused when there is no store.
    """
    before = current(url)
    if before is None:
        raise Refused("There is no store to upgrade.", "Only init makes one.", "Type: portcullis init --home DIR")
    if before < REVISION:
        _migrate(url)
    return before, REVISION


def _migrate(url: str) -> None:
    from alembic import command  # noqa: PLC0415 - a fifth of a second that no other command should wait for
    from alembic.config import Config  # noqa: PLC0415

    engine = build(url)
    try:
        with as_file(files("portcullis.store") / "migrations") as folder, writing(engine) as conn:
            config = Config(attributes={"connection": conn})
            config.set_main_option("script_location", str(folder).replace("%", "%%"))
            command.upgrade(config, REVISION)
    finally:
        engine.dispose()
