"""What is done under the release lock does not grow with the batch: a stay waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from faults_home import Base, Story, story
from portcullis import journey
from portcullis.model import BatchState
from portcullis.publish import publish
from portcullis.release import commit_release, dispatch
from portcullis.store import lock


@contextmanager
def statements(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many statements each transaction issues that holds the release lock."""
    counts: list[int] = []
    begun = lock._transaction

    @contextmanager
    def transaction(*asked: Any) -> Iterator[Connection]:
        with begun(*asked) as conn:
            if asked[1] is lock._Hold.SHARED:
                counts.append(0)
                event.listen(conn, "before_cursor_execute", count)
            yield conn
            if asked[1] is lock._Hold.SHARED:
                event.remove(conn, "before_cursor_execute", count)

    def count(*_: object) -> None:
        counts[-1] += 1

    with monkeypatch.context() as patched:
        patched.setattr(lock, "_transaction", transaction)
        yield counts


def released(told: Story, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Statements under the lock of one commit and one dispatch."""
    while told.state() is not BatchState.AUTHORIZED:
        journey.run(told.home, told.batch)
        told.people()
    with statements(told.home.engine, monkeypatch) as counts:
        commit_release(told.home, told.batch)
        publish(told.home)
        assert isinstance(dispatch(told.home, told.batch), int)
    return counts


@pytest.mark.parametrize("several", ["sqlite"], indirect=True)
@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
def test_four_officers_need_no_more_statements_under_the_lock_than_one(
    base: Base, several: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with story(several, tmp_path / "few") as few, story(base, tmp_path / "more") as more:
        assert released(more, monkeypatch) == released(few, monkeypatch)
