"""Workers: one at a batch at a time, its progress seen, and the work of one that died taken up by another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import insert, select

from journey_home import Scene
from portcullis import journey, work
from portcullis.model import LeafType
from portcullis.store import schema, writing
from portcullis.work import DEAD, at_work
from portcullis.worker import Worker

At = Callable[[str], Scene]


def died(scene: Scene, seconds_ago: int) -> None:
    """A worker that was killed at its work leaves exactly this."""
    now = scene.clock()
    with writing(scene.home.engine) as conn:
        row = {"batch_id": scene.batch, "worker": "gone", "state": "received", "begun": now - 600, "beat": now - seconds_ago}
        conn.execute(insert(schema.work).values(**row))


def test_a_batch_another_living_worker_is_at_is_left_to_it(at_both: At) -> None:
    scene = at_both("received")
    died(scene, DEAD - 1)
    assert list(Worker(scene.home).advance()) == [(scene.batch, "another worker is at it")]
    assert scene.state == "received"


def test_the_work_of_a_worker_that_died_is_seen_and_taken_up(at_both: At) -> None:
    scene = at_both("received")
    died(scene, DEAD)
    told = list(Worker(scene.home).advance())
    assert told == [(scene.batch, "the worker before has died; its work is taken up"), (scene.batch, "matched")]
    assert (scene.state, scene.count(schema.work)) == ("matched", 0)


def test_of_workers_that_come_at_once_one_does_the_work(at_both: At) -> None:
    scene, told = at_both("received"), list[tuple[str, str]]()
    workers = [threading.Thread(target=lambda: told.extend(Worker(scene.home).advance())) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert (scene.state, [word for _, word in told].count("matched") >= 1) == ("matched", True)
    assert set(told) <= {(scene.batch, "matched"), (scene.batch, "another worker is at it"), (scene.batch, "moved by another")}
    assert scene.count(schema.work) == 0
    assert len([leaf for leaf in scene.leaves(LeafType.INSPECTION) if leaf["command"] == "batch.check"]) == 1


def test_a_worker_says_that_it_lives_and_people_see_how_far_it_is(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = at("received")
    monkeypatch.setattr(work, "BEAT", 0.02)
    with at_work(scene.home, scene.batch, "received", "me") as mine:
        assert mine
        scene.clock.forward(hours=1)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with scene.read() as conn:
                beat = conn.execute(select(schema.work.c.beat)).scalar_one()
            if beat == scene.clock():
                break
        assert beat == scene.clock()
        assert journey.status(scene.home, scene.batch)["awaiting"] == ["a worker, at it since 14:00 UTC, last heard of at 15:00 UTC"]
    assert journey.status(scene.home, scene.batch)["awaiting"] == ["batch run"]


def test_work_that_fails_leaves_nobody_at_it(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = at("received")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("portcullis.worker.run", full)
    worker = Worker(scene.home)
    assert list(worker.advance()) == [(scene.batch, "kept: OSError")]
    assert (scene.count(schema.work), scene.state) == (0, "received")
    assert list(worker.advance()) == [], "it rests before it tries again"
