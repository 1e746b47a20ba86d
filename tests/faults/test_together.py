"""Two operators type the same command at the same moment: one of them does it, the other is told, and the batch goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from faults_check import settled
from faults_drive import DONE, drive, start
from faults_home import Base, Story, story


def both_at_once(told: Story, words: tuple[str, ...]) -> bool:
    """Start the command twice. At least one comes to its end or finds that it was overtaken; nobody finds evidence contradicted."""
    pair = [start(told, words) for _ in range(2)]
    codes = [one.wait() for one in pair]
    told.said += [one.said() for one in pair]
    for code, one in zip(codes, pair, strict=True):
        assert code in (*DONE, 1), one.said()
        assert "something failed inside" not in one.said(), one.said()
    return any(code in DONE for code in codes)


def test_every_command_typed_twice_at_once_happens_once(base: Base, tmp_path: Path) -> None:
    with story(base, tmp_path / "home", chunk=100) as told:
        drive(told, lambda words: both_at_once(told, words))
        settled(told)


@pytest.mark.faults
@pytest.mark.parametrize("round_", range(20))
def test_again_and_again(base: Base, tmp_path: Path, round_: int) -> None:
    with story(base, tmp_path / f"home-{round_}", chunk=25) as told:
        drive(told, lambda words: both_at_once(told, words))
        settled(told)
