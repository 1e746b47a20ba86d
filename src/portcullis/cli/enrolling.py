"""`portcullis key enrol`: the holder of an agency's root key enrols a passkey that a person made in the console."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from portcullis.cli.acting import sign_here
from portcullis.cli.output import HomeOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import read_small
from portcullis.crypto import Passkey, decode64, key_id_of, strict_loads
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.model import Role
from portcullis.officers import enrol_key, key_content
from portcullis.publish import publish
from portcullis.store import release_exclusive

__all__ = ["mount"]

_MEMBERS = {"agency", "person", "roles", "key", "webauthn", "credential"}


def mount(key: typer.Typer) -> None:
    """Add `enrol` to `key`."""
    key.command("enrol", epilog="Example: portcullis key enrol passkey.json --home ./home --key root-IRS.json")(enrol)


@changes
def enrol(
    file: Annotated[Path, typer.Argument(help="What the console showed the person.", exists=True, dir_okay=False)],
    home: HomeOption,
    key: Annotated[Path, typer.Option("--key", help="The agency root's key file.", exists=True, dir_okay=False)],
) -> None:
    """Enrol a passkey under the agency's root key. Compare person, roles and key with the person first."""
    opened, stated = open_home(home), _candidate(strict_loads(read_small(file, "The passkey").strip()))
    public, roles = decode64(stated["key"], "The key"), sorted(str(one) for one in stated["roles"])
    passkey = Passkey.read(public, stated["webauthn"])
    act = sign_here(
        opened, key, f"root:{stated['agency']}", "key.enroll", key_content(stated["agency"], stated["person"], roles, public, passkey)
    )
    named = {name: str(stated[name]) for name in ("agency", "person", "credential")}
    with release_exclusive(opened.engine) as conn:
        enrol_key(opened, conn, roles=[_role(one) for one in roles], public=public, act=act, passkey=passkey, **named)
    publish(opened)
    result({}, False, f"Passkey {key_id_of(public)} is enrolled for {named['person']}.")


def _candidate(stated: object) -> dict[str, Any]:
    if not isinstance(stated, dict) or set(stated) != _MEMBERS or not isinstance(stated["roles"], list):
        raise Refused("This is not what the console shows of a new passkey.", "A member is missing or unknown.", "Copy it whole.")
    return stated


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError as error:
        raise Refused("It names a role that is none.", "The console writes only roles that a person holds.", "Copy it whole.") from error
