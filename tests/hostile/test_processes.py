"""Commands as real processes: full disks and closed pipes, bytes that are no text, files one may not read, and two commands at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cli_desk import Desk, Done, cheap_keys, invoke
from cli_processes import Running, start
from portcullis.home import DEMO_SECRET
from portcullis.model import Role

At = Callable[[str], Desk]
PROGRAM = str(Path(sys.executable).with_name("portcullis"))


def typed(desk: Desk, *words: str | bytes | Path, **how: str) -> Running:
    """A command in this home, in a process of its own."""
    env = {"PORTCULLIS_HOME": str(desk.home), "PORTCULLIS_KEY_SECRET_FILE": str(desk.home / "keys" / DEMO_SECRET)}
    return start(desk.folder, [word if isinstance(word, bytes) else str(word) for word in words], env, **how)


# ---- streams ---------------------------------------------------------------------------------------------------------------------------
def test_a_full_disk_behind_the_output_is_one_clear_error() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([PROGRAM, "agreement", "show", "irs-ice-2025"], stdout=full, stderr=subprocess.PIPE, check=False)
    Done(done.returncode, "", done.stderr.decode()).refused("No space left on device")
    assert b"Exception ignored" not in done.stderr


def test_a_reader_that_goes_away_ends_the_command_quietly(at: At) -> None:
    desk = at("received")
    for words in (("rules", "list", "--json"), ("batch", "status", desk.batch)):  # more than a pipe's buffer, and less
        done = typed(desk, *words, out="closed").ended()
        assert (done.code, done.err) == (1, "")


def test_a_command_that_expects_an_identity_does_not_wait_for_nobody(at: At) -> None:
    desk = at("received")
    typed(desk, "accounting", "--as", "IRS-0006").ended().refused("not JSON")


# ---- words that are no text ------------------------------------------------------------------------------------------------------------
def test_an_argument_that_is_no_text_is_a_usage_error(at: At) -> None:
    desk = at("received")
    before = desk.state()
    for words in (("batch", "status", b"B-2026-00000\xff"), ("batch", "receive", b"/tmp/\xfe\xff"), ("accounting", "--as", b"\xc3\x28")):
        done = typed(desk, *words).ended()
        assert done.code == 2 and "not text in UTF-8" in done.err and done.out == ""
    assert desk.state() == before


def test_an_environment_that_is_no_text_is_no_home(at: At) -> None:
    desk = at("received")
    env = {"PORTCULLIS_HOME": os.fsdecode(b"/nowhere/\xff")}
    done = start(desk.folder, ["batch", "list"], env).ended()
    assert done.code == 1 and "no Portcullis home" in done.err


# ---- what one may not read or write ----------------------------------------------------------------------------------------------------
def test_keys_one_may_not_read_are_said_to_be_unreadable(at: At) -> None:
    desk = at("received")
    (desk.home / "keys" / "log.json").chmod(0)
    typed(desk, "batch", "list").ended().refused("log.json", "Permission denied")


def test_a_home_that_cannot_be_written_is_refused_and_left_as_it_is(at: At) -> None:
    desk = at("ready")
    folder = desk.pack()
    desk.cast.home.engine.dispose()
    for path in (desk.home, *(path for path in desk.home.rglob("*") if path.is_dir())):
        path.chmod(0o555)
    for path in desk.home.glob("store.db*"):
        path.chmod(0o444)
    before = desk.state()
    for words in (
        ("batch", "receive", folder),
        ("order", "impose", "25-cv-1", "--court-time", "2026-11-21", *desk.acting(Role.COUNSEL)),
    ):
        typed(desk, *words).ended().refused()
    assert desk.state() == before
    for path in (desk.home, *(path for path in desk.home.rglob("*") if path.is_dir())):
        path.chmod(0o755)


def test_a_batch_whose_files_may_not_be_read_is_refused_on_record(at: At) -> None:
    desk = at("ready")
    folder = desk.pack()
    for name in ("batch.json", "data.csv", "salts.bin", "engagements.jsonl"):
        sent = Path(shutil.copytree(folder, desk.folder / name.replace(".", "-")))
        (sent / name).chmod(0)
        done = typed(desk, "batch", "receive", sent, "--json").ended()
        assert (done.code, done.json["state"], done.err) == (3, "refused", ""), done
        assert "Permission denied" in done.json["message"]
    folder.chmod(0)
    typed(desk, "batch", "receive", folder, "--json").ended().misused("not readable")
    folder.chmod(0o755)


# ---- two at once -----------------------------------------------------------------------------------------------------------------------
def both(desk: Desk, *words: str | Path) -> list[Done]:
    """The same command twice at the same time; what each left."""
    running = [typed(desk, *words) for _ in range(2)]
    done = [one.ended() for one in running]
    assert all("failed inside" not in one.err and "Traceback" not in one.err for one in done), done
    return sorted(done, key=lambda one: one.code)


def whole(desk: Desk) -> None:
    """The ledger has no gap, and its evidence verifies."""
    desk.run("ledger", "checkpoint", "--recheck").ok()
    desk.run("ledger", "export", desk.folder / "bundle", "--trust", desk.folder / "trust.json").ok()
    invoke("ledger", "verify", desk.folder / "bundle", "--trust", desk.folder / "trust.json").ok()


def test_one_folder_received_twice_at_once_is_one_batch_and_one_refusal(at: At) -> None:
    desk = at("ready")
    first, second = both(desk, "batch", "receive", desk.pack(), "--json")
    assert (first.code, second.code) == (0, 3)
    assert second.json["reason"] == "B-INTEGRITY" and first.json["batch"] != second.json["batch"]
    whole(desk)


def test_two_runs_of_one_batch_decide_it_once(at: At) -> None:
    desk = at("received")
    first, second = both(desk, "batch", "run", desk.batch, "--json")
    assert first.code == 0 and second.code in (0, 1), second
    assert desk.run("batch", "run", desk.batch, "--json").ok().json["state"] == "matched"
    whole(desk)


def test_two_commits_and_two_dispatches_are_one(at: At) -> None:
    desk = at("authorized")
    for words, state in ((("release", "commit", desk.batch), "committed"), (("release", "dispatch", desk.batch), "dispatched")):
        first, second = both(desk, *words)
        assert first.code == 0 and second.code == 1, (first, second)
        second.refused()
        assert desk.run("batch", "status", desk.batch, "--json").json["state"] == state
    assert len(desk.leaves("release.dispatched")) == 1 and len(desk.leaves("disclosure")) == 4
    desk.run("release", "deliver", desk.batch).ok()
    whole(desk)


def test_two_homes_made_in_one_place_at_once_are_one(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"a secret of a test, long enough")
    (tmp_path / "secret").chmod(0o600)
    env = {"PORTCULLIS_KEY_SECRET_FILE": str(tmp_path / "secret"), "PORTCULLIS_HOME": str(tmp_path / "home")}
    running = [start(tmp_path, ["init"], env) for _ in range(2)]
    first, second = sorted((one.ended() for one in running), key=lambda one: one.code)
    first.ok()
    second.refused("Something is there already")
    with cheap_keys():
        assert invoke("ledger", "checkpoint", "--json", env=env).ok().json["size"] == 0


def test_a_number_is_laid_in_stock_under_its_own_number(at: At) -> None:
    desk = at("ready")
    words = [("review", "sample", "commit", "--number-file", desk.folder / f"r{n}", *desk.acting(Role.OVERSEER)) for n in (1, 2)]
    done = [one.ended() for one in [typed(desk, *each) for each in words]]
    assert all(one.code in (0, 1) and "failed inside" not in one.err for one in done)
    kept = [leaf["k"] for leaf in desk.leaves("sample.committed")]
    assert kept == list(range(1, 3 + sum(one.code == 0 for one in done)))
    assert [(desk.folder / f"r{n}").exists() for n in (1, 2)] == [one.code == 0 for one in done]
    assert json.loads(typed(desk, "ledger", "checkpoint", "--json").ended().out)["size"] == len(desk.column("SELECT idx FROM leaf"))
