"""Each step of a batch happens once, whoever tries, however often, and is found again after a restart."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from portcullis.errors import OutOfOrder
from portcullis.store import done, once, open_store, outbox, schema, size, steps, writing
from store_rows import BATCH, count, furnish, one_leaf
from store_threads import LONG, actors


@pytest.fixture
def ready(store: Engine) -> Engine:
    furnish(store)
    return store


def test_a_step_done_is_known_to_whoever_opens_the_store_next(ready: Engine, store_url: str) -> None:
    with writing(ready) as conn:
        once(conn, BATCH, "check", at=1)
        once(conn, BATCH, "match", one_leaf(conn), at=2)
    ready.dispose()
    with open_store(store_url).connect() as conn:
        assert done(conn, BATCH, "match")
        assert not done(conn, BATCH, "review")
        assert steps(conn, BATCH) == {"check": None, "match": 0}


def test_a_step_is_not_done_twice_and_the_second_try_leaves_nothing(ready: Engine) -> None:
    with writing(ready) as conn:
        once(conn, BATCH, "dispatch", one_leaf(conn), at=1)
    with pytest.raises(OutOfOrder, match="done before"), writing(ready) as conn:
        once(conn, BATCH, "dispatch", one_leaf(conn), at=2)
    assert count(ready, schema.leaf) == 1


def test_of_many_who_try_one_does_it(ready: Engine) -> None:
    def attempt() -> bool:
        try:
            with writing(ready) as conn:
                once(conn, BATCH, "dispatch", at=1)
                one_leaf(conn, "release.dispatched", BATCH)
        except OutOfOrder:
            return False
        return True

    with actors() as crew:
        won = [one.result(LONG) for one in [crew.start(attempt) for _ in range(8)]]
    assert won.count(True) == 1
    with ready.connect() as conn:
        assert size(conn) == 1


def test_a_step_belongs_to_a_batch_that_is_there(ready: Engine) -> None:
    with pytest.raises(IntegrityError), writing(ready) as conn:
        once(conn, "B-2026-999999", "check", at=1)


def lay(engine: Engine, *paths: str) -> None:
    with writing(engine) as conn:
        outbox.put(conn, BATCH, "answer", [(path, "00" * 32) for path in paths], at=5)


def states(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as conn:
        return [(item.path, item.state) for item in outbox.items(conn, BATCH)]


def test_what_is_laid_in_the_outbox_waits_in_its_order(ready: Engine) -> None:
    lay(ready, "b", "a", "c")
    assert states(ready) == [("b", "pending"), ("a", "pending"), ("c", "pending")]


def test_everything_leaves_at_once_and_once(ready: Engine) -> None:
    lay(ready, "a", "b")
    with writing(ready) as conn:
        outbox.mark_sent(conn, BATCH, 2, at=6)
        assert outbox.items(conn, BATCH, "pending") == []
    with pytest.raises(OutOfOrder, match="2 files should leave and 0 are pending"), writing(ready) as conn:
        outbox.mark_sent(conn, BATCH, 2, at=7)


def test_a_part_of_a_release_does_not_leave(ready: Engine) -> None:
    lay(ready, "a", "b")
    with pytest.raises(OutOfOrder), writing(ready) as conn:
        outbox.mark_sent(conn, BATCH, 1, at=6)
    assert states(ready) == [("a", "pending"), ("b", "pending")]


def test_what_a_stay_withheld_does_not_leave_later(ready: Engine) -> None:
    lay(ready, "a", "b")
    with writing(ready) as conn:
        assert outbox.withhold(conn, BATCH) == 2
    with pytest.raises(OutOfOrder), writing(ready) as conn:
        outbox.mark_sent(conn, BATCH, 2, at=6)
    lay(ready, "c")
    with writing(ready) as conn:
        outbox.mark_sent(conn, BATCH, 1, at=7)
    assert states(ready) == [("a", "withheld"), ("b", "withheld"), ("c", "sent")]


def test_what_has_left_cannot_be_withheld(ready: Engine) -> None:
    lay(ready, "a")
    with writing(ready) as conn:
        outbox.mark_sent(conn, BATCH, 1, at=6)
        assert outbox.withhold(conn, BATCH) == 0
    assert states(ready) == [("a", "sent")]


def test_a_file_is_laid_there_once(ready: Engine) -> None:
    lay(ready, "a")
    with pytest.raises(IntegrityError):
        lay(ready, "a")
