"""Callers who send slowly, or not at all, hold nothing for long; a head that never ends, a body that trickles, slots that are taken."""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from api_packing import form, nothing_left, packed, parts_of, post
from api_server import Served

Start = Callable[..., Served]
KINDS = "Content-Type: multipart/form-data; boundary=b0undary\r\n"


def limits(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    """The limits of heads and bodies, in seconds a test can wait."""
    for name, value in seconds.items():
        module = "portcullis.api.server" if name == "HEAD" else "portcullis.api.bodies"
        monkeypatch.setattr(sys.modules[module], name, value)


def dribbled(line: ssl.SSLSocket, data: bytes, pause: float = 0.1, patience: float = 8.0) -> bytes:
    """Send a byte now and then, until the other side answers or hangs up; what it said."""
    line.settimeout(pause)
    ends = time.monotonic() + patience
    for at in range(len(data)):
        try:
            line.sendall(data[at : at + 1])
            return line.recv(65_536)
        except TimeoutError:
            assert time.monotonic() < ends, "nobody minded"
        except OSError:
            return b""
    raise AssertionError("everything was taken")


def head(path: str, length: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {'s' * 16}\r\nContent-Length: {length}\r\n{KINDS}\r\n".encode()


def test_a_head_that_does_not_end_is_cut_off_on_a_new_and_on_a_kept_connection(served: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    limits(monkeypatch, HEAD=0.6)
    one = served("received")
    with one.line() as line:
        assert dribbled(line, b"GET /v1/agreements HTTP/1.1\r\nX-Slow: " + b"x" * 200) == b""
    with one.line() as line:
        line.sendall(b"GET /v1/agreements HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while not answer.endswith(b"]"):
            answer += line.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 200")
        time.sleep(0.8)  # between two calls nobody is slow
        assert dribbled(line, b"GET /v1/agreements HTTP/1.1\r\nX-Slow: " + b"x" * 200) == b""
    with one.line() as silent:
        silent.settimeout(5)
        assert silent.recv(1) == b"", "who says nothing at all is cut off too"
    assert one.call("GET", "/v1/agreements").status == 200


@pytest.mark.parametrize("path", ["/v1/batches", "/v1/notices", "receipt"])
def test_a_body_that_stops_or_trickles_is_ended_and_leaves_nothing(served: Start, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    one = served("received")
    path = f"/v1/batches/{one.scene.batch}/receipt" if path == "receipt" else path
    limits(monkeypatch, STALL=0.5)
    with one.line() as line:
        line.sendall(head(path, 5000) + b"--b0undary\r\n")
        assert line.recv(65_536).startswith(b"HTTP/1.1 408")
    limits(monkeypatch, STALL=20.0, GRACE=0.5)
    with one.line() as line:
        line.sendall(head(path, 5000))
        answer = dribbled(line, b"--b0undary\r\nContent-Disposition: " + b"x" * 200)
        assert answer.startswith(b"HTTP/1.1 408") and b"application/problem+json" in answer
    assert nothing_left(one)


def test_slow_uploads_do_not_keep_the_agencys_own_good_ones_out_for_long(
    served: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limits(monkeypatch, STALL=1.0)
    monkeypatch.setattr(sys.modules["portcullis.api.receiving"], "PER_AGENCY", 2)
    one = served("ready")
    body = form(parts_of(packed(one, tmp_path / "batch")))
    with one.line() as first, one.line() as second:
        for line in (first, second):
            line.sendall(head("/v1/batches", len(body)) + body[:300])
        time.sleep(0.3)
        refused = post(one, body)
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        for line in (first, second):
            assert line.recv(65_536).startswith(b"HTTP/1.1 408")
        assert post(one, body).status == 202
    assert nothing_left(one)
