"""`portcullis recipient`: the asking agency's side. It needs key files and no home."""

from __future__ import annotations

import io
import json
import re
import secrets
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from portcullis.agreement import find, load_agreement
from portcullis.cli import recipient_after
from portcullis.cli.acting import ExpiresOption, KeyOption, load_signing_key, secret_of
from portcullis.cli.calling import mount
from portcullis.cli.output import JsonOption, result
from portcullis.crypto import AgreementKey, canonical, key_id_of, load_key, write_private
from portcullis.datafile import Limits, read, write_csv
from portcullis.errors import Refused
from portcullis.ledger.note import NoteKey, parse_vkey
from portcullis.model import ADDRESS_FIELDS, IDENTITY_FIELDS
from portcullis.recipient import Answer, Arrived, Asking, acknowledge, attest, engage, flagged, open_answers, pack, read_drafts, receive

__all__ = ["app"]

app = typer.Typer(
    help="The asking agency's side: pack, engage, attest, send, fetch, open, acknowledge, and what it owes afterwards.",
    no_args_is_help=True,
)
recipient_after.mount(app)

FolderArgument = Annotated[Path, typer.Argument(help="The folder of the batch, or of what came back.")]
OfficerOption = Annotated[str, typer.Option(help="The officer who acts, as ICE-0002.")]
AgreementOption = Annotated[str, typer.Option(help="The agreement's id.")]
mount(app)
VkeyOption = Annotated[Path, typer.Option(help="The gateway's verifier key (its ledger's vkey), obtained from the gateway apart.")]
_COLUMNS = ("ordinal", "request", "decision", *ADDRESS_FIELDS, *IDENTITY_FIELDS, "purpose", "use_until")
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?\Z", re.ASCII)


