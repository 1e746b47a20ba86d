"""`portcullis key`, `officer` and `safeguard`: who may act, who may receive, and whether their agency may."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from portcullis.cli import due, safeguards
from portcullis.cli.acting import KeyOption, instant, secret_of, sign_here
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import LAST_DAY, AgencyOption, code, code_option, read_small
from portcullis.compromise import revoke, suspicious
from portcullis.crypto import AgreementKey, SigningKey, check_jwk, decode64, encode64, key_id_of, save_key
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.model import Role
from portcullis.officers import content_hash, enrol_key, enrol_root, key_content, revoke_content, revoke_key
from portcullis.publish import publish
from portcullis.standing import (
    OfficerRecord,
    change_content,
    enrol_vault,
    facts,
    findings,
    officer_content,
    record_change,
    record_officer,
    revoke_vault,
    set_standing,
    standing_content,
    suspension_of,
    vault_content,
)
from portcullis.store import reading, rehearsing, release_exclusive, schema


class Side(StrEnum):
    """The two sides of an agreement."""

    SOURCE = "source"
    RECIPIENT = "recipient"


key = typer.Typer(help="Keys: make a key file, enrol it under its agency's root, revoke it.", no_args_is_help=True)
officer = typer.Typer(help="The requesting agency's people: who signs, who may receive.", no_args_is_help=True)
safeguard = typer.Typer(
    help="Safeguards: the receiving agency's standing and vaults, and what is owed after a release.", no_args_is_help=True
)
safeguards.mount(safeguard)
due.mount(safeguard)


@key.command("new", epilog="Example: PORTCULLIS_KEY_SECRET_FILE=secret portcullis key new officer.json")
@changes
def new(
    file: Annotated[Path, typer.Argument(help="The key file to write; it must not exist.")],
    vault: Annotated[bool, typer.Option(help="A vault's key (P-256) instead of a signing key.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a key file, encrypted under the secret of this environment, and print its public half."""
    if file.exists():
        raise Refused(f"{file.name} exists.", "A key file is never overwritten.", "Name another file.")
    made = AgreementKey.generate() if vault else SigningKey.generate()
    if rehearsing():
        return
    save_key(file, made, secret_of(None))
    public = dict(made.public_jwk) if isinstance(made, AgreementKey) else encode64(made.public)
    result({"key_id": made.key_id, "public": public}, as_json, f"{made.key_id} {json.dumps(public) if vault else public}")


