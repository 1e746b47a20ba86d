"""SIGKILL at every instant of publishing the ledger: the last checkpoint stays good, and the next publication goes on from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faults_check import ledger_verifies
from faults_child import KILLED, Command, Death, command
from faults_drive import whole
from faults_home import Base, Story, story
from portcullis.inspections import inspection
from portcullis.ledger import NoteKey, read_published
from portcullis.store import writing

INSTANTS = [("sync", True), ("sync", False), ("rename", True), ("rename", False), ("write", False), ("commit", True), ("commit", False)]


def checkpoint(told: Story, number: int, death: Death | None = None) -> Command:
    """`portcullis ledger checkpoint`, with one more leaf to publish."""
    with writing(told.home.engine) as conn:
        inspection(told.home, conn, person="IRS-0001", why="review", command="review.show", batch_id=told.batch)
    one = command(Path(f"{told.home.path}.{number}.out"), told.env, "ledger", "checkpoint", death=death)
    one.wait()
    return one


def killed_at_each(told: Story, what: str, *, before: bool) -> int:
    """Kill a publication at its first such instant, the next at its second, and so on; between two, one that is left alone succeeds."""
    for number in range(1, 200):
        dying = checkpoint(told, 2 * number, Death(what, number, before))
        assert read_published(told.home.ledger, NoteKey(told.home.settings.origin, told.home.log_key.public)) is not None
        after = checkpoint(told, 2 * number + 1)
        assert after.process.exitcode == 0, after.said()
        if dying.process.exitcode != KILLED:
            return number - 1
    raise AssertionError("it is killed for ever")


def sweep(base: Base, tmp_path: Path, what: str, *, before: bool) -> int:
    """The same over a ledger of more than 256 leaves, which has tiles of two levels."""
    with story(base, tmp_path / "home", chunk=300) as told:
        whole(told, ("batch", "run"))
        kills = killed_at_each(told, what, before=before)
        ledger_verifies(told.home, tmp_path / "bundle")
    return kills


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
def test_killed_between_opening_a_tile_and_writing_it(base: Base, tmp_path: Path) -> None:
    assert sweep(base, tmp_path, "write", before=True) >= 2


@pytest.mark.faults
@pytest.mark.parametrize(("what", "before"), INSTANTS)
def test_killed_at_every_instant_of_publishing(base: Base, tmp_path: Path, what: str, before: bool) -> None:
    assert sweep(base, tmp_path, what, before=before) >= 1
