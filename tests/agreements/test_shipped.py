"""Every agreement that is shipped: its folder is valid, its cases come out, it proves, and no rule of it can be left out unseen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from portcullis.agreement import Agreement, find, load_agreement
from portcullis.errors import Refused
from portcullis.intake.facts_cases import typed_rows
from portcullis.model import Decision
from portcullis.rules import agreements_folder, run_cases
from portcullis.rules.prove import own_invariants, prove
from portcullis.rules.prove.invariant import statute_invariants
from portcullis.rules.prove.proof import Proof

SHIPPED = sorted(path.parent.name for path in agreements_folder().glob("*/agreement.yaml"))
BY_DOCUMENT = [name for name in SHIPPED if name != "irs-ice-2025"]
"""The one left out has tests of its own for each rule (tests/rules)."""


def agreement(name: str) -> Agreement:
    return load_agreement(find(name))


def test_the_three_are_there() -> None:
    assert SHIPPED == ["consent-verification", "ex-parte-order", "irs-ice-2025"]


@pytest.mark.parametrize("name", BY_DOCUMENT)
def test_every_case_comes_out_as_a_lawyer_expects(name: str) -> None:
    found = list(run_cases(find(name), typed_rows))
    assert [f"{one.rule} {one.case}: {one.got} {one.reason}" for one in found if not one.passed] == []
    expected = {word for one in found for word in one.expected.split()[:1]}
    assert {"pass", "fail", "refer"} <= expected


@pytest.mark.parametrize("name", BY_DOCUMENT)
def test_it_proves(name: str) -> None:
    one = agreement(name)
    report = prove(one.rules, one.answer, gate=one.gate, own=own_invariants(one.folder, one.rules))
    assert [holds.id for holds in report.invariants if not holds.holds] == []
    assert report.seconds < 3


@pytest.mark.parametrize("name", BY_DOCUMENT)
def test_without_any_one_rule_something_that_must_hold_does_not(name: str) -> None:
    one = agreement(name)
    claims = (*statute_invariants(one.rules, one.gate), *own_invariants(one.folder, one.rules))
    for rule in one.rules.rules:
        proof = Proof(one.rules.without(rule.id), one.answer, "all", claims)
        broken = any(proof.search.possible(proof.violated(claim), proof.outcome.excluded) for claim in claims)
        assert broken == bool(rule.checks), rule.id  # what lives in code is no part of this proof


@pytest.mark.parametrize("name", BY_DOCUMENT)
def test_where_a_rule_in_code_says_it_lives_is_there(name: str) -> None:
    root = Path(__file__).resolve().parents[2]
    for rule in agreement(name).rules.rules:
        if rule.lives_in:
            module = root / "src" / rule.lives_in["module"].replace(".", "/")
            assert module.with_suffix(".py").is_file() or module.is_dir(), rule.id
            assert (root / rule.lives_in["test"]).exists(), rule.id


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("agree: [name, taxpayer_number, date_of_birth]", "agree: [name]", "cannot identify a person"),
        ("agree: [name, taxpayer_number, date_of_birth]", "agree: [taxpayer_number, date_of_birth]", "cannot identify a person"),
        ("agree: [name, taxpayer_number, date_of_birth]", "agree: [name, taxpayer_number, address]", "cannot identify a person"),
        ("agree: [name, taxpayer_number, date_of_birth]", "agree: [name, taxpayer_number]", "does not say that the date of birth"),
        ("document: {kind: consent, cited_by: consent_id}", "", "asks for no document"),
        ("document: {kind: consent, cited_by: consent_id}", "document: {kind: consent, cited_by: reason}", "consent_id"),
        ("elements: [yes_no]", "elements: [yes_no, city]", "'city'"),
        ("answer: yes_no", "answer: maybe", "maybe"),
        ("gate: 42USC405b", "gate: 42USC405b\n  gates: [42USC405c]", "not among them"),
    ],
)
def test_terms_that_do_not_fit_are_refused(tmp_path: Path, was: str, becomes: str, says: str) -> None:
    folder = tmp_path / "own"
    shutil.copytree(find("consent-verification"), folder)
    file = folder / "agreement.yaml"
    text = file.read_text(encoding="utf-8")
    assert was in text
    file.write_text(text.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(Refused, match=says):
        load_agreement(folder)


def test_an_elements_agreement_is_an_address_that_is_never_merely_confirmed() -> None:
    one = agreement("ex-parte-order")
    own = own_invariants(one.folder, one.rules)
    report = prove(one.rules, one.answer, gate=one.gate, own=own)
    (kind,) = (holds for holds in report.invariants if holds.id == "I-KIND-OF-ANSWER")
    assert kind.holds and "confirm" in kind.says
    as_address = Proof(one.rules, "address", "all", (*statute_invariants(one.rules, one.gate), *own))
    assert as_address.search.possible(as_address.outcome.answered(Decision.CONFIRM)), "with another kind of answer it would be"
