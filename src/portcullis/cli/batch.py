"""`portcullis batch`: receive, run, status, list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from portcullis.batches import get
from portcullis.cli.output import NOT_VERIFIED, SOME_REFUSED, HomeOption, JsonOption, log, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import BatchArgument, PersonOption
from portcullis.home import open_home
from portcullis.inspections import inspection
from portcullis.intake.batch import receive
from portcullis.journey import run, status
from portcullis.model import BatchState
from portcullis.publish import publish
from portcullis.steps import check_batch, match_step
from portcullis.steps.again import decide_again
from portcullis.store import reading, schema, writing

app = typer.Typer(help="A batch of requests: receive it, run it until a person must act, see where it stands.", no_args_is_help=True)


@app.command("receive", epilog="Example: portcullis batch receive ./from-ice --json")
@changes
def receive_(
    folder: Annotated[Path, typer.Argument(help="The folder with batch.json.")], home: HomeOption, as_json: JsonOption = False
) -> None:
    """Receive a signed batch; a refused one is recorded, and exits with 3."""
    opened = open_home(home)
    got = receive(opened, folder)
    publish(opened)
    shown = {
        "batch": got.batch_id,
        "state": got.state.value,
        "received": got.count,
        "rule": got.rule,
        "reason": got.reason,
        "message": got.message,
    }
    words = f"Batch {got.batch_id} is {got.state}: {got.count} requests."
    result(shown, as_json, words if got.reason is None else f"{words} {got.rule} {got.reason}: {got.message}")
    if got.state is BatchState.REFUSED:
        raise typer.Exit(SOME_REFUSED)


@app.command("redecide", epilog="Example: portcullis batch redecide B-2026-000001 --as IRS-0008 --json")
def redecide(batch: BatchArgument, home: HomeOption, person: PersonOption, as_json: JsonOption = False) -> None:
    """Make a batch's decisions again from the record, under the rules the ledger names; exits with 4 if one differs (R59)."""
    opened = open_home(home)
    with writing(opened.engine) as conn:
        get(conn, batch)
        inspection(opened, conn, person=person, why="redecide", command="batch.redecide", batch_id=batch)
    publish(opened)
    with reading(opened.engine) as conn:
        found = decide_again(opened, conn, batch)
    differ = found["different"]
    words = (
        f"{found['same']} of {found['decided']} decisions of {batch} are made again as they were ({found['agreement']}, {found['day']})."
    )
    result(found, as_json, f"{words} Not so: {', '.join(map(str, differ))}." if differ else words)
    if differ:
        raise typer.Exit(NOT_VERIFIED)


@app.command("check", epilog="Example: portcullis batch check B-2026-000001")
@changes
def check_(batch: BatchArgument, home: HomeOption) -> None:
    """Only the next step of a received batch: rules over the requests' own data."""
    opened = open_home(home)
    check_batch(opened, batch)
    publish(opened)
    result({}, False, f"Batch {batch} is checked.")


@app.command("match", epilog="Example: portcullis batch match B-2026-000001")
@changes
def match_(batch: BatchArgument, home: HomeOption) -> None:
    """Only the next step of a checked batch: match against the register."""
    opened = open_home(home)
    match_step(opened, batch)
    publish(opened)
    result({}, False, f"Batch {batch} is matched.")


@app.command("run", epilog="Example: portcullis batch run B-2026-000001")
@changes
def run_(batch: BatchArgument, home: HomeOption, as_json: JsonOption = False) -> None:
    """Move a batch until a person must act; exits with 3 when some of its requests were refused."""
    opened = open_home(home)
    run(opened, batch, lambda number, state: log("batch", batch=number, state=state.value))
    found = status(opened, batch)
    result(found, as_json, lambda: _words(found))
    decisions = found["by_decision"]
    if isinstance(decisions, dict) and any(decisions.get(name) for name in ("deficient", "no_disclosure")):
        raise typer.Exit(SOME_REFUSED)


@app.command("status", epilog="Example: portcullis batch status B-2026-000001 --json")
def status_(batch: BatchArgument, home: HomeOption, as_json: JsonOption = False) -> None:
    """State, counts by decision and reason, and what it waits for (source side only)."""
    found = status(open_home(home), batch)
    result(found, as_json, lambda: _words(found))


@app.command("list", epilog="Example: portcullis batch list --json")
def list_(home: HomeOption, as_json: JsonOption = False) -> None:
    """All batches."""
    b = schema.batch
    with reading(open_home(home).engine) as conn:
        rows = [dict(row) for row in conn.execute(select(b.c.id, b.c.state, b.c.held, b.c.count, b.c.agency).order_by(b.c.id)).mappings()]
    result(
        rows,
        as_json,
        "\n".join(f"{r['id']}  {r['state']}{' (held)' if r['held'] else ''}  {r['count']} requests" for r in rows) or "No batch yet.",
    )


def _words(found: dict[str, object]) -> str:
    lines = [f"Batch {found['batch']}: {found['state']}{', held' if found['held'] else ''}; {found['received']} requests."]
    for title, key in (("by decision", "by_decision"), ("by reason", "by_reason")):
        counts = found[key]
        if isinstance(counts, dict) and counts:
            lines.append(f"  {title}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    waiting = found["awaiting"]
    if isinstance(waiting, list) and waiting:
        lines.append("  waits for: " + ", ".join(str(each) for each in waiting))
    return "\n".join(lines)
