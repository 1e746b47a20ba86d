"""The published ledger over HTTP, as static files (C2SP tlog-tiles): what may be read, by whom, and for how long it may be kept.

A file is served only when
 1. the method reads (GET, HEAD), and the path is the checkpoint's, a tile's or an entry bundle's in its one spelling,
 2. it is an entry bundle and the reader is entitled, or it is no entry bundle (ledger.md, "Who sees what"),
 3. the published checkpoint covers all of it: what a publisher is still writing is nobody's yet, and a kept copy could not be recalled,
 4. its length is the one its width asks for.

The checkpoint may be kept for seconds, tiles for ever (they never change), entry bundles not at all by anybody in between. A part tile
goes when its full tile is there: a reader who is told 404 fetches the full one, which is why a 404 may not be kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portcullis.errors import PortcullisError
from portcullis.ledger.checkpoint import parse_checkpoint
from portcullis.ledger.note import parse_note
from portcullis.ledger.tiles import HASH, WIDTH, entries, entries_path, tile_path

__all__ = ["CHECKPOINT_SECONDS", "Reply", "reply", "wsgi"]

CHECKPOINT_SECONDS = 5
_FOREVER = "public, max-age=31536000, immutable"
_NEVER = "no-store"
_TEXT, _BYTES = "text/plain; charset=utf-8", "application/octet-stream"
_TILE = re.compile(r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
_WORDS = {200: "OK", 304: "Not Modified", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer: an HTTP status, headers and a body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def _said(status: int, text: str) -> Reply:
    return Reply(status, text.encode() + b"\n", {"Content-Type": _TEXT, "Cache-Control": _NEVER, "X-Content-Type-Options": "nosniff"})


def _file(data: bytes, kind: str, keep: str, known: str | None) -> Reply:
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {"Content-Type": kind, "Cache-Control": keep, "ETag": tag, "X-Content-Type-Options": "nosniff"}
    return Reply(304, b"", headers) if known == tag else Reply(200, data, headers)


def reply(ledger: Path, path: str, *, entitled: bool, method: str = "GET", if_none_match: str | None = None) -> Reply:
    """The answer for `path` (`checkpoint`, `tile/…`, without a leading slash) of the ledger published in the folder `ledger`."""
    if method not in ("GET", "HEAD"):  # 1
        return _said(405, "The ledger is only read.")
    try:
        note = (ledger / "checkpoint").read_bytes()
        size = parse_checkpoint(parse_note(note).text).size
    except (OSError, PortcullisError):
        return _said(503, "Nothing was published yet.")
    if path == "checkpoint":
        return _file(note, _TEXT, f"public, max-age={CHECKPOINT_SECONDS}", if_none_match)
    found = _place(path)
    if found is None:  # 1
        return _said(404, "There is no such file in a ledger.")
    level, index, width = found
    if level < 0 and not entitled:  # 2
        return _said(403, "Entry bundles are for the overseer, a court, and the two agencies for their part.")
    if index * WIDTH + width > size >> 8 * max(level, 0):  # 3
        return _said(404, "The published checkpoint does not cover this file.")
    data = _read(ledger / path, level, width)
    if data is None:  # 4
        return _said(404, "This file is not here; of a part tile, ask for the full one.")
    return _file(data, _BYTES, _FOREVER if level >= 0 else f"private, {_NEVER}", if_none_match)


def _place(path: str) -> tuple[int, int, int] | None:
    """Level (-1 for entries), index and width that a path names, if it is spelled in the one way."""
    found = _TILE.fullmatch(path)
    if found is None:
        return None
    index, width = int(found[2].replace("x", "").replace("/", "")), int(found[3] or WIDTH)
    if not 1 <= width <= WIDTH:
        return None
    level = -1 if found[1] == "entries" else int(found[1])
    same = entries_path(index, width) if level < 0 else tile_path(level, index, width)
    return (level, index, width) if same == path else None


def _read(file: Path, level: int, width: int) -> bytes | None:
    try:
        data = file.read_bytes()
        if level < 0:
            entries(data, width)
        return data if level < 0 or len(data) == width * HASH else None
    except (OSError, PortcullisError):
        return None


def wsgi(ledger: Path, entitled: Callable[[Mapping[str, Any]], bool]) -> Callable[..., Iterable[bytes]]:
    """The same as a WSGI application, to be mounted at `/ledger`; `entitled` judges the request's environment."""

    def application(environment: Mapping[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        path = str(environment.get("PATH_INFO", "")).removeprefix("/")
        method = str(environment.get("REQUEST_METHOD", "GET"))
        wanted = environment.get("HTTP_IF_NONE_MATCH")
        answer = reply(ledger, path, entitled=entitled(environment), method=method, if_none_match=wanted)
        start(f"{answer.status} {_WORDS[answer.status]}", [*answer.headers.items(), ("Content-Length", str(len(answer.body)))])
        return [] if method == "HEAD" else [answer.body]

    return application
