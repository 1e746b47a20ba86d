"""The log's side of a witness: ask, believe nothing that was not checked, wait for nobody longer than said.

A cosignature is taken only when
 1. it came within the time for all of the answer, not for each piece of it, and is short,
 2. one of its lines is of exactly this witness's key, over exactly this checkpoint,
 3. its time lies within `TOLERANCE` of now: an invented time would make every later reader refuse the checkpoint.

A witness that has seen more than this log has, or another log of the same size, is not a witness that failed: it is news (`Ahead`).
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from portcullis.errors import PortcullisError, Refused
from portcullis.ledger.checkpoint import Checkpoint, add_cosignature, open_checkpoint
from portcullis.ledger.note import NoteKey, parse_note
from portcullis.ledger.witness import TEXT_TYPE, Answer, write_request

__all__ = ["TOLERANCE", "Ahead", "check_address", "cosigned_by", "obtain", "over_http", "size_said"]

TOLERANCE = 1800
"""Seconds by which a witness's clock may differ; readers allow an hour."""
_MOST = 16 << 10
Ask = Callable[[bytes], Answer]
Prove = Callable[[int], list[bytes]]


@dataclass(frozen=True, slots=True)
class Ahead:
    """A witness that has seen `size` leaves, which this log does not have, or has otherwise."""

    size: int


def check_address(address: str) -> str:
    """The base address of a witness. Raises Refused unless it is http or https with a host and no query."""
    parts = urlsplit(address)
    try:
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None or any(c.isspace() or c < " " for c in address):
        raise Refused("A witness's address cannot be used.", "It is no plain http or https address.", "Write it as http://127.0.0.1:8091.")
    return address.rstrip("/")


@dataclass(slots=True)
class _Call:
    """One request on its way in a thread of its own, so that it can be left behind."""

    answer: Answer | None = None
    connection: http.client.HTTPConnection | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def run(self, address: str, body: bytes, seconds: float) -> None:
        parts = urlsplit(address)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        try:
            self.connection = kind(parts.hostname or "", parts.port, timeout=seconds)
            self.connection.request("POST", f"{parts.path}/add-checkpoint", body, {"Content-Type": TEXT_TYPE})
            said = self.connection.getresponse()
            self.answer = Answer(said.status, said.read(_MOST), said.headers.get("Content-Type", ""))
        except (OSError, http.client.HTTPException, ValueError):
            self.answer = None  # unreachable, or no HTTP: it did not answer
        finally:
            self.done.set()


def over_http(address: str, body: bytes, seconds: float) -> Answer:
    """The answer of the witness at `address`, within `seconds` for all of it (1); status 0 when there was none."""
    call = _Call()
    threading.Thread(target=call.run, args=(address, body, seconds), daemon=True).start()
    in_time = call.done.wait(seconds)
    if call.connection is not None:
        with suppress(OSError):
            call.connection.close()
    return call.answer if in_time and call.answer is not None else Answer(0, b"")


def cosigned_by(witness: NoteKey, answer: bytes, note: bytes, log: NoteKey, now: int, past: int = TOLERANCE) -> bytes | None:
    """The checkpoint `note` with this witness's line out of `answer`; None when there is no good one (2, 3).

    `past` is how many seconds ago it may have been given: what is carried in a folder takes days.
    """
    text = parse_note(note).text
    try:
        said = parse_note(f"{text}\n".encode() + answer)
        (line,) = [s for s in said.signatures if (s.name, s.key_id) == (witness.name, witness.id) and said.text == text]
        with_line = add_cosignature(note, line)
        ((_, seen),) = open_checkpoint(with_line, log, [witness]).witnesses
    except (PortcullisError, ValueError):
        return None
    return with_line if now - past <= seen <= now + TOLERANCE else None


def obtain(ask: Ask, witness: NoteKey, log: NoteKey, note: bytes, old: int, prove: Prove, now: int) -> bytes | Ahead | None:
    """The checkpoint with this witness's cosignature; `old` is what it saw last as far as known. None when it gave none."""
    head: Checkpoint = open_checkpoint(note, log).checkpoint
    for _ in range(2):  # the second time with the size it says it saw
        answer = ask(write_request(old, prove(old), note))
        if answer.status == 200:
            return cosigned_by(witness, answer.body, note, log, now)
        seen = size_said(answer)
        if seen is None:
            return None
        if seen > head.size or seen == old == head.size:
            return Ahead(seen)
        old = seen
    return None


def size_said(answer: Answer) -> int | None:
    """The size a witness says it saw last, in a 409; None when it says none."""
    text = answer.body.removesuffix(b"\n") if answer.status == 409 else b""
    return int(text) if text.isdigit() and len(text) <= 15 else None