@app.command("pack", epilog="Example: portcullis recipient pack requests.csv --out batch --key signer.json --signer ICE-0001 --agency ICE")
def pack_(
    data: Annotated[Path, typer.Argument(help="The data file: .csv, .parquet or .jsonl.")],
    out: Annotated[Path, typer.Option(help="The folder to make; it must not exist.")],
    signer: Annotated[str, typer.Option(help="Who signs: the head of the agency or another on the roster.")],
    agency: Annotated[str, typer.Option(help="The agency's code.")],
    key: Path = KeyOption,
    agreement: AgreementOption = "irs-ice-2025",
    agreement_version: Annotated[int, typer.Option(help="The agreement's version.")] = 1,
    gate: Annotated[str | None, typer.Option(help="The legal gate; by default the first that a shipped agreement names.")] = None,
    data_class: Annotated[str | None, typer.Option(help="The class of data asked for; by default a shipped agreement's.")] = None,
    delegation: Annotated[str | None, typer.Option(help="A delegation, when a delegate signs.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check the data file; write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a signed batch folder of a data file: the copy, the salts of its rows, and the envelope."""
    if dry_run:
        rows = sum(batch.num_rows for batch in read(data))
        return result({"count": rows, "packed": False}, as_json, f"{rows} rows could be packed. Nothing was written.")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if gate is None or data_class is None:
        terms = load_agreement(find(agreement))
        gate, data_class = (terms.gate if gate is None else gate), (terms.data_class if data_class is None else data_class)
    asking = Asking(agreement, agreement_version, gate, data_class, agency, signer, secrets.token_hex(16), now, delegation)
    envelope = pack(data, out, load_signing_key(key, None), asking)
    return result({**envelope.payload(), "packed": True}, as_json, f"{envelope.count} rows are packed in {out}, signed by {signer}.")


@app.command("engage", epilog="Example: portcullis recipient engage batch --officer ICE-0002 --key officer.json --rows 1-40,52")
def engage_(
    folder: FolderArgument,
    officer: OfficerOption,
    rows: Annotated[str, typer.Option(help="The rows personally and directly engaged in, as 1-40,52.")],
    key: Path = KeyOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything; write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add an officer's own signed statement, after checking that the rows are those that were packed."""
    engaged = engage(folder, load_signing_key(key, None), officer, _ordinals(rows), write=not dry_run)
    said = f"{officer} {'could be' if dry_run else 'is'} engaged in {engaged.count} rows of the batch in {folder}."
    result({"officer": officer, "rows": engaged.count}, as_json, said)


@app.command("attest", epilog="Example: portcullis recipient attest batch --officer ICE-0002 --key officer.json --documents consents.jsonl")
def attest_(
    folder: FolderArgument,
    officer: OfficerOption,
    documents: Annotated[Path, typer.Option(help="The documents, JSON Lines with id, kind and stated.")],
    key: Path = KeyOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything; write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """File the court orders or consents that requests cite, each signed by the officer, with the packed batch."""
    filed = attest(folder, load_signing_key(key, None), officer, read_drafts(documents), write=not dry_run)
    said = f"{len(filed)} documents {'could be' if dry_run else 'are'} filed by {officer} with the batch in {folder}."
    result({"officer": officer, "documents": len(filed)}, as_json, said)


@app.command(
    "open", epilog="Example: portcullis recipient open release --officer ICE-0002 --vault-key vault.json --vkey vkey --access-log log"
)
def open_(
    folder: FolderArgument,
    officer: OfficerOption,
    vault_key: Annotated[Path, typer.Option(help="The key file of the agency's vault.")],
    vkey: VkeyOption,
    access_log: Annotated[Path, typer.Option(help="The file that each opening is written to first.")],
    out: Annotated[
        Path | None, typer.Option(help="Write the answers to this new file (.csv or .jsonl) instead of standard output.")
    ] = None,
    agreement: AgreementOption = "irs-ice-2025",
    nonce: Annotated[str | None, typer.Option(help="The nonce of the batch that was sent; another batch's answer is refused.")] = None,
    recalled: Annotated[Path | None, typer.Option(help="The no-use list: what was recalled is not opened again.")] = None,
) -> None:
    """Open the answers that name this officer, each one on record in the access log first."""
    vault = load_key(vault_key, secret_of(None))
    if not isinstance(vault, AgreementKey):
        raise Refused(f"{vault_key.name} is not a vault's key.", "It signs.", "Name the key file of the vault.")
    if out is not None and (out.exists() or out.suffix not in (".csv", ".jsonl")):
        raise Refused(f"{out.name} cannot be written.", "It is there already, or ends in neither .csv nor .jsonl.", "Name another file.")
    arrived = _receive(folder, _gateway(vkey), nonce)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    no_use = flagged(recalled)
    answers = open_answers(arrived, vault, officer=officer, agreement=agreement, access_log=access_log, time=now, no_use=no_use)
    if out is None:
        sys.stdout.writelines(_json_lines(answers))
        return
    write_private(out, _text(answers, out.suffix).encode())
    result({}, False, f"The answers for {officer} are in {out}; the openings are in {access_log}.")


@app.command("acknowledge", epilog="Example: portcullis recipient acknowledge release --officer ICE-0002 --key officer.json --vkey vkey")
def acknowledge_(
    folder: FolderArgument,
    officer: OfficerOption,
    vkey: VkeyOption,
    key: Path = KeyOption,
    agreement: AgreementOption = "irs-ice-2025",
    out: Annotated[Path | None, typer.Option(help="Write the receipt to this new file instead of standard output.")] = None,
    hours: int = ExpiresOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything; sign and write nothing.")] = False,
) -> None:
    """Sign the receipt of exactly the sealed answers that arrived, for `portcullis release receipt`."""
    gateway = _gateway(vkey)
    arrived, signing = _receive(folder, gateway, None), load_signing_key(key, None)
    if dry_run:
        return result({}, False, f"{arrived.answer.answers} sealed answers could be acknowledged. Nothing was signed.")
    receipt = acknowledge(
        arrived,
        signing,
        officer=officer,
        origin=gateway.name,
        agreement=agreement,
        nonce=secrets.token_hex(16),
        expires=int(time.time()) + hours * 3600,
    )
    if out is None:
        sys.stdout.write(canonical(receipt).decode() + "\n")
        return
    write_private(out, canonical(receipt) + b"\n")
    result({}, False, f"The receipt is in {out}. Give it to the source agency: portcullis release receipt")


def _gateway(path: Path) -> NoteKey:
    try:
        return parse_vkey(path.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path.name} cannot be read.", "It is absent, or no verifier key.", "Ask the source agency for it.") from error


def _receive(folder: Path, gateway: NoteKey, nonce: str | None) -> Arrived:
    return receive(folder, lambda key_id: gateway.public if key_id == key_id_of(gateway.public) else None, nonce=nonce)


def _ordinals(text: str) -> Iterator[int]:
    """`1-40,52` as numbers. The end of a range is held to what a data file may have before anything is counted out."""
    ranges: list[range] = []
    for part in text.split(","):
        found = _RANGE.match(part.strip())
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last <= Limits().rows:
            raise typer.BadParameter("rows are written as 1-40,52", param_hint="--rows")
        ranges.append(range(first, last + 1))
    return chain.from_iterable(ranges)


def _text(answers: Iterable[Answer], suffix: str) -> str:
    if suffix == ".jsonl":
        return "".join(_json_lines(answers))
    file = io.StringIO(newline="")
    write_csv(file, _COLUMNS, ([_cell(answer, name) for name in _COLUMNS] for answer in answers))
    return file.getvalue()


def _cell(answer: Answer, name: str) -> str | None:
    if name in ADDRESS_FIELDS:
        return (answer.address or {}).get(name)
    if name in IDENTITY_FIELDS:
        return answer.identity.get(name)
    return str(getattr(answer, name))


def _json_lines(answers: Iterable[Answer]) -> Iterator[str]:
    for answer in answers:
        body = {name: getattr(answer, name) for name in ("ordinal", "request", "decision", "purpose", "use_until")}
        address = {"address": dict(answer.address)} if answer.address is not None else {}
        identity = {"identity": dict(answer.identity)} if answer.identity else {}
        yield json.dumps({**body, **address, **identity}, ensure_ascii=False, sort_keys=True) + "\n"
