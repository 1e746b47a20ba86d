"""Checkpoints (C2SP tlog-checkpoint) and witness cosignatures (C2SP tlog-cosignature, timestamped Ed25519).

A checkpoint's text is three lines: the log's origin, its size, the base64 of its root. No extension lines are written or accepted.
A witness signs `cosignature/v1`, `time <seconds>` and that text; its line holds an 8-byte time before the signature.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from portcullis.crypto import SigningKey, decode64, encode64, verify
from portcullis.errors import Tampered
from portcullis.ledger.note import COSIGNATURE, ED25519, NoteKey, Signature, open_note, parse_note, plain_check, sign_note, write_note

__all__ = [
    "Checkpoint",
    "SignedCheckpoint",
    "add_cosignature",
    "cosign",
    "cosigned_text",
    "open_checkpoint",
    "parse_checkpoint",
    "sign_checkpoint",
]

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: whose, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{encode64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint whose log signature is good, and the witnesses that cosigned it: name and POSIX time each."""

    checkpoint: Checkpoint
    witnesses: tuple[tuple[str, int], ...]


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the three lines strictly. Raises Tampered on any other form."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise Tampered(
            "The checkpoint cannot be read.", "It is not origin, size and root on three lines.", "Obtain it again from its source."
        )
    root = decode64(lines[2], "The checkpoint's root")
    if len(root) != 32:
        raise Tampered("The checkpoint cannot be read.", "Its root is not 32 bytes.", "Obtain it again from its source.")
    return Checkpoint(lines[0], int(lines[1]), root)


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The checkpoint as a note signed by the log, under its origin as key name."""
    return sign_note(checkpoint.text(), checkpoint.origin, key)


def cosigned_text(text: str, seconds: int) -> bytes:
    """What a witness signs at a POSIX time over a checkpoint's text (C2SP tlog-cosignature)."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _check(key: NoteKey, text: str, signature: bytes) -> bool:
    if key.kind == ED25519:
        return plain_check(key, text, signature)
    return len(signature) == 72 and verify(key.public, cosigned_text(text, int.from_bytes(signature[:8])), signature[8:])


def cosign(data: bytes, name: str, key: SigningKey, seconds: int) -> Signature:
    """A witness's line over the checkpoint note `data`, at the POSIX time `seconds`. The caller has checked consistency."""
    text = parse_note(data).text
    parse_checkpoint(text)
    return Signature(name, NoteKey(name, key.public, COSIGNATURE).id, seconds.to_bytes(8) + key.sign(cosigned_text(text, seconds)))


def add_cosignature(data: bytes, line: Signature) -> bytes:
    """The checkpoint note with one more line; a line of the same key is replaced."""
    note = parse_note(data)
    kept = [s for s in note.signatures if (s.name, s.key_id) != (line.name, line.key_id)]
    return write_note(note.text, [*kept, line])


def open_checkpoint(data: bytes, log: NoteKey, witnesses: Collection[NoteKey] = ()) -> SignedCheckpoint:
    """A checkpoint note checked against the log's key and the known witnesses.

    Raises Tampered when it is malformed, of another origin, not signed by the log, or carries a bad signature of a known key.
    """
    text, signed = open_note(data, [log, *witnesses], _check)
    checkpoint = parse_checkpoint(text)
    if log not in signed:
        raise Tampered("The checkpoint is not signed by the log.", "Only others signed it.", "Check the log key in the trust file.")
    if checkpoint.origin != log.name:
        raise Tampered("The checkpoint is of another log.", "Its origin is not the name of the log's key.", "Check the trust file.")
    times = {(s.name, s.key_id): int.from_bytes(s.signature[:8]) for s in parse_note(data).signatures}
    return SignedCheckpoint(checkpoint, tuple((key.name, times[key.name, key.id]) for key in signed if key.kind == COSIGNATURE))
