"""Who is at the long work of a batch: one worker at a time, seen by the others, and by people.

1. A worker puts itself down before it begins, with the state it works from, and strikes itself out when it ends, well or not.
2. While it works it says every `BEAT` seconds that it lives. One that has not for `DEAD` seconds has died: another takes the batch up,
   where the steps in the store say it stands (store/steps.py), so that nothing is done twice.
This orders the work and guards nothing: of two processes that take the same step all the same, one does it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from portcullis.errors import PortcullisError
from portcullis.home import Home
from portcullis.store import reading, schema, writing

__all__ = ["BEAT", "DEAD", "at_work", "left_behind", "progress"]

BEAT = 10.0
DEAD = 60
_log = logging.getLogger("portcullis.worker")


@contextmanager
def at_work(home: Home, batch_id: str, state: str, worker: str) -> Iterator[bool]:
    """Whether the batch is this worker's while the block runs; False when another that lives is at it."""
    if not _claim(home, batch_id, state, worker):
        yield False
        return
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(home, batch_id, worker, ended), name="beat", daemon=True)
    beating.start()
    try:
        yield True
    finally:
        ended.set()
        beating.join()
        _strike_out(home, batch_id, worker)


def left_behind(home: Home, batch_id: str) -> bool:
    """Whether a worker that died stands at this batch."""
    w = schema.work
    with reading(home.engine) as conn:
        beat = conn.execute(select(w.c.beat).where(w.c.batch_id == batch_id)).scalar_one_or_none()
    return beat is not None and home.now() - beat >= DEAD


def progress(conn: Connection, batch_id: str) -> str | None:
    """What the worker at a batch is doing, in words; None when none is at it."""
    w, q, b = schema.work, schema.request, schema.batch
    row = conn.execute(select(w, b.c.count).join(b, b.c.id == w.c.batch_id).where(w.c.batch_id == batch_id)).mappings().first()
    if row is None:
        return None
    said = f"a worker, at it since {_hour(row['begun'])}, last heard of at {_hour(row['beat'])}"
    written = conn.execute(select(func.count()).select_from(q).where(q.c.batch_id == batch_id)).scalar_one()
    return f"{said}: {written:,} of {row['count']:,} decisions written" if 0 < written < row["count"] else said


def _hour(seconds: int) -> str:
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d} UTC"


def _claim(home: Home, batch_id: str, state: str, worker: str) -> bool:
    w, now = schema.work, home.now()
    try:
        with writing(home.engine) as conn:
            row = conn.execute(select(w).where(w.c.batch_id == batch_id).with_for_update()).mappings().first()
            if row is not None and now - row["beat"] < DEAD:
                return False
            conn.execute(delete(w).where(w.c.batch_id == batch_id))
            conn.execute(insert(w).values(batch_id=batch_id, worker=worker, state=state, begun=now, beat=now))
    except IntegrityError:  # another was faster
        return False
    return True


def _beat(home: Home, batch_id: str, worker: str, ended: threading.Event) -> None:
    w = schema.work
    while not ended.wait(BEAT):
        try:
            with writing(home.engine) as conn:
                conn.execute(update(w).where(w.c.batch_id == batch_id, w.c.worker == worker).values(beat=home.now()))
        except (DBAPIError, PortcullisError, OSError) as error:  # the work itself finds out; the next beat may come through
            _log.warning("a beat was missed: %s", type(error).__name__)


def _strike_out(home: Home, batch_id: str, worker: str) -> None:
    w = schema.work
    try:
        with writing(home.engine) as conn:
            conn.execute(delete(w).where(w.c.batch_id == batch_id, w.c.worker == worker))
    except (DBAPIError, PortcullisError, OSError) as error:  # then it counts as died, which only costs time
        _log.warning("a worker could not be struck out: %s", type(error).__name__)
