"""Serving over mutual TLS.

1. TLS 1.3 only; a caller without a certificate under one of the given authorities does not get as far as a request.
2. An authority given here must hold the root key of an agency that is enrolled in the home; any other is refused at the start.
3. The certificate TLS verified is put into each request's scope from the connection itself; callers cannot write it.
4. A caller whose head of a call is not whole after `HEAD` seconds is cut off: an open connection costs the caller nothing, and us memory.
5. Without TLS only this machine is served (a loopback address).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h11
import uvicorn
from sqlalchemy import select
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from portcullis.crypto import authority_key, encode64
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.store import reading, schema

__all__ = ["Tls", "bound", "check_address", "check_authorities", "server"]

_IDLE = 75
_FAREWELL = 15
"""Seconds for calls under way when the server is told to end: a caller who went away without a word must not keep it."""
HEAD = 20.0
"""Seconds for the lines of a call before its body, from its first byte, or from the connection on."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's certificate and key, the secret its key is encrypted under, and the authorities whose callers it takes."""

    certificate: Path
    key: Path
    authorities: Path
    secret: bytes


class _Connection(H11Protocol):
    """One connection; its requests carry the certificate that was verified for it, and each must state itself in time."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        found = transport.get_extra_info("ssl_object")
        self.app = _WithPeer(self.app, found.getpeercert(binary_form=True) if found else None)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        if self.conn.their_state is h11.IDLE:
            self._expect_head()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_expecting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        super().connection_lost(exc)

    def _expect_head(self) -> None:  # 4
        if self._late is None:
            self._late = self.loop.call_later(HEAD, self.transport.abort)

    def _stop_expecting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


@dataclass(frozen=True, slots=True)
class _WithPeer:
    app: ASGIApp
    certificate: bytes | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {**scope.get("extensions", {}), "tls": {"client_cert": self.certificate}}
        await self.app(scope, receive, send)


def check_address(host: str, tls: Tls | None) -> None:
    """Raises Refused for an address other machines reach, without TLS."""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local and tls is None:
        raise Refused(
            "Other machines could reach this address.", "Without TLS only this machine is served.", "Type: portcullis serve --help"
        )


def check_authorities(home: Home, file: Path) -> None:
    """Raises Refused unless each authority in the file is the root of an agency enrolled here."""
    with reading(home.engine) as conn:
        roots = set(conn.execute(select(schema.party.c.root_public)).scalars())
    end = "-----END CERTIFICATE-----"
    for pem in file.read_text(encoding="ascii").split(end)[:-1]:
        if encode64(authority_key((pem + end).encode())) not in roots:
            raise Refused(
                f"{file.name} holds an authority that is no agency's root here.",
                "Whoever holds its key could call as anybody.",
                "Remove it.",
            )


def bound(host: str, port: int) -> socket.socket:
    """The socket to serve on. Raises Refused when the address is taken, or is none of this machine."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        raise Refused(
            f"Port {port} of that address cannot be served.",
            error.strerror or "It is not free.",
            "Type: portcullis serve --port with another.",
        ) from error
    return found


def server(app: ASGIApp, host: str, port: int, tls: Tls | None = None) -> uvicorn.Server:
    """A server that is ready to run."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=_Connection,
        ws="none",
        access_log=False,  # addresses of calls hold batch numbers and nothing else, and still belong in no log by default
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_FAREWELL,
        h11_max_incomplete_event_size=32 << 10,
        ssl_context_factory=None if tls is None else lambda _config, _default: _context(tls),
    )
    return uvicorn.Server(config)


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # 1
    context.load_cert_chain(tls.certificate, tls.key, password=tls.secret)
    context.load_verify_locations(tls.authorities)
    context.verify_mode = ssl.CERT_REQUIRED
    return context
