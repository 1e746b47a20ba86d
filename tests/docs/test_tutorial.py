"""The tutorial writes a fourth agreement from nothing: its files, taken from the page, are valid, prove, are adopted and run a journey."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs_pages import DOCS, ROOT, text_of
from portcullis import demo
from portcullis.agreement import load_agreement
from portcullis.demo.own import play_journey
from portcullis.errors import Refused
from portcullis.intake.facts_cases import typed_rows
from portcullis.rules import run_cases
from portcullis.rules.prove import own_invariants, prove

PAGE = DOCS / "12-a-new-agreement.md"
_FILE = re.compile(r"^`(dmv-records/[\w./-]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What somebody has who typed every file of the page."""
    for name, content in _FILE.findall(text_of(PAGE)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path / "dmv-records"


def test_every_file_is_there_and_it_needs_no_program(folder: Path) -> None:
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert {Path(name).suffix for name in files} == {".yaml", ".csv", ".json"}
    assert len([name for name in files if name.startswith("rules/")]) == 9


def test_it_is_valid_and_every_case_comes_out(folder: Path) -> None:
    made = load_agreement(folder)
    assert (made.id, made.answer, sorted(made.agree)) == ("dmv-records", "address", ["address", "date_of_birth", "name"])
    found = list(run_cases(folder, typed_rows))
    assert found and [f"{one.rule} {one.case}: {one.got} {one.reason}" for one in found if not one.passed] == []


def test_it_proves_and_with_marketing_on_the_list_it_does_not(folder: Path) -> None:
    made = load_agreement(folder)
    report = prove(made.rules, made.answer, gate=made.gate, own=own_invariants(folder, made.rules))
    assert [holds.id for holds in report.invariants if not holds.holds] == []
    terms = folder / "agreement.yaml"
    terms.write_text(
        terms.read_text(encoding="utf-8").replace("uses: [insurance_claims,", "uses: [marketing, insurance_claims,"), encoding="utf-8"
    )
    wider = load_agreement(folder)
    report = prove(wider.rules, wider.answer, gate=wider.gate, own=own_invariants(folder, wider.rules))
    assert [holds.id for holds in report.invariants if not holds.holds] == ["I-USE"]
    assert any("purpose_code: marketing" in line for line in report.counterexamples[0].lines)


def test_without_its_rules_or_invariants_it_is_refused(folder: Path) -> None:
    made = load_agreement(folder)
    with pytest.raises(Refused, match="nothing to prove"):
        prove(made.rules, made.answer, gate=made.gate)
    for path in (folder / "rules").iterdir():
        path.unlink()
    with pytest.raises(Refused, match="rule files"):
        load_agreement(folder)


def test_it_is_adopted_and_goes_the_whole_way(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.own, "save_people", lambda _cast: None)
    played = play_journey(folder, tmp_path / "home", tmp_path / "bundle")
    (batch,) = played["batches"]
    assert batch["by_decision"] == {"confirm": 1, "deficient": 1, "disclose": 1, "no_disclosure": 2}
    assert [(one["decision"], bool(one["elements"])) for one in batch["opened"]] == [("confirm", False), ("disclose", True)]
    command = [sys.executable, ROOT / "verifier" / "verify.py", tmp_path / "bundle", "--trust", tmp_path / "bundle.trust.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "\nVERIFIED" in done.stdout) == (0, True), done.stdout
