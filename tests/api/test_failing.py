"""The store or the disk fails in the middle of a call: the caller is told to call again, nothing half done stays, and again works."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from api_packing import form, nothing_left, packed, parts_of, post
from api_server import Served
from portcullis.model import LeafType
from portcullis.store import schema

Start = Callable[..., Served]


def failing_once(monkeypatch: pytest.MonkeyPatch, module: str, name: str, error: Exception) -> None:
    """The next call of a function fails after it has done its work; those after it do not."""
    place = sys.modules[module]
    real, failed = getattr(place, name), []

    def instead(*what: object, **how: object) -> object:
        done = real(*what, **how)
        if failed:
            return done
        failed.append(True)
        raise error

    monkeypatch.setattr(place, name, instead)


FULL = OSError(errno.ENOSPC, "No space left on device")
GONE = OperationalError("COMMIT", {}, Exception("disk I/O error"))


@pytest.mark.parametrize(
    ("module", "name", "error"),
    [
        ("portcullis.api.uploads", "_name", FULL),
        ("portcullis.evidence", "place", FULL),
        ("portcullis.intake.batch.receive", "record", GONE),
        ("portcullis.api.receiving", "keep", GONE),
    ],
    ids=["while the parts are stored", "while the evidence is written", "while the leaf is appended", "while the key is kept"],
)
def test_a_fault_in_mid_call_leaves_nothing_and_the_same_call_again_is_received(
    served_both: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str, error: Exception
) -> None:
    one = served_both("ready")
    parts = parts_of(packed(one, tmp_path / "batch"))
    before = len(one.scene.leaves())
    failing_once(monkeypatch, module, name, error)
    refused = post(one, form(parts), "f" * 16)
    assert (refused.status, refused.headers["content-type"], refused.headers["retry-after"]) == (503, "application/problem+json", "5")
    assert "disk" not in refused.json()["detail"].lower() and "space" not in refused.json()["detail"].lower()
    assert (one.scene.count(schema.batch), one.scene.count(schema.api_call), len(one.scene.leaves())) == (0, 0, before)
    assert nothing_left(one)
    again = post(one, form(parts), "f" * 16)
    assert (again.status, again.json()["state"]) == (202, "received")
    assert len(one.scene.leaves(LeafType.BATCH_RECEIVED)) == 1


def test_calls_at_once_on_each_store_are_received_once_each(served_both: Start, tmp_path: Path) -> None:
    one = served_both("ready")
    bodies = [form(parts_of(packed(one, tmp_path / f"batch-{number}"))) for number in range(3)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda at: post(one, bodies[at % 3], f"{at % 3}" * 16), range(6)))
    assert {answer.status for answer in answers} == {202}
    assert (one.scene.count(schema.batch), one.scene.count(schema.api_call)) == (3, 3)
    assert [answers[at].json() for at in range(3)] == [answers[at + 3].json() for at in range(3)]
    assert nothing_left(one)
