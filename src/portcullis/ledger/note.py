"""Signed notes (C2SP signed-note), byte for byte what golang.org/x/mod/sumdb/note reads and writes.

    text, ending in a newline
    <empty line>
    — <key name> <base64 of: 4-byte key id || signature>

The key id is SHA-256(name || newline || kind || public key)[:4]. Kind 0x01 is Ed25519 over the text; kind 0x04 is a witness
cosignature (checkpoint.py). A verifier key is written `name+<8 hex of the id>+<base64 of: kind || public key>`.

Reading is strict: UTF-8, no control character but the newline, base64 in its one canonical form (RFC 4648 section 3.5: slack bits are
zero). Signatures of keys nobody named are skipped, as the format asks; a bad signature of a known key spoils the whole note.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from portcullis.crypto import SigningKey, decode64, encode64, verify
from portcullis.errors import OutOfOrder, Refused, Tampered

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "MAX_SIGNATURES",
    "Note",
    "NoteKey",
    "Signature",
    "open_note",
    "parse_note",
    "parse_vkey",
    "sign_note",
    "write_note",
]

ED25519 = 0x01
COSIGNATURE = 0x04
MAX_SIGNATURES = 100
"""As golang.org/x/mod/sumdb/note: a note with more signature lines is malformed."""
_KINDS = {ED25519, COSIGNATURE}
_DASH = "— "


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A named public key of one kind: who may have signed a note."""

    name: str
    public: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        """Raises Refused for a name or a kind that a note cannot carry."""
        if not _is_name(self.name):
            raise Refused(
                "A key name is not allowed in a note.",
                "It is empty, or has a space or a plus sign.",
                "Choose a name like gateway.example/log.",
            )
        if self.kind not in _KINDS or len(self.public) != 32:
            raise Refused("A verifier key is of an unknown kind.", "Only Ed25519 keys of kind 1 and 4 are read.", "Ask for the key again.")

    @property
    def id(self) -> bytes:
        """The four bytes a signature line begins with."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def vkey(self) -> str:
        """The verifier key as text."""
        return f"{self.name}+{self.id.hex()}+{encode64(bytes([self.kind]) + self.public)}"


def parse_vkey(text: str) -> NoteKey:
    """Read a verifier key. Raises Refused unless name, id and key agree."""
    parts = text.split("+", 2)
    why = "It is not name+id+key in the signed-note form."
    if len(parts) == 3:
        try:
            data = decode64(parts[2], "A verifier key")
            key = NoteKey(parts[0], data[1:], data[0] if data else 0)
        except Refused as error:
            raise Refused("A verifier key cannot be read.", why, "Ask for the key again.") from error
        if key.vkey() == text:
            return key
        why = "Its id does not belong to its name and key."
    raise Refused("A verifier key cannot be read.", why, "Ask for the key again.")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the key's name and id, and what it signed with."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """As it stands in the note, with its newline."""
        return f"{_DASH}{self.name} {encode64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note; nothing in it is to be believed before `open_note`."""

    text: str
    signatures: tuple[Signature, ...]


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def _malformed(why: str) -> Tampered:
    return Tampered("A signed note is malformed.", why, "Obtain the file again from its source.")


def parse_note(data: bytes) -> Note:
    """Split a note strictly. Raises Tampered when it is not exactly of the form."""
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed("It is not UTF-8.") from error
    if any(c < " " and c != "\n" for c in whole):
        raise _malformed("It has a control character.")
    text, gap, lines = whole.rpartition("\n\n")
    if not gap or not text or not lines.endswith("\n"):
        raise _malformed("It does not end in signature lines after an empty line.")
    rows = lines[:-1].split("\n")
    if len(rows) > MAX_SIGNATURES:
        raise _malformed("It has too many signatures.")
    return Note(text + "\n", tuple(_signature(row) for row in rows))


def _signature(row: str) -> Signature:
    name, space, encoded = row.removeprefix(_DASH).partition(" ")
    if not row.startswith(_DASH) or not space or not _is_name(name):
        raise _malformed("A signature line is not of the form.")
    data = decode64(encoded, "A signature")
    if len(data) < 5:
        raise _malformed("A signature is too short.")
    return Signature(name, data[:4], data[4:])


def write_note(text: str, signatures: Iterable[Signature]) -> bytes:
    """The note's bytes. Raises OutOfOrder for a text that could not be read back."""
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise OutOfOrder("A note's text must end in a newline and have no control characters.")
    return (text + "\n" + "".join(s.line() for s in signatures)).encode()


def sign_note(text: str, name: str, key: SigningKey) -> bytes:
    """A note signed with one Ed25519 key of kind 0x01."""
    return write_note(text, [Signature(name, NoteKey(name, key.public).id, key.sign(text.encode()))])


Check = Callable[[NoteKey, str, bytes], bool]


def plain_check(key: NoteKey, text: str, signature: bytes) -> bool:
    """Whether this is the key's own signature over the text (kind 0x01)."""
    return key.kind == ED25519 and verify(key.public, text.encode(), signature)


def open_note(data: bytes, keys: Iterable[NoteKey], check: Check = plain_check) -> tuple[str, tuple[NoteKey, ...]]:
    """The text of a note and which of `keys` signed it, each once, in the order of their lines.

    Raises Tampered when the note is malformed, when a known key's signature is bad, or when none of the keys signed.
    """
    known = {(key.name, key.id): key for key in keys}
    note = parse_note(data)
    signed: dict[NoteKey, None] = {}
    for s in note.signatures:
        key = known.get((s.name, s.key_id))
        if key is None:
            continue
        if not check(key, note.text, s.signature):
            raise Tampered(
                f"The signature of {key.name} is not good.", "The text or the signature was changed.", "Do not rely on this file."
            )
        signed[key] = None
    if not signed:
        raise Tampered("The note is not signed by a key that was named.", "Its signatures are by other keys.", "Check the trust file.")
    return note.text, tuple(signed)
