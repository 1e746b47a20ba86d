"""`portcullis ledger witness`: an overseer's witness, run elsewhere (`new`, `serve`, `drop`, `show`), and the gateway's list of them."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from portcullis.cli.acting import load_signing_key
from portcullis.cli.output import HomeOption, JsonOption, log, result
from portcullis.cli.rehearsal import changes
from portcullis.crypto import SigningKey, save_key, secret_from_env
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.ledger import NoteKey, parse_vkey
from portcullis.ledger.note import COSIGNATURE, ED25519
from portcullis.ledger.witness import State, Witness
from portcullis.ledger.witness_drop import answer_folder
from portcullis.ledger.witness_http import WitnessServer
from portcullis.store import rehearsing
from portcullis.witnesses import add_witness, cosigned_sizes, listed, remove_witness

app = typer.Typer(help="A witness: an overseer's own, elsewhere; and the list of those this gateway asks.", no_args_is_help=True)
FolderArgument = Annotated[Path, typer.Argument(help="The witness's own folder: its key, the logs it knows, its state.")]
_KEY, _TOLD, _STATE = "key.json", "witness.json", "state"


@dataclass(frozen=True, slots=True)
class _Own:
    """A witness's folder, read."""

    key: NoteKey
    logs: tuple[NoteKey, ...]
    state: State


def _own(folder: Path) -> _Own:
    try:
        told = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
        return _Own(parse_vkey(told["vkey"]), tuple(parse_vkey(log) for log in told["logs"]), State(folder / _STATE))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(
            f"There is no witness in {folder.name}.", f"{_TOLD} cannot be read.", "Type: portcullis ledger witness new --help"
        ) from error


def _signing(folder: Path) -> Witness:
    own = _own(folder)
    key = load_signing_key(folder / _KEY, None)
    if key.public != own.key.public:
        raise Refused("The witness's key is not the one it was made with.", f"{_KEY} was exchanged.", "Restore it.")
    return Witness(own.key.name, key, own.logs, own.state, lambda: int(time.time()))


@app.command("new", epilog="Example: portcullis ledger witness new ./witness --name overseer.example/w1 --log LOG_VKEY")
@changes
def new(
    folder: FolderArgument,
    name: Annotated[str, typer.Option(help="The witness's name, as overseer.example/w1.")],
    log_key: Annotated[list[str], typer.Option("--log", help="The verifier key of a log it will witness (may be repeated).")],
    as_json: JsonOption = False,
) -> None:
    """Make a witness: its key, encrypted under the secret of this environment, and an empty state for each log."""
    logs = [parse_vkey(text) for text in log_key]
    if any(one.kind != ED25519 for one in logs) or len({one.name for one in logs}) != len(logs):
        raise Refused("This is not a log's verifier key.", "It is of another kind, or two are of one log.", "It is the vkey of a bundle.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"A witness cannot be made in {folder.name}.", "Something is there already.", "Name an empty or absent folder.")
    key = SigningKey.generate()
    vkey = NoteKey(name, key.public, COSIGNATURE).vkey()
    secret = secret_from_env()
    if rehearsing():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    save_key(folder / _KEY, key, secret)
    state = State(folder / _STATE)
    for one in logs:
        state.begin(one.name)
    (folder / _TOLD).write_text(json.dumps({"vkey": vkey, "logs": [one.vkey() for one in logs]}) + "\n", encoding="utf-8")
    result({"vkey": vkey}, as_json, f"The witness's verifier key is\n{vkey}")


@app.command("show", epilog="Example: portcullis ledger witness show ./witness --json")
def show(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """The witness's verifier key, and how far it has seen each log."""
    own = _own(folder)
    seen = [{"log": one.name, "size": known.size, "root": known.root.hex()} for one in own.logs for known in [own.state.read(one.name)]]
    found = {"vkey": own.key.vkey(), "logs": seen}
    result(found, as_json, "\n".join([own.key.vkey(), *(f"{one['log']}  {one['size']} leaves" for one in seen)]))


@app.command("serve", epilog="Example: portcullis ledger witness serve ./witness --port 8091")
def serve(
    folder: FolderArgument,
    port: Annotated[int, typer.Option(help="The port; 0 for any that is free.", min=0, max=65_535)] = 8091,
    host: Annotated[str, typer.Option(help="Where it listens; elsewhere than here put TLS in front of it.")] = "127.0.0.1",
) -> None:
    """Answer over HTTP until it is stopped; says its address on standard error."""
    with WitnessServer(_signing(folder).add_checkpoint, host, port) as server:
        log("witness", address=server.address)
        with suppress(KeyboardInterrupt):
            server.serve_forever()


@app.command("drop", epilog="Example: portcullis ledger witness drop ./witness /media/carried")
@changes
def drop(
    folder: FolderArgument,
    carried: Annotated[Path, typer.Argument(help="The folder that was carried here.", exists=True, file_okay=False)],
    as_json: JsonOption = False,
) -> None:
    """Answer the requests in a folder that is carried to and fro, where there is no network."""
    witness = _signing(folder)
    if rehearsing():
        return
    said = answer_folder(carried, witness.add_checkpoint)
    shown = [{"request": name, "status": status} for name, status in said]
    result(shown, as_json, "\n".join(f"{one['request']}  {one['status']}" for one in shown) or "No request.")


@app.command("add", epilog="Example: portcullis ledger witness add WITNESS_VKEY http://127.0.0.1:8091 --home ./home")
@changes
def add(
    vkey: Annotated[str, typer.Argument(help="The witness's verifier key.")],
    address: Annotated[str, typer.Argument(help="Its address, http or https; or the path of a folder that is carried.")],
    home: HomeOption,
) -> None:
    """List a witness, to be asked at every publication."""
    opened = open_home(home)
    if rehearsing():
        return
    added = add_witness(opened, vkey, address)
    result({}, False, f"Witness {added.key.name} is asked from now on.")


@app.command("remove", epilog="Example: portcullis ledger witness remove overseer.example/w1")
@changes
def remove(name: Annotated[str, typer.Argument(help="The witness's name.")], home: HomeOption) -> None:
    """Take a witness off the list; what it has cosigned stays on what it cosigned."""
    opened = open_home(home)
    if rehearsing():
        return
    remove_witness(opened, name)
    result({}, False, f"Witness {name} is not asked any more.")


@app.command("list", epilog="Example: portcullis ledger witness list --json")
def list_(home: HomeOption, as_json: JsonOption = False) -> None:
    """The witnesses this gateway asks, and how far each has cosigned."""
    opened = open_home(home)
    sizes = cosigned_sizes(opened)
    rows = [{"name": one.key.name, "vkey": one.key.vkey(), "address": one.address, "size": sizes[one.key.name]} for one in listed(opened)]
    result(rows, as_json, "\n".join(f"{r['name']}  {r['address']}  {r['size']} leaves" for r in rows) or "No witness.")
