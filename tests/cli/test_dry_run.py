"""`--dry-run`: every command that changes something can be rehearsed, and then the store, the ledger and every file are as before.

The one exception is meant: whoever looks at the register, even in a rehearsal, is on record (journey.md, "The heart").
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from cli_desk import Desk
from cli_typing import NAMED, READS, options
from journey_home import OFFICERS, rows_of
from portcullis.agreement import find
from portcullis.crypto import SigningKey, encode64
from portcullis.demo import close_reviews
from portcullis.home import open_home
from portcullis.ledger import NoteKey
from portcullis.model import Role
from portcullis.synthetic import SIGNER
from recipient_agency import write_rows

At = Callable[[str], Desk]
Words = Callable[[Desk], Sequence[object]]


@dataclass(frozen=True)
class Rehearsed:
    """A command at a station where it would succeed, so many days later; `looks` when it reads the register."""

    station: str
    words: Words
    code: int = 0
    looks: bool = False
    days: int = 0


def by(role: Role, *words: object) -> Words:
    return lambda desk: (*words, *desk.acting(role))


def on_batch(*words: str, role: Role | None = None) -> Words:
    return lambda desk: (*words, desk.batch, *(desk.acting(role) if role else ()))


def rooted(*words: str) -> Words:
    return lambda desk: (*words, "--agency", "ICE", "--key", desk.key("root-ICE"))


def _closed(desk: Desk) -> Sequence[object]:
    close_reviews(desk.cast, desk.batch)
    return ("batch", "run", desk.batch)


def _new_witness(desk: Desk) -> Sequence[object]:
    log = NoteKey(desk.cast.home.settings.origin, desk.cast.home.log_key.public).vkey()
    return ("ledger", "witness", "new", desk.folder / "witness", "--name", "overseer.example/w1", "--log", log)


def _witness(desk: Desk) -> str:
    made = desk.run(*_new_witness(desk), "--json").ok().json
    assert desk.run("ledger", "witness", "show", desk.folder / "witness", "--json").ok().json["vkey"] == made["vkey"]
    return str(made["vkey"])


def _listed(desk: Desk) -> Sequence[object]:
    (desk.folder / "carried").mkdir()
    desk.run("ledger", "witness", "add", _witness(desk), desk.folder / "carried").ok()
    assert [one["size"] for one in desk.run("ledger", "witness", "list", "--json").ok().json] == [0]
    return ("ledger", "witness", "remove", "overseer.example/w1")


def _carried(desk: Desk) -> Sequence[object]:
    _listed(desk)
    desk.run("ledger", "checkpoint").ok()
    return ("ledger", "witness", "drop", desk.folder / "witness", desk.folder / "carried")


def _rotated(desk: Desk) -> Sequence[object]:
    public = encode64(SigningKey.generate().public)
    old = desk.cast.keys[desk.person(Role.REVIEWER)].key_id
    return ("key", "rotate", old, "--agency", "IRS", "--public", public, "--key", desk.key("root-IRS"))


def _own(desk: Desk) -> Sequence[object]:
    (desk.folder / "identity.json").write_text('{"person_id": "P-000001"}')
    return ("safeguard", "own", "IRS-0002", "--file", desk.folder / "identity.json")


def _restored_here(desk: Desk) -> Sequence[object]:
    (desk.home / "restored").touch()
    return ("ledger", "recover", *desk.acting(Role.OVERSEER))


def _held(desk: Desk) -> Sequence[object]:
    counsel = desk.acting(Role.COUNSEL)
    desk.run("safeguard", "hold", "place", "H-1", *counsel).ok()
    assert desk.run("safeguard", "hold", "list", "--json").ok().json[0]["stands"] is True
    return ("safeguard", "hold", "lift", "H-1", *counsel)


def _draw(desk: Desk) -> Sequence[object]:
    (desk.folder / "number").write_text(desk.cast.numbers[0].hex())
    return ("review", "sample", "draw", desk.batch, "--number-file", desk.folder / "number")


def _checked(desk: Desk) -> Sequence[object]:
    (desk.folder / "verdicts").write_text(json.dumps({str(ordinal): "ok" for ordinal in range(1, 11)}))
    return ("review", "sample", "record", desk.batch, desk.folder / "verdicts", *desk.acting(Role.OVERSEER))


def _next_version(desk: Desk) -> Sequence[object]:
    shutil.copytree(find("irs-ice-2025"), desk.folder / "agreement")
    file = desk.folder / "agreement" / "agreement.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("version: 1", "version: 2", 1), encoding="utf-8")
    return ("agreement", "sign", desk.folder / "agreement", "--agency", "IRS", "--key", desk.key("root-IRS"))


def _turned(desk: Desk) -> Sequence[object]:
    second = desk.cast.person(Role.OVERSEER)
    switch = ("agreement", "switch", "irs-ice-2025", "--switch", "R24_relevance", "--on")
    return (*switch, *desk.acting(Role.COUNSEL), "--second-as", second, "--second-key", desk.key(second))


def _adopted(desk: Desk) -> Sequence[object]:
    desk.run(*_next_version(desk)).ok()
    desk.run("agreement", "sign", desk.folder / "agreement", "--agency", "ICE", "--key", desk.key("root-ICE")).ok()
    desk.run("agreement", "end", "irs-ice-2025", *desk.acting(Role.COUNSEL)).ok()
    return ("agreement", "adopt", desk.folder / "agreement")


def _lifted(desk: Desk) -> Sequence[object]:
    desk.run("order", "impose", "25-cv-1", "--court-time", "2026-11-21", *desk.acting(Role.COUNSEL)).ok()
    second = desk.person(Role.OVERSEER)
    return ("order", "lift", "25-cv-1", *desk.acting(Role.COUNSEL), "--second-as", second, "--second-key", desk.key(second))


def _vkey(desk: Desk) -> Path:
    (desk.folder / "vkey").write_text(NoteKey(desk.cast.home.settings.origin, desk.cast.home.log_key.public).vkey())
    return desk.folder / "vkey"


def _acknowledged(desk: Desk) -> Sequence[object]:
    release = desk.home / "outbox" / desk.batch / "release"
    out = desk.folder / "receipt.json"
    return (
        *("recipient", "acknowledge", release, "--officer", OFFICERS[0], "--vkey", _vkey(desk), "--out", out),
        "--key",
        desk.key(OFFICERS[0]),
    )


def _receipt(desk: Desk) -> Sequence[object]:
    desk.run(*_acknowledged(desk)).ok()
    return ("release", "receipt", desk.batch, desk.folder / "receipt.json")


def _packed(desk: Desk) -> Sequence[object]:
    data = write_rows(desk.folder / "requests.csv", rows_of())
    signed = ("--signer", SIGNER, "--agency", "ICE", "--key", desk.key(SIGNER))
    return ("recipient", "pack", data, "--out", desk.folder / "packed", *signed)


def _engaged(desk: Desk) -> Sequence[object]:
    desk.run(*_packed(desk)).ok()
    return ("recipient", "engage", desk.folder / "packed", "--officer", OFFICERS[0], "--rows", "1-3", "--key", desk.key(OFFICERS[0]))


def _attested(desk: Desk) -> Sequence[object]:
    desk.run(*_packed(desk)).ok()
    drafts = desk.folder / "orders.jsonl"
    drafts.write_text('{"id": "1:26-mc-1", "kind": "court_order", "stated": {"docket": "1:26-mc-1"}}\n', encoding="utf-8")
    signed = ("--officer", OFFICERS[0], "--key", desk.key(OFFICERS[0]))
    return ("recipient", "attest", desk.folder / "packed", "--documents", drafts, *signed)


def _restored(desk: Desk) -> Sequence[object]:
    desk.run("backup", "create", desk.folder / "backup").ok()
    there = ("--home", desk.folder / "restored", "--wrapping-key", desk.home / "keys" / "wrapping.json")
    return ("backup", "restore", desk.folder / "backup", *there)


CHANGES: Mapping[str, Rehearsed] = {
    "agreement adopt": Rehearsed("ready", _adopted),
    "agreement end": Rehearsed("ready", by(Role.COUNSEL, "agreement", "end", "irs-ice-2025")),
    "agreement sign": Rehearsed("ready", _next_version),
    "agreement switch": Rehearsed("committed", _turned),
    "agreement suspend": Rehearsed("ready", by(Role.COUNSEL, "agreement", "suspend", "irs-ice-2025")),
    "backup create": Rehearsed("received", lambda desk: ("backup", "create", desk.folder / "backup")),
    "backup restore": Rehearsed("received", _restored),
    "batch check": Rehearsed("received", on_batch("batch", "check"), looks=True),
    "batch match": Rehearsed("checked", on_batch("batch", "match"), looks=True),
    "batch receive": Rehearsed("ready", lambda desk: ("batch", "receive", desk.pack())),
    "batch run": Rehearsed("matched", _closed),
    "demo": Rehearsed("ready", lambda desk: ("demo", "--home", desk.folder / "demo", "--bundle", desk.folder / "bundle")),
    "init": Rehearsed("ready", lambda desk: ("init", "--home", desk.folder / "new")),
    "key add": Rehearsed(
        "ready", rooted("key", "add", "--person", "ICE-9", "--role", "officer", "--public", encode64(SigningKey.generate().public))
    ),
    "ledger recover": Rehearsed("ready", _restored_here),
    "ledger witness add": Rehearsed("ready", lambda desk: ("ledger", "witness", "add", _witness(desk), desk.folder)),
    "ledger witness drop": Rehearsed("ready", _carried),
    "ledger witness new": Rehearsed("ready", _new_witness),
    "ledger witness remove": Rehearsed("ready", _listed),
    "key rotate": Rehearsed("ready", _rotated),
    "key new": Rehearsed("ready", lambda desk: ("key", "new", desk.folder / "key.json")),
    "key revoke": Rehearsed("ready", lambda desk: rooted("key", "revoke", desk.cast.keys[SIGNER].key_id)(desk)),
    "ledger checkpoint": Rehearsed("ready", lambda desk: ("ledger", "checkpoint")),
    "ledger export": Rehearsed("received", lambda desk: ("ledger", "export", desk.folder / "bundle", "--trust", desk.folder / "trust")),
    "officer add": Rehearsed("ready", rooted("officer", "add", "--person", "ICE-9", "--employee", "--trained-on", "20000")),
    "order impose": Rehearsed("authorized", by(Role.COUNSEL, "order", "impose", "25-cv-1", "--court-time", "2026-11-21")),
    "order lift": Rehearsed("sampled", _lifted),
    "recipient acknowledge": Rehearsed("dispatched", _acknowledged),
    "recipient attest": Rehearsed("ready", _attested),
    "recipient engage": Rehearsed("ready", _engaged),
    "recipient pack": Rehearsed("ready", _packed),
    "register load": Rehearsed("ready", lambda desk: ("register", "load", desk.register)),
    "batch destroy": Rehearsed("dispatched", on_batch("batch", "destroy", role=Role.SAFEGUARDS), days=366),
    "safeguard hold place": Rehearsed("ready", by(Role.COUNSEL, "safeguard", "hold", "place", "H-1", "--agency", "ICE")),
    "safeguard own": Rehearsed("ready", _own),
    "safeguard hold lift": Rehearsed("ready", _held),
    "release commit": Rehearsed("authorized", on_batch("release", "commit"), looks=True),
    "release deliver": Rehearsed("dispatched", on_batch("release", "deliver")),
    "release dispatch": Rehearsed("committed", on_batch("release", "dispatch"), looks=True),
    "release receipt": Rehearsed("dispatched", _receipt),
    "review authorize": Rehearsed("sampled", on_batch("review", "authorize", role=Role.AUTHORIZER)),
    "review record": Rehearsed(
        "matched", lambda desk: ("review", "record", desk.batch, 7, "refuse", "cannot-tell", *desk.acting(Role.REVIEWER))
    ),
    "review return": Rehearsed("authorized", on_batch("review", "return", role=Role.AUTHORIZER)),
    "review sample commit": Rehearsed(
        "ready", lambda desk: ("review", "sample", "commit", "--number-file", desk.folder / "number", *desk.acting(Role.OVERSEER))
    ),
    "review sample draw": Rehearsed("reviewed", _draw),
    "review sample record": Rehearsed("drawn", _checked),
    "safeguard standing": Rehearsed("ready", by(Role.SAFEGUARDS, "safeguard", "standing", "ICE", "--set", "suspended=1")),
    "safeguard vault": Rehearsed("ready", rooted("safeguard", "vault", "ICE-V1", "--revoke")),
    "store upgrade": Rehearsed("ready", lambda desk: ("store", "upgrade")),
}
UNSEEN = ("store upgrade", "ledger checkpoint", "ledger witness remove", "release deliver")
"""What these change shows in no row and no name of a file."""
SAME_AS_ANOTHER = {"review sample reveal": "review sample draw"}
LOOKS_ONLY = {
    "recipient open",
    "agreement prove",
}  # proving only reads; opening shows answers: each is on record in the access log first, and nothing else changes


SERVES = {
    "ledger witness serve",
    "serve",
}  # runs until it is ended; every call over it has tests of its own (tests/api, tests/ledger/test_witness.py)


def test_every_command_reads_or_can_be_rehearsed() -> None:
    can = {name for name, words in NAMED.items() if "--dry-run" in options(words)}
    assert {*CHANGES, *SAME_AS_ANOTHER} <= can
    assert set(NAMED) - can - READS - LOOKS_ONLY - SERVES == set(), "neither a read with --json nor a change with --dry-run"


def files(folder: Path) -> list[str]:
    """Every file and folder, but what SQLite and its queue keep beside an open store."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.name.startswith("store.db"))


