"""An agreement's own invariants, the command, and what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from portcullis.cli.prove import prove_
from portcullis.errors import OutOfOrder, Refused
from portcullis.rules.prove import own_invariants, prove
from portcullis.rules.prove.invariant import statute_invariants
from portcullis.rules.prove.proof import Proof
from rules_lawful import AGREEMENT, ruleset

CLAIM = """invariants:
  - id: I-OWN
    says: No address leaves for a joint record.
    citation: agreement of the test
    source: "I"
    require: {equals: {field: joint, value: 0}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "agreements" / "irs-ice-2025"
    shutil.copytree(AGREEMENT, copy)
    shutil.copy(AGREEMENT.parent / "fields.yaml", copy.parent)
    return copy


def write(folder: Path, text: str) -> Path:
    (folder / "invariants").mkdir(exist_ok=True)
    path = folder / "invariants" / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_false_claim_of_ones_own_is_answered_with_a_request(folder: Path) -> None:
    write(folder, CLAIM)
    claim = next(one for one in own_invariants(folder, ruleset()) if one.id == "I-OWN")
    found = Proof(ruleset(), "address", "all", [claim]).claim(claim)
    assert found.example is not None and found.example.facts["joint"] == 1


def test_a_true_claim_of_ones_own_holds(folder: Path) -> None:
    write(folder, CLAIM.replace("{equals: {field: joint, value: 0}}", "{at_most: {field: candidates, value: 1}}"))
    claim = next(one for one in own_invariants(folder, ruleset()) if one.id == "I-OWN")
    assert Proof(ruleset(), "address", "all", [claim]).claim(claim).holds.holds


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("field: joint", "field: income", r"own\.yaml, line 6, column 31: unknown field 'income'"),
        ("equals:", "like:", "unknown predicate 'like'"),
        ("citation: agreement of the test\n    ", "", "the key 'citation' is missing"),
        ('source: "I"', 'source: "I"\n    person: sometimes', "'sometimes' is not one of never, unknown, decides"),
        ('source: "I"', 'source: "I"\n    switch: R99_other', "unknown switch 'R99_other'"),
        ('source: "I"', 'source: "I"\n    of: [deficient]', "'deficient' is not one of disclose, confirm, deny"),
    ],
)
def test_a_faulty_claim_is_refused_at_its_place(folder: Path, old: str, new: str, says: str) -> None:
    write(folder, CLAIM.replace(old, new))
    with pytest.raises(Refused, match=says):
        own_invariants(folder, ruleset())


def test_two_claims_of_one_id_are_refused() -> None:
    claim = statute_invariants(ruleset(), "6103(i)(2)")[0]
    with pytest.raises(Refused, match="Two invariants have the id"):
        Proof(ruleset(), "address", "all", [claim, claim])


def test_an_agreement_for_another_gate_must_bring_claims_of_its_own() -> None:
    with pytest.raises(Refused, match="nothing to prove this agreement against"):
        prove(ruleset(), gate="another law")


def test_changing_a_list_or_threshold_of_the_agreement_does_not_change_what_the_statute_asks() -> None:
    loose = replace(ruleset(), lists=dict.fromkeys(ruleset().lists, ()), thresholds={})
    assert statute_invariants(loose, "6103(i)(2)") == statute_invariants(ruleset(), "6103(i)(2)")


def test_a_claim_about_a_switch_that_an_agreement_lacks_is_asked_without_it() -> None:
    without = replace(ruleset(), switches={name: s for name, s in ruleset().switches.items() if name != "R03_component_head"})
    claim = next(one for one in statute_invariants(without, "6103(i)(2)") if one.id == "I-HEAD-ONLY")
    assert claim.switch is None


def test_rules_in_several_versions_need_a_day() -> None:
    twice = replace(ruleset(), rules=(*ruleset().rules, ruleset().rules[0]))
    with pytest.raises(OutOfOrder, match="2 versions of rule"):
        prove(twice)


app = typer.Typer()
app.command()(prove_)


def test_the_command_proves_the_shipped_agreement() -> None:
    found = CliRunner().invoke(app, ["irs-ice-2025", "--json"])
    assert found.exit_code == 0
    assert json.loads(found.stdout)["proved"] is True


def test_the_command_fails_with_a_counterexample_when_a_rule_is_gone(folder: Path) -> None:
    (folder / "rules" / "R30.yaml").unlink()
    found = CliRunner().invoke(app, [str(folder), "--on", "2026-03-02"])
    assert found.exit_code == 1
    assert "FAILS  I-NO-VETO" in found.stdout and "    veto: yes, not no" in found.stdout and "NOT proved" in found.stdout
