"""`portcullis recipient notice|withdraw|redisclose|recall|served|dispose|witness|access`: what the asking agency files after a release."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from portcullis.cli.acting import KeyOption, load_signing_key, secret_of
from portcullis.cli.output import result
from portcullis.cli.typed import LAST_DAY, AgencyOption, code, code_option, read_small
from portcullis.crypto import AgreementKey, key_id_of, load_key, write_private
from portcullis.errors import Refused
from portcullis.exchange.filing import about_hash
from portcullis.exchange.service import read_service
from portcullis.ledger.note import NoteKey, parse_vkey
from portcullis.recipient import flag, open_order, sign_filing

__all__ = ["mount"]

OfficerOption = Annotated[str, typer.Option(help="The officer who acts, as ICE-0002.", callback=code)]
AgreementOption = Annotated[str, typer.Option(help="The agreement's id.", callback=code)]
VkeyOption = Annotated[Path, typer.Option(help="The gateway's verifier key, obtained from the gateway apart.", exists=True, dir_okay=False)]
RecordOption = Annotated[Path, typer.Option("--record", help="The agency's own record; the filing is entered there first.")]
OutOption = Annotated[Path, typer.Option(help="The file to write; it must not exist.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Check everything; sign and write nothing.")]
MatterArgument = Annotated[str, typer.Argument(help="The matter's number, as M-2026-000001.", callback=code)]
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?\Z", re.ASCII)


class Notice(StrEnum):
    """What is noticed."""

    AI = "ai"
    ENVIRONMENT = "environment"


class Method(StrEnum):
    """How received data ends, or that it is kept."""

    RETURNED = "returned"
    DESTROYED = "destroyed"
    SHREDDED = "crypto_shredded"
    RETAINED = "retained"


def mount(app: typer.Typer) -> None:
    """Add the commands to `recipient`."""
    app.command(
        "notice",
        epilog="Example: portcullis recipient notice ai --purpose triage --system S-7 --data mailing_address --condition human_review"
        " --starts-on 20800 --agency ICE --officer ICE-0002 --key o.json --vkey vkey --record own.log --out n.json",
    )(notice)
    app.command(
        "withdraw",
        epilog="Example: portcullis recipient withdraw M-2026-000001 --agency ICE --officer ICE-0002 --key o.json --vkey vkey"
        " --record own.log --out w.json",
    )(withdraw)
    app.command(
        "redisclose",
        epilog="Example: portcullis recipient redisclose B-2026-000001 --rows 3 --to DOJ-0007 --receiver federal_prosecutor"
        " --proceeding criminal --same-case --agency ICE --officer ICE-0002 --key o.json --vkey vkey --record own.log --out r.json",
    )(redisclose)
    app.command(
        "recall",
        epilog="Example: portcullis recipient recall order.json --vault-key vault.json --recalled list.txt --agency ICE --officer ICE-0002"
        " --key o.json --vkey vkey --record own.log --out a.json",
    )(recall)
    app.command(
        "served",
        epilog="Example: portcullis recipient served service.json --agency ICE --officer ICE-0002 --key o.json --vkey vkey"
        " --record own.log --out a.json",
    )(served)
    app.command(
        "dispose",
        epilog="Example: portcullis recipient dispose M-2026-000001 --method destroyed --witness ICE-0003 --agency ICE --officer ICE-0002"
        " --key o.json --vkey vkey --record own.log --out d.json",
    )(dispose)
    app.command(
        "witness",
        epilog="Example: portcullis recipient witness M-2026-000001 --certificate 9f…e2 --agency ICE --officer ICE-0003 --key w.json"
        " --vkey vkey --record own.log --out s.json",
    )(witness)
    app.command(
        "access",
        epilog="Example: portcullis recipient access M-2026-000001 --access-log log --agency ICE --officer ICE-0002 --key o.json"
        " --vkey vkey --record own.log --out l.json",
    )(access)


def notice(
    kind: Annotated[Notice, typer.Argument(help="ai: AI or bulk analysis; environment: a new place where the data is kept or worked on.")],
    agency: AgencyOption,
    officer: OfficerOption,
    vkey: VkeyOption,
    record: RecordOption,
    out: OutOption,
    starts_on: Annotated[int, typer.Option(help="The first epoch day of it.", min=0, max=LAST_DAY)],
    purpose: Annotated[str, typer.Option(help="With ai: a code for the purpose.", callback=code_option)] = "",
    system: Annotated[str, typer.Option(help="With ai: the system's code.", callback=code_option)] = "",
    data: Annotated[str, typer.Option(help="With ai: the class of data.", callback=code_option)] = "mailing_address",
    condition: Annotated[list[str] | None, typer.Option(help="With ai: a safeguard that holds (may be repeated).", callback=code)] = None,
    environment: Annotated[str, typer.Option(help="With environment: its code.", callback=code_option)] = "",
    agreement: AgreementOption = "irs-ice-2025",
    key: Path = KeyOption,
    dry_run: DryOption = False,
) -> None:
    """Notice an AI or bulk analysis, or a new environment, before it begins."""
    common: dict[str, Any] = {"agreement": agreement, "notice": kind.value, "starts_on": starts_on}
    if kind is Notice.AI:
        if not purpose or not system:
            raise typer.BadParameter("an AI notice needs --purpose and --system")
        about = common | {"purpose": purpose, "system": system, "data": data, "conditions": sorted(condition or [])}
    elif not environment:
        raise typer.BadParameter("a notice of an environment needs --environment")
    else:
        about = common | {"environment": environment}
    _file("obligation.noticed", about, agency, officer, key, vkey, record, out, dry_run)


def withdraw(
    matter: MatterArgument,
    agency: AgencyOption,
    officer: OfficerOption,
    vkey: VkeyOption,
    record: RecordOption,
    out: OutOption,
    key: Path = KeyOption,
    dry_run: DryOption = False,
) -> None:
    """Take a notice back: it will not be done."""
    _file("obligation.withdrawn", {"matter": matter}, agency, officer, key, vkey, record, out, dry_run)


def redisclose(
    batch: Annotated[str, typer.Argument(help="The batch the records are of.", callback=code)],
    rows: Annotated[str, typer.Option(help="The rows, as 1-40,52.")],
    to: Annotated[str, typer.Option(help="Who would have them, by a pseudonymous id.", callback=code)],
    receiver: Annotated[str, typer.Option(help="What they are: court, federal_prosecutor, …", callback=code)],
    proceeding: Annotated[str, typer.Option(help="criminal, forfeiture, civil or administrative.", callback=code)],
    agency: AgencyOption,
    officer: OfficerOption,
    vkey: VkeyOption,
    record: RecordOption,
    out: OutOption,
    same_case: Annotated[bool, typer.Option("--same-case", help="It is the case the records were asked for.")] = False,
    agreement: AgreementOption = "irs-ice-2025",
    key: Path = KeyOption,
    dry_run: DryOption = False,
) -> None:
    """Ask whether received records may be passed on."""
    about = {
        "agreement": agreement,
        "records": {batch: _spans(rows)},
        "to": to,
        "receiver": receiver,
        "proceeding": proceeding,
        "same_case": int(same_case),
    }
    _file("obligation.asked", about, agency, officer, key, vkey, record, out, dry_run)


def recall(
    order: Annotated[Path, typer.Argument(help="The recall order that came.", exists=True, dir_okay=False)],
    vault_key: Annotated[Path, typer.Option(help="The key file of the agency's vault.", exists=True, dir_okay=False)],
    recalled: Annotated[Path, typer.Option(help="The no-use list; the recalled records are put on it first.")],
    agency: AgencyOption,
    officer: OfficerOption,
    vkey: VkeyOption,
    record: RecordOption,
    out: OutOption,
    key: Path = KeyOption,
    dry_run: DryOption = False,
) -> None:
    """Open a recall order, put its records on the no-use list, and sign the acknowledgement."""
    vault, gateway = load_key(vault_key, secret_of(None)), _gateway(vkey)
    if not isinstance(vault, AgreementKey):
        raise Refused(f"{vault_key.name} is not a vault's key.", "It signs.", "Name the key file of the vault.")
    with order.open("rb") as file:
        data = file.read(64 << 20)
    stated, rows = open_order(data, lambda key_id: gateway.public if key_id == key_id_of(gateway.public) else None, vault)
    if not dry_run:
        flag(recalled, rows)
    about = {"matter": stated.matter, "custodian": stated.custodian, "records": stated.records}
    _file("recall.acknowledged", about, agency, officer, key, vkey, record, out, dry_run)


def served(
    statement: Annotated[Path, typer.Argument(help="The statement by which the order was served.", exists=True, dir_okay=False)],
    agency: AgencyOption,
    officer: OfficerOption,
    vkey: VkeyOption,
    record: RecordOption,
    out: OutOption,
    key: Path = KeyOption,
    dry_run: DryOption = False,
) -> None:
    """Check that a court's order was served by the gateway on this agency, and sign the acknowledgement."""
    data, gateway = read_small(statement, "The statement"), _gateway(vkey)
    found = read_service(data, lambda key_id: gateway.public if key_id == key_id_of(gateway.public) else None)
    if found.agency != agency:
        raise Refused("The order was served on another agency.", "Its statement names it.", "Give it to whom it names.")
    about = {"matter": found.matter, "order": found.order, "service": hashlib.sha256(data).hexdigest()}
    _file("order.acknowledged", about, agency, officer, key, vkey, record, out, dry_run)


