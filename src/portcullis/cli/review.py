"""`portcullis review`: clerical review, the sample, dual authorization."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from portcullis.batches import get
from portcullis.cli.acting import ExpiresOption, KeyOption, sign_here
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import BatchArgument, OrdinalArgument, PersonOption, code_option, read_small
from portcullis.crypto import read_dsse, write_private
from portcullis.errors import PortcullisError, Refused
from portcullis.home import open_home
from portcullis.inspect import show_request
from portcullis.officers import content_hash
from portcullis.publish import publish
from portcullis.review import (
    Closed,
    authorize,
    authorize_content,
    commit_stock,
    drawn_ordinals,
    offered,
    open_ordinals,
    record_review,
    record_sample,
    return_batch,
    review_content,
    sample_content,
    stock_content,
)
from portcullis.review.queue import new_salt
from portcullis.review.sample import next_k
from portcullis.steps.sample import draw
from portcullis.store import reading, rehearsing

app = typer.Typer(help="What people decide: reviews, the sample, authorizations.", no_args_is_help=True)
sample = typer.Typer(help="The sample nobody can choose.", no_args_is_help=True)
app.add_typer(sample, name="sample")


@app.command("next", epilog="Example: portcullis review next B-2026-000001")
def next_(
    batch: BatchArgument,
    home: HomeOption,
    person: Annotated[str, typer.Option("--as", help="Only what this reviewer may take next.", callback=code_option)] = "",
    as_json: JsonOption = False,
) -> None:
    """The number of the next request that waits for a person."""
    with reading(open_home(home).engine) as conn:
        get(conn, batch)
        waiting = offered(conn, batch, person) if person else open_ordinals(conn, batch)
    found = {"batch": batch, "next": waiting[0] if waiting else None, "waiting": len(waiting)}
    result(found, as_json, f"Request {batch}/{waiting[0]} waits; {len(waiting)} in all." if waiting else "Nothing waits for review.")


@app.command("show", epilog="Example: portcullis review show B-2026-000001 17 --as IRS-REVIEWER-1")
def show_(
    batch: BatchArgument,
    home: HomeOption,
    person: PersonOption,
    ordinal: Annotated[int | None, typer.Argument(help="The request's number in the file.")] = None,
    drawn: Annotated[bool, typer.Option("--sample", help="List the requests drawn for the sample.")] = False,
    as_json: JsonOption = True,
) -> None:
    """Show what was asked and what the register says; writes an inspection leaf first, and shows no score."""
    opened = open_home(home)
    if drawn or ordinal is None:
        with reading(opened.engine) as conn:
            result({"batch": batch, "drawn": drawn_ordinals(conn, batch)}, as_json)
        return
    result(show_request(opened, batch, ordinal, person, "review.show"), as_json)


@app.command("record", epilog="Example: portcullis review record B-2026-000001 17 accept same-person --as IRS-REVIEWER-1 --key r1.json")
@changes
def record_(
    batch: BatchArgument,
    ordinal: OrdinalArgument,
    verdict: Annotated[str, typer.Argument(help="accept or refuse.")],
    code: Annotated[str, typer.Argument(help="Why, as one of the known reasons.")],
    home: HomeOption,
    person: PersonOption,
    key: Path = KeyOption,
) -> None:
    """Record one signed review."""
    opened = open_home(home)
    salt = new_salt()
    with reading(opened.engine) as conn:
        row = get(conn, batch)
    act = sign_here(opened, key, person, "review.record", review_content(row["log_id"], ordinal, verdict, code, salt), row["agreement_id"])
    holds = record_review(opened, batch, Closed(ordinal, verdict, code), salt, act)
    publish(opened)
    result({}, False, f"Request {batch}/{ordinal}: {verdict}.{'' if holds or rehearsing() else ' Another reviewer looks at it as well.'}")


@app.command("authorize", epilog="Example: portcullis review authorize B-2026-000001 --as IRS-AUTHORIZER-1 --key a1.json")
@changes
def authorize_(batch: BatchArgument, home: HomeOption, person: PersonOption, key: Path = KeyOption, hours: int = ExpiresOption) -> None:
    """Sign the release root of a sampled batch; two different people must."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        row, root = get(conn, batch), authorize_content(conn, batch)
    act = sign_here(opened, key, person, "release.authorize", root, row["agreement_id"], hours)
    people = authorize(opened, batch, act)
    publish(opened)
    result({}, False, f"Batch {batch}: {people} of 2 people have authorized {root[:16]}….")


