"""Exit codes: 0 done, 1 failed, 2 usage, 3 done but some requests refused (only `batch` and `release`), 4 did not verify (interface.md)."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_desk import Desk, invoke
from cli_typing import COMMANDS, NAMED, needed
from journey_home import truth_of
from portcullis.model import Role

At = Callable[[str], Desk]
BATCH = "B-2026-000001"


@pytest.mark.parametrize("name", NAMED)
def test_an_unknown_option_and_a_missing_word_are_usage_errors(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("{}")
    (tmp_path / "folder").mkdir()
    whole = needed(name, tmp_path)
    home = ["--home", str(tmp_path)] if any("--home" in parameter.opts for parameter in COMMANDS[NAMED[name]].params) else []
    invoke(*whole, *home, "--no-such-option").misused("--no-such-option")
    if len(whole) > len(NAMED[name]):
        invoke(*NAMED[name], *home).misused("Missing")
    if name != "rules test":  # takes any number of rules
        invoke(*whole, *home, *["one too many"] * 6).misused()


def test_an_unknown_command_is_a_usage_error() -> None:
    for words in (("no-such-command",), ("batch", "no-such-command"), ("review", "sample", "no-such-command")):
        invoke(*words).misused("No such command")


# ---- 2: words that are not of the form asked for -------------------------------------------------------------------------------------
MISUSED: dict[str, Callable[[Desk], tuple[object, ...]]] = {
    "a batch that is no number": lambda desk: ("batch", "status", "../../etc"),
    "a batch with a line end": lambda desk: ("batch", "status", f"{BATCH}\n"),
    "a row that is none": lambda desk: ("review", "record", BATCH, "x", "accept", "same-person", *desk.acting(Role.REVIEWER)),
    "row zero": lambda desk: ("review", "record", BATCH, "0", "accept", "same-person", *desk.acting(Role.REVIEWER)),
    "a row of thirty digits": lambda desk: ("review", "record", BATCH, "9" * 30, "accept", "same-person", *desk.acting(Role.REVIEWER)),
    "a row of five thousand digits": lambda desk: (
        "review",
        "record",
        BATCH,
        "9" * 5000,
        "accept",
        "same-person",
        *desk.acting(Role.REVIEWER),
    ),
    "a person with a name": lambda desk: ("accounting", "--as", "Jane Doe"),
    "a person without one": lambda desk: ("accounting", "--as", ""),
    "a person as long as a command line": lambda desk: ("review", "show", BATCH, 1, "--as", "x" * 100_000),
    "an agency with a name": lambda desk: ("key", "add", "--root", "--agency", "Immigration and Customs", "--public", "A" * 43 + "="),
    "a side that is none": lambda desk: ("key", "add", "--root", "--agency", "FBI", "--side", "both", "--public", "A" * 43 + "="),
    "a role that is none": lambda desk: (
        *("key", "add", "--agency", "ICE", "--person", "ICE-9", "--role", "king", "--public", "A" * 43 + "="),
        *("--key", desk.key("root-ICE")),
    ),
    "a key without a person": lambda desk: ("key", "add", "--agency", "ICE", "--public", "A" * 43 + "="),
    "a key file that is absent": lambda desk: ("review", "authorize", BATCH, "--as", "IRS-0004", "--key", desk.folder / "absent"),
    "a key file that is a folder": lambda desk: ("review", "authorize", BATCH, "--as", "IRS-0004", "--key", desk.folder),
    "a day before 1970": lambda desk: (
        "officer",
        "add",
        "--agency",
        "ICE",
        "--person",
        "ICE-9",
        "--trained-on",
        "-1",
        "--key",
        desk.key("root-ICE"),
    ),
    "a day that never comes": lambda desk: (
        *("officer", "add", "--agency", "ICE", "--person", "ICE-9", "--office-from", "9" * 20),
        *("--key", desk.key("root-ICE")),
    ),
    "a standing without a number": lambda desk: ("safeguard", "standing", "ICE", "--set", "suspended=yes", *desk.acting(Role.SAFEGUARDS)),
    "a standing below zero": lambda desk: ("safeguard", "standing", "ICE", "--set", "suspended=-1", *desk.acting(Role.SAFEGUARDS)),
    "a standing in other digits": lambda desk: ("safeguard", "standing", "ICE", "--set", "suspended=\u0663", *desk.acting(Role.SAFEGUARDS)),
    "a standing of five thousand digits": lambda desk: (
        *("safeguard", "standing", "ICE", "--set", "report_accepted_on=" + "9" * 5000),
        *desk.acting(Role.SAFEGUARDS),
    ),
    "an hour too many": lambda desk: ("review", "authorize", BATCH, *desk.acting(Role.AUTHORIZER), "--hours", "73"),
    "no hour": lambda desk: ("review", "authorize", BATCH, *desk.acting(Role.AUTHORIZER), "--hours", "0"),
    "a leaf below zero": lambda desk: ("ledger", "prove", "--", "-1"),
    "a scale of nothing": lambda desk: ("replay", "june-2025", "--scale", "0"),
    "a scale that is no number": lambda desk: ("replay", "june-2025", "--scale", "nan"),
    "an agency of a scope with a name": lambda desk: (
        *("order", "impose", "25-cv-1", "--agency", "Immigration and Customs", "--court-time", "2026-11-21"),
        *desk.acting(Role.COUNSEL),
    ),
    **{
        f"a court's time that is {what}": lambda desk, text=text: (
            *("order", "impose", "25-cv-1", "--court-time", text),
            *desk.acting(Role.COUNSEL),
        )
        for what, text in {
            "none": "yesterday",
            "empty": "",
            "in month 13": "2026-13-01",
            "before any calendar": "0001-01-01T00:00:00+23:59",
            "after all calendars": "9999-12-31T23:59:59-23:59",
            "before 1970": "1600-01-01",
            "very long": "2026-11-21" * 2000,
        }.items()
    },
}


@pytest.mark.parametrize("what", MISUSED)
def test_words_of_another_form_are_usage_errors_and_change_nothing(at: At, what: str) -> None:
    desk = at("ready")
    before = desk.state()
    done = desk.run(*MISUSED[what](desk)).misused()
    assert "Jane" not in done.err and "xxxx" not in done.err
    assert desk.state() == before


# ---- 1: refused, or not its turn -----------------------------------------------------------------------------------------------------
def _jwk(desk: Desk) -> Path:
    (desk.folder / "jwk").write_text(json.dumps(desk.cast.vault.public_jwk))
    return desk.folder / "jwk"


def _imposed_before(desk: Desk) -> tuple[object, ...]:
    words = ("order", "impose", "25-cv-1", "--court-time", "2026-11-21", *desk.acting(Role.COUNSEL))
    desk.run(*words).ok()
    return words


def _lifted_alone(desk: Desk) -> tuple[object, ...]:
    desk.run("order", "impose", "25-cv-1", "--court-time", "2026-11-21", *desk.acting(Role.COUNSEL)).ok()
    counsel = desk.person(Role.COUNSEL)
    return ("order", "lift", "25-cv-1", *desk.acting(Role.COUNSEL), "--second-as", counsel, "--second-key", desk.key(counsel))


REFUSED: dict[str, tuple[str, Callable[[Desk], tuple[object, ...]], str]] = {
    "no such batch": ("ready", lambda desk: ("batch", "status", "B-2026-999999"), "There is no batch B-2026-999999"),
    "no such request": ("matched", lambda desk: ("review", "show", desk.batch, 11, "--as", "IRS-0002"), "no request"),
    "a request nobody referred": (
        "matched",
        lambda desk: ("review", "record", desk.batch, 1, "accept", "same-person", *desk.acting(Role.REVIEWER)),
        "does not wait for a review",
    ),
    "a verdict that is none": (
        "matched",
        lambda desk: ("review", "record", desk.batch, 7, "maybe", "same-person", *desk.acting(Role.REVIEWER)),
        "accept or refuse",
    ),
    "a reason in free text": (
        "matched",
        lambda desk: ("review", "record", desk.batch, 7, "accept", "she lives there", *desk.acting(Role.REVIEWER)),
        "known reason",
    ),
    "in somebody else's name": (
        "matched",
        lambda desk: ("review", "record", desk.batch, 7, "refuse", "cannot-tell", "--as", "IRS-0003", "--key", desk.key("IRS-0002")),
        "another person",
    ),
    "without the role": (
        "matched",
        lambda desk: ("review", "record", desk.batch, 7, "refuse", "cannot-tell", *desk.acting(Role.COUNSEL)),
        "needs the role reviewer",
    ),
    "authorized before it is sampled": (
        "matched",
        lambda desk: ("review", "authorize", desk.batch, *desk.acting(Role.AUTHORIZER)),
        "not prepared yet",
    ),
    "committed before it is authorized": ("sampled", lambda desk: ("release", "commit", desk.batch), "not authorized"),
    "dispatched before it is committed": ("authorized", lambda desk: ("release", "dispatch", desk.batch), "not committed"),
    "delivered before it is dispatched": ("committed", lambda desk: ("release", "deliver", desk.batch), "was dispatched"),
    "adopted twice": ("ready", lambda desk: ("agreement", "adopt", "irs-ice-2025"), "cannot be adopted"),
    "signed by a stranger": (
        "ready",
        lambda desk: ("officer", "add", "--agency", "ICE", "--person", "ICE-9", "--key", desk.key("root-IRS")),
        "not enrolled",
    ),
    "standing of an agency nobody named": (
        "ready",
        lambda desk: ("safeguard", "standing", "FBI", "--set", "suspended=0", *desk.acting(Role.SAFEGUARDS)),
        "FBI has no root key here",
    ),
    "standing that is none": (
        "ready",
        lambda desk: ("safeguard", "standing", "ICE", "--set", "suspended=2", *desk.acting(Role.SAFEGUARDS)),
        "cannot have this value",
    ),
    "a root key that is none": (
        "ready",
        lambda desk: ("key", "add", "--root", "--agency", "FBI", "--public", "A" * 43 + "="),
        "not an Ed25519 public key",
    ),
    "a root key cut short": ("ready", lambda desk: ("key", "add", "--root", "--agency", "FBI", "--public", "AAAA"), "not an Ed25519"),
    "a person's key that is none": (
        "ready",
        lambda desk: (
            *("key", "add", "--agency", "ICE", "--person", "ICE-9", "--role", "officer", "--public", "A" * 43 + "="),
            *("--key", desk.key("root-ICE")),
        ),
        "not an Ed25519 public key",
    ),
    "counsel enrolled by the one who asks": (
        "ready",
        lambda desk: (
            *("key", "add", "--agency", "ICE", "--person", "ICE-9", "--role", "counsel", "--public", "B" * 42 + "A="),
            *("--key", desk.key("root-ICE")),
        ),
        "signers and officers only",
    ),
    "storage that is no vault": (
        "ready",
        lambda desk: (
            "safeguard",
            "vault",
            "V9",
            "--agency",
            "ICE",
            "--storage",
            "usb-stick",
            "--jwk",
            _jwk(desk),
            "--key",
            desk.key("root-ICE"),
        ),
        "cannot hold what is disclosed",
    ),
    "an order that is known": ("ready", _imposed_before, "already"),
    "a stay of a misspelt agency": (
        "ready",
        lambda desk: ("order", "impose", "25-cv-1", "--agency", "Ice", "--court-time", "2026-11-21", *desk.acting(Role.COUNSEL)),
        "No agency Ice is known here",
    ),
    "a stay of a misspelt gate": (
        "ready",
        lambda desk: ("order", "impose", "25-cv-1", "--gate", "6103(i)2", "--court-time", "2026-11-21", *desk.acting(Role.COUNSEL)),
        "Known: 6103(i)(2)",
    ),
    "an order that is not": (
        "ready",
        lambda desk: (
            *("order", "lift", "25-cv-1", *desk.acting(Role.COUNSEL), "--second-as", desk.person(Role.OVERSEER)),
            *("--second-key", desk.key(desk.person(Role.OVERSEER))),
        ),
        "No order 25-cv-1 is in force",
    ),
    "one person lifting twice": ("ready", _lifted_alone, "two different people"),
    "a leaf that is not published": ("ready", lambda desk: ("ledger", "prove", "999999"), "not published"),
    "no such agreement": ("ready", lambda desk: ("agreement", "show", "no-such"), "no agreement"),
    "no such rule": ("ready", lambda desk: ("rules", "explain", "R99"), "no such rule"),
    "a day that is none": ("ready", lambda desk: ("rules", "list", "--valid-on", "yesterday"), "not a day"),
    "no register": ("ready", lambda desk: (shutil.rmtree(desk.home / "register"), "register", "profile")[1:], "no prepared register"),
    "a bundle over something": ("ready", lambda desk: ("ledger", "export", desk.home), "Something is there already"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_ends_with_1_says_what_why_and_what_next_and_changes_nothing(at: At, what: str) -> None:
    station, words, said = REFUSED[what]
    desk = at(station)
    typed = words(desk)
    before = desk.state()
    desk.run(*typed).refused(said)
    after = desk.state()
    if what == "dispatched before it is committed":  # the look at the vetoes is on record
        before, after = {**before, "store": "", "ledger": ""}, {**after, "store": "", "ledger": ""}
    assert after == before


# ---- 4: evidence that contradicts itself ---------------------------------------------------------------------------------------------
def _flip(path: Path, at: int = 300) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def _sql(desk: Desk, statement: str) -> None:
    with sqlite3.connect(desk.home / "store.db") as conn:
        conn.execute(statement)
    conn.close()


TAMPERED: dict[str, tuple[Callable[[Desk], object], Callable[[Desk], tuple[object, ...]]]] = {
    "evidence": (
        lambda desk: _flip(desk.home / "evidence" / desk.batch / "decisions.parquet"),
        lambda desk: ("batch", "status", desk.batch),
    ),
    "accounting": (
        lambda desk: (desk.home / "accounting" / f"{desk.batch}.parquet").write_bytes(bytes(20_000)),
        lambda desk: ("accounting", "--as", "IRS-0006", "--file", _identity(desk)),
    ),
    "sealed answers": (
        lambda desk: [_flip(path) for path in (desk.home / "outbox" / desk.batch).glob("*.jsonl")],
        lambda desk: ("release", "deliver", desk.batch),
    ),
    "the agreement's folder": (
        lambda desk: (desk.home / "agreements" / "irs-ice-2025" / "1" / "added.txt").write_text("a word"),
        lambda desk: ("batch", "receive", desk.pack()),
    ),
    "a leaf in the store": (
        lambda desk: _sql(desk, "UPDATE leaf SET body = CAST(replace(CAST(body AS TEXT), 'IRS', 'XRS') AS BLOB) WHERE idx = 3"),
        lambda desk: ("ledger", "checkpoint", "--recheck"),
    ),
    "the checkpoint": (lambda desk: _flip(desk.home / "ledger" / "checkpoint", -20), lambda desk: ("ledger", "checkpoint")),
    "the ledger's name": (
        lambda desk: (desk.home / "portcullis.toml").write_text('origin = "gateway.invalid/another"'),
        lambda desk: ("batch", "list"),
    ),
    "tiles taken away": (lambda desk: shutil.rmtree(desk.home / "ledger" / "tile"), lambda desk: ("ledger", "checkpoint")),
    "a wrapped key": (
        lambda desk: _sql(desk, "UPDATE batch SET wrapped_key = zeroblob(length(wrapped_key))"),
        lambda desk: ("batch", "status", desk.batch),
    ),
}


def _identity(desk: Desk) -> Path:
    (desk.folder / "identity").write_text(json.dumps({"person_id": truth_of()[2][0]}))
    return desk.folder / "identity"


@pytest.mark.parametrize("what", TAMPERED)
def test_evidence_that_was_changed_ends_with_4(at: At, what: str) -> None:
    change, words = TAMPERED[what]
    desk = at("dispatched")
    typed = words(desk)
    assert desk.run(*typed).code in (0, 3)
    desk = at("dispatched")
    typed = words(desk)
    change(desk)
    desk.run(*typed).refused(code=4)


# ---- 3 is for batches and releases only ----------------------------------------------------------------------------------------------
def test_only_batches_and_releases_end_with_3() -> None:
    sources = Path(__file__).parents[2] / "src" / "portcullis" / "cli"
    assert {path.stem for path in sources.glob("*.py") if "Exit(SOME_REFUSED)" in path.read_text(encoding="utf-8")} == {"batch", "release"}