def dispose(
    matter: MatterArgument,
    method: Annotated[Method, typer.Option(help="How it ended.")],
    witness: Annotated[str, typer.Option(help="The other person who saw it, by id.", callback=code)],
    agency: AgencyOption,
    officer: OfficerOption,
    vkey: VkeyOption,
    record: RecordOption,
    out: OutOption,
    rows: Annotated[str | None, typer.Option(help="Only these rows, as 1-40,52; all that are open without it.")] = None,
    count: Annotated[int | None, typer.Option(help="For a recall: how many records of the order this certifies.", min=1)] = None,
    custodian: Annotated[str | None, typer.Option(help="For a recall: whose order; the officer's own without it.", callback=code)] = None,
    until: Annotated[int | None, typer.Option(help="With retained: until which epoch day.", min=0, max=LAST_DAY)] = None,
    why: Annotated[str | None, typer.Option(help="With retained: a code for the reason.", callback=code)] = None,
    key: Path = KeyOption,
    dry_run: DryOption = False,
) -> None:
    """Certify how received records ended, for a use or for a recall; prints the hash the witness signs."""
    about: dict[str, Any] = {"matter": matter, "method": method.value, "witness": witness}
    if count is not None:
        about |= {"custodian": custodian or officer, "records": count}
    about |= {} if rows is None else {"rows": _spans(rows)}
    about |= {} if until is None else {"until": until}
    about |= {} if why is None else {"why": why}
    kind = "obligation.certified" if count is None else "recall.certified"
    _file(kind, about, agency, officer, key, vkey, record, out, dry_run)


