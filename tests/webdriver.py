"""A small WebDriver client (W3C WebDriver 2, WebAuthn extension) over the standard library: real Chromium, driven by ChromeDriver."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

__all__ = ["Browser", "why_not"]

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)


def why_not() -> str:
    """Why no browser can be driven here; empty when one can."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{', '.join(missing)} not installed (Debian packages chromium, chromium-driver)" if missing else ""


class Browser:
    """One browser window, with a virtual authenticator when asked for."""

    def __init__(self, width: int = 1280, height: int = 1000, *, scripts: bool = True) -> None:
        """Start ChromeDriver and a new session with an empty profile."""
        self._profile = tempfile.mkdtemp(prefix="pc-chromium-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._driver = subprocess.Popen(
            [shutil.which("chromedriver") or "", f"--port={self._port}", "--silent"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        flags = [*_FLAGS, f"--user-data-dir={self._profile}", f"--window-size={width},{height}"]
        options: dict[str, Any] = {"binary": shutil.which("chromium"), "args": flags}
        if not scripts:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        capabilities = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        made = self._wait(lambda: self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}}))
        self._session = f"/session/{made['sessionId']}"

    def _wait(self, tried: Any, seconds: float = 30) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            try:
                return tried()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        data = json.dumps(body if body is not None else {}) if method == "POST" else None
        connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        found = json.loads(answer.read())["value"]
        connection.close()
        if answer.status >= 400:
            raise AssertionError(f"{found['error']}: {found['message'].splitlines()[0]}")
        return found

    def close(self) -> None:
        """End session, driver and profile."""
        try:
            self._call("DELETE", self._session)
        finally:
            self._driver.terminate()
            self._driver.wait(20)
            shutil.rmtree(self._profile, ignore_errors=True)

    def go(self, url: str) -> None:
        """Open an address."""
        self._call("POST", f"{self._session}/url", {"url": url})

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._call("GET", f"{self._session}/url"))

    @property
    def source(self) -> str:
        """The page as it is now."""
        return str(self._call("GET", f"{self._session}/source"))

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script of the test's own in the page."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": list(arguments)})

    def run_later(self, script: str, *arguments: Any) -> Any:
        """Run a script that calls its last argument when it is done."""
        return self._call("POST", f"{self._session}/execute/async", {"script": script, "args": list(arguments)})

    def element(self, css: str) -> str:
        """The first element a selector finds."""
        return str(self._call("POST", f"{self._session}/element", {"using": "css selector", "value": css})[_ELEMENT])

    def click(self, css: str) -> None:
        """Click it."""
        self._call("POST", f"{self._session}/element/{self.element(css)}/click")

    def keys(self, css: str, text: str) -> None:
        """Type into it."""
        self._call("POST", f"{self._session}/element/{self.element(css)}/value", {"text": text})

    def until(self, holds: Any, what: str, seconds: float = 20) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"it did not come to pass: {what}; at {self.url}\n{self.source[:3000]}"
            time.sleep(0.05)

    def press(self, css: str) -> None:
        """Click it and wait for the next page."""
        self.run("window.portcullisOld = true")
        self.click(css)
        self.until(lambda: self.run("return !window.portcullisOld && document.readyState === 'complete'"), f"a page after {css}")

    def authenticator(self) -> str:
        """A passkey's holder that verifies its person, inside the machine (Web Authentication, section 11)."""
        kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
        return str(self._call("POST", f"{self._session}/webauthn/authenticator", kind))

    def verified(self, authenticator: str, yes: bool) -> None:
        """Whether the authenticator finds its person from now on."""
        self._call("POST", f"{self._session}/webauthn/authenticator/{authenticator}/uv", {"isUserVerified": yes})

    def credentials(self, authenticator: str) -> list[dict[str, Any]]:
        """What the authenticator holds."""
        found: list[dict[str, Any]] = self._call("GET", f"{self._session}/webauthn/authenticator/{authenticator}/credentials")
        return found

    def hold(self, authenticator: str, credential: dict[str, Any]) -> None:
        """Give it back what it held."""
        self._call("POST", f"{self._session}/webauthn/authenticator/{authenticator}/credential", credential)

    def forget(self, authenticator: str) -> None:
        """Remove an authenticator."""
        self._call("DELETE", f"{self._session}/webauthn/authenticator/{authenticator}")

    def messages(self) -> list[str]:
        """What the console of the browser said since the last time."""
        return [one["message"] for one in self._call("POST", f"{self._session}/se/log", {"type": "browser"})]

    def asked(self) -> list[str]:
        """Every address a page asked for since the last time."""
        found = []
        for one in self._call("POST", f"{self._session}/se/log", {"type": "performance"}):
            said = json.loads(one["message"])["message"]
            if said["method"] == "Network.requestWillBeSent":
                found.append(said["params"]["request"]["url"])
        return found

    def resize(self, width: int, height: int, scale: int = 1) -> None:
        """Another size of the window's inside in CSS pixels, each `scale` pixels of the screen wide: 320 at 4 is 1280 at 400 % zoom."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self._call("POST", f"{self._session}/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics})

    def media(self, kind: str = "", **features: str) -> None:
        """Show the page as for another medium (`print`), or to a person who prefers something (`prefers_reduced_motion="reduce"`)."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        body = {"cmd": "Emulation.setEmulatedMedia", "params": {"media": kind, "features": wanted}}
        self._call("POST", f"{self._session}/goog/cdp/execute", body)

    def tab(self) -> None:
        """One step of the keyboard."""
        keys = {"type": "key", "id": "keys", "actions": [{"type": "keyDown", "value": "\ue004"}, {"type": "keyUp", "value": "\ue004"}]}
        self._call("POST", f"{self._session}/actions", {"actions": [keys]})

    def pdf(self) -> bytes:
        """The page as it prints on A4."""
        paper = {"page": {"width": 21.0, "height": 29.7}}
        return base64.b64decode(self._call("POST", f"{self._session}/print", paper))

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """A screenshot."""
        if whole:
            height = int(self.run("return document.documentElement.scrollHeight"))
            self.resize(int(self.run("return innerWidth")), min(max(height, 400), 4000))
        file.write_bytes(base64.b64decode(self._call("GET", f"{self._session}/screenshot")))
