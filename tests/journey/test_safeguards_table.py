"""The table of safeguards (tests/without.py): it covers every rule in force, names tests that exist, and its page is fresh."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from portcullis.rules import agreements_folder, load
from without import PAGE, REMOVALS, named_tests, outcomes, page

ROOT = Path(__file__).parents[2]


def test_every_rule_in_force_can_be_taken_out() -> None:
    rules = load(agreements_folder() / "irs-ice-2025").rules
    in_force = {rule.id for rule in rules if rule.status == "in_force"}
    assert set(REMOVALS) == in_force
    assert all(removal.fails and removal.lawful not in removal.fails for removal in REMOVALS.values())


def test_every_test_it_names_exists() -> None:
    files = sorted({test.split("::")[0] for test in named_tests()})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--no-header", "-p", "no:cacheprovider", *files]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert named_tests() - set(shown.stdout.splitlines()) == set(), shown.stdout[-2000:] + shown.stderr[-2000:]


def test_its_page_is_the_one_that_make_safeguards_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_a_veto_that_is_taken_out_is_noticed() -> None:
    """One of them, run as `make safeguards` runs all: without R30 somebody with a veto is disclosed."""
    assert set(outcomes("R30", REMOVALS["R30"].fails).values()) == {"call"}
