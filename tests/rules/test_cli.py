"""`portcullis rules` needs no home, prints what a lawyer or a program can read, and exits as interface.md says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from portcullis.cli.rules import app
from portcullis.errors import Refused
from rules_lawful import AGREEMENT, lawful_facts, ruleset, table

runner = CliRunner()


def out(*arguments: str) -> str:
    found = runner.invoke(app, list(arguments), catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


def test_list() -> None:
    assert "R22  statute" in out("list")
    listed = json.loads(out("list", "--json"))
    assert len(listed["rules"]) == 60 and listed["hash"] == ruleset().hash


def test_list_as_known_before_the_agreement_is_empty() -> None:
    assert json.loads(out("list", "--known-on", "2025-01-01", "--valid-on", "2025-06-27", "--json"))["rules"] == []


@pytest.mark.parametrize("what", ["R22", "r22", "N-90DAY-NOT-RUN"])
def test_explain_by_rule_or_code(what: str) -> None:
    assert "8 U.S.C. 1253(a)(1)(A)" in out("explain", what)
    assert json.loads(out("explain", what, "--json"))["id"] == "R22"


def test_explain_says_plainly_what_is_only_planned(tmp_path: Path) -> None:
    folder = tmp_path / AGREEMENT.name
    shutil.copytree(AGREEMENT, folder)
    (tmp_path / "fields.yaml").write_bytes((AGREEMENT.parent / "fields.yaml").read_bytes())
    rule = folder / "rules" / "R54.yaml"
    rule.write_text(
        re.sub("^lives_in: .*$", "lives_in: null\nstatus: planned", rule.read_text(encoding="utf-8"), flags=re.M), encoding="utf-8"
    )
    assert "planned: nothing enforces it yet" in out("explain", "R54", "-a", str(folder))
    assert "planned" not in out("explain", "R54")


def test_unknown_rules_and_days_are_refused() -> None:
    for arguments in (["explain", "R99"], ["list", "--valid-on", "yesterday"], ["list", "-a", "no-such-agreement"], ["test", "R99"]):
        with pytest.raises(Refused):
            runner.invoke(app, arguments, catch_exceptions=False)


def test_cases_pass_and_a_failing_one_exits_with_1(tmp_path: Path) -> None:
    assert "cases as expected" in out("test", "R17", "R22")
    folder = tmp_path / "agreement"
    shutil.copytree(AGREEMENT, folder)
    path = folder / "rules" / "R17.yaml"
    path.write_text(
        path.read_text().replace(
            '{name: two years, given: {taxable_periods: "2022;2023"}, expect: pass}', "{name: two years, given: {}, expect: fail}"
        )
    )
    found = runner.invoke(app, ["test", "R17", "-a", str(folder)])
    assert found.exit_code == 1 and "FAILED" in found.stdout


def test_diff(tmp_path: Path) -> None:
    folder = tmp_path / "agreement"
    shutil.copytree(AGREEMENT, folder)
    path = folder / "agreement.yaml"
    path.write_text(path.read_text().replace("load_cap: 100", "load_cap: 1"))
    pq.write_table(table(lawful_facts()), tmp_path / "facts.parquet")
    shown = out("diff", "irs-ice-2025", str(folder), "--facts", str(tmp_path / "facts.parquet"))
    assert "changed  threshold load_cap: 100 to 1" in shown
    assert "check R27: 1 requests from pass to refer O-LOAD-IMPLAUSIBLE" in shown
    assert out("diff", "irs-ice-2025", "irs-ice-2025") == "No difference.\n"
