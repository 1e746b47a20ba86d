"""A witness over HTTP: `POST /add-checkpoint` (C2SP tlog-witness), on loopback unless told otherwise.

 1. A connection lives at most `seconds`, whatever it sends how slowly, and there are at most `CONNECTIONS` of them.
 2. A body without a length, or longer than a request may be, is not read.
 3. One request a connection; nothing else is answered but 404 and 405.

Put TLS and who may connect in front of it where it is not loopback: what it signs is safe, what it is asked tells how a log grows.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from portcullis.ledger.witness import LIMIT, Answer

__all__ = ["CONNECTIONS", "SECONDS", "WitnessServer"]

SECONDS = 10.0
CONNECTIONS = 32
_PATH = "/add-checkpoint"


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: WitnessServer
    server_version, sys_version = "portcullis-witness", ""

    def setup(self) -> None:
        """The connection ends when its time is over (1)."""
        super().setup()
        self._end = threading.Timer(self.server.seconds, self._cut)
        self._end.daemon = True
        self._end.start()

    def finish(self) -> None:
        """The connection is over."""
        self._end.cancel()
        with suppress(OSError, ValueError):
            super().finish()

    def handle(self) -> None:
        """What is cut while it is read or written is over, and nobody's business."""
        with suppress(OSError, ValueError):
            super().handle()

    def _cut(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_POST(self) -> None:
        """The one thing a witness does."""
        if self.path != _PATH:
            return self._say(Answer(404, b"There is only /add-checkpoint.\n"))
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal() and len(length) <= 6 and int(length) <= LIMIT):  # 2
            return self._say(Answer(413, b"A request states its length, and is short.\n"))
        body = self.rfile.read(int(length))
        return self._say(self.server.answer(body) if len(body) == int(length) else Answer(400, b"The request is cut.\n"))

    def do_GET(self) -> None:
        """Nothing is read here (3)."""
        self._say(Answer(405, b"A witness is asked by POST.\n"))

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status, HTTPStatus(answer.status).phrase)
        for name, value in (("Content-Type", answer.kind), ("Content-Length", str(len(answer.body))), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: an address is nobody's business."""


class WitnessServer(ThreadingHTTPServer):
    """Serves `answer` (a `Witness.add_checkpoint`) until `shutdown`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Callable[[bytes], Answer], host: str = "127.0.0.1", port: int = 0, *, seconds: float = SECONDS) -> None:
        self.answer, self.seconds = answer, seconds
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__((host, port), _Handler)

    @property
    def address(self) -> str:
        """Where it listens, as a base address."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Not more than so many at once (1)."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that fails is over; no traceback."""
