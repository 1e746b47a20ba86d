"""What the recipient can see does not tell why a request was not answered: nobody there, a veto, an exclusion, two people, a wrong number.

Each case is a batch of its own in which only the last row differs; everything the recipient gets is compared (R39; 6103(b)(2), (i)(6))."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from journey_home import ROWS, Kind, Scene, rows_of, truth_of
from portcullis.crypto import decode64, read_dsse
from portcullis.demo.play import authorize_all, to_sampled
from portcullis.model import LeafType
from portcullis.publish import publish
from portcullis.release import commit_release, deliver, dispatch

At = Callable[[str], Scene]
SAME, MOVED = ROWS[0], ROWS[1]
REFUSED = [kind for kind in ROWS if kind.decision == "no_disclosure"]


def whole_way(scene: Scene, kinds: list[Kind]) -> Path:
    """Send, decide, release: what is handed over."""
    scene.lay_stock()
    got = scene.send(rows_of(kinds))
    assert (got.state, got.rule, got.reason, got.message) == ("received", None, None, None)
    assert to_sampled(scene.cast, scene.batch, truth_of(kinds))
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    publish(scene.home)
    dispatch(scene.home, scene.batch)
    return deliver(scene.home, scene.batch)


def seen(folder: Path) -> dict[str, object]:
    """Everything in the folder that is not random or the batch's own number."""
    answer = json.loads(decode64(read_dsse((folder / "batch_answer.json").read_bytes())["payload"], "payload"))
    own = {name: answer.pop(name) for name in ("batch", "nonce", "sealed_root")}
    assert all(isinstance(value, str) for value in own.values())
    lines = (folder / "answers.jsonl").read_bytes().splitlines()
    return {
        "answer": answer,
        "lines": [len(line) for line in lines],
        "members": [sorted(json.loads(line)) for line in lines],
        "files": sorted((path.name, path.stat().st_size) for path in folder.iterdir()),
    }


@pytest.fixture(scope="module")
def views() -> dict[str, dict[str, object]]:
    """Filled by the tests below, one batch each, compared with the first."""
    return {}


@pytest.mark.parametrize("kind", REFUSED, ids=lambda kind: kind.name)
def test_a_request_that_is_not_answered_looks_the_same_whatever_the_reason(at: At, kind: Kind, views: dict[str, dict[str, object]]) -> None:
    scene = at("ready")
    views[kind.name] = seen(whole_way(scene, [SAME, MOVED, kind]))
    assert views[kind.name]["answer"] == {
        "state": "dispatched",
        "count": 3,
        "deficient": [],
        "answers": 2,
        "uniform": "no disclosure for every other request",
    }
    assert views[kind.name] == next(iter(views.values()))
    closed = scene.leaves(LeafType.BATCH_CLOSED)[-1]
    assert (closed["answered"], closed["deficient"], closed["other"]) == (2, 0, 1)


def test_a_deficient_request_is_told_what_is_missing_so_that_it_can_be_perfected(at: At) -> None:
    found = seen(whole_way(at("ready"), [SAME, MOVED, ROWS[5]]))
    assert found["answer"]["deficient"] == [{"ordinal": 3, "elements": ["The request does not state the address of the taxpayer."]}]  # type: ignore[index]


def test_an_answer_looks_the_same_whether_it_confirms_or_discloses(at: At) -> None:
    scene = at("ready")
    first, second = (seen(whole_way(scene, kinds)) for kinds in ([SAME, ROWS[9]], [MOVED, ROWS[2]]))
    assert first == second
