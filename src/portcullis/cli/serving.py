"""`portcullis serve`, `portcullis worker` and `portcullis key certificate`: what runs as a service."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from portcullis.api import application, public
from portcullis.api.processes import serve_many
from portcullis.api.server import Tls, bound, check_address, check_authorities, server
from portcullis.cli.acting import load_signing_key, secret_of
from portcullis.cli.output import HomeOption, JsonOption, log, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import AgencyOption, code_option, read_small
from portcullis.console import console
from portcullis.crypto import authority, canonical, issue, sign_act, strict_loads, write_private
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.model import Act
from portcullis.store import reading, rehearsing
from portcullis.worker import Reminders, Worker, waiting

__all__ = ["mount"]

_AUTHORITY, _CERTIFICATE, _KEY = "ca.pem", "certificate.pem", "certificate-key.pem"


def mount(app: typer.Typer, key: typer.Typer) -> None:
    """Add the services to the top, and `certificate` to `key`."""
    app.command("serve", epilog="Example: portcullis serve --port 8080")(serve)
    app.command("worker", epilog="Example: portcullis worker --home ./home")(worker)
    key.command("sign", epilog="Example: portcullis key sign --key officer.json --act act.json")(sign)
    key.command(
        "certificate", epilog="Example: portcullis key certificate --agency ICE --key root-ICE.json --out ice-tls --name localhost"
    )(certificate)


def serve(
    home: HomeOption,
    port: Annotated[int, typer.Option(help="The port.", min=1, max=65_535)] = 8080,
    host: Annotated[str, typer.Option(help="The address; without TLS only one of this machine.")] = "127.0.0.1",
    certificate: Annotated[Path | None, typer.Option(help="The server's certificate.", exists=True, dir_okay=False)] = None,
    certificate_key: Annotated[Path | None, typer.Option(help="Its key.", exists=True, dir_okay=False)] = None,
    client_authorities: Annotated[
        Path | None, typer.Option(help="The authorities of the agencies that may call (their ca.pem).", exists=True, dir_okay=False)
    ] = None,
    processes: Annotated[int, typer.Option(help="With TLS: how many processes serve.", min=1, max=64)] = 1,
) -> None:
    """Serve the HTTP API over mutual TLS to agencies, or without TLS the console to this machine's own people."""
    opened = open_home(home)
    given = (certificate, certificate_key, client_authorities)
    tls = None
    if certificate and certificate_key and client_authorities:
        tls = Tls(certificate, certificate_key, client_authorities, secret_of(opened.path))
        check_authorities(opened, client_authorities)
    elif any(given):
        raise typer.BadParameter("--certificate, --certificate-key and --client-authorities are given together")
    check_address(host, tls)
    if processes > 1 and tls is None:
        raise typer.BadParameter("--processes is for the API, which is served over TLS")
    listening = bound(host, port)
    origin = f"{'https' if tls else 'http'}://{'localhost' if host == '127.0.0.1' else host}:{port}"
    app = application(opened) if tls else console(opened, origin, others=public(opened))
    log("serve", address=origin, what="api" if tls else "console", mutual_tls=tls is not None, processes=processes)
    if tls is not None and processes > 1:
        opened.engine.dispose()
        return serve_many(processes, listening, partial(_one_of_many, opened.path, tls, processes))
    asyncio.run(server(app, host, port, tls).serve(sockets=[listening]))


def _one_of_many(home: Path, tls: Tls, processes: int, listening: socket.socket) -> None:
    """One process of several. Each counts the calls of a caller for itself, so each allows its part of them."""
    opened = open_home(home)
    rate, burst = opened.settings.calls_per_second / processes, max(1, opened.settings.calls_at_once // processes)
    host, port = listening.getsockname()[:2]
    asyncio.run(server(application(opened, rate=rate, burst=burst), host, port, tls).serve(sockets=[listening]))


def worker(
    home: HomeOption,
    pause: Annotated[float, typer.Option(help="Seconds between two looks at what waits.", min=0.1, max=3600)] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Do what waits now, and end.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what waits for a worker; do nothing.")] = False,
) -> None:
    """Do the long work: move every batch until a person must act, and seal what two officers authorized; log what comes due."""
    opened = open_home(home)
    if dry_run:
        with reading(opened.engine) as conn:
            found = waiting(conn)
        return result({}, False, "\n".join(f"{batch}  {state}" for batch, state in found) or "Nothing waits for a worker.")
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    working, reminding = Worker(opened), Reminders(opened)
    while True:
        for one in reminding.new():
            log("due", who=one.who, kind=one.kind, matter=one.matter, step=one.step, overdue=one.overdue)
        for batch, state in working.advance(ended.is_set):
            log("worker", batch=batch, state=state)
        if once or ended.wait(pause):
            return


def sign(
    key: Annotated[Path, typer.Option("--key", help="Your key file.", exists=True, dir_okay=False)],
    act: Annotated[Path | None, typer.Option(help="The act as the console shows it, in a file.", exists=True, dir_okay=False)] = None,
    person: Annotated[str, typer.Option("--as", help="For a sign-in: your id.", callback=code_option)] = "",
    origin: Annotated[str, typer.Option(help="For a sign-in: the name of the ledger.", callback=code_option)] = "",
    content: Annotated[str, typer.Option(help="For a sign-in: the content the page shows.", callback=code_option)] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be signed; sign nothing.")] = False,
) -> None:
    """Sign an act that the console shows, or a sign-in, with a key file; paste what is printed into the page."""
    if act is not None:
        wanted = _act(strict_loads(read_small(act, "The act").strip()))
    elif person and origin and content:
        wanted = Act(origin, "", "console.sign-in", content, person, secrets.token_hex(16), int(time.time()) + 300)
    else:
        raise typer.BadParameter("give --act, or --as with --origin and --content")
    if dry_run:
        return result(wanted.payload(), True)
    sys.stdout.write(canonical(sign_act(load_signing_key(key, None), wanted)).decode() + "\n")


def _act(stated: object) -> Act:
    try:
        return Act(**stated)  # type: ignore[arg-type]
    except TypeError as error:
        raise Refused("This is no act.", "A member is missing or unknown.", "Copy it whole from the page.") from error


@changes
def certificate(
    agency: AgencyOption,
    key: Annotated[Path, typer.Option("--key", help="The agency root's key file.", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="The folder to make: ca.pem, certificate.pem, certificate-key.pem.")],
    name: Annotated[list[str] | None, typer.Option(help="A host name or address to serve under (may be repeated).")] = None,
    days: Annotated[int, typer.Option(help="For how many days it stands.", min=1, max=90)] = 30,
    as_json: JsonOption = False,
) -> None:
    """Issue a machine's certificate under the agency's root key, for mutual TLS."""
    root, now = load_signing_key(key, None), int(time.time())
    if out.exists():
        raise Refused(f"{out.name} exists.", "A key is never overwritten.", "Name another folder.")
    made, private = issue(root, agency, name or [], now, days, secret_of(None))
    if rehearsing():
        return
    out.mkdir(mode=0o700, parents=True)
    (out / _AUTHORITY).write_bytes(authority(root, agency, now))
    (out / _CERTIFICATE).write_bytes(made)
    write_private(out / _KEY, private)
    result({"agency": agency, "days": days}, as_json, f"The certificate is in {out}. Give {_AUTHORITY} to the other agency; keep {_KEY}.")
