"""The recipient's commands, from a data file to a receipt, without any home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from portcullis.cli.recipient import app
from portcullis.crypto import AgreementKey, SigningKey, canonical, open_act, read_dsse, save_key, sign_dsse
from portcullis.crypto.seal import seal
from portcullis.datafile import ANSWER_TYPE, BatchAnswer, sealed_root
from portcullis.errors import Refused
from portcullis.ledger.note import NoteKey
from recipient_agency import lawful_rows, write_rows

GATEWAY, VAULT = SigningKey.generate(), AgreementKey.generate()
SIGNER, OFFICER = SigningKey.generate(), SigningKey.generate()
REQUEST = "ab" * 16


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the agency's key files, its data file, the gateway's verifier key, and a release for officer ICE-0002."""
    (tmp_path / "secret").write_bytes(b"a secret of a test, long enough")
    (tmp_path / "secret").chmod(0o600)
    monkeypatch.setenv("PORTCULLIS_KEY_SECRET_FILE", str(tmp_path / "secret"))
    for name, key in (("signer", SIGNER), ("officer", OFFICER), ("vault", VAULT)):
        save_key(tmp_path / f"{name}.json", key, b"a secret of a test, long enough", n=2**4)
    write_rows(tmp_path / "requests.csv", lawful_rows(9))
    (tmp_path / "vkey").write_text(NoteKey("portcullis.invalid/test", GATEWAY.public).vkey() + "\n")
    _release(tmp_path / "release")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _release(folder: Path) -> None:
    folder.mkdir()
    answer = {
        "agreement": "irs-ice-2025",
        "batch": "B-2026-000001",
        "decision": "disclose",
        "officers": ["ICE-0002"],
        "ordinal": 3,
        "purpose": "criminal_investigation",
        "use_until": "2027-11-21",
        "address": {"address_line": "=12 Elm Street", "city": "Springfield"},
    }
    token = seal(answer, VAULT.public_jwk, {"batch": "B-2026-000001", "request": REQUEST})
    signed = BatchAnswer("B-2026-000001", "cd" * 16, "dispatched", 9, (), 1, sealed_root([token]).hex())
    (folder / "answers.jsonl").write_bytes(canonical({"jwe": token, "request": REQUEST}) + b"\n")
    (folder / "batch_answer.json").write_bytes(canonical(sign_dsse(GATEWAY, ANSWER_TYPE, canonical(signed.payload()))))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


PACK = ("pack", "requests.csv", "--out", "batch", "--key", "signer.json", "--signer", "ICE-0001", "--agency", "ICE")
OPEN = ("open", "release", "--officer", "ICE-0002", "--vault-key", "vault.json", "--vkey", "vkey", "--access-log", "log.jsonl")


def test_pack_and_engage(desk: Path) -> None:
    packed = run(*PACK, "--json")
    assert packed.exit_code == 0 and json.loads(packed.stdout)["count"] == 9
    engaged = run("engage", "batch", "--officer", "ICE-0002", "--key", "officer.json", "--rows", "1-4, 7", "--json")
    assert engaged.exit_code == 0 and json.loads(engaged.stdout)["rows"] == 5
    assert sorted(path.name for path in (desk / "batch").iterdir()) == ["batch.json", "data.csv", "engagements.jsonl", "salts.bin"]


def test_a_dry_run_writes_nothing(desk: Path) -> None:
    assert json.loads(run(*PACK, "--dry-run", "--json").stdout) == {"count": 9, "packed": False}
    assert not (desk / "batch").exists()


@pytest.mark.parametrize("rows", ["", "0", "5-2", "1-", "a", "1-1000000000", "-1"])
def test_rows_that_are_none_are_a_usage_error(desk: Path, rows: str) -> None:
    assert run(*PACK).exit_code == 0
    assert run("engage", "batch", "--officer", "ICE-0002", "--key", "officer.json", "--rows", rows).exit_code == 2
    assert not (desk / "batch" / "engagements.jsonl").exists()


def test_open_prints_the_answers_and_records_the_opening(desk: Path) -> None:
    opened = run(*OPEN)
    assert opened.exit_code == 0 and json.loads(opened.stdout)["address"]["city"] == "Springfield"
    assert json.loads((desk / "log.jsonl").read_text())["request"] == REQUEST


def test_open_writes_csv_that_no_spreadsheet_runs(desk: Path) -> None:
    assert run(*OPEN, "--out", "answers.csv").exit_code == 0
    assert "'=12 Elm Street" in (desk / "answers.csv").read_text()
    assert (desk / "answers.csv").stat().st_mode & 0o777 == 0o600
    again = run(*OPEN, "--out", "answers.csv")
    assert isinstance(again.exception, Refused)


def test_a_release_of_another_gateway_is_not_opened(desk: Path) -> None:
    (desk / "vkey").write_text(NoteKey("portcullis.invalid/test", SIGNER.public).vkey())
    assert isinstance(run(*OPEN).exception, Refused)
    assert not (desk / "log.jsonl").exists()


def test_acknowledge_signs_what_arrived_for_this_ledger(desk: Path) -> None:
    words = ("acknowledge", "release", "--officer", "ICE-0002", "--key", "officer.json", "--vkey", "vkey", "--out", "receipt.json")
    assert run(*words).exit_code == 0
    act = open_act(read_dsse((desk / "receipt.json").read_bytes()), lambda _key_id: OFFICER.public)
    sealed = json.loads((desk / "release" / "answers.jsonl").read_text())["jwe"]
    assert (act.origin, act.action, act.content) == ("portcullis.invalid/test", "receipt", sealed_root([sealed]).hex())


def test_a_signing_key_opens_no_vault(desk: Path) -> None:
    words = [word.replace("vault.json", "signer.json") for word in OPEN]
    assert isinstance(run(*words).exception, Refused)
