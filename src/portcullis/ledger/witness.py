"""A witness (C2SP tlog-witness): an overseer's program that remembers how far it has seen a log, and cosigns only what continues it.

`add_checkpoint` answers one request, in this order:
 1. the request is `old <size>`, at most 63 hashes, an empty line and a signed checkpoint, in the one form (else 400),
 2. the log is one this witness was told of (else 404),
 3. the checkpoint is signed by that log's key (else 403),
 4. `old` is not more than the checkpoint's size (else 400),
 5. `old` is the size this witness saw last (else 409, with that size): so a smaller tree is never signed again,
 6. at the same size the root is the same (else 409, with that size),
 7. the proof shows that the new tree begins with the old one (else 422): so a fork is never signed,
 8. the new size and root are on disk, synced (else 500),
 9. and only then the cosignature is made, with this machine's time.

The state is one small file a log, replaced whole under a lock, so that a kill anywhere leaves the old or the new one, and two processes
of one witness cannot sign past each other. A state that is missing or damaged is never taken for an empty one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portcullis.crypto import SigningKey, decode64, encode64
from portcullis.crypto.wrap import sync_folder
from portcullis.errors import PortcullisError, Refused, Tampered
from portcullis.ledger.checkpoint import Checkpoint, cosign, open_checkpoint, parse_checkpoint
from portcullis.ledger.note import NoteKey, parse_note
from portcullis.ledger.tree import EMPTY_ROOT, verify_consistency

__all__ = ["LIMIT", "SIZE_TYPE", "TEXT_TYPE", "Answer", "State", "Witness", "read_request", "write_request"]

LIMIT = 64 << 10
"""Bytes of a request at most: 63 hashes and a note are far below."""
TEXT_TYPE, SIZE_TYPE = "text/plain; charset=utf-8", "text/x.tlog.size"
_MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness says: an HTTP status and a body. It goes over HTTP or into a file."""

    status: int
    body: bytes
    kind: str = TEXT_TYPE


def write_request(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The body of an add-checkpoint request."""
    return "".join([f"old {old}\n", *(f"{encode64(h)}\n" for h in proof), "\n"]).encode() + note


def read_request(body: bytes) -> tuple[int, list[bytes], bytes]:
    """Old size, proof and note of a request (1). Raises Refused for any other form."""
    head, gap, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise _malformed() from error
    number = first.removeprefix("old ")
    plain = first.startswith("old ") and number.isdecimal() and len(number) <= 19 and str(int(number)) == number
    if len(body) > LIMIT or not gap or not plain or len(lines) > _MOST_HASHES:
        raise _malformed()
    proof = [decode64(line, "A hash of the proof") for line in lines]
    if any(len(h) != 32 for h in proof):
        raise _malformed()
    return int(number), proof, note


def _malformed() -> Refused:
    return Refused("This is no add-checkpoint request.", "It is not of the form of C2SP tlog-witness.", "Send it as the format says.")


class State:
    """The last size and root a witness cosigned of each log, on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, origin: str) -> None:
        """Make the state of a log never seen. Raises Refused when there is one: it must not be made empty again."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(origin)
        if path.exists():
            raise Refused("This witness knows the log already.", "Its state would be lost.", "Type: portcullis ledger witness show DIR")
        self.write(Checkpoint(origin, 0, EMPTY_ROOT))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one at a time reads, signs and writes."""
        with (self._folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def read(self, origin: str) -> Checkpoint:
        """What was seen last. Raises Tampered when the state is missing, damaged or another log's."""
        try:
            known = parse_checkpoint(self._path(origin).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, PortcullisError) as error:
            raise Tampered(
                "The witness's state of this log cannot be read.", "It is missing or damaged.", "Restore it; never begin anew."
            ) from error
        if known.origin != origin:
            raise Tampered("The witness's state is of another log.", "A file was exchanged.", "Restore it; never begin anew.")
        return known

    def write(self, seen: Checkpoint) -> None:
        """Remember a checkpoint: whole, and on the disk when this returns (8)."""
        path = self._path(seen.origin)
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            file.write(seen.text())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(self._folder)

    def _path(self, origin: str) -> Path:
        return self._folder / hashlib.sha256(origin.encode()).hexdigest()[:32]


class Witness:
    """One witness: its name and key, the logs it was told of, its state, its clock (POSIX seconds)."""

    def __init__(self, name: str, key: SigningKey, logs: Sequence[NoteKey], state: State, now: Callable[[], int]) -> None:
        self._name, self._key, self._state, self._now = name, key, state, now
        self._logs: Mapping[str, NoteKey] = {log.name: log for log in logs}

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one request; nothing that is sent can make this raise."""
        try:
            old, proof, note = read_request(body)  # 1
            stated = parse_checkpoint(parse_note(note).text)
        except PortcullisError:
            return Answer(400, b"The request is malformed.\n")
        if (log := self._logs.get(stated.origin)) is None:  # 2
            return Answer(404, b"This witness was not told of that log.\n")
        try:
            head = open_checkpoint(note, log).checkpoint  # 3
        except PortcullisError:
            return Answer(403, b"The checkpoint is not signed by its log.\n")
        if old > head.size:  # 4
            return Answer(400, b"The old size is more than the new one.\n")
        try:
            with self._state.locked():
                return self._advance(old, proof, head, note)
        except (OSError, Tampered):
            return Answer(500, b"The witness's state cannot be used; nothing was signed.\n")

    def _advance(self, old: int, proof: list[bytes], head: Checkpoint, note: bytes) -> Answer:
        seen = self._state.read(head.origin)
        if old != seen.size or (head.size == seen.size and head.root != seen.root):  # 5, 6
            return Answer(409, f"{seen.size}\n".encode(), SIZE_TYPE)
        if not verify_consistency(seen.size, head.size, seen.root, head.root, proof):  # 7
            return Answer(422, b"The proof does not show that this tree continues the last one.\n")
        self._state.write(head)  # 8
        return Answer(200, cosign(note, self._name, self._key, self._now()).line().encode())  # 9
