"""A witness behind an air gap: requests and answers as files in a folder that somebody carries to and fro.

The log lays down one request at a time, `<size>.request`, which is what it would send over HTTP. The overseer carries the folder to the
witness, types `portcullis ledger witness drop`, and carries it back with `<size>.answer` beside it: canonical JSON of status and body.
Both sides read plain files only, of bounded length, and believe a file no more than a connection.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from portcullis.crypto import canonical, strict_loads
from portcullis.errors import PortcullisError
from portcullis.ledger.checkpoint import open_checkpoint
from portcullis.ledger.note import NoteKey
from portcullis.ledger.witness import LIMIT, Answer, read_request, write_request
from portcullis.ledger.witness_client import Ahead, Prove, cosigned_by, size_said

__all__ = ["answer_folder", "exchange"]

_DAYS = 90
"""An answer that was longer on its way is asked for anew."""


def answer_folder(folder: Path, answer: Callable[[bytes], Answer]) -> list[tuple[str, int]]:
    """The witness's side: answer every request that has no answer yet; returns (file, status)."""
    said = []
    for path in sorted(folder.glob("*.request"), key=lambda each: (len(each.name), each.name)):
        beside = path.with_suffix(".answer")
        if beside.exists():
            continue
        given = answer(_small(path) or b"")
        _put(beside, canonical({"body": given.body.decode("utf-8", "replace"), "status": given.status}))
        said.append((path.name, given.status))
    return said


def exchange(folder: Path, witness: NoteKey, log: NoteKey, note: bytes, old: int, prove: Prove, now: int) -> bytes | Ahead | None:
    """The log's side: take in an answer if one came back, and otherwise lay down a request for the checkpoint `note`.

    Returns a checkpoint with the witness's line, which may be an earlier one than `note`; `Ahead`; or None.
    """
    head = open_checkpoint(note, log).checkpoint
    found: bytes | Ahead | None = None
    for path in sorted(folder.glob("*.answer")):
        request = path.with_suffix(".request")
        given, asked = _read_answer(path), _asked(request)
        path.unlink()
        request.unlink(missing_ok=True)
        seen = size_said(given)
        if given.status == 200 and asked:
            found = cosigned_by(witness, given.body, asked, log, now, past=_DAYS * 86_400) or found
        elif seen is not None and seen > head.size:
            return Ahead(seen)
        elif seen is not None:
            old = seen
    covered = isinstance(found, bytes) and open_checkpoint(found, log).checkpoint == head
    if not covered:
        old = open_checkpoint(found, log).checkpoint.size if isinstance(found, bytes) else old
        for stale in folder.glob("*.request"):
            stale.unlink()
        _put(folder / f"{head.size}.request", write_request(old, prove(old), note))
    return found


def _asked(request: Path) -> bytes:
    try:
        return read_request(_small(request) or b"")[2]
    except PortcullisError:
        return b""


def _read_answer(path: Path) -> Answer:
    try:
        stated = strict_loads(_small(path) or b"")
    except PortcullisError:
        stated = None
    if not isinstance(stated, dict) or set(stated) != {"body", "status"} or type(stated["status"]) is not int:
        return Answer(0, b"")
    return Answer(stated["status"], str(stated["body"]).encode("utf-8", "replace"))


def _small(path: Path) -> bytes | None:
    """The bytes of a short plain file; None for anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(2 * LIMIT + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    return data if data and len(data) <= 2 * LIMIT else None


def _put(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