@key.command("add", epilog="Example: portcullis key add --agency ICE --person ICE-0001 --role officer --public … --key ice-root.json")
@changes
def add(
    home: HomeOption,
    agency: AgencyOption,
    public: Annotated[str, typer.Option(help="The public key in base64.")],
    person: Annotated[str, typer.Option(help="The person's pseudonymous id; not for --root.", callback=code_option)] = "",
    role: Annotated[list[str] | None, typer.Option(help="A role (may be repeated).")] = None,
    root: Annotated[bool, typer.Option("--root", help="Name this key as the agency's root; it is trusted from outside.")] = False,
    side: Annotated[Side, typer.Option(help="With --root: which side the agency is on.")] = Side.RECIPIENT,
    key: Annotated[
        Path | None, typer.Option("--key", help="The agency root's key file, which signs the enrolment.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Enrol a person's key under the agency's root, or name a root."""
    opened, material = open_home(home), decode64(public, "public key")
    with release_exclusive(opened.engine) as conn:
        if root:
            enrol_root(opened, conn, agency, side.value, material)
        else:
            roles = [_role(name) for name in role or []]
            if key is None or not person or not roles:
                raise typer.BadParameter("a person's key needs --person, --role and the root's --key")
            content = key_content(agency, person, [each.value for each in roles], material)
            act = sign_here(opened, key, f"root:{agency}", "key.enroll", content)
            enrol_key(opened, conn, agency=agency, person=person, roles=roles, public=material, act=act)
    publish(opened)
    result({}, False, f"Key {key_id_of(material)} is {'the root of ' + agency if root else 'enrolled for ' + person}.")


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError as error:
        raise typer.BadParameter("a role is one of " + ", ".join(role.value for role in Role)) from error


@key.command("list", epilog="Example: portcullis key list --json")
def list_(home: HomeOption, as_json: JsonOption = False) -> None:
    """Every enrolled key, and whether it was revoked."""
    k = schema.key
    with reading(open_home(home).engine) as conn:
        rows = [
            dict(row)
            for row in conn.execute(
                select(k.c.key_id, k.c.agency, k.c.person, k.c.roles, k.c.revoked_at, k.c.compromised_since).order_by(k.c.leaf_idx)
            ).mappings()
        ]
    result(
        rows,
        as_json,
        "\n".join(f"{r['key_id']}  {r['agency']}  {r['person']}  {r['roles']}{'  revoked' if r['revoked_at'] else ''}" for r in rows)
        or "No key.",
    )


@key.command(
    "revoke",
    epilog="Example: portcullis key revoke 0123456789abcdef --compromised-since 2026-11-20T00:00:00Z --agency ICE --key ice-root.json",
)
@changes
def revoke_(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `key list` shows it.")],
    home: HomeOption,
    agency: AgencyOption,
    compromised_since: Annotated[
        str, typer.Option(help="From when on somebody else may have had it: what it signed since is undone where it can be.")
    ] = "",
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Revoke a key; from this place in the log on nothing it signs counts."""
    opened = open_home(home)
    since = instant(compromised_since) if compromised_since else None
    found = revoke(opened, key_id, since, sign_here(opened, key, f"root:{agency}", "key.revoke", revoke_content(key_id, since)))
    publish(opened)
    words = f" {len(found)} acts since are suspicious: portcullis key suspicious" if found else ""
    result({"key_id": key_id, "suspicious": [one.shown() for one in found]}, as_json, f"Key {key_id} is revoked.{words}")


@key.command("suspicious", epilog="Example: portcullis key suspicious --json")
def suspicious_(home: HomeOption, as_json: JsonOption = False) -> None:
    """What was signed with a compromised key between its compromise and its revocation, and what became of it."""
    with reading(open_home(home).engine) as conn:
        rows = suspicious(conn)
    lines = [f"{one.person} ({one.roles})  {one.means}  leaf {one.leaf}, {one.type}  {one.batch or '-'}  {one.became}" for one in rows]
    result([one.shown() for one in rows], as_json, "\n".join(lines) or "Nothing.")


@key.command("rotate", epilog="Example: portcullis key rotate 0123456789abcdef --agency ICE --public PUBLIC --key ice-root.json")
@changes
def rotate(
    key_id: Annotated[str, typer.Argument(help="The id of the key that is replaced.")],
    home: HomeOption,
    agency: AgencyOption,
    public: Annotated[str, typer.Option(help="The new public key in base64.")],
    key: Path = KeyOption,
) -> None:
    """Enrol a new key for the same person and roles, and revoke the old one, both or neither."""
    opened, material, k = open_home(home), decode64(public, "public key"), schema.key
    with release_exclusive(opened.engine) as conn:
        old = conn.execute(select(k).where(k.c.key_id == key_id, k.c.agency == agency, k.c.revoked_at.is_(None))).mappings().first()
        if old is None:
            raise Refused(f"{agency} has no such key.", "It is not enrolled, or was revoked.", "Type: portcullis key list")
        roles = [Role(name) for name in old["roles"].split(";")]
        content = key_content(agency, old["person"], old["roles"].split(";"), material)
        act = sign_here(opened, key, f"root:{agency}", "key.enroll", content)
        enrol_key(opened, conn, agency=agency, person=old["person"], roles=roles, public=material, act=act)
        revoke_key(opened, conn, key_id, sign_here(opened, key, f"root:{agency}", "key.revoke", revoke_content(key_id)))
    publish(opened)
    result({}, False, f"Key {key_id_of(material)} takes the place of {key_id}.")


@officer.command(
    "add",
    epilog="Example: portcullis officer add --agency ICE --person ICE-7 --employee --active --cleared --mfa --trained-on 20770 --key r",
)
@changes
def officer_add(
    home: HomeOption,
    agency: AgencyOption,
    person: Annotated[str, typer.Option(help="The person's pseudonymous id.", callback=code)],
    employee: Annotated[bool, typer.Option(help="An employee of the agency, not a contractor.")] = False,
    active: Annotated[bool, typer.Option(help="In active service.")] = False,
    cleared: Annotated[bool, typer.Option(help="Cleared for such records.")] = False,
    mfa: Annotated[bool, typer.Option(help="Enrolled with a second factor.")] = False,
    trained_on: Annotated[int | None, typer.Option(help="Epoch day of the yearly training.", min=0, max=LAST_DAY)] = None,
    office: Annotated[str, typer.Option(help="An office of the agreement's roster, for who may sign.", callback=code_option)] = "",
    office_from: Annotated[int | None, typer.Option(help="First epoch day in office.", min=0, max=LAST_DAY)] = None,
    office_to: Annotated[int | None, typer.Option(help="Last epoch day in office.", min=0, max=LAST_DAY)] = None,
    key: Path = KeyOption,
) -> None:
    """Record what is known of a person of the requesting agency, signed by its root."""
    opened = open_home(home)
    known = OfficerRecord(agency, person, int(employee), int(active), int(cleared), int(mfa), trained_on, office, office_from, office_to)
    act = sign_here(opened, key, f"root:{agency}", "officer.record", officer_content(known))
    with release_exclusive(opened.engine) as conn:
        record_officer(opened, conn, known, act)
    publish(opened)
    result({}, False, f"The record of {person} is written.")


@officer.command("list", epilog="Example: portcullis officer list --json")
def officer_list(home: HomeOption, as_json: JsonOption = False) -> None:
    """Every person on record."""
    o = schema.officer
    with reading(open_home(home).engine) as conn:
        rows = [dict(row) for row in conn.execute(select(o).order_by(o.c.agency, o.c.person)).mappings()]
    result(rows, as_json, "\n".join(f"{r['agency']}  {r['person']}  {r['office'] or 'officer'}" for r in rows) or "Nobody.")


@safeguard.command(
    "standing", epilog="Example: portcullis safeguard standing ICE --set findings_without_plan=0 --as IRS-SAFEGUARDS --key s.json"
)
@changes
def standing(
    agency: Annotated[str, typer.Argument(help="The receiving agency.", callback=code)],
    home: HomeOption,
    change: Annotated[
        str | None, typer.Option("--set", help="field=value: report_accepted_on (epoch day), findings_without_plan, suspended (0/1).")
    ] = None,
    person: Annotated[str, typer.Option("--as", help="The safeguards officer who acts.", callback=code_option)] = "",
    key: Annotated[Path | None, typer.Option("--key", help="Their key file.", exists=True, dir_okay=False)] = None,
    report_days: Annotated[int, typer.Option(help="How many days a safeguard report counts; the agreement says.")] = 365,
    finding: Annotated[str, typer.Option(help="Record a finding by its id, with --found-on.", callback=code_option)] = "",
    found_on: Annotated[int | None, typer.Option(help="Epoch day it was found.", min=0, max=LAST_DAY)] = None,
    plan_due: Annotated[
        int | None, typer.Option(help="Epoch day by which its corrective action plan is done.", min=0, max=LAST_DAY)
    ] = None,
    closed_on: Annotated[int | None, typer.Option(help="Epoch day it was closed.", min=0, max=LAST_DAY)] = None,
    suspension: Annotated[str, typer.Option(help="A stage: noticed, appealed, suspended, lifted.", callback=code_option)] = "",
    ground: Annotated[str, typer.Option(help="safeguards, or impairment (at once).", callback=code)] = "safeguards",
    answer_by: Annotated[int | None, typer.Option(help="With noticed: last epoch day to answer.", min=0, max=LAST_DAY)] = None,
    as_json: JsonOption = False,
) -> None:
    """Show an agency's standing, change one field of it, record a finding, or take a suspension one stage further."""
    opened = open_home(home)
    if finding or suspension:
        if key is None or not person or (finding and suspension):
            raise typer.BadParameter("a finding or a suspension is recorded one at a time, with --as and --key")
        value: dict[str, Any] = {"id": finding, "found_on": found_on, "plan_due": plan_due, "closed_on": closed_on}
        name = "finding"
        if suspension:
            name, value = "suspension", {"stage": suspension, "ground": ground, "answer_by": answer_by}
        act = sign_here(opened, key, person, "standing.set", change_content(agency, name, value))
        with release_exclusive(opened.engine) as conn:
            record_change(opened, conn, agency, name, value, act)
        publish(opened)
    if change is not None:
        field, _, text = change.partition("=")
        if key is None or not person or not (text.isascii() and text.isdecimal() and len(text) <= 9):
            raise typer.BadParameter("a change is --set field=number with --as and --key")
        act = sign_here(opened, key, person, "standing.set", standing_content(agency, field, int(text)))
        with release_exclusive(opened.engine) as conn:
            set_standing(opened, conn, agency, field, int(text), act)
        publish(opened)
    with reading(opened.engine) as conn:
        found: dict[str, Any] = dict(facts(conn, agency, opened.now() // 86_400, report_days))
        found |= {"findings": findings(conn, agency), "suspension": suspension_of(conn, agency)}
    result(found, as_json)


@safeguard.command(
    "vault", epilog="Example: portcullis safeguard vault ICE-V1 --agency ICE --storage agency-hsm --jwk vault.json --key ice-root.json"
)
@changes
def vault(
    vault_id: Annotated[str, typer.Argument(help="The vault's id.", callback=code)],
    home: HomeOption,
    agency: AgencyOption,
    storage: Annotated[str, typer.Option(help="The attested class of storage.")] = "",
    jwk: Annotated[Path | None, typer.Option(help="The vault's public JWK.", exists=True, dir_okay=False)] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Revoke it instead.")] = False,
    key: Path = KeyOption,
) -> None:
    """Enrol or revoke a vault that answers are sealed to."""
    opened = open_home(home)
    with release_exclusive(opened.engine) as conn:
        if revoke:
            revoke_vault(
                opened, conn, vault_id, sign_here(opened, key, f"root:{agency}", "vault.revoke", content_hash({"vault": vault_id}))
            )
        else:
            try:
                public = json.loads(read_small(jwk, "The vault's public key").decode("utf-8")) if jwk else None
            except (ValueError, RecursionError):
                public = None
            if not isinstance(public, dict):
                raise Refused("The vault's public key cannot be read.", "It must be one JWK.", "Name the file with --jwk.")
            public = check_jwk(public)
            act = sign_here(opened, key, f"root:{agency}", "vault.enroll", vault_content(agency, vault_id, public, storage))
            enrol_vault(opened, conn, agency, vault_id, public, storage, act)
    publish(opened)
    result({}, False, f"Vault {vault_id} is {'revoked' if revoke else 'enrolled'}.")
