"""The other agency's client of the HTTP API: a few calls over mutual TLS, with the standard library alone.

   gateway = Gateway("localhost", 8443, certificate=..., key=..., authority=..., secret=...)
   sent = gateway.send(folder, key)          # a packed batch; `key` makes a repeated call safe
   gateway.state(sent.batch)                 # state and count
   gateway.fetch(sent.batch, out)            # the dispatch: answers.jsonl and batch_answer.json into `out`
   gateway.receipt(sent.batch, receipt)      # the signed acknowledgement

1. The gateway is known by a certificate under its own agency's authority, obtained apart, and by its host name.
2. Files are streamed both ways; a batch of any size needs no more memory than a small one.
3. What came is not believed for having come over TLS: `recipient.receive` checks the gateway's signature over it.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portcullis.crypto import canonical
from portcullis.datafile.folder import BatchFolder
from portcullis.errors import Refused
from portcullis.recipient.release import ANSWERS, BATCH_ANSWER

__all__ = ["Gateway", "Sent"]

_CHUNK = 1 << 16
_MOST_JSON = 512 << 20
_TIMEOUT = 60.0
_PATIENCE = 900.0
"""Seconds for the answer to a batch: a million rows are read and sealed before it comes."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the gateway answered to a batch: its number, its state, its count."""

    batch: str
    state: str
    count: int


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the gateway is, and who calls it: files in PEM, the key encrypted under `secret`."""

    host: str
    port: int
    certificate: Path
    key: Path
    authority: Path
    secret: bytes

    def send(self, folder: Path, key: str) -> Sent:
        """Send a packed batch; the same `key` again gives the same answer. Raises Refused when the gateway refuses it."""
        parts = BatchFolder.find(folder)
        named = {"envelope": parts.envelope, "salts": parts.salts, "engagements": parts.engagements}
        named |= {"documents": parts.documents, "data": parts.data}
        body = _Form({name: path for name, path in named.items() if path is not None})
        headers = {"Content-Type": body.kind, "Content-Length": str(body.length), "Idempotency-Key": key}
        found = self._json("POST", "/v1/batches", headers, body)
        return Sent(str(found["batch"]), str(found["state"]), int(found["count"]))

    def state(self, batch: str) -> Mapping[str, Any]:
        """The gateway's view of the batch."""
        return self._json("GET", f"/v1/batches/{batch}")

    def fetch(self, batch: str, out: Path) -> Path:
        """Take the answers: the dispatch, then the files into `out`, which must not exist. Raises Refused while they are not to be had."""
        if out.exists():
            raise Refused(f"{out.name} exists already.", "What came before is never overwritten.", "Name another folder.")
        with self._call("POST", f"/v1/batches/{batch}/dispatch", {"Idempotency-Key": f"dispatch-{batch}", "Content-Length": "0"}) as answer:
            signed = answer.read(_MOST_JSON)
        out.mkdir(mode=0o700, parents=True)
        (out / BATCH_ANSWER).write_bytes(signed)
        with self._call("GET", f"/v1/batches/{batch}/answers") as answer, (out / ANSWERS).open("xb") as file:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
        return out

    def receipt(self, batch: str, receipt: Mapping[str, object]) -> None:
        """Hand in the signed receipt."""
        data = canonical(dict(receipt))
        headers = {"Content-Type": "application/json", "Content-Length": str(len(data))}
        with self._call("POST", f"/v1/batches/{batch}/receipt", headers, data):
            return

    def _json(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Any = None) -> dict[str, Any]:
        with self._call(method, path, headers, body) as answer:
            found: dict[str, Any] = json.loads(answer.read(_MOST_JSON))
        return found

    @contextmanager
    def _call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Any = None
    ) -> Iterator[http.client.HTTPResponse]:
        patience = _PATIENCE if path == "/v1/batches" else _TIMEOUT
        connection = http.client.HTTPSConnection(self.host, self.port, context=self._context(), timeout=patience)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            if answer.status >= http.client.BAD_REQUEST:
                raise _refused(answer)
            yield answer
        except (OSError, http.client.HTTPException) as error:
            raise Refused(
                "The gateway cannot be reached, or stopped answering.", f"{type(error).__name__}.", "Call again; nothing is done twice."
            ) from error
        finally:
            connection.close()

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=str(self.authority))  # 1
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.load_cert_chain(self.certificate, self.key, password=self.secret)
        except (OSError, ssl.SSLError) as error:
            raise Refused(
                "The certificate, its key or the authority cannot be used.",
                "A file is absent, or the secret is not its own.",
                "Name others.",
            ) from error
        return context


def _refused(answer: http.client.HTTPResponse) -> Refused:
    """The gateway's problem document, in its own words."""
    try:
        said = json.loads(answer.read(1 << 16))
        detail, code = str(said.get("detail", "")), said.get("code")
    except (ValueError, AttributeError):
        detail, code = "", None
    return Refused(
        f"The gateway did not do it ({answer.status}).",
        detail,
        "Correct it, or call again later.",
        code=code if isinstance(code, str) else None,
    )


class _Form:
    """Files as multipart/form-data, read as they are sent."""

    def __init__(self, parts: Mapping[str, Path]) -> None:
        boundary = secrets.token_hex(24)
        self.kind = f"multipart/form-data; boundary={boundary}"
        self._end = f"--{boundary}--\r\n".encode()
        self._parts = [(_head(boundary, name, path), path) for name, path in parts.items()]
        self.length = sum(len(head) + os.path.getsize(path) + 2 for head, path in self._parts) + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        for head, path in self._parts:
            yield head
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
            yield b"\r\n"
        yield self._end


def _head(boundary: str, name: str, path: Path) -> bytes:
    shown = f'form-data; name="{name}"; filename="{name}{path.suffix}"'
    return f"--{boundary}\r\nContent-Disposition: {shown}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
