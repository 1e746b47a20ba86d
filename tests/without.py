"""Taking out one safeguard at a time: does a test notice?

    python -m pytest -p without --without R12 tests/journey/test_each_rule.py      (with tests/ on PYTHONPATH)
    python tests/without.py                                                        writes docs/safeguards.md

As a pytest plugin it removes the safeguard of one rule before any test is collected. A rule that is data is left out of every rule set
that is loaded; one that lives in code is undone where it stands. Run by itself it first runs every named test with all safeguards in
place, where all must pass, and then for each rule its named tests without it, where each must fail; only then is the page written.

`REMOVALS` is the table: rule, how it is taken out, which tests must then fail, and the test in which a lawful request is still answered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import without_after

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "safeguards.md"
DATA = "its file is left out of every rule set that is loaded"


@dataclass(frozen=True)
class Removal:
    """How one rule's safeguard is taken out, the tests that then fail, and the test of a lawful request."""

    how: str
    take_out: Callable[[str], None]
    fails: tuple[str, ...]
    lawful: str


# ---- taking out -----------------------------------------------------------------------------------
def module(name: str) -> Any:
    """A module by its name, also where a function of the same name stands in its package."""
    import_module(name)
    return sys.modules[name]


def leave_out(rule: str) -> None:
    """Every rule set comes back without this rule."""
    real = module("portcullis.rules.load").load

    def load(*where: Any, **how: Any) -> Any:
        return real(*where, **how).without(rule)

    for name in ("portcullis.rules.load", "portcullis.rules", "portcullis.agreement.load"):
        module(name).load = load


def any_standardiser(_: str) -> None:
    """A register is used whatever it was standardised with (R35)."""

    class Whatever:
        """Equal to everything."""

        def __ne__(self, other: object) -> bool:
            return False

    module("portcullis.matching.register").standardisers = Whatever


def no_whitelist(_: str) -> None:
    """Nothing is outside the whitelist (R36)."""
    for name in ("portcullis.release.answers", "portcullis.release.examine"):
        module(name).outside_whitelist = lambda body, permitted: 0


def confirmation_repeats(_: str) -> None:
    """An address that is known already is disclosed all the same (R37)."""
    decision = module("portcullis.decision")
    disclose = decision.Decision.DISCLOSE
    decision.DECIDE = tuple(replace(row, then=disclose) if row.id == "D6" else row for row in decision.DECIDE)


def co_filer_too(rule: str) -> None:
    """Who files jointly is handed on with the address (R38)."""
    leave_out(rule)
    answers = module("portcullis.release.answers")
    answers.ADDRESS_FIELDS = (*answers.ADDRESS_FIELDS, "co_filer")


def say_why(rule: str) -> None:
    """Whoever is refused after the register was read is told so, as a deficient request is, and any address may be tried (R39)."""
    leave_out(rule)
    pipeline = module("portcullis.pipeline")
    real, compute = pipeline.decide_all, module("pyarrow.compute")

    def decide_all(*facts: Any, **how: Any) -> Any:
        found = real(*facts, **how)
        told = compute.if_else(compute.equal(found["decision"], "no_disclosure"), "deficient", found["decision"])
        return found.set_column(found.column_names.index("decision"), "decision", told)

    pipeline.decide_all = decide_all


def rows_left_out(*rows: str) -> Callable[[str], None]:
    """`may_release` without these rows of its table."""

    def take_out(_: str) -> None:
        decision = module("portcullis.decision")
        decision.MAY_RELEASE = tuple(row for row in decision.MAY_RELEASE if row.id not in rows)

    return take_out


def no_accounting(_: str) -> None:
    """Answers leave and nothing is written of them (R42)."""
    dispatch = module("portcullis.release.dispatch")
    real = dispatch.record_many

    def record_many(conn: Any, leaves: Iterable[Any]) -> Any:
        return real(conn, [leaf for leaf in leaves if leaf[0].value != "disclosure"])

    dispatch.record_many = record_many


def forget_the_refused(_: str) -> None:
    """A batch refused at the door leaves no entry of its requests (R43)."""
    module("portcullis.intake.batch.receive").refused_entries = lambda home, opened, reason: iter(())


def believe_the_store(_: str) -> None:
    """Leaves are taken from the store whatever was done to them, and a fork is published (R45)."""
    leaves = module("portcullis.store.leaves")
    leaves._check = lambda *what: None
    module("portcullis.store").set_published = leaves.set_published = lambda *what: None


