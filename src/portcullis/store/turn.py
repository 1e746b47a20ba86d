"""Taking turns at a SQLite store, so that a stay never waits behind a crowd.

SQLite's own waiting is a lottery: whoever happens to wake first wins, and under many writers one can lose for seconds. Beside
the store stands an empty file, `<store>.turn`, and on it a turnstile of flock(2):

1. Every writer passes the turnstile (shared) for each single attempt at BEGIN IMMEDIATE, and leaves it at once, successful or not.
   Of the threads of one process only one attempts at a time: the others wait in the process, without trying.
2. Whoever must be alone next closes the turnstile (exclusive) until its own BEGIN IMMEDIATE succeeds.

So from the moment it closes nobody else even tries, and it waits for one transaction at most: the one that is under way.
The kernel opens the turnstile when a process dies.
"""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from portcullis.errors import Refused

__all__ = ["begin", "stuck"]

_ALONE_PAUSE = 0.0005
_SHORTEST, _LONGEST = 0.0005, 0.008
_AT_THE_GATE: dict[Path, threading.Lock] = defaultdict(threading.Lock)
_READ_TIMEOUT_MS = 5000


def begin(driver: sqlite3.Connection, store: Path, *, alone: bool, patience: float) -> None:
    """BEGIN IMMEDIATE on `driver`, in turn. Raises Refused after `patience` seconds."""
    deadline = time.monotonic() + patience
    driver.execute("PRAGMA busy_timeout=0")
    try:
        with nullcontext() if alone else _first_here(store, patience), _turnstile(store) as gate:
            (_alone if alone else _in_turn)(driver, gate, deadline, patience)
    finally:
        driver.execute(f"PRAGMA busy_timeout={_READ_TIMEOUT_MS}")


def stuck(patience: float) -> tuple[str, str, str]:
    """What, why and what next, when the lock was not to be had."""
    return (
        f"The store was not free within {patience:g} seconds; nothing was changed.",
        "Another process of this gateway is holding it.",
        "Look for a command that hangs, end it, and type the command again.",
    )


@contextmanager
def _first_here(store: Path, patience: float) -> Iterator[None]:
    """One thread of this process at a time."""
    gate = _AT_THE_GATE[store]
    if not gate.acquire(timeout=patience):
        raise Refused(*stuck(patience))
    try:
        yield
    finally:
        gate.release()


@contextmanager
def _turnstile(store: Path) -> Iterator[int]:
    gate = os.open(f"{store}.turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield gate
    finally:
        os.close(gate)  # also unlocks


def _alone(driver: sqlite3.Connection, gate: int, deadline: float, patience: float) -> None:
    while not _pass(gate, fcntl.LOCK_EX):
        _wait(_ALONE_PAUSE, deadline, patience)
    while not _attempt(driver):
        _wait(_ALONE_PAUSE, deadline, patience)


def _in_turn(driver: sqlite3.Connection, gate: int, deadline: float, patience: float) -> None:
    pause = _SHORTEST
    while True:
        if _pass(gate, fcntl.LOCK_SH):
            begun = _attempt(driver)
            fcntl.flock(gate, fcntl.LOCK_UN)
            if begun:
                return
        _wait(random.uniform(pause / 2, pause), deadline, patience)  # noqa: S311 - spreads the waiters, decides nothing
        pause = min(pause * 2, _LONGEST)


def _pass(gate: int, how: int) -> bool:
    try:
        fcntl.flock(gate, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _attempt(driver: sqlite3.Connection) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        raise
    return True


def _wait(pause: float, deadline: float, patience: float) -> None:
    if time.monotonic() + pause > deadline:
        raise Refused(*stuck(patience))
    time.sleep(pause)
