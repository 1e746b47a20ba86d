"""SIGKILL at any instant of `batch run`, `release commit`, `release dispatch`: the batch goes on, and nothing happens twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from faults_check import settled
from faults_child import KILLED, Death
from faults_drive import DONE, Killer, drive, start, whole
from faults_home import Base, Story, story
from portcullis.batches import get
from portcullis.store import reading, schema, steps


def survive(base: Base, folder: Path, seed: int, kills: int, most: int, longest: dict[tuple[str, ...], float]) -> Killer:
    """One batch from received to delivered, killed at random instants on its way. `longest`: how long each command took in earlier ones."""
    with story(base, folder) as told:
        killer = Killer(told, seed, kills, most, longest=longest)
        drive(told, killer.attempt)
        settled(told)
    return killer


def test_ten_kills_at_random_instants_leave_one_decision_one_entry_one_dispatch(base: Base, tmp_path: Path) -> None:
    done, longest = 0, dict[tuple[str, ...], float]()
    for seed in range(12):  # a fast machine ends some commands before their instant comes
        done += survive(base, tmp_path / str(seed), seed, kills=10 - done, most=5, longest=longest).done
        if done >= 10:
            return
    raise AssertionError(f"only {done} commands were killed")


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_two_hundred_kills_at_random_instants(base: Base, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done, seed = 0, 1_000
    by_command: dict[str, int] = {}
    longest: dict[tuple[str, ...], float] = {}
    while done < 200:
        killer = survive(base, tmp_path / str(seed), seed, kills=min(20, 200 - done), most=8, longest=longest)
        done, seed = done + killer.done, seed + 1
        for name, count in killer.by_command.items():
            by_command[name] = by_command.get(name, 0) + count
        with capsys.disabled():
            print(f"\nseed {killer.seed}: {killer.done} killed", end="")
    with capsys.disabled():
        print(f"\n{base.cast.home.engine.dialect.name}: {done} kills, {by_command}")


def at_every_instant(told: Story, what: str, *, before: bool, only: tuple[str, ...] = ("run", "commit", "dispatch", "deliver")) -> int:
    """Kill each of these commands at its first such instant; when that changed nothing, at its second, and so on. Returns the kills."""
    number = kills = 0
    known = progress(told)

    def attempt(words: tuple[str, ...]) -> bool:
        nonlocal number, kills, known
        if words[1] not in only:
            return whole(told, words)
        now = progress(told)
        number, known = (1 if now != known else number + 1), now
        one = start(told, words, death=Death(what, number, before))
        code = one.wait()
        told.said.append(one.said())
        kills += code == KILLED
        assert code in (KILLED, *DONE), one.said()
        return code != KILLED

    drive(told, attempt)
    return kills


def progress(told: Story) -> tuple[Any, ...]:
    """How far the batch has come: its state, its steps, its answers, its decisions. A repeated look at the register is no progress."""
    with reading(told.home.engine) as conn:
        row = get(conn, told.batch)
        decided = conn.execute(select(func.count()).where(schema.request.c.batch_id == told.batch)).scalar_one()
        return row["state"], len(steps(conn, told.batch)), row["answers_root"], decided


def test_a_release_killed_at_every_commit_leaves_once(base: Base, tmp_path: Path) -> None:
    with story(base, tmp_path / "home", chunk=300) as told:
        kills = at_every_instant(told, "commit", before=False, only=("commit", "dispatch"))
        settled(told)
    assert kills >= 3, "after the commit, after the dispatch, after each publication"


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
def test_killed_amid_its_decisions_a_batch_goes_on_with_another_chunk_setting(base: Base, tmp_path: Path) -> None:
    """Steps that were counted in chunks would leave requests out, or decide them twice, once the setting is another."""
    with story(base, tmp_path / "home", chunk=25) as told:
        while progress(told)[-1] < 50:
            start(told, ("batch", "run"), death=Death("commit", 8)).wait()
        told.env["PORTCULLIS_CHUNK"] = "70"
        drive(told, lambda words: whole(told, words))
        settled(told)


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("what", "before"), [(what, before) for what in ("commit", "rename", "sync") for before in (False, True)])
def test_killed_at_every_commit_rename_and_sync(
    base: Base, tmp_path: Path, what: str, before: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with story(base, tmp_path / "home") as told:
        kills = at_every_instant(told, what, before=before)
        settled(told)
    with capsys.disabled():
        print(f"\n{base.cast.home.engine.dialect.name}: {kills} kills {'before' if before else 'after'} a {what}")
    assert kills > 20