def workstations(_: str) -> None:
    """A workstation counts as a vault (R46)."""
    vaults = module("portcullis.standing.vaults")
    vaults.APPROVED = vaults.APPROVED | {"workstation"}


def any_cryptography(_: str) -> None:
    """Whatever OpenSSL is there will do (R47)."""
    for name in ("portcullis.crypto.fips", "portcullis.crypto"):
        module(name).require_fips = lambda *what: None


def no_alarms(_: str) -> None:
    """No figure is compared with anything (R57)."""
    module("portcullis.oversight.alarms").implausible = lambda sent, limits: ()


# ---- the table -----------------------------------------------------------------------------------
_RECEIVE, _ROWS = "tests/intake/test_receive.py", "tests/journey/test_each_rule.py"
_WRONG = f"{_RECEIVE}::test_what_the_sender_does_wrong_is_refused_recorded_and_can_be_put_right"
_RECEIVED = f"{_RECEIVE}::test_a_batch_is_received_or_refused_alike_on_both_stores[sqlite]"
_SINCE = "tests/release/test_changed_since.py"
_CHANGED = f"{_SINCE}::test_what_changes_between_commit_and_dispatch_withholds_and_once_mended_and_signed_anew_it_goes"
_GOES = f"{_SINCE}::test_when_nothing_changes_it_goes[sqlite]"
_ANSWERS, _DISPATCH = "tests/release/test_answers.py", "tests/release/test_dispatch.py"
_ALONE = "tests/decision/test_may_release.py::test_each_requirement_refuses_alone_when_it_is_not_met"
_WHOLE = "tests/journey/test_whole_way.py"
_STANDING = f"{_RECEIVE}::test_an_agency_whose_safeguards_are_not_met_is_refused_until_they_are"
_OFFICE = f"{_RECEIVE}::test_a_signer_whose_office_is_not_listed_or_over_is_refused"
_FEDERAL = f"{_RECEIVE}::test_another_agency_than_the_agreements_recipient_is_refused"
_STAYED = f"{_RECEIVE}::test_while_a_stay_covers_the_flow_a_batch_is_refused_and_the_next_after_it_is_received"
_TOLD = f"{_DISPATCH}::test_the_dispatch_and_its_accounting_stand_in_the_ledger_together_before_anything_is_handed_over[sqlite]"
_UNIFORM = "tests/release/test_uniform.py::test_a_request_that_is_not_answered_looks_the_same_whatever_the_reason"
_OTHER_VERSION = "tests/matching/test_load.py::test_a_register_of_another_standardiser_is_refused"
_AGAIN = "tests/journey/test_asked_again.py::test_the_fourth_address_waits_for_a_person_in_whichever_batch_it_comes[sqlite]"
_FIPS = "tests/crypto/test_fips.py"
_ABOUT = f"{_ROWS}::test_the_lawful_request_is_about_somebody_on_the_register_at_that_address"


def of_batches(*fails: str) -> Removal:
    """A rule about the batch as a whole."""
    return Removal(DATA, leave_out, fails, _RECEIVED)


def of_requests(rule: str) -> Removal:
    """A rule about one request."""
    fails = f"{_ROWS}::test_a_request_that_this_rule_stops_is_stopped[{rule}]"
    return Removal(DATA, leave_out, (fails,), f"{_ROWS}::test_the_same_request_made_lawfully_is_answered[{rule}]")


