"""The console served on loopback in a thread of the test, and a person at it who reads pages and sends forms, without any script."""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

import uvicorn

from journey_home import Scene
from portcullis.api import public
from portcullis.api.server import server
from portcullis.console import console
from portcullis.crypto import save_key
from portcullis.home import DEMO_SECRET
from portcullis.model import Role


@dataclass
class Page:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    def field(self, name: str, nth: int = 0) -> str:
        """The value of a hidden field."""
        found = re.findall(rf'name="{name}" value="([^"]*)"', self.text)
        return unescape(found[nth])


@dataclass
class Person:
    """Somebody at the console, with a cookie."""

    port: int
    origin: str
    cookie: str = ""

    def call(self, method: str, path: str, form: Mapping[str, str] | None = None, **headers: str) -> Page:
        """One call; redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Cookie": self.cookie} if self.cookie else {}
        if method == "POST":
            sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, urlencode(form or {}) if method == "POST" else None, sent)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        if (made := answer.getheader("Set-Cookie")) is not None:
            self.cookie = made.partition(";")[0]
        connection.close()
        return Page(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)

    def get(self, path: str) -> Page:
        """A page."""
        return self.call("GET", path)

    def post(self, path: str, page: Page, **fields: str) -> Page:
        """A form of a page, with its token."""
        return self.call("POST", path, {"token": page.field("token"), **fields})


@dataclass
class Clock:
    """Seconds of the sessions."""

    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Office:
    """A running console over a scene."""

    scene: Scene
    clock: Clock = field(default_factory=Clock)
    port: int = 0
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def origin(self) -> str:
        """Where it is reached."""
        return f"http://localhost:{self.port}"

    def start(self) -> Office:
        """Begin to serve."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        home = self.scene.home
        app = console(home, self.origin, clock=self.clock, others=public(home))
        self._server = server(app, "127.0.0.1", self.port)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)  # type: ignore[union-attr]
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self._server.started
        return self

    def stop(self) -> None:
        """End it."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(20)

    def save_keys(self) -> None:
        """The demo's key files, as a demonstration leaves them; cheap ones."""
        home = self.scene.home
        folder = home.path / "keys" / "people"
        folder.mkdir(exist_ok=True)
        secret = (home.path / "keys" / DEMO_SECRET).read_bytes().strip()
        for name, key in {**self.scene.cast.keys, **{f"root-{a}": k for a, k in self.scene.cast.roots.items()}}.items():
            if not (folder / f"{name}.json").exists():
                save_key(folder / f"{name}.json", key, secret, n=2)

    def nobody(self) -> Person:
        """Somebody who is not signed in."""
        return Person(self.port, self.origin)

    def enter(self, role: Role, number: int = 1) -> Person:
        """A demo person of that role, signed in."""
        self.save_keys()
        person = self.nobody()
        page = person.get("/sign-in")
        entered = person.call("POST", "/sign-in", {"challenge": page.field("challenge"), "person": self.scene.person(role, number)})
        assert (entered.status, entered.headers["location"]) == (303, "/queue"), entered.text
        return person