@app.command("return", epilog="Example: portcullis review return B-2026-000001 --as IRS-AUTHORIZER-1 --key a1.json")
@changes
def return_(batch: BatchArgument, home: HomeOption, person: PersonOption, key: Path = KeyOption) -> None:
    """Send a batch back: every signature is void; it stays sampled."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        row = get(conn, batch)
    content = content_hash({"batch": row["log_id"], "return": True})
    return_batch(opened, batch, sign_here(opened, key, person, "release.return", content, row["agreement_id"]))
    publish(opened)
    result({}, False, f"Batch {batch} was returned; what was signed is void.")


@contextmanager
def _number_kept(file: Path, number: bytes) -> Iterator[None]:
    """The number is on disk before its commitment counts, and is gone again when that was refused, or only rehearsed."""
    if rehearsing():
        yield
        return
    write_private(file, number.hex().encode())
    try:
        yield
    except PortcullisError:
        file.unlink(missing_ok=True)
        raise


@sample.command("commit", epilog="Example: portcullis review sample commit --number-file r1.hex --as IRS-OVERSEER --key o.json")
@changes
def commit_(
    home: HomeOption,
    person: Annotated[str, typer.Option("--as", help="The overseer who acts.", callback=code_option)] = "",
    number_file: Annotated[Path | None, typer.Option(help="Draw the number here and keep it in this private file.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The overseer's key file.", exists=True, dir_okay=False)] = None,
    commitment: Annotated[str | None, typer.Option(help="The commitment of a number drawn elsewhere: its SHA-256 in hex.")] = None,
    act: Annotated[Path | None, typer.Option(help="The overseer's act over it, signed elsewhere.", exists=True, dir_okay=False)] = None,
) -> None:
    """Lay a number's commitment in stock: drawn elsewhere by the overseer (--commitment, --act), or here (the evidence says so)."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        k = next_k(conn)
    if commitment is not None and act is not None:
        commit_stock(opened, k, commitment, read_dsse(read_small(act, "The act")), apart=True)
    elif number_file is not None and key is not None and person:
        number = secrets.token_bytes(32)
        commitment = hashlib.sha256(number).hexdigest()
        signed = sign_here(opened, key, person, "sample.commit", stock_content(k, commitment))
        with _number_kept(number_file, number):
            commit_stock(opened, k, commitment, signed, apart=False)
    else:
        raise typer.BadParameter("give --commitment with --act, or --number-file with --as and --key")
    publish(opened)
    result(
        {"k": k, "commitment": commitment},
        False,
        f"Commitment {k} is in stock. Its number stays secret until the batch that uses it is decided.",
    )


@sample.command("draw", epilog="Example: portcullis review sample draw B-2026-000001 --number-file r1.hex")
@changes
def draw_(
    batch: BatchArgument,
    home: HomeOption,
    number_file: Annotated[Path, typer.Option(help="The file `sample commit` wrote.", exists=True, dir_okay=False)],
    as_json: JsonOption = False,
) -> None:
    """Publish the decisions, reveal the number, and draw."""
    opened = open_home(home)
    try:
        number = bytes.fromhex(read_small(number_file, "The number file").decode("ascii").strip())
    except ValueError as error:
        raise Refused(
            "The number file cannot be read.", "It must hold 64 hexadecimal digits.", "Name the file `sample commit` wrote."
        ) from error
    drawn = draw(opened, batch, number)
    result({"batch": batch, "drawn": drawn}, as_json, f"{len(drawn)} requests of {batch} were drawn.")


reveal = sample.command("reveal", epilog="Example: portcullis review sample reveal B-2026-000001 --number-file r1.hex")(draw_)


@sample.command("record", epilog="Example: portcullis review sample record B-2026-000001 verdicts.json --as IRS-OVERSEER --key o.json")
@changes
def sample_record(
    batch: BatchArgument,
    verdicts: Annotated[Path, typer.Argument(help='JSON: {"ordinal": "ok" | "defect", …}.', exists=True, dir_okay=False)],
    home: HomeOption,
    person: PersonOption,
    key: Path = KeyOption,
) -> None:
    """Record the hand check of the sample; one defect blocks the batch for good."""
    opened = open_home(home)
    try:
        checked = {
            int(ordinal): str(verdict) for ordinal, verdict in json.loads(read_small(verdicts, "The verdicts").decode("utf-8")).items()
        }
    except (ValueError, AttributeError, RecursionError) as error:
        raise Refused("The verdicts cannot be read.", "They must be one JSON object of ordinal and verdict.", "Write them anew.") from error
    with reading(opened.engine) as conn:
        row = get(conn, batch)
    defects = sum(verdict == "defect" for verdict in checked.values())
    content = sample_content(row["log_id"], row["decisions_root"] or "", len(checked), defects)
    passed = record_sample(opened, batch, checked, sign_here(opened, key, person, "sample.record", content, row["agreement_id"]))
    publish(opened)
    result(
        {},
        False,
        f"The sample of {batch} passed."
        if passed
        else f"The sample of {batch} has {defects} defects: the batch is blocked and nothing leaves.",
    )
