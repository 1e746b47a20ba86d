"""`agreement switch` as counsel types it, `agreement show` as anybody reads it, and the evidence that both signed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_desk import Desk
from portcullis.model import Role

At = Callable[[str], Desk]


def typed(desk: Desk, first: str, second: str, position: str = "--on") -> tuple[object, ...]:
    signers = ("--as", first, "--key", desk.key(first), "--second-as", second, "--second-key", desk.key(second))
    return ("agreement", "switch", "irs-ice-2025", "--switch", "R24_relevance", position, *signers)


def test_a_switch_is_turned_shown_and_verified_offline(at: At) -> None:
    desk = at("ready")
    counsel, overseer = desk.cast.person(Role.COUNSEL), desk.cast.person(Role.OVERSEER)
    before = desk.run("agreement", "show", "irs-ice-2025", "--json").ok().json
    assert (before["switches"]["R24_relevance"], before["switch_changes"], before["in_force"]) == (False, [], True)
    assert "R24_relevance of irs-ice-2025 is on" in desk.run(*typed(desk, counsel, overseer)).ok().out
    after = desk.run("agreement", "show", "irs-ice-2025", "--json").ok().json
    assert (after["switches"]["R24_relevance"], after["switches_not_as_stated"]) == (True, ["R24_relevance"])
    (change,) = after["switch_changes"]
    assert (change["switch"], change["position"], change["signed_by"]) == ("R24_relevance", "on", [counsel, overseer])
    bundle, trust = desk.folder / "bundle", desk.folder / "trust.json"
    desk.run("ledger", "export", bundle, "--trust", trust).ok()
    assert desk.run("ledger", "verify", bundle, "--trust", trust, "--json").ok().json["verified"] is True
    checker = [sys.executable, Path(__file__).parents[2] / "verifier" / "verify.py", bundle, "--trust", trust]
    assert subprocess.run(checker, capture_output=True, check=False).returncode == 0
    desk.run(*typed(desk, counsel, overseer)).refused("on already")


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (Role.COUNSEL, Role.COUNSEL, "two different people, one of them counsel"),
        (Role.AUTHORIZER, Role.OVERSEER, "two different people, one of them counsel"),
        (Role.COUNSEL, Role.OPERATOR, "needs the role"),
        (Role.REVIEWER, Role.COUNSEL, "needs the role"),
    ],
)
def test_who_may_not_turn_it_is_told_so_and_nothing_changes(at: At, first: Role, second: Role, why: str) -> None:
    desk = at("ready")
    desk.run(*typed(desk, desk.cast.person(first), desk.cast.person(second))).refused(why)
    assert desk.run("agreement", "show", "irs-ice-2025", "--json").ok().json["switch_changes"] == []


def test_a_folder_and_what_is_not_in_force_are_shown_as_written(at: At) -> None:
    desk = at("ready")
    counsel = desk.cast.person(Role.COUNSEL)
    desk.run("agreement", "suspend", "irs-ice-2025", "--as", counsel, "--key", desk.key(counsel)).ok()
    assert desk.run("agreement", "show", "irs-ice-2025", "--json").ok().json["in_force"] is False
    desk.run(*typed(desk, counsel, desk.cast.person(Role.OVERSEER))).refused("not in force")
