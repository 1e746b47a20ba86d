"""Proofs from published tiles, and one record's proof as a text anyone can carry (C2SP tlog-proof).

A `.tlog-proof` holds the entry (its `extra` line), the leaf's index, the inclusion proof from the leaf's sibling upwards, and the
checkpoint with its signatures. It needs nothing else but the log's key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from portcullis.crypto import decode64, encode64
from portcullis.errors import Refused, Tampered
from portcullis.ledger.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint
from portcullis.ledger.note import NoteKey
from portcullis.ledger.tiles import WIDTH, entries, entries_path, hashes, tile_path
from portcullis.ledger.tree import NodeReader, consistency_proof, inclusion_proof, leaf_hash, perfect_root, verify_inclusion

__all__ = ["InclusionProof", "open_tlog_proof", "prove_consistency", "prove_inclusion", "tile_nodes"]

_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That the log of `checkpoint` holds `entry` at `index`. `note` is the signed checkpoint, byte for byte."""

    index: int
    entry: bytes
    hashes: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: bytes

    def text(self) -> str:
        """The `.tlog-proof`."""
        lines = [_HEADER, f"extra {encode64(self.entry)}", f"index {self.index}", *(encode64(h) for h in self.hashes), "", ""]
        return "\n".join(lines) + self.note.decode()


def tile_nodes(read: Callable[[str], bytes], size: int) -> NodeReader:
    """A node reader over the tiles of a log of `size` leaves; `read` gives a tile's bytes by its path."""
    known: dict[str, list[bytes]] = {}

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, 8)
        first = index << height
        tile = first // WIDTH
        width = min(WIDTH, (size >> (8 * tile_level)) - tile * WIDTH)
        path = tile_path(tile_level, tile, width)
        if path not in known:
            known[path] = hashes(read(path), width)
        return perfect_root(known[path][first % WIDTH : first % WIDTH + (1 << height)])

    return node


def _reader(directory: Path) -> Callable[[str], bytes]:
    def read(path: str) -> bytes:
        try:
            return (directory / path).read_bytes()
        except FileNotFoundError as error:
            raise Tampered(f"The published ledger lacks {path}.", "The checkpoint needs it.", "Restore the file from a bundle.") from error

    return read


def _published(directory: Path, log: NoteKey) -> tuple[bytes, Checkpoint]:
    path = directory / "checkpoint"
    if not path.is_file():
        raise Refused("Nothing was published yet.", "There is no checkpoint.", "Type: portcullis ledger checkpoint")
    note = path.read_bytes()
    return note, open_checkpoint(note, log).checkpoint


def prove_inclusion(directory: Path, index: int, log: NoteKey) -> InclusionProof:
    """The proof for one published leaf, checked before it is given out.

    Raises Refused when there is no such leaf yet, Tampered when the published files contradict each other.
    """
    note, head = _published(directory, log)
    if not 0 <= index < head.size:
        raise Refused(f"Leaf {index} is not published.", f"The checkpoint covers {head.size} leaves.", "Type: portcullis ledger checkpoint")
    read = _reader(directory)
    bundle = index // WIDTH
    width = min(WIDTH, head.size - bundle * WIDTH)
    entry = entries(read(entries_path(bundle, width)), width)[index % WIDTH]
    path = inclusion_proof(index, head.size, tile_nodes(read, head.size))
    if not verify_inclusion(leaf_hash(entry), index, head.size, path, head.root):
        raise Tampered(
            "The published files do not prove this leaf.", "Tiles, entries and checkpoint contradict each other.", "Restore them."
        )
    return InclusionProof(index, entry, tuple(path), head, note)


def prove_consistency(directory: Path, old: int, log: NoteKey) -> tuple[Checkpoint, list[bytes]]:
    """The published checkpoint and the proof that its log begins with the first `old` leaves."""
    _, head = _published(directory, log)
    if not 0 <= old <= head.size:
        raise Refused(f"The published log has {head.size} leaves.", f"It has no prefix of {old}.", "Name a size that was published before.")
    return head, consistency_proof(old, head.size, tile_nodes(_reader(directory), head.size))


def open_tlog_proof(text: str, log: NoteKey, witnesses: Collection[NoteKey] = ()) -> tuple[int, bytes, SignedCheckpoint]:
    """Index, entry and checkpoint of a `.tlog-proof` that holds. Raises Tampered when it does not."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != _HEADER or len(lines) < 3 or not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise Tampered("The proof cannot be read.", f"It is not of the form {_HEADER} with an entry.", "Ask for it again.")
    number = lines[2].removeprefix("index ")
    if not (number.isascii() and number.isdecimal() and str(int(number)) == number):
        raise Tampered("The proof cannot be read.", "Its index is not a plain number.", "Ask for it again.")
    entry = decode64(lines[1].removeprefix("extra "), "The entry")
    path = [decode64(line, "A hash of the proof") for line in lines[3:]]
    signed = open_checkpoint(note.encode(), log, witnesses)
    if not verify_inclusion(leaf_hash(entry), int(number), signed.checkpoint.size, path, signed.checkpoint.root):
        raise Tampered(
            "The proof does not hold.", "The log of this checkpoint has another leaf at this place.", "Do not rely on the record."
        )
    return int(number), entry, signed
