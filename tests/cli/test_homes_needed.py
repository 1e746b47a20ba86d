"""Which commands need a home: those refuse without one, say what to type, and make nothing; the others run without one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_desk import Desk, Done, invoke
from cli_typing import COMMANDS, NAMED, needed
from journey_home import rows_of
from recipient_agency import write_rows

At = Callable[[str], Desk]
SECRET = b"a secret of a test, long enough"

MAKES_ONE = {"init", "demo", "backup restore"}
NEEDS_NONE = {
    "address check",
    "agreement prove",
    "agreement show",
    "agreement validate",
    "agreement verify-public",
    "key certificate",
    "key new",
    "key sign",
    "ledger verify",
    "ledger witness drop",
    "ledger witness new",
    "ledger witness serve",
    "ledger witness show",
    "match evaluate",
    "match explain",
    "recipient access",
    "recipient acknowledge",
    "recipient attest",
    "recipient dispose",
    "recipient engage",
    "recipient fetch",
    "recipient notice",
    "recipient open",
    "recipient pack",
    "recipient recall",
    "recipient receipt",
    "recipient redisclose",
    "recipient send",
    "recipient served",
    "recipient state",
    "recipient withdraw",
    "recipient witness",
    "register profile",
    "replay june-2025",
    "review sample new",
    "rules diff",
    "rules explain",
    "rules list",
    "rules test",
}
"""interface.md: no home for rules, replay, agreement validate|prove, match evaluate, address check, the recipient's side and verifying."""
MAY_HAVE_ONE = {"agreement show", "match explain", "register profile", "replay june-2025", "rules diff", "rules explain"}
"""Those of NEEDS_NONE that say more, or may look at what is real, when a home is named."""
NEEDS_ONE = sorted(set(NAMED) - MAKES_ONE - NEEDS_NONE)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of one's own to stand in, with a secret and a file of every kind that could be asked for."""
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "file").write_text("{}", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def listing(folder: Path) -> list[str]:
    """Everything there, but for what SQLite keeps beside a store while it is open."""
    return sorted(str(path) for path in folder.rglob("*") if not path.name.startswith("store.db-"))


@pytest.mark.parametrize("name", NEEDS_ONE)
def test_a_command_that_needs_a_home_refuses_without_one_and_makes_nothing(empty: Path, name: str) -> None:
    before, words = listing(empty), needed(name, empty)
    secret = {"PORTCULLIS_KEY_SECRET_FILE": str(empty / "secret")}
    invoke(*words, env=secret).misused("--home", "PORTCULLIS_HOME")
    for place in ("absent", "."):
        invoke(*words, "--home", place, env=secret).refused("no Portcullis home", "Type: portcullis init --home")
        invoke(*words, env=secret | {"PORTCULLIS_HOME": place}).refused("no Portcullis home")
    assert listing(empty) == before


def test_every_command_is_in_one_of_the_three_lists() -> None:
    with_home = {name for name, words in NAMED.items() if any("--home" in parameter.opts for parameter in COMMANDS[words].params)}
    assert with_home == {*NEEDS_ONE, *MAKES_ONE, *MAY_HAVE_ONE}


def test_init_makes_a_home_only_where_nothing_is(empty: Path) -> None:
    env = {"PORTCULLIS_KEY_SECRET_FILE": str(empty / "secret")}
    invoke("init", "--home", "home", "--dry-run", env=env).ok()
    assert listing(empty / "here") == []
    made = invoke("init", "--home", "home", "--origin", "gateway.example/log", env=env).ok()
    assert "gateway.example/log" in made.out and (empty / "here" / "home" / "portcullis.toml").is_file()
    before = listing(empty)
    invoke("init", "--home", "home", env=env).refused("Something is there already")
    (empty / "here" / "other").mkdir()
    (empty / "here" / "other" / "a file of mine").write_text("kept")
    invoke("init", "--home", "other", env=env).refused("Something is there already")
    (empty / "here" / "other" / "a file of mine").unlink()
    (empty / "here" / "other").rmdir()
    assert listing(empty) == before
    assert invoke("batch", "list", "--home", "home", env=env).ok().out == "No batch yet.\n"


# ---- without a home ----------------------------------------------------------------------------------------------------------------
def without_home(*words: str | Path) -> Done:
    """A command in an environment that names neither a home nor a secret."""
    return invoke(*words).ok()


def test_the_rules_are_read_and_tried_without_a_home(empty: Path) -> None:
    assert without_home("rules", "explain", "R22", "--json").json["id"] == "R22"
    assert without_home("rules", "test", "R12", "--json").json["failed"] == 0
    assert without_home("rules", "diff", "irs-ice-2025", "irs-ice-2025").out == "No difference.\n"
    assert listing(empty / "here") == []


def test_agreements_are_shown_and_validated_without_a_home(empty: Path) -> None:
    for name in ("show", "validate"):
        assert without_home("agreement", name, "irs-ice-2025", "--json").json["id"] == "irs-ice-2025"
    assert listing(empty / "here") == []


def test_addresses_and_matching_are_measured_without_a_home(empty: Path, at: At) -> None:
    desk = at("ready")
    write_rows(empty / "requests.csv", rows_of())
    (empty / "truth.csv").write_text("request_id,person_id\n", encoding="utf-8")
    judged = [json.loads(line) for line in without_home("address", "check", "--file", empty / "requests.csv", "--json").out.splitlines()]
    assert [one["row"] for one in judged] == list(range(1, 11))
    words = ("--register", desk.register, "--requests", empty / "requests.csv")
    assert without_home("match", "evaluate", *words, "--truth", empty / "truth.csv", "--json").json["requests"] == 0
    request = str(rows_of()[0]["request_id"])
    assert without_home("match", "explain", *words, "--request", request, "--json").json["met"]
    assert listing(empty / "here") == []
