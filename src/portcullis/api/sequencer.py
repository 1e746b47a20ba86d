"""Publishing behind the calls: one thread that publishes the ledger when somebody asks, once for all who asked meanwhile."""

from __future__ import annotations

import logging
import threading

from portcullis.home import Home
from portcullis.publish import publish

__all__ = ["Sequencer"]

_log = logging.getLogger("portcullis.api")


class Sequencer:
    """Publishes after `ask`, at most every `pause` seconds; `stop` publishes what is left."""

    def __init__(self, home: Home, pause: float = 0.2) -> None:
        """For one home; `start` begins."""
        self._home, self._pause = home, pause
        self._asked, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def ask(self) -> None:
        """Something was committed."""
        self._asked.set()

    def stop(self) -> None:
        """Publish what is left and end."""
        self._stopping.set()
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._asked.wait()
            self._asked.clear()
            try:
                publish(self._home)
            except Exception as error:  # noqa: BLE001 - an edge: the next one who asks tries again, and says so when it cannot
                _log.error("the ledger could not be published: %s", type(error).__name__)
            self._stopping.wait(self._pause)
