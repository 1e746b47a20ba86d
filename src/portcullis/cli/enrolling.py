"""`portcullis key invite|enrol`: the holder of an agency's root key invites a person, and enrols the passkey made in the console."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from portcullis.cli.acting import KeyOption, sign_here
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import AgencyOption, code, read_small
from portcullis.crypto import Passkey, decode64, key_id_of, strict_loads
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.invitations import MOST_HOURS, code_hash, invite, invite_content, new_code
from portcullis.journal import stamp
from portcullis.model import Role
from portcullis.officers import enrol_key, key_content
from portcullis.publish import publish
from portcullis.store import rehearsing, release_exclusive, writing

__all__ = ["mount"]

_MEMBERS = {"agency", "person", "roles", "key", "webauthn", "credential"}


def mount(key: typer.Typer) -> None:
    """Add `invite` and `enrol` to `key`."""
    key.command("invite", epilog="Example: portcullis key invite --agency IRS --person IRS-0009 --role reviewer --key root-IRS.json")(
        invite_
    )
    key.command("enrol", epilog="Example: portcullis key enrol passkey.json --home ./home --key root-IRS.json")(enrol)


@changes
def invite_(
    home: HomeOption,
    agency: AgencyOption,
    person: Annotated[str, typer.Option(help="The person's pseudonymous id.", callback=code)],
    role: Annotated[list[str], typer.Option(help="A role (may be repeated).")],
    hours: Annotated[int, typer.Option(help="For how many hours the invitation stands.", min=1, max=MOST_HOURS)] = 72,
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Invite a person to make two passkeys in the console, signed by the agency's root. The code is printed once."""
    opened, roles, secret = open_home(home), [_role(one) for one in role], new_code()
    expires, digest = opened.now() + hours * 3600, code_hash(secret)
    content = invite_content(agency, person, sorted({one.value for one in roles}), digest, expires)
    act = sign_here(opened, key, f"root:{agency}", "key.invite", content)
    with writing(opened.engine) as conn:
        invite(opened, conn, agency=agency, person=person, roles=roles, code_sha256=digest, expires=expires, act=act)
    if rehearsing():
        return result({"person": person}, as_json, f"{person} could be invited. Nothing was.")
    told = f"Give {person} this code by another way than the console's address: {secret}\nThey type it at /invitation of the console."
    result({"person": person, "code": secret, "expires": stamp(expires)}, as_json, told)


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
        raise Refused(
            "There is no such role.", "A role is one of " + ", ".join(one.value for one in Role) + ".", "Name one of them."
        ) from error
