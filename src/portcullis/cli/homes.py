"""`portcullis init`, `store upgrade|reindex`, `backup create|restore`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from portcullis import backups, config
from portcullis.accounting import batches_with, reindex
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import code
from portcullis.crypto import secret_from_env
from portcullis.home import check_absent, create, open_home, store_url
from portcullis.publish import publish
from portcullis.store import current, reading, rehearsing, upgrade, writing
from portcullis.store.open import REVISION

store = typer.Typer(help="The store.", no_args_is_help=True)
backup = typer.Typer(help="Backups without wrapping keys.", no_args_is_help=True)


def mount(app: typer.Typer) -> None:
    """Add `init` to the top."""
    app.command("init", epilog="Example: PORTCULLIS_KEY_SECRET_FILE=secret portcullis init --home ./home")(init)


@changes
def init(
    home: HomeOption,
    source: Annotated[str, typer.Option("--source", help="The agency that holds the records.", callback=code)] = "IRS",
    origin: Annotated[str | None, typer.Option(help="The name of the ledger; a random one by default.")] = None,
    store_url: Annotated[str, typer.Option(help="The store's URL; SQLite in the home by default.")] = "",
) -> None:
    """Make a home: keys, store and an empty ledger. Nothing else makes one."""
    if rehearsing():
        check_absent(home)
        secret_from_env()
        return
    made = create(home, secret_from_env(), source_agency=source, origin=origin, store=store_url)
    publish(made)
    result({}, False, f"A home was made at {home}. Its ledger is {made.settings.origin}.")


@store.command("upgrade", epilog="Example: portcullis store upgrade --home ./home")
@changes
def upgrade_(home: HomeOption) -> None:
    """Bring the store to this program's revision."""
    if rehearsing():
        url = store_url(home, config.load(home))
        result({}, False, f"The store is at revision {current(url)}; this program needs {REVISION}.")
        return
    before, after = upgrade(store_url(home, config.load(home)))
    result({}, False, f"The store was at revision {before} and is at {after}.")


@store.command("reindex", epilog="Example: portcullis store reindex --home ./home")
@changes
def reindex_(home: HomeOption, as_json: JsonOption = False) -> None:
    """Check the look-up beside the accounting of every batch, and make again what is missing or damaged."""
    opened, found = open_home(home), Counter[str]()
    with reading(opened.engine) as conn:
        batches = batches_with(conn)
    for batch in batches:
        with writing(opened.engine) as conn:
            found[reindex(opened, conn, batch)] += 1
    shown = {name: found[name] for name in ("right", "written", "mended")}
    result(shown, as_json, f"{len(batches)} batches: " + ", ".join(f"{count} {name}" for name, count in shown.items()) + ".")


@backup.command("create", epilog="Example: portcullis backup create ./backup-2026-11-21")
@changes
def create_(folder: Annotated[Path, typer.Argument(help="An empty or absent directory.")], home: HomeOption) -> None:
    """Copy store, evidence, accounting, ledger and settings; wrapping keys stay behind."""
    opened = open_home(home)
    backups.check_target(folder)
    if rehearsing():
        return
    count = backups.create(opened, folder)
    result({}, False, f"{count} files are in {folder}. The wrapping key is not among them; keep it elsewhere.")


@backup.command("restore", epilog="Example: portcullis backup restore ./backup-2026-11-21 --home ./restored --wrapping-key wrapping.json")
@changes
def restore_(
    folder: Annotated[Path, typer.Argument(help="The backup.", exists=True, file_okay=False)],
    home: HomeOption,
    wrapping_key: Annotated[Path, typer.Option(help="The wrapping key's file, kept apart.", exists=True, dir_okay=False)],
    published: Annotated[
        Path | None,
        typer.Option(help="The last published or witnessed checkpoint, if it is newer than the backup.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Make a home from a backup; it refuses to sign below what was published."""
    backups.check_restore(folder, home, published)
    if rehearsing():
        return
    backups.restore(folder, home, wrapping_key, published)
    result({}, False, f"The backup was restored to {home}.")
