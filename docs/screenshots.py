"""Takes the pictures of the console that stand in the documentation, from a running demonstration in real Chromium.

    python docs/screenshots.py

Needs Debian's packages chromium and chromium-driver. Everything shown is synthetic.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from webdriver import Browser, why_not  # noqa: E402 - the tests' own client

PICTURES = ROOT / "docs" / "pictures"
SHOWN = (
    ("console-review.png", "IRS-0002", "/batches/B-2026-000003/review", 1280, 900),
    ("console-authorize.png", "IRS-0004", "/batches/B-2026-000002/authorize", 1280, 760),
    ("console-batch.png", "IRS-0006", "/batches/B-2026-000002", 1280, 1100),
    ("console-evidence.png", "IRS-0006", "/batches/B-2026-000002/requests/6/evidence", 1280, 900),
)


def main() -> int:
    """Make the home, serve it, take every picture."""
    if reason := why_not():
        print(reason)
        return 1
    with tempfile.TemporaryDirectory(prefix="portcullis-shown-") as folder:
        home, program = Path(folder) / "office", [sys.executable, "-m", "portcullis.cli.app"]
        subprocess.run([*program, "demo", "--office", "--home", str(home)], check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        served = subprocess.Popen([*program, "serve", "--home", str(home), "--port", str(port)])
        try:
            take(f"http://localhost:{port}", port)
        finally:
            served.terminate()
            served.wait(20)
    return 0


def take(origin: str, port: int) -> None:
    """Every picture."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    for name, person, path, width, height in SHOWN:
        browser = Browser(width, height)
        try:
            browser.go(origin + "/")
            browser.press(f"button[value='{person}']")
            browser.resize(width, height)
            browser.go(origin + path)
            browser.picture(PICTURES / name)
            print(f"written: docs/pictures/{name}")
        finally:
            browser.close()


if __name__ == "__main__":
    sys.exit(main())
