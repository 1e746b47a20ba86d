"""SIGKILL at every instant of `batch receive`: the file is received once or not at all, and can be sent again."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from faults_check import ledger_verifies, nothing_half_done, nothing_plain
from faults_child import KILLED, Command, Death, command
from faults_home import Base, Story, story
from portcullis.demo import send_batch
from portcullis.model import LeafType
from portcullis.store import reading, schema


def packed(empty: Base, tmp_path: Path) -> Path:
    """The folder of a batch as the recipient sends it."""
    assert empty.sent is not None
    with story(empty, tmp_path / "another gateway") as other:
        send_batch(other.cast, tmp_path / "sent", empty.sent.requests, empty.sent.plan)
    return tmp_path / "sent"


def receive(told: Story, folder: Path, number: int, death: Death | None = None) -> Command:
    one = command(Path(f"{told.home.path}.{number}.out"), told.env, "batch", "receive", str(folder), death=death)
    one.wait()
    told.said.append(one.said())
    return one


def states(told: Story) -> list[str]:
    """The states of all batches in the store, and that each has its leaf."""
    b, leaf = schema.batch, schema.leaf
    kinds = (LeafType.BATCH_RECEIVED.value, LeafType.BATCH_REFUSED.value)
    with reading(told.home.engine) as conn:
        found = list(conn.execute(select(b.c.state).order_by(b.c.id)).scalars())
        told_of = list(conn.execute(select(leaf.c.type).where(leaf.c.type.in_(kinds)).order_by(leaf.c.idx)).scalars())
    assert [f"batch.{state}" for state in found] == told_of
    return found


@pytest.mark.faults
@pytest.mark.parametrize(("what", "before"), [("commit", True), ("commit", False), ("rename", True), ("rename", False), ("sync", True)])
def test_killed_at_every_instant(empty: Base, tmp_path: Path, what: str, before: bool) -> None:
    folder = packed(empty, tmp_path)
    with story(empty, tmp_path / "home") as told:
        for number in range(1, 60):
            one = receive(told, folder, number, Death(what, number, before))
            nothing_half_done(told)
            assert states(told).count("received") <= 1
            if one.process.exitcode != KILLED:
                break
        assert number > 1, "it was never killed"
        assert states(told).count("received") == 1
        assert receive(told, folder, 99).process.exitcode == 3, "the same file once more is a replay, refused and recorded"
        assert states(told).count("received") == 1
        nothing_plain(told)
        ledger_verifies(told.home, tmp_path / "bundle")
