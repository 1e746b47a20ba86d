"""Several batches are being committed and dispatched when a stay comes: nothing leaves after it has returned."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from faults_check import settled
from faults_home import Base, story
from faults_stay import let_go, lifted, nothing_of_it_left, race, stay

LONGEST = 0.4


def once(several: Base, folder: Path, rng: random.Random) -> tuple[float, int, int]:
    with story(several, folder) as told:
        run = race(told, rng, LONGEST)
        assert run.after == 0
        assert run.before == len(run.imposed.already_left)
        nothing_of_it_left(told, run.imposed)
        return run.waited, run.before, run.after


def test_nothing_leaves_after_the_stay_and_once_lifted_everything_does(several: Base, tmp_path: Path) -> None:
    rng = random.Random(7)
    for number in range(3):
        once(several, tmp_path / str(number), rng)
    with story(several, tmp_path / "lifted") as told:
        imposed, _ = stay(told)
        assert imposed.already_left == ()
        assert set(lifted(told)) == set(told.batches)
        let_go(told)
        settled(told)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_a_hundred_stays_among_releases(several: Base, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(2026)
    runs = [once(several, tmp_path / str(number), rng) for number in range(100)]
    waits = sorted(waited for waited, _, _ in runs)
    with capsys.disabled():
        name, before, after = several.cast.home.engine.dialect.name, sum(b for _, b, _ in runs), sum(a for *_, a in runs)
        print(f"\n{name}: {len(runs)} stays among the releases of 3 batches; {before} dispatches before, {after} after;", end=" ")
        print(f"wait median {waits[50] * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms")
    assert waits[-1] < 1.0
    assert 0 < before < 3 * len(runs), "the stays must come amid the releases"
