"""A gateway served over mutual TLS on loopback, in a thread of the test, and agencies that call it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from journey_home import Scene
from portcullis.api import application
from portcullis.api.server import Tls, server
from portcullis.crypto import SigningKey, authority, issue
from portcullis.recipient import Gateway

SECRET = b"the secret of a test's machines"


@dataclass
class Answer:
    """What came back: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def machine(folder: Path, root: SigningKey, agency: str, days: int = 30) -> Path:
    """A folder as `portcullis key certificate` makes it."""
    folder.mkdir()
    now = int(time.time())
    certificate, key = issue(root, agency, ["localhost", "127.0.0.1"], now, days, SECRET)
    (folder / "ca.pem").write_bytes(authority(root, agency, now))
    (folder / "certificate.pem").write_bytes(certificate)
    (folder / "certificate-key.pem").write_bytes(key)
    return folder


@dataclass
class Served:
    """A running gateway. `tls` are the folders of machines by agency."""

    scene: Scene
    folder: Path
    tls: dict[str, Path] = field(default_factory=dict)
    port: int = 0
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    def start(self, **limits: Any) -> Served:
        """Issue certificates and begin to serve."""
        for agency in ("IRS", "ICE"):
            self.tls[agency] = machine(self.folder / f"tls-{agency}", self.scene.cast.roots[agency], agency)
        authorities = self.folder / "authorities.pem"
        authorities.write_bytes(b"".join((self.tls[agency] / "ca.pem").read_bytes() for agency in ("IRS", "ICE")))
        mine = self.tls["IRS"]
        app = application(self.scene.home, **({"rate": 10_000.0, "burst": 10_000} | limits))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._server = server(app, "127.0.0.1", self.port, Tls(mine / "certificate.pem", mine / "certificate-key.pem", authorities, SECRET))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)  # type: ignore[union-attr]
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self._server.started
        return self

    def stop(self) -> None:
        """End it and wait."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(20)

    @property
    def ended(self) -> bool:
        """Whether it has come to its end after `stop`."""
        return self._thread is not None and not self._thread.is_alive()

    def gateway(self, agency: str = "ICE") -> Gateway:
        """The shipped client, as this agency."""
        folder = self.tls[agency]
        files = (folder / "certificate.pem", folder / "certificate-key.pem", self.tls["IRS"] / "ca.pem")
        return Gateway("localhost", self.port, *files, SECRET)

    def context(self, agency: str | None = "ICE") -> ssl.SSLContext:
        """The TLS of a caller; `agency` None shows no certificate."""
        context = ssl.create_default_context(cafile=str(self.tls["IRS"] / "ca.pem"))
        if agency is not None:
            folder = self.tls[agency]
            context.load_cert_chain(folder / "certificate.pem", folder / "certificate-key.pem", password=SECRET)
        return context

    def line(self, agency: str = "ICE") -> ssl.SSLSocket:
        """A connection for a caller who writes the bytes of a call by hand."""
        plain = socket.create_connection(("localhost", self.port), timeout=20)
        return self.context(agency).wrap_socket(plain, server_hostname="localhost")

    def call(self, method: str, path: str, body: Any = None, agency: str | None = "ICE", **headers: str) -> Answer:
        """One call in any form; `agency` None shows no certificate."""
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.context(agency), timeout=30)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        found = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        return found
