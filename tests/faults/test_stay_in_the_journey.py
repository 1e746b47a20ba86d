"""Several batches are being committed and dispatched when a stay comes: nothing leaves after it has returned."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from faults_check import settled
from faults_home import Base, story
from faults_stay import Race, let_go, lifted, nothing_of_it_left, race, stay, undisturbed


def stays(several: Base, folder: Path, number: int, seed: int) -> list[Race]:
    """So many stays, each on a fresh copy, at random moments of the time that the releases take."""
    rng = random.Random(seed)
    with story(several, folder / "undisturbed") as told:
        lasts = undisturbed(told)
    runs = []
    for i in range(number):
        with story(several, folder / str(i)) as told:
            runs.append(race(told, rng.uniform(0, lasts)))
            nothing_of_it_left(told, runs[-1].imposed)
        assert runs[-1].after == 0
        assert runs[-1].before == len(runs[-1].imposed.already_left)
    return runs


def test_nothing_leaves_after_the_stay_and_once_lifted_everything_does(several: Base, tmp_path: Path) -> None:
    stays(several, tmp_path, 3, seed=7)
    with story(several, tmp_path / "lifted") as told:
        imposed, _ = stay(told)
        assert imposed.already_left == ()
        assert set(lifted(told)) == set(told.batches)
        let_go(told)
        settled(told)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_a_hundred_stays_among_releases(several: Base, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = stays(several, tmp_path, 100, seed=2026)
    waits, before = sorted(run.waited for run in runs), sum(run.before for run in runs)
    with capsys.disabled():
        print(f"\n{several.cast.home.engine.dialect.name}: {len(runs)} stays among the releases of 3 batches;", end=" ")
        print(f"{before} dispatches before, {sum(run.after for run in runs)} after;", end=" ")
        print(f"wait median {waits[50] * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms")
    assert waits[-1] < 1.0
    assert 0 < before < 3 * len(runs), "the stays must come amid the releases"