@pytest.mark.parametrize("name", CHANGES)
def test_a_rehearsed_command_changes_nothing_and_then_succeeds_in_earnest(at: At, name: str) -> None:
    case = CHANGES[name]
    with patch.dict(open_home.__kwdefaults__, now=lambda: int(time.time()) + case.days * 86_400):
        rehearsed(at, name, case)


def rehearsed(at: At, name: str, case: Rehearsed) -> None:
    desk = at(case.station)
    words = case.words(desk)
    before, there, looks = desk.state(), files(desk.folder), len(desk.leaves("inspection"))
    done = desk.run(*words, "--dry-run").ok(case.code)
    assert "dry run" in done.err or name.startswith("recipient "), done.err
    after = desk.state()
    assert files(desk.folder) == there
    if case.looks:
        assert len(desk.leaves("inspection")) == looks + 1
        before, after = {**before, "store": ""}, {**after, "store": ""}
        assert desk.run("batch", "status", desk.batch, "--json").json["state"] == {"checked": "checked"}.get(case.station, case.station)
    assert after == before
    if name != "demo":  # tests/journey plays it
        desk.run(*words).ok(3 if name == "batch run" else 0)
        assert files(desk.folder) != there or desk.state() != before or name in UNSEEN


def test_a_rehearsal_refuses_what_would_be_refused(at: At) -> None:
    desk = at("sampled")
    before = desk.state()
    reviewer = desk.person(Role.REVIEWER)
    desk.run("release", "commit", desk.batch, "--dry-run").refused("not authorized")
    desk.run("review", "authorize", desk.batch, "--as", reviewer, "--key", desk.key(reviewer), "--dry-run").refused("authorizer")
    folder = desk.pack(name="bad")
    (folder / "salts.bin").unlink()
    assert desk.run("batch", "receive", folder, "--dry-run", "--json").ok(3).json["reason"] == "B-INTEGRITY"
    assert desk.state() == before
