"""Without a check its attack goes through: each check of verify.py that an attack meets is taken out, and the attack is not seen so.

A check is one call of `need`. For every attack the one that sees it is found by the place it is raised from; then the program is
compiled without it. The attack must then verify, or be seen by another check further on, in other words. So no check is there for show,
and none hides behind another that would have said the same.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ledger_attacks import Attack, Evidence
from ledger_attacks_kept import ATTACKS
from ledger_story import START, load_verifier

VERIFIER = Path(__file__).parents[2] / "verifier" / "verify.py"
NOW = START + 30 * 86_400.0


@cache
def tree() -> str:
    return VERIFIER.read_text(encoding="utf-8")


def calls(module: ast.Module) -> list[ast.Call]:
    """Every check, in the order of the program."""
    found = [n for n in ast.walk(module) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "need"]
    return sorted(found, key=lambda call: call.lineno)


def without(line: int) -> ModuleType:
    """The verifier in which the check at this line always holds."""
    module = ast.parse(tree())
    (call,) = (c for c in calls(module) if c.lineno <= line <= (c.end_lineno or c.lineno))
    call.args[1] = ast.copy_location(ast.Constant(value=True), call.args[1])
    made = ModuleType("verifier_without_a_check")
    sys.modules[made.__name__] = made
    exec(compile(ast.fix_missing_locations(module), str(VERIFIER), "exec"), made.__dict__)  # noqa: S102 - our own file, less one check
    return made


def judged(v: Any, shown: Evidence) -> tuple[str, int | None]:
    """What it says, and the line of the check that said it; empty and None when it verifies."""
    try:
        known = v.read_trust(shown.trust) if shown.trust else None
        v.verify(set(shown.files), shown.files.__getitem__, known, shown.since, lambda _: None, NOW)
    except v.Failed as error:
        frames, at = [], error.__traceback__
        while at is not None:
            frames.append((at.tb_frame.f_code.co_name, at.tb_lineno))
            at = at.tb_next
        place = next((frames[i - 1][1] for i, (name, _) in enumerate(frames) if name == "need"), None)
        return error.text, place
    return "", None


@cache
def met() -> dict[int, list[Attack]]:
    """Line of a check → the attacks that it sees first."""
    found: dict[int, list[Attack]] = defaultdict(list)
    for attack in ATTACKS:
        _, line = judged(load_verifier(), attack.make())
        if line is not None:
            found[line].append(attack)
    return found


def test_without_its_check_an_attack_is_not_seen_so() -> None:
    through = 0
    for line, attacks in met().items():
        bent = without(line)
        for attack in attacks:
            shown = attack.make()
            before, _ = judged(load_verifier(), shown)
            try:
                after, again = judged(bent, shown)
            except Exception as error:  # noqa: BLE001 - what a removed check kept out may break anything; it is then not seen as it was
                after, again = f"{type(error).__name__}", None
            assert after != before or again != line, attack.name
            through += not after
    assert through >= 60, f"only {through} attacks go all the way through when one check is taken out"


def test_most_checks_meet_an_attack() -> None:
    """Which do not is a short list, of forms that tests/verifier/test_damaged.py meets by the thousand."""
    lines = {c.lineno for c in calls(ast.parse(tree()))}
    assert len(met()) >= 0.6 * len(lines), sorted(lines - set(met()))


@pytest.mark.parametrize("attack", [a for a in ATTACKS if "disclos" in a.name][:3], ids=lambda a: a.name)
def test_the_verifier_as_it_stands_sees_them(attack: Attack) -> None:
    assert judged(load_verifier(), attack.make())[0]
