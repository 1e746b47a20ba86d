"""`key invite` and `key enrol`: the root's holder at the command line, a passkey from the console, the history checked offline."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_desk import Desk
from passkeys import SoftPasskey
from portcullis.crypto import canonical, encode64
from portcullis.invitations import invitation_of
from portcullis.store import reading, schema

At = Callable[[str], Desk]
MADE = SoftPasskey("a person's own")


def stated(desk: Desk, **changed: object) -> Path:
    """What the console showed, in a file."""
    told = {"agency": "IRS", "person": "IRS-0099", "roles": ["reviewer"], "key": encode64(MADE.public)}
    file = desk.folder / "passkey.json"
    file.write_bytes(canonical(told | {"webauthn": MADE.passkey.member(), "credential": "Y3JlZA"} | changed))
    return file


def root(desk: Desk, agency: str = "IRS") -> tuple[object, ...]:
    return ("--key", desk.key(f"root-{agency}"))


def test_a_passkey_from_the_console_is_enrolled_and_checked_offline(at: At) -> None:
    desk = at("ready")
    assert "is enrolled for IRS-0099" in desk.run("key", "enrol", stated(desk), *root(desk)).ok().out
    (listed,) = [one for one in desk.run("key", "list", "--json").ok().json if one["person"] == "IRS-0099"]
    assert (listed["key_id"], listed["roles"]) == (MADE.key_id, "reviewer")
    bundle, trust = desk.folder / "bundle", desk.folder / "trust.json"
    desk.run("ledger", "export", bundle, "--trust", trust).ok()
    keys = json.loads((bundle / "keys.json").read_text(encoding="utf-8"))["keys"]
    assert [key["webauthn"]["rp_id"] for key in keys if key["key_id"] == MADE.key_id] == ["gateway.example"]
    checker = [sys.executable, Path(__file__).parents[2] / "verifier" / "verify.py", bundle, "--trust", trust]
    assert subprocess.run(checker, capture_output=True, check=False).returncode == 0
    desk.run("key", "enrol", stated(desk), *root(desk)).refused("enrolled already")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"roles": ["chief"]}, "no such role"),
        ({"more": 1}, "not what the console shows"),
        ({"person": "a name with spaces"}, "no code"),
        ({"agency": "NONE"}, "no root key"),
    ],
)
def test_what_the_console_did_not_show_is_not_enrolled(at: At, changed: dict[str, object], why: str) -> None:
    desk = at("ready")
    desk.run("key", "enrol", stated(desk, **changed), *root(desk)).refused(why)


def test_another_agencys_root_enrols_nobody(at: At) -> None:
    desk = at("ready")
    desk.run("key", "enrol", stated(desk), *root(desk, "ICE")).refused("not enrolled")
    with reading(desk.cast.home.engine) as conn:
        assert conn.execute(schema.key.select().where(schema.key.c.person == "IRS-0099")).first() is None


def test_an_invitation_is_printed_once_and_kept_as_a_hash(at: At) -> None:
    desk = at("ready")
    typed = ("key", "invite", "--agency", "IRS", "--person", "IRS-0099", "--role", "reviewer", *root(desk))
    assert "Nothing was" in desk.run(*typed, "--dry-run").ok().out
    code = desk.run(*typed, "--json").ok().json["code"]
    with reading(desk.cast.home.engine) as conn:
        found = invitation_of(desk.cast.home, conn, code)
        (row,) = conn.execute(schema.invitation.select()).mappings().all()
    assert (found.person, found.roles, found.left) == ("IRS-0099", ("reviewer",), 2)
    assert code not in str(dict(row))
    desk.run(*typed[:-2], "--key", desk.key("root-ICE")).refused("not enrolled")
