"""Leaves: in order, without gaps, unaltered; whoever appends, however many do, whatever interrupts them."""

from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import IntegrityError

from portcullis.errors import OutOfOrder, Tampered
from portcullis.store import StoredLeaves, append, insert_many, iterate, published, schema, set_published, size, writing
from store_rows import BODY, one_leaf
from store_threads import LONG, SOON, actors


def bodies(store: Engine) -> list[bytes]:
    with store.connect() as conn:
        end = size(conn)
    found = list(iterate(store, 0, end))
    assert [idx for idx, _ in found] == list(range(end))
    return [body for _, body in found]


def test_leaves_come_back_as_they_were_appended(store: Engine) -> None:
    made = [f"leaf {i}".encode() for i in range(12_000)]
    for start in range(0, len(made), 5_001):
        with writing(store) as conn:
            assert append(conn, [("request.decided", None, body) for body in made[start : start + 5_001]]) == start
    assert bodies(store) == made
    source = StoredLeaves(store)
    assert source.size() == 12_000
    assert list(source.iterate(4_999, 5_002)) == [(i, made[i]) for i in (4_999, 5_000, 5_001)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(st.lists(st.binary(min_size=1, max_size=300), max_size=5), max_size=4))
def test_any_bytes_in_any_chunks(store: Engine, chunks: list[list[bytes]]) -> None:
    before = bodies(store)
    for chunk in chunks:
        with writing(store) as conn:
            append(conn, [("inspection", "B-2026-000001", body) for body in chunk])
    assert bodies(store) == before + [body for chunk in chunks for body in chunk]


def test_many_who_append_at_once_leave_no_gap_and_share_no_index(store: Engine) -> None:
    def appender(who: int) -> list[int]:
        taken: list[int] = []
        for turn in range(15):
            with writing(store) as conn:
                n = 1 + (who + turn) % 3
                first = append(conn, [("inspection", None, f"{who}-{turn}-{i}".encode()) for i in range(n)])
                taken += range(first, first + n)
        return taken

    with actors() as crew:
        taken = sorted(i for one in [crew.start(appender, who) for who in range(6)] for i in one.result(LONG))
    assert taken == list(range(len(taken)))
    assert len(set(bodies(store))) == len(taken)


def test_an_append_that_is_undone_uses_up_no_index(store: Engine) -> None:
    with pytest.raises(ZeroDivisionError), writing(store) as conn:
        one_leaf(conn)
        raise ZeroDivisionError
    with writing(store) as conn:
        assert one_leaf(conn) == 0


def test_an_index_taken_past_the_head_is_refused(store: Engine) -> None:
    """The head row orders those who append; the primary key holds even against one who goes around it."""
    with writing(store) as conn:
        one_leaf(conn)
    with pytest.raises(IntegrityError), writing(store) as conn:
        insert_many(conn, schema.leaf, ("idx", "type", "batch_id", "hash", "body"), [(0, "inspection", None, bytes(32), b"x")])


def test_nothing_to_append_changes_nothing(store: Engine) -> None:
    with writing(store) as conn:
        one_leaf(conn)
        assert append(conn, []) == size(conn) == 1


@pytest.mark.parametrize("leaf", [("no.such.type", None, BODY), ("inspection", None, b""), ("inspection", None, bytes(65_536))])
def test_a_leaf_that_the_format_does_not_know_is_our_error(store: Engine, leaf: tuple[str, None, bytes]) -> None:
    with pytest.raises(OutOfOrder), writing(store) as conn:
        append(conn, [("inspection", None, BODY), leaf])
    assert bodies(store) == []
    with writing(store) as conn:
        append(conn, [("inspection", None, bytes(65_535))])


def test_the_stored_hash_is_that_of_rfc_6962(store: Engine) -> None:
    with writing(store) as conn:
        one_leaf(conn)
        assert conn.execute(select(schema.leaf.c.hash)).scalar_one() == hashlib.sha256(b"\x00" + BODY).digest()


def test_a_leaf_altered_in_the_store_is_noticed_when_read(store: Engine) -> None:
    with writing(store) as conn:
        append(conn, [("inspection", None, f"leaf {i}".encode()) for i in range(3)])
        conn.execute(update(schema.leaf).where(schema.leaf.c.idx == 1).values(body=b"leaf X"))
    with pytest.raises(Tampered, match="Leaf 1 was altered"):
        bodies(store)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_leaf_missing_from_the_store_is_noticed_when_read(store: Engine, missing: int) -> None:
    with writing(store) as conn:
        append(conn, [("inspection", None, f"leaf {i}".encode()) for i in range(3)])
        conn.execute(delete(schema.leaf).where(schema.leaf.c.idx == missing))
    with pytest.raises(Tampered, match=f"Leaf {missing} is missing"):
        list(iterate(store, 0, 3))


def test_what_was_published_never_shrinks_or_changes(store: Engine) -> None:
    with writing(store) as conn:
        append(conn, [("inspection", None, BODY)] * 4)
        assert published(conn) == (0, None)
        set_published(conn, 2, "aa")
        set_published(conn, 2, "aa")
        set_published(conn, 4, "bb")
    for size_, root in ((2, "aa"), (4, "cc")):
        with pytest.raises(Tampered, match="fork"), writing(store) as conn:
            set_published(conn, size_, root)
    with store.connect() as conn:
        assert published(conn) == (4, "bb")


def test_who_reads_what_is_published_in_order_to_record_more_is_not_overtaken(store: Engine) -> None:
    """Otherwise two processes that publish at once would take each other for a fork."""
    with writing(store) as conn:
        append(conn, [("inspection", None, BODY)] * 4)
    with actors() as others:
        with writing(store, patience=LONG) as conn:
            known, _ = published(conn, lock=True)
            other = others.start(_record, store, 4, "bb")
            time.sleep(SOON)
            set_published(conn, known + 2, "aa")
        other.result(LONG)
    with writing(store) as conn:
        assert published(conn) == (4, "bb")


def _record(store: Engine, size_: int, root: str) -> None:
    with writing(store, patience=LONG) as conn:
        set_published(conn, size_, root)
