"""The results: the members that other programs rely on (interface.md), on standard output alone, and the exit code that goes with them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cli_desk import Desk, Done, invoke
from cli_typing import NAMED, READS, options
from journey_home import rows_of
from portcullis.model import DATA_COLUMNS, Role
from recipient_agency import write_rows

At = Callable[[str], Desk]


@pytest.mark.parametrize("name", sorted(READS - {"ledger prove", "ledger trust"}))  # which have forms of their own
def test_every_read_gives_json(name: str) -> None:
    assert "--json" in options(NAMED[name])


def plain(done: Done) -> Done:
    """The same result for people: some words on standard output, and no JSON."""
    assert done.out.strip() and not done.out.startswith("{"), done.out
    return done


# ---- a batch on its way ------------------------------------------------------------------------------------------------------------
def test_batch_status_at_every_station(at: At) -> None:
    waiting = {
        "received": ["batch run"],
        "matched": ["2 reviews"],
        "reviewed": ["the sample"],
        "sampled": ["2 authorizations"],
        "authorized": ["release commit"],
        "committed": ["release dispatch"],
        "dispatched": ["the receipt"],
    }
    for station, awaiting in waiting.items():
        desk = at(station)
        shown = desk.run("batch", "status", desk.batch, "--json").ok()
        assert {"batch", "state", "received", "by_decision", "by_reason", "awaiting"} <= shown.json.keys() and shown.err == ""
        assert (shown.json["batch"], shown.json["state"], shown.json["received"]) == (desk.batch, station, 10)
        assert shown.json["awaiting"] == awaiting
        assert station in plain(desk.run("batch", "status", desk.batch).ok()).out
    assert shown.json["by_decision"] == {"confirm": 2, "disclose": 2, "no_disclosure": 5, "deficient": 1}
    assert shown.json["by_reason"]["P-ADDR-BLANK"] == 1 and sum(shown.json["by_reason"].values()) == 6


def test_run_ends_with_3_when_requests_were_refused_and_says_each_step_on_standard_error(at: At) -> None:
    desk = at("received")
    for _ in range(2):
        desk.run("batch", "run", desk.batch, "--json").ok()  # 0: nothing is decided while two reviews are open
    for ordinal in (7, 8):
        desk.run("review", "record", desk.batch, ordinal, "refuse", "cannot-tell", *desk.acting(Role.REVIEWER)).ok()
    done = desk.run("batch", "run", desk.batch, "--json").ok(3)
    assert done.json["state"] == "reviewed"
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert [(line["event"], line["state"]) for line in lines] == [("batch", "matched"), ("batch", "reviewed")]
    assert all(line["time"].endswith("Z") for line in lines)


def test_a_batch_of_lawful_requests_only_ends_with_0(at: At) -> None:
    desk = at("ready")
    folder = desk.pack(rows_of()[:3])
    got = desk.run("batch", "receive", folder, "--json").ok().json
    assert got == {"batch": got["batch"], "state": "received", "received": 3, "rule": None, "reason": None, "message": None}
    assert desk.run("batch", "run", got["batch"], "--json").ok(0).json["by_decision"] == {"confirm": 1, "disclose": 2}


def test_a_refused_batch_ends_with_3_on_record(at: At) -> None:
    desk = at("ready")
    folder = desk.pack()
    (folder / "salts.bin").write_bytes(b"")
    got = desk.run("batch", "receive", folder, "--json").ok(3).json
    assert (got["state"], got["rule"], got["reason"], got["received"]) == ("refused", "R10", "B-INTEGRITY", 10)
    shown = desk.run("batch", "status", got["batch"], "--json").ok(0).json
    assert (shown["state"], shown["by_reason"], shown["awaiting"]) == ("refused", {"B-INTEGRITY": 10}, [])
    words = plain(desk.run("batch", "receive", folder).ok(3)).out
    assert "refused" in words and "B-INTEGRITY" in words and "salts" in words


def test_a_withheld_release_ends_with_3_and_the_answered_one_with_0(at: At) -> None:
    desk = at("committed")
    desk.run("safeguard", "standing", "ICE", "--set", "suspended=1", *desk.acting(Role.SAFEGUARDS)).ok()
    done = desk.run("release", "dispatch", desk.batch, "--json").ok(3)
    assert done.json["batch"] == desk.batch and done.json["withheld"]
    assert desk.run("batch", "status", desk.batch, "--json").json["state"] == "sampled"
    fine = at("committed")
    sent = fine.run("release", "dispatch", fine.batch, "--json").ok(0).json
    assert sent["answers"] == 4 and sorted(path.name for path in Path(sent["folder"]).iterdir()) == ["answers.jsonl", "batch_answer.json"]


def test_lists_are_lists_of_rows(at: At) -> None:
    desk = at("dispatched")
    rows: dict[str, tuple[tuple[str, ...], set[str]]] = {
        "batches": (("batch", "list"), {"id", "state", "held", "count", "agency"}),
        "releases": (("release", "list"), {"batch_id", "state", "answers", "root"}),
        "agreements": (("agreement", "list"), {"id", "version", "state", "hash"}),
        "keys": (("key", "list"), {"key_id", "agency", "person", "roles", "revoked_at"}),
        "people": (("officer", "list"), {"agency", "person", "employee", "trained_on", "office"}),
    }
    for words, members in rows.values():
        shown = desk.run(*words, "--json").ok()
        assert shown.err == "" and shown.json and all(members <= row.keys() for row in shown.json), words
        plain(desk.run(*words).ok())
    assert desk.run("order", "list", "--json").json == [] and "No order" in desk.run("order", "list").out
    desk.run("order", "impose", "25-cv-1", "--court-time", "2026-11-21T09:00:00Z", *desk.acting(Role.COUNSEL), "--json").ok()
    (order,) = desk.run("order", "list", "--json").ok().json
    assert order["order"] == "25-cv-1" and order["in_force"] is True


def test_reviews_and_the_sample_in_json(at: At) -> None:
    desk = at("matched")
    assert desk.run("review", "next", desk.batch, "--json").ok().json == {"batch": desk.batch, "next": 7, "waiting": 2}
    before = len(desk.leaves("inspection"))
    shown = desk.run("review", "show", desk.batch, 7, "--as", "IRS-0002").ok().json
    assert {"batch", "ordinal", "asked", "findings", "on_file"} <= shown.keys() and set(shown["asked"]) <= {"ordinal", *DATA_COLUMNS}
    assert len(desk.leaves("inspection")) == before + 1
    drawn = at("drawn")
    assert drawn.run("review", "show", drawn.batch, "--sample", "--as", "IRS-0008").ok().json == {
        "batch": drawn.batch,
        "drawn": list(range(1, 11)),
    }


def test_the_accounting_of_one_person(at: At) -> None:
    desk = at("dispatched")
    row = rows_of()[1]
    identity = json.dumps({name: row[name] for name in ("given_name", "family_name", "date_of_birth")}).encode()
    (entry,) = desk.run("accounting", "--as", "IRS-0006", stdin=identity).ok().json
    assert (entry["batch"], entry["request"], entry["disclosed"]) == (desk.batch, f"{desk.batch}/2", True)
    assert {"subject", "reason", "requested_on", "outcome"} <= entry.keys()
    (desk.folder / "identity.json").write_bytes(identity)
    assert desk.run("accounting", "--as", "IRS-0006", "--file", desk.folder / "identity.json").ok().json == [entry]
    assert desk.run("accounting", "--as", "IRS-0006", stdin=b'{"taxpayer_number": "000000001"}').code in (0, 1)


# ---- what needs no home ------------------------------------------------------------------------------------------------------------
def test_agreement_validate_and_show() -> None:
    for name in ("validate", "show"):
        shown = invoke("agreement", name, "irs-ice-2025", "--json").ok().json
        assert {"id", "version", "source", "recipient", "gate", "permitted_elements", "rules_hash", "switches", "hash"} <= shown.keys()
        assert shown["permitted_elements"] == ["address_line", "city", "postal_code", "state", "unit"]
    assert "is valid" in plain(invoke("agreement", "validate", "irs-ice-2025").ok()).out


def test_address_check_gives_one_line_a_row(tmp_path: Path) -> None:
    rows = [
        {"address_line": "101 Elm Street", "city": "Springfield", "state": "IL", "postal_code": "62701"},
        {"address_line": "N/A", "city": "Springfield", "state": "IL", "postal_code": "62701"},
        {},
    ]
    write_rows(tmp_path / "rows.csv", [{"request_id": str(number), **row} for number, row in enumerate(rows)])
    done = invoke("address", "check", "--file", tmp_path / "rows.csv", "--json").ok(0)
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [set(line) for line in lines] == [{"row", "genuine", "reason", "parts"}] * 3 and done.err == ""
    assert [line["row"] for line in lines] == [1, 2, 3] and [line["genuine"] for line in lines] == [True, False, False]
    assert all(set(line["parts"]) == {"number", "street", "unit", "city", "state", "postal_code"} for line in lines)
    assert lines[0]["reason"] is None and lines[2]["reason"] == "P-ADDR-BLANK"


def test_match_evaluate_counts_and_writes_what_it_decided(at: At, tmp_path: Path) -> None:
    desk = at("ready")
    write_rows(tmp_path / "requests.csv", rows_of())
    first = rows_of()[0]["request_id"]
    (tmp_path / "truth.csv").write_text(f"request_id,person_id\n{first},\n", encoding="utf-8")
    words = ("--register", desk.register, "--requests", tmp_path / "requests.csv", "--truth", tmp_path / "truth.csv")
    for out in ("decided.csv", "decided.parquet"):
        shown = invoke("match", "evaluate", *words, "--out", tmp_path / out, "--json").ok(0).json
    figures = {"requests", "released", "correct", "wrong", "matchable", "precision", "recall", "referred", "seconds", "peak_mb"}
    assert figures <= shown.keys() and (shown["matchable"], shown["correct"]) == (0, 0)
    decided = pq.read_table(tmp_path / "decided.parquet")
    assert decided.column_names[:4] == ["request_id", "decision", "person_id", "reason"] and decided.num_rows == 10
    header = (tmp_path / "decided.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.replace('"', "") == "request_id,decision,person_id,reason"


def test_the_replay_gives_three_runs_and_its_layers() -> None:
    shown = invoke("replay", "june-2025", "--scale", "0.0005", "--json").ok(0).json
    assert shown["runs"].keys() == {"as_it_was_done", "gateway", "perfected"} and shown["layers"]
    figures = {"requests", "released", "unlawful", "unlawful_all_rules", "lawful_matchable", "lawful_released", "wrong_person", "seconds"}
    assert all(figures <= run.keys() for run in shown["runs"].values())
    assert shown["runs"]["gateway"]["unlawful"] == 0 and shown["runs"]["as_it_was_done"]["requests"] == 640


# ---- the ledger --------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def bundle(at: At) -> Iterator[tuple[Desk, Path, Path]]:
    """A desk, the bundle of its evidence, and its trust file."""
    desk = at("dispatched")
    folder, trust = desk.folder / "bundle", desk.folder / "trust.json"
    done = desk.run("ledger", "export", folder, "--trust", trust, "--json").ok().json
    assert done["bundle"] == str(folder) and done["size"] > 40
    yield desk, folder, trust


def test_verify_says_what_it_checked_and_ends_with_0_only_when_all_is_well(bundle: tuple[Desk, Path, Path]) -> None:
    desk, folder, trust = bundle
    keys = {"verified", "authenticated", "size", "root", "checked", "first_failure"}
    good = invoke("ledger", "verify", folder, "--trust", trust, "--json").ok(0)
    assert keys <= good.json.keys() and (good.json["verified"], good.json["authenticated"]) == (True, True) and good.err == ""
    assert good.json["first_failure"] is None and good.json["root"] == desk.run("ledger", "checkpoint", "--json").ok().json["root"]
    unknown = invoke("ledger", "verify", folder, "--json").ok(4).json
    assert (unknown["verified"], unknown["authenticated"], unknown["first_failure"]) == (False, False, None)
    assert "NOT AUTHENTICATED" in plain(invoke("ledger", "verify", folder).ok(4)).out
    (entries,) = (path for path in (folder / "tile" / "entries").rglob("*") if path.is_file())
    data = entries.read_bytes()
    entries.write_bytes(data[:500] + bytes([data[500] ^ 1]) + data[501:])
    bad = invoke("ledger", "verify", folder, "--trust", trust, "--json").ok(4).json
    assert keys <= bad.keys() and bad["verified"] is False and {"what", "why"} <= bad["first_failure"].keys()
    assert "DID NOT VERIFY" in plain(invoke("ledger", "verify", folder, "--trust", trust).ok(4)).out


def test_the_independent_verifier_agrees(bundle: tuple[Desk, Path, Path]) -> None:
    _, folder, trust = bundle
    verifier = Path(__file__).parents[2] / "verifier" / "verify.py"
    for words, code, verdict in (((folder, "--trust", trust), 0, "VERIFIED"), ((folder,), 4, "NOT AUTHENTICATED"), ((), 2, "usage")):
        done = subprocess.run([sys.executable, str(verifier), *map(str, words)], capture_output=True, text=True, check=False)
        assert done.returncode == code and verdict in done.stdout + done.stderr, done.stderr


def test_prove_and_trust_print_their_own_forms(bundle: tuple[Desk, Path, Path]) -> None:
    desk, _, trust = bundle
    assert desk.run("ledger", "prove", "3").ok().out.startswith("c2sp.org/tlog-proof@v1\n")
    shown: Any = json.loads(desk.run("ledger", "trust").ok().out)
    assert shown.keys() == {"origin", "log_vkey", "agency_roots", "witnesses", "quorum"} and shown == json.loads(trust.read_text())
