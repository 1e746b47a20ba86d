"""Every attack of ledger.md is seen by both verifiers, with no more than the input its name asks for."""

from __future__ import annotations

import pytest

from ledger_attacks import ATTACKS, Attack, honest
from ledger_story import verdict


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_an_attack_is_seen(attack: Attack) -> None:
    shown = attack.make()
    found = verdict(shown.files, shown.trust, shown.since)
    assert (found.step, attack.says in found.text) == (attack.step, True), found
    assert found.text.strip()
    if attack.needs == "bundle":
        assert (shown.trust, shown.since) == (None, None)


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a.needs == "--since"], ids=lambda a: a.name)
def test_without_the_older_checkpoint_it_would_not_be_seen(attack: Attack) -> None:
    """The need is stated truly: without it the same evidence holds together."""
    shown = attack.make()
    assert verdict(shown.files, shown.trust).step == 0


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a.needs == "--trust"], ids=lambda a: a.name)
def test_without_the_trust_file_it_would_not_be_seen(attack: Attack) -> None:
    assert verdict(attack.make().files).step == 0


def test_the_honest_log_verifies() -> None:
    story = honest()
    assert verdict(story.files(), story.trust()).step == 0
