"""`portcullis recipient send|state|fetch|receipt`: the asking agency calls the gateway's HTTP API over mutual TLS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from portcullis.cli.output import JsonOption, result
from portcullis.cli.typed import BatchArgument, read_small
from portcullis.crypto import read_dsse, secret_from_env
from portcullis.datafile.folder import BatchFolder
from portcullis.errors import Refused
from portcullis.recipient import Gateway, packed_envelope

__all__ = ["mount"]

GatewayOption = Annotated[str, typer.Option(help="Where the gateway is, as gateway.example:8443.")]
TlsOption = Annotated[
    Path,
    typer.Option("--tls", help="The folder `key certificate` made: certificate.pem, certificate-key.pem.", exists=True, file_okay=False),
]
AuthorityOption = Annotated[Path, typer.Option(help="The source agency's ca.pem, obtained apart.", exists=True, dir_okay=False)]
_LAST_PORT = 65_535


def mount(app: typer.Typer) -> None:
    """Add the four calls to `recipient`."""
    end = "--gateway localhost:8443 --tls ice-tls --authority irs-ca.pem"
    app.command("send", epilog=f"Example: portcullis recipient send batch {end}")(send)
    app.command("state", epilog=f"Example: portcullis recipient state B-2026-000001 {end}")(state)
    app.command("fetch", epilog=f"Example: portcullis recipient fetch B-2026-000001 --out release {end}")(fetch)
    app.command("receipt", epilog=f"Example: portcullis recipient receipt B-2026-000001 receipt.json {end}")(receipt)


def send(
    folder: Annotated[Path, typer.Argument(help="The packed batch.", exists=True, file_okay=False)],
    gateway: GatewayOption,
    tls: TlsOption,
    authority: AuthorityOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the folder; send nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send a packed batch. The same batch sent again, after a failure, gives the same answer."""
    called, nonce = _gateway(gateway, tls, authority), packed_envelope(BatchFolder.find(folder)).nonce
    if dry_run:
        return result({"nonce": nonce, "sent": False}, as_json, "The batch could be sent. Nothing was.")
    sent = called.send(folder, nonce)
    found = {"batch": sent.batch, "state": sent.state, "count": sent.count}
    result(found, as_json, f"Batch {sent.batch} is {sent.state}: {sent.count} requests.")


def state(batch: BatchArgument, gateway: GatewayOption, tls: TlsOption, authority: AuthorityOption, as_json: JsonOption = False) -> None:
    """What the gateway says of a batch: state, count, and after the dispatch its deficient rows."""
    found = dict(_gateway(gateway, tls, authority).state(batch))
    result(found, as_json, lambda: json.dumps(found, indent=1, sort_keys=True))


def fetch(
    batch: BatchArgument,
    gateway: GatewayOption,
    tls: TlsOption,
    authority: AuthorityOption,
    out: Annotated[Path, typer.Option(help="The folder to make for what comes back; it must not exist.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask for the state only: taking the answers is the dispatch.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take the sealed answers. This is the dispatch: every check again, the accounting written, then the answers leave."""
    called = _gateway(gateway, tls, authority)
    if dry_run:
        found = dict(called.state(batch))
        return result(found, as_json, f"Batch {batch} is {found['state']}. Nothing was taken.")
    called.fetch(batch, out)
    result(
        {"batch": batch, "folder": str(out)}, as_json, f"The sealed answers of {batch} are in {out}. Type: portcullis recipient open --help"
    )


def receipt(
    batch: BatchArgument,
    file: Annotated[Path, typer.Argument(help="The signed receipt, from `recipient acknowledge`.", exists=True, dir_okay=False)],
    gateway: GatewayOption,
    tls: TlsOption,
    authority: AuthorityOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read the receipt; send nothing.")] = False,
) -> None:
    """Hand in the signed receipt."""
    called, act = _gateway(gateway, tls, authority), read_dsse(read_small(file, "The receipt"))
    if not dry_run:
        called.receipt(batch, act)
    result({}, False, f"The receipt of {batch} {'could be' if dry_run else 'was'} handed in.")


def _gateway(address: str, tls: Path, authority: Path) -> Gateway:
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= _LAST_PORT:
        raise typer.BadParameter("a gateway is written as gateway.example:8443", param_hint="--gateway")
    for name in ("certificate.pem", "certificate-key.pem"):
        if not (tls / name).is_file():
            raise Refused(
                f"{name} is not in {tls.name}.", "It is not a folder of a certificate.", "Type: portcullis key certificate --help"
            )
    return Gateway(host, int(port), tls / "certificate.pem", tls / "certificate-key.pem", authority, secret_from_env())