REMOVALS: Mapping[str, Removal] = {
    "R01": of_batches(f"{_WRONG}[officer signs for the signer]"),
    "R02": of_batches(_OFFICE),
    "R03": of_batches(f"{_WRONG}[delegate signs]"),
    "R04": of_batches(_FEDERAL),
    "R05": of_batches(f"{_WRONG}[other data class]"),
    "R06": of_batches(f"{_STANDING}[suspended-1-0]"),
    "R07": of_batches(_STAYED),
    "R08": of_batches(f"{_WRONG}[other version]"),
    "R10": of_batches(f"{_WRONG}[row changed after signing]", f"{_RECEIVE}::test_a_replay_is_refused_by_its_nonce_and_by_its_root"),
    **{rule: of_requests(rule) for rule in ("R09", *(f"R{number}" for number in range(11, 35)))},
    "R35": Removal(any_standardiser.__doc__ or "", any_standardiser, (_OTHER_VERSION,), _ABOUT),
    "R36": Removal(
        no_whitelist.__doc__ or "",
        no_whitelist,
        (f"{_CHANGED}[one field more in an answer]", f"{_ANSWERS}::test_any_other_member_is_counted"),
        _GOES,
    ),
    "R37": Removal(
        confirmation_repeats.__doc__ or "",
        confirmation_repeats,
        (f"{_ANSWERS}::test_answers_are_prepared_for_the_answered_requests_and_no_other[sqlite]",),
        f"{_DISPATCH}::test_each_named_officer_opens_the_answers_of_the_own_requests_and_no_other",
    ),
    "R38": Removal(
        co_filer_too.__doc__ or "",
        co_filer_too,
        (f"{_ANSWERS}::test_whatever_else_the_register_says_of_a_person_is_left_behind",),
        f"{_ANSWERS}::test_a_disclosure_has_the_address_without_its_empty_parts_and_the_officers_by_name",
    ),
    "R39": Removal(
        say_why.__doc__ or "",
        say_why,
        (f"{_UNIFORM}[veto]", f"{_UNIFORM}[not on the register]", f"{_ROWS}::test_a_request_that_this_rule_stops_is_stopped[R39]", _AGAIN),
        "tests/release/test_uniform.py::test_an_answer_looks_the_same_whether_it_confirms_or_discloses",
    ),
    "R40": Removal(
        "`may_release` is read without the rows A8 and A9",
        rows_left_out("A8", "A9"),
        (f"{_CHANGED}[an authorizer turns out to have reviewed]", f"{_ALONE}[authorizers]"),
        "tests/review/test_authorize.py::test_two_people_authorize_and_their_signatures_stand_in_the_ledger[sqlite]",
    ),
    "R41": Removal(
        "`may_release` is read without the rows A6 and A7",
        rows_left_out("A6", "A7"),
        (f"{_CHANGED}[a verdict of the sample]", f"{_ALONE}[sample_of_these_decisions]"),
        "tests/review/test_sample.py::test_a_sample_without_defect_lets_the_batch_go_on",
    ),
    "R42": Removal(
        no_accounting.__doc__ or "", no_accounting, (_TOLD,), f"{_WHOLE}::test_every_lawful_request_of_a_clean_batch_is_answered"
    ),
    "R43": Removal(
        forget_the_refused.__doc__ or "",
        forget_the_refused,
        (
            f"{_WRONG}[other gate]",
            "tests/oversight/test_accounting.py::"
            "test_everything_asked_about_one_person_is_found_in_every_batch_whatever_became_of_it[sqlite]",
        ),
        _RECEIVED,
    ),
    "R45": Removal(
        believe_the_store.__doc__ or "",
        believe_the_store,
        (
            "tests/store/test_leaves.py::test_a_leaf_altered_in_the_store_is_noticed_when_read[sqlite]",
            "tests/store/test_leaves.py::test_what_was_published_never_shrinks_or_changes[sqlite]",
        ),
        f"{_WHOLE}::test_the_evidence_of_the_whole_way_verifies_offline[sqlite]",
    ),
    "R46": Removal(
        workstations.__doc__ or "",
        workstations,
        ("tests/standing/test_vaults.py::test_a_workstation_a_share_or_a_mailbox_is_no_vault[workstation]",),
        "tests/standing/test_vaults.py::test_attested_agency_storage_is[agency-hsm]",
    ),
    "R47": Removal(
        any_cryptography.__doc__ or "",
        any_cryptography,
        (f"{_FIPS}::test_with_the_switch_and_no_validated_provider_nothing_starts",),
        f"{_FIPS}::test_with_the_switch_and_a_validated_provider_it_starts",
    ),
    "R57": Removal(
        no_alarms.__doc__ or "",
        no_alarms,
        ("tests/oversight/test_alarms.py::test_the_file_of_june_2025_raises_every_alarm_and_refuses_nothing",),
        "tests/oversight/test_alarms.py::test_a_plausible_batch_raises_none",
    ),
    "R58": Removal(
        "`may_release` is read without the rows A13 and A14",
        rows_left_out("A13", "A14"),
        (f"{_ALONE}[rules_unchanged]", f"{_ALONE}[switches_unchanged]"),
        _GOES,
    ),
    "R59": Removal(
        "`may_release` is read without the rows A1, A2 and A22",
        rows_left_out("A1", "A2", "A22"),
        (f"{_ALONE}[requests_undecided]", f"{_ALONE}[requests_decided_twice]", f"{_ALONE}[register_unchanged]"),
        _GOES,
    ),
}


