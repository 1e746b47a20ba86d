"""The disk is full, or refuses to write: a clear error, nothing half done, and the same command goes on once there is room."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults_check import nothing_half_done, settled
from faults_drive import DONE, drive, next_command, start, whole
from faults_home import Base, Story, story

SIZES = (1_000, 4_000, 20_000, 60_000, 200_000, 500_000)
"""Bytes beyond which the child may write no file: some evidence files fit, others do not, and so do the store, its log and the outbox."""


def refuse(told: Story, words: tuple[str, ...], largest_file: int) -> bool:
    """Run a command that may not find room; whether it came to its end all the same."""
    one = start(told, words, largest_file=largest_file)
    code = one.wait()
    told.said.append(one.said())
    assert code in (*DONE, 1), one.said()
    assert "Traceback" not in one.said()
    return code in DONE


def without_room(told: Story, rng: random.Random) -> int:
    """Drive the batch; each command is first tried without room, several times. Returns how many had to give up."""
    refused = 0

    def attempt(words: tuple[str, ...]) -> bool:
        nonlocal refused
        for size in sorted(rng.sample(SIZES, 2)):
            if refuse(told, words, size):
                return True
            refused += 1
            nothing_half_done(told)
            if next_command(told) != words:  # it did what it was for, and failed only at what comes after, like publishing
                return False
        return whole(told, words)

    drive(told, attempt)
    return refused


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
def test_a_batch_that_never_finds_room_at_first_is_done_once_there_is_some(base: Base, tmp_path: Path) -> None:
    with story(base, tmp_path / "home", chunk=100) as told:
        assert without_room(told, random.Random(5)) >= 5
        settled(told)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(5))
def test_whatever_fits_and_does_not(base: Base, tmp_path: Path, seed: int) -> None:
    with story(base, tmp_path / "home") as told:
        assert without_room(told, random.Random(seed)) >= 5
        settled(told)


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
@pytest.mark.parametrize("size", [33_000, 60_000], ids=["evidence file", "store"])
def test_the_error_says_what_is_full_and_what_to_type(base: Base, tmp_path: Path, size: int) -> None:
    with story(base, tmp_path / "home") as told:
        one = start(told, ("batch", "run"), largest_file=size)
        assert one.wait() == 1
        assert "this is a defect" not in one.said()
        assert "why:" in one.said() and "next:" in one.said()


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A file system with so much room in place of `folder`, holding what was in it; at the end everything is back on the large one."""
    aside = folder.with_name(folder.name + ".aside")
    folder.rename(aside)
    folder.mkdir(mode=0o700)
    held = sum(path.stat().st_size + 4096 for path in aside.rglob("*")) // 1024
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={held + kilobytes}k,mode=0700", "none", str(folder)], check=True)
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield
    finally:
        shutil.rmtree(aside)
        shutil.copytree(folder, aside)
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()
        aside.rename(folder)


def can_mount(folder: Path) -> bool:
    """Whether this process may mount a file system."""
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=False, capture_output=True).returncode != 0:
        return False
    subprocess.run(["umount", str(folder)], check=True)
    return True


@pytest.mark.faults
@pytest.mark.parametrize("name", ["evidence", "accounting", "ledger", "outbox"])
def test_a_file_system_that_runs_full(base: Base, tmp_path: Path, name: str) -> None:
    if not can_mount(tmp_path / "probe"):
        pytest.skip("only root may mount a small file system; the limit on file sizes is tested without")
    rng, refused = random.Random(11), 0

    def attempt(words: tuple[str, ...]) -> bool:
        nonlocal refused
        for kilobytes in (4, rng.randrange(8, 200)):
            with small_disk(told.home.path / name, kilobytes):
                ended = refuse(told, words, 1 << 40)
            nothing_half_done(told)
            refused += not ended
            if ended or next_command(told) != words:  # it did what it was for, and failed only at what comes after, like publishing
                return ended
        return whole(told, words)

    with story(base, tmp_path / "home", chunk=100) as told:
        drive(told, attempt)
        settled(told)
    assert refused > 0
