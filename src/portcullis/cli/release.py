"""`portcullis release`: commit, dispatch, list; and taking in the recipient's receipt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from portcullis.batches import get
from portcullis.cli.output import SOME_REFUSED, HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import BatchArgument, read_small
from portcullis.crypto import read_dsse
from portcullis.home import open_home
from portcullis.publish import publish
from portcullis.release import Withheld, commit_release, deliver, dispatch, record_receipt
from portcullis.store import reading, rehearsing, schema

app = typer.Typer(help="What leaves: commit, dispatch, receipt.", no_args_is_help=True)


@app.command("commit", epilog="Example: portcullis release commit B-2026-000001")
@changes
def commit_(batch: BatchArgument, home: HomeOption, as_json: JsonOption = False) -> None:
    """Seal the authorized answers and lay them in the outbox; nothing leaves yet."""
    opened = open_home(home)
    answers = commit_release(opened, batch)
    publish(opened)
    result({"batch": batch, "answers": answers}, as_json, f"Batch {batch}: {answers} answers are sealed and committed.")


@app.command("dispatch", epilog="Example: portcullis release dispatch B-2026-000001")
@changes
def dispatch_(batch: BatchArgument, home: HomeOption, as_json: JsonOption = False) -> None:
    """Check everything again, account for it, and let the answers go; exits with 3 when they were withheld."""
    opened = open_home(home)
    publish(opened)
    sent = dispatch(opened, batch)
    publish(opened)
    if isinstance(sent, Withheld):
        found = {"batch": batch, "withheld": list(sent.reasons)}
        result(found, as_json, f"Batch {batch} was withheld and is back at sampled: {'; '.join(sent.reasons)}.")
        raise typer.Exit(SOME_REFUSED)
    folder = opened.path if rehearsing() else deliver(opened, batch)
    result({"batch": batch, "answers": sent, "folder": str(folder)}, as_json, f"Batch {batch}: {sent} answers left, in {folder}.")


@app.command("deliver", epilog="Example: portcullis release deliver B-2026-000001")
@changes
def deliver_(batch: BatchArgument, home: HomeOption) -> None:
    """Write the release folder of a dispatched batch again (after a kill)."""
    opened = open_home(home)
    if rehearsing():
        with reading(opened.engine) as conn:
            get(conn, batch)
        return
    folder = deliver(opened, batch)
    result({}, False, f"The release of {batch} is in {folder}.")


@app.command("receipt", epilog="Example: portcullis release receipt B-2026-000001 receipt.json")
@changes
def receipt_(
    batch: BatchArgument, file: Annotated[Path, typer.Argument(help="The signed receipt.", exists=True, dir_okay=False)], home: HomeOption
) -> None:
    """Record the recipient's signed receipt."""
    opened = open_home(home)
    record_receipt(opened, batch, read_dsse(read_small(file, "The receipt")))
    publish(opened)
    result({}, False, f"The receipt of {batch} is recorded.")


@app.command("list", epilog="Example: portcullis release list --json")
def list_(home: HomeOption, as_json: JsonOption = False) -> None:
    """Every release: committed, dispatched or withheld."""
    r = schema.release
    with reading(open_home(home).engine) as conn:
        rows = [
            dict(row)
            for row in conn.execute(
                select(r.c.batch_id, r.c.state, r.c.answers, r.c.root).order_by(r.c.batch_id, r.c.committed_leaf)
            ).mappings()
        ]
    result(rows, as_json, "\n".join(f"{r['batch_id']}  {r['state']}  {r['answers']} answers" for r in rows) or "No release.")