REMOVALS |= without_after.table(Removal, module, rows_left_out, _ALONE)


def named_tests() -> set[str]:
    """Every test the table names."""
    return {test for removal in REMOVALS.values() for test in (*removal.fails, removal.lawful)}


# ---- as a plugin of pytest -----------------------------------------------------------------------------------
def pytest_addoption(parser: pytest.Parser) -> None:
    """`--without R12`, and a file for what became of each test."""
    group = parser.getgroup("safeguards")
    group.addoption("--without", metavar="RULE", choices=sorted(REMOVALS), help="take out the safeguard of this rule first")
    group.addoption("--without-report", metavar="FILE", help="write the outcome of every test as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Take the safeguard out before any test module is imported."""
    if rule := config.getoption("--without"):
        REMOVALS[rule].take_out(rule)
    if file := config.getoption("--without-report"):
        config.pluginmanager.register(_Report(Path(file)))


class _Report:
    """Node id → `passed`, or where it failed: `setup`, `call`, `teardown`."""

    def __init__(self, file: Path) -> None:
        self.file, self.found = file, dict[str, str]()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the first failure of a test."""
        if report.failed or (report.when == "call" and report.passed):
            self.found.setdefault(report.nodeid, report.when if report.failed else "passed")

    def pytest_sessionfinish(self) -> None:
        """Write them."""
        self.file.write_text(json.dumps(self.found), encoding="utf-8")


# ---- by itself -----------------------------------------------------------------------------------
def outcomes(rule: str | None, tests: Iterable[str]) -> dict[str, str]:
    """Run the tests in a process of their own, without the safeguard of `rule` when one is given."""
    wanted = sorted(tests)
    with tempfile.TemporaryDirectory(prefix="pc-without-") as folder:
        report = Path(folder) / "report.json"
        options = ["-p", "without", "-p", "no:cacheprovider", "-q", "--no-header", "--tb=line", f"--without-report={report}"]
        command = [sys.executable, "-m", "pytest", *options, *([f"--without={rule}"] if rule else []), *wanted]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests"), "CI": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        found: dict[str, str] = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    missing = [test for test in wanted if test not in found]
    if missing:
        raise SystemExit(
            f"{rule or 'With everything in place'}: these tests did not run: {missing}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return {test: found[test] for test in wanted}


def unnoticed(rule: str) -> list[str]:
    """The named tests of a rule that do not fail when it is taken out."""
    found = outcomes(rule, REMOVALS[rule].fails)
    return [f"{rule}: {test} {how}" for test, how in found.items() if how != "call"]


def page() -> str:
    """docs/safeguards.md, from the table and the titles of the rules."""
    rules = {rule.id: rule.title for rule in module("portcullis.rules").load(ROOT / "agreements" / "irs-ice-2025").rules}
    lines = [
        "# Safeguards and their tests",
        "",
        "Written by `make safeguards`, which takes each safeguard out, sees that every test named for it then fails, and that all of them",
        "pass with everything in place. Every rule in force stands here; one that is planned cannot be taken out.",
        "",
        "| rule | what it says | taken out by | tests that then fail | a lawful request is still answered |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rule, removal in sorted(REMOVALS.items()):
        fails = "<br>".join(f"`{test}`" for test in removal.fails)
        lines.append(f"| {rule} | {rules[rule]} | {removal.how.rstrip('.')} | {fails} | `{removal.lawful}` |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run everything, and write the page when every safeguard is noticed."""
    wrong = [f"in place: {test} {how}" for test, how in outcomes(None, named_tests()).items() if how != "passed"]
    with ThreadPoolExecutor(max_workers=2) as two:
        for rule, found in zip(sorted(REMOVALS), two.map(unnoticed, sorted(REMOVALS)), strict=True):
            sys.stderr.write(f"{rule} {'is noticed' if not found else 'IS NOT NOTICED'}\n")
            wrong += found
    if wrong:
        raise SystemExit("\n".join(["Not written:", *wrong]))
    PAGE.write_text(page(), encoding="utf-8")
    sys.stderr.write(f"{PAGE.relative_to(ROOT)} is written.\n")


if __name__ == "__main__":
    main()
