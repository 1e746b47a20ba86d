"""`portcullis ledger`: checkpoint, prove, export, verify."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from portcullis.cli import witness
from portcullis.cli.acting import KeyOption, sign_here
from portcullis.cli.output import NOT_VERIFIED, HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import MOST, PersonOption, batch_option, code_option, read_small
from portcullis.errors import Refused
from portcullis.export import export_bundle, trust_of
from portcullis.home import open_home
from portcullis.ledger import NoteKey
from portcullis.ledger.proof import prove_inclusion
from portcullis.ledger.verify import verify
from portcullis.oversight import Identity
from portcullis.parts import Asked, Scope
from portcullis.publish import publish
from portcullis.recovery import recover, recover_content, standing
from portcullis.store import reading, rehearsing, size

app = typer.Typer(help="The ledger: publish it, prove one leaf, export a bundle, verify one.", no_args_is_help=True)
app.add_typer(witness.app, name="witness")


@app.command("checkpoint", epilog="Example: portcullis ledger checkpoint")
@changes
def checkpoint_(
    home: HomeOption,
    recheck: Annotated[bool, typer.Option("--recheck", help="Compare every published leaf with the store, not only the last.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Publish every committed leaf and print the checkpoint's size and root."""
    opened = open_home(home)
    if rehearsing():
        with reading(opened.engine) as conn:
            result({"size": size(conn)}, as_json, f"{size(conn)} leaves would be covered.")
        return
    head = publish(opened, recheck=recheck)
    found = {"size": head.size, "root": head.root.hex()} if head else {}
    result(found, as_json, f"{found.get('size')} leaves, root {found.get('root')}.")


@app.command(
    "recover", epilog="Example: portcullis ledger recover --as IRS-0008 --key overseer.json --published checkpoint-of-the-recipient"
)
@changes
def recover_(
    home: HomeOption,
    person: PersonOption,
    key: Path = KeyOption,
    known: Annotated[
        list[Path] | None,
        typer.Option("--published", help="A checkpoint from elsewhere (may be repeated).", exists=True, dir_okay=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let a restored home sign again, on record: no witness and no checkpoint from elsewhere has seen more than is here."""
    opened = open_home(home)
    head = standing(opened)
    act = sign_here(opened, key, person, "ledger.recover", recover_content(head))
    index = recover(opened, act, [read_small(path, "A checkpoint") for path in known or []])
    publish(opened)
    result({"leaf": index, "size": head.size}, as_json, f"The home goes on after {head.size} leaves; leaf {index} says so.")


@app.command("prove", epilog="Example: portcullis ledger prove 17 > leaf-17.tlog-proof")
def prove_(index: Annotated[int, typer.Argument(help="The leaf's index.", min=0)], home: HomeOption) -> None:
    """Print the proof for one published leaf: entry, inclusion proof, signed checkpoint."""
    opened = open_home(home)
    sys.stdout.write(prove_inclusion(opened.ledger, index, NoteKey(opened.settings.origin, opened.log_key.public)).text())


@app.command(
    "export", epilog="Example: portcullis ledger export ./bundle --batch B-2026-000001 --for COURT --why ORDER-25-1 --as IRS-COUNSEL"
)
@changes
def export_(
    folder: Annotated[Path, typer.Argument(help="An empty or absent directory.")],
    home: HomeOption,
    trust: Annotated[Path | None, typer.Option(help="Also write the trust file here; hand it over apart from the bundle.")] = None,
    agreement: Annotated[str | None, typer.Option(help="Only the part of one agreement.", callback=code_option)] = None,
    batch: Annotated[str | None, typer.Option(help="Only the part of one batch.", callback=batch_option)] = None,
    person: Annotated[bool, typer.Option("--person", help="Only the part of one person: identity as JSON on standard input.")] = False,
    since: Annotated[Path | None, typer.Option(help="A checkpoint the reader holds: a part is cut there.", dir_okay=False)] = None,
    authority: Annotated[
        str | None, typer.Option("--for", help="Give openings to this authority; each is on record.", callback=code_option)
    ] = None,
    why: Annotated[str | None, typer.Option(help="Why, as a code: an order's number.", callback=code_option)] = None,
    who: Annotated[str | None, typer.Option("--as", help="Who gives them.", callback=code_option)] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the evidence as a bundle that verifies offline: the whole log, or the part of one agreement, batch or person."""
    if sum((agreement is not None, batch is not None, person)) > 1:
        raise typer.BadParameter("a bundle is of one agreement, one batch or one person")
    if (authority, why, who).count(None) not in (0, 3):
        raise typer.BadParameter("--for, --why and --as go together")
    opened = open_home(home)
    if rehearsing():
        return
    identity = Identity.parse(sys.stdin.buffer.read(MOST + 1)[:MOST]) if person else None
    asked = Asked(who, why, authority) if who and why and authority else None
    older = read_small(since, "The checkpoint") if since else None
    leaves = export_bundle(opened, folder, trust=trust, scope=Scope(agreement, batch, identity), asked=asked, since=older)
    part = agreement or batch or person
    said = f"A part of the log of {leaves} leaves is in {folder}." if part else f"{leaves} leaves are in {folder}."
    result({"size": leaves, "bundle": str(folder)}, as_json, f"{said} Check it: python verifier/verify.py {folder}")


@app.command("trust", epilog="Example: portcullis ledger trust > gateway.trust.json")
def trust_(home: HomeOption) -> None:
    """Print the trust file: the log's key and the agencies' roots."""
    sys.stdout.write(trust_of(open_home(home)).text().decode())


@app.command("verify", epilog="Example: portcullis ledger verify ./bundle --trust ./bundle.trust.json --json")
def verify_(
    bundle: Annotated[Path, typer.Argument(help="The bundle's folder.", exists=True, file_okay=False)],
    trust: Annotated[Path | None, typer.Option(help="The trust file, obtained elsewhere.", exists=True, dir_okay=False)] = None,
    since: Annotated[Path | None, typer.Option(help="An older checkpoint this log must begin with.", exists=True, dir_okay=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify a bundle with the package's own verifier; trust `verifier/verify.py` rather than this. Exits with 4 unless verified."""
    try:
        found = verify(bundle, trust.read_bytes() if trust else None, since=since.read_bytes() if since else None)
    except OSError as error:
        raise Refused("The bundle cannot be read.", error.strerror or "", "Check the folder.") from error
    result(found, as_json, lambda: _words(found))
    if not found["verified"]:
        raise typer.Exit(NOT_VERIFIED)


def _words(found: dict[str, object]) -> str:
    if found["verified"]:
        return f"VERIFIED: {found['size']} leaves, root {found['root']}."
    if found["consistent"]:
        return f"CONSISTENT, NOT AUTHENTICATED: {found['size']} leaves, root {found['root']}. Give --trust."
    failure = found["first_failure"]
    return "DID NOT VERIFY: " + (" ".join(str(failure[k]) for k in ("what", "why") if failure.get(k)) if isinstance(failure, dict) else "")