def witness(
    matter: MatterArgument,
    certificate: Annotated[str, typer.Option(help="The certificate's hash, as `dispose` printed it.", callback=code)],
    agency: AgencyOption,
    officer: OfficerOption,
    vkey: VkeyOption,
    record: RecordOption,
    out: OutOption,
    custodian: Annotated[str | None, typer.Option(help="For a recall: whose certificate it is.", callback=code)] = None,
    key: Path = KeyOption,
    dry_run: DryOption = False,
) -> None:
    """Sign, as the witness it names, for a certificate of disposal."""
    about = {"matter": matter, "certificate": certificate} | ({} if custodian is None else {"custodian": custodian})
    _file("obligation.witnessed" if custodian is None else "recall.witnessed", about, agency, officer, key, vkey, record, out, dry_run)


def access(
    matter: MatterArgument,
    access_log: Annotated[Path, typer.Option(help="The access log that `recipient open` wrote.", exists=True, dir_okay=False)],
    agency: AgencyOption,
    officer: OfficerOption,
    vkey: VkeyOption,
    record: RecordOption,
    out: OutOption,
    key: Path = KeyOption,
    dry_run: DryOption = False,
) -> None:
    """Sign for the access log, which goes to the source agency beside the filing."""
    data = read_small(access_log, "The access log")
    about = {"matter": matter, "entries": len(data.splitlines()), "log": hashlib.sha256(data).hexdigest()}
    _file("obligation.logged", about, agency, officer, key, vkey, record, out, dry_run)


def _file(
    kind: str, about: dict[str, Any], agency: str, officer: str, key: Path, vkey: Path, record: Path, out: Path, dry_run: bool
) -> None:
    """Sign and write one filing."""
    signing, gateway = load_signing_key(key, None), _gateway(vkey)
    if out.exists():
        raise Refused(f"{out.name} exists.", "A filing is never overwritten.", "Name another file.")
    if dry_run:
        return result({}, False, "The filing could be signed. Nothing was written.")
    now = int(time.time())
    stated = about | {"agency": agency, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))}
    signed = sign_filing(
        signing, kind, stated, officer=officer, origin=gateway.name, nonce=secrets.token_hex(16), expires=now + 86_400, record=record
    )
    write_private(out, signed.text())
    result({}, False, f"The filing is in {out}; its content is {about_hash(stated)}. Give it to the source agency.")


def _gateway(path: Path) -> NoteKey:
    return parse_vkey(read_small(path, "The verifier key").decode("ascii", "replace").strip())


def _spans(text: str) -> list[list[int]]:
    spans = []
    for part in text.split(","):
        found = _RANGE.match(part.strip())
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last:
            raise typer.BadParameter("rows are written as 1-40,52", param_hint="--rows")
        spans.append([first, last])
    return sorted(spans)
