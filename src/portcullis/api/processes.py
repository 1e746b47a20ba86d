"""Several server processes on one socket: one alone uses one processor, and batches of one request are mostly work for it.

1. The socket is bound once; whoever is idle takes the next connection.
2. Each process opens the home for itself. What they share is the store and its locks, as any two commands do.
3. A process that dies is seen, said, and replaced; when the first one ends as it was told to, so do all.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import threading
from collections.abc import Callable
from multiprocessing.process import BaseProcess

__all__ = ["serve_many"]

_log = logging.getLogger("portcullis.api")
_PAUSE = 1.0
"""Seconds before a process that died is replaced: one that cannot start must not be started a thousand times a second."""


def serve_many(number: int, listening: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    """Run `serve` with the socket in `number` new processes until this one is told to end (SIGTERM, SIGINT)."""
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    fresh = multiprocessing.get_context("spawn")

    def begin() -> BaseProcess:
        process = fresh.Process(target=serve, args=(listening,))
        process.start()
        return process

    running = [begin() for _ in range(number)]
    while not ended.wait(_PAUSE):
        for place, process in enumerate(running):
            if process.exitcode is not None:
                _log.error("a server process ended with exit code %s and is replaced", process.exitcode)
                running[place] = begin()
    for process in running:
        process.terminate()
    for process in running:
        process.join()
