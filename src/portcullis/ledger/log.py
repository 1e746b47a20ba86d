"""Publishing: from the store's leaves to the files anyone entitled can check (C2SP tlog-tiles).

`Publisher.publish`, in this order:
 1. the last published checkpoint is read and its signature checked,
 2. a source with fewer leaves than were published is refused: going on would fork the ledger,
 3. the tiles on disk give exactly the root that was signed,
 4. the last published leaves are still those of the source,
 5. new tiles and entry bundles are written and synced,
 6. last of all the checkpoint, whole or not at all.

Killed anywhere before 6 the published log is the old one, and the next run writes the same files again. One sequencer at a time: the
directory is locked meanwhile. Entry bundles are for entitled roles only; checkpoint and tiles may be public.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from portcullis.crypto import SigningKey
from portcullis.errors import OutOfOrder, PortcullisError, Tampered
from portcullis.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from portcullis.ledger.edge import Edge
from portcullis.ledger.note import NoteKey
from portcullis.ledger.tiles import WIDTH, bundle, entries_path
from portcullis.ledger.tree import leaf_hash

__all__ = ["LOCK", "LeafSource", "Publisher", "read_published"]

_CHECKPOINT = "checkpoint"
LOCK = ".publishing"
_SYNC_THREADS = 8


class LeafSource(Protocol):
    """Where leaves come from: the store."""

    def size(self) -> int:
        """How many leaves are committed."""

    def iterate(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """The leaves `start` to `stop` (exclusive) as (index, bytes), in order."""


def read_published(directory: Path, log: NoteKey) -> Checkpoint | None:
    """The last published checkpoint, its signature checked; None when nothing was published yet. Raises Tampered."""
    path = directory / _CHECKPOINT
    if not path.exists():
        return None
    try:
        return open_checkpoint(path.read_bytes(), log).checkpoint
    except PortcullisError as error:
        raise Tampered(
            "The published checkpoint is not good.", error.why, "Restore it from a bundle or a witness; never sign over it."
        ) from error


class Publisher:
    """The one sequencer of a published ledger."""

    def __init__(self, directory: Path) -> None:
        self._dir = directory

    def publish(
        self, source: LeafSource, signer: SigningKey, origin: str, *, recheck: bool = False, floor: tuple[int, str | None] = (0, None)
    ) -> Checkpoint:
        """Publish every committed leaf and return the checkpoint that covers them; nothing new changes nothing.

        `recheck` compares every published leaf with the source, not only the last: after a restore, or on suspicion. `floor` is the size
        and root (hex) of the last checkpoint known from elsewhere (store, witness): nothing below or beside it is ever signed.
        Raises Tampered when the source would fork the published ledger, or when files on disk were changed.
        """
        with self._locked():
            known = read_published(self._dir, NoteKey(origin, signer.public))
            size = source.size()
            _above(floor, known, size)
            edge = self._edge(known, size)
            first, last = edge.last_leaves(self._read)
            self._compare(source, first, last)
            if recheck:
                self._recheck(source, edge.size)
            if known is not None and size == known.size:
                return known
            written = self._write_new(source, edge, size)
            _sync(written)
            head = Checkpoint(origin, size, edge.root())
            self._replace(_CHECKPOINT, sign_checkpoint(head, signer))
            self._drop_parts(known.size if known else 0, size)
            return head

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._dir.mkdir(parents=True, exist_ok=True)
        with (self._dir / LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OutOfOrder(
                    "The ledger is being published by another process.", "There is one sequencer.", "Try again in a moment."
                ) from error
            yield

    def _read(self, path: str) -> bytes:
        try:
            return (self._dir / path).read_bytes()
        except FileNotFoundError as error:
            raise Tampered(f"The published ledger lacks {path}.", "The checkpoint needs it.", "Restore the file from a bundle.") from error

    def _edge(self, known: Checkpoint | None, size: int) -> Edge:
        if known is None:
            return Edge()
        if size < known.size:
            raise Tampered(
                f"The store has {size} leaves, but {known.size} were published.",
                "It was restored from an older backup, or leaves were removed; signing would fork the ledger.",
                "Restore a newer backup of the store, or replay what is missing from the published entry bundles.",
            )
        edge = Edge.read(known.size, self._read)
        if edge.root() != known.root:
            raise Tampered("The tiles on disk are not those that were signed.", "Their root is another.", "Restore tile/ from a bundle.")
        return edge

    def _compare(self, source: LeafSource, first: int, last: list[bytes]) -> None:
        """Step 4: the leaves from `first` on have exactly these hashes."""
        for expected, (index, entry) in zip(last, _checked(source, first, first + len(last)), strict=True):
            if leaf_hash(entry) != expected:
                raise Tampered(
                    f"Leaf {index} of the store is not the one that was published.",
                    "The store and the published ledger have parted; signing would fork the ledger.",
                    "Find out which was changed; restore the other's copy.",
                )

    def _recheck(self, source: LeafSource, size: int) -> None:
        for first in range(0, size, WIDTH):
            edge = Edge(min(first + WIDTH, size))
            self._compare(source, *edge.last_leaves(self._read))

    def _write_new(self, source: LeafSource, edge: Edge, size: int) -> list[Path]:
        """Step 5: every tile and bundle the new size needs that the old one had not."""
        start = edge.size - edge.size % WIDTH
        skip = edge.size - start
        written: list[Path] = []
        items: list[bytes] = []
        for index, entry in _checked(source, start, size):
            items.append(entry)
            if len(items) == WIDTH or index == size - 1:
                written.append(self._write(entries_path(index // WIDTH, len(items)), bundle(items)))
                for path, data in edge.add_tile([leaf_hash(item) for item in items[skip:]]):
                    written.append(self._write(path, data))
                items, skip = [], 0
        written += [self._write(path, data) for path, data in edge.part_tiles()]
        return written

    def _write(self, path: str, data: bytes) -> Path:
        """A tile or bundle. One that is there already may be needed by the standing checkpoint, so it is never opened for writing:
        what a killed run left is replaced whole, and what is right is left alone."""
        target = self._dir / path
        if target.exists():
            if target.read_bytes() == data:
                return target
            part = target.with_name(target.name + ".part")
            part.write_bytes(data)
            part.replace(target)
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def _replace(self, name: str, data: bytes) -> None:
        part = self._dir / f".{name}.part"
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._dir / name)
        _sync_one(self._dir)

    def _drop_parts(self, old: int, new: int) -> None:
        """Part tiles whose full tile is now published are of no more use (C2SP tlog-tiles, "Partial Tiles")."""
        level = 0
        while old:
            if old % WIDTH and new // WIDTH > old // WIDTH:
                for path in (f"tile/{level}", "tile/entries") if level == 0 else (f"tile/{level}",):
                    shutil.rmtree(self._dir / path / f"{_index(old // WIDTH)}.p", ignore_errors=True)
            old, new, level = old // WIDTH, new // WIDTH, level + 1


def _above(floor: tuple[int, str | None], known: Checkpoint | None, size: int) -> None:
    """What was published or witnessed before is still there, and is the same."""
    if size < floor[0] or (known is None and floor[0]) or (known is not None and known.size < floor[0]):
        raise Tampered(
            f"A checkpoint of {floor[0]} leaves was published, and the ledger here is older.",
            "It was restored from a backup, or files were removed; signing would fork the ledger.",
            "Restore the newer ledger folder and store, or a bundle made since.",
        )
    if known is not None and known.size == floor[0] and floor[1] not in (None, known.root.hex()):
        raise Tampered(
            f"Two different checkpoints of {known.size} leaves exist.",
            "The ledger was forked.",
            "Stop, and compare both with the witnesses.",
        )


def _index(index: int) -> str:
    return entries_path(index).removeprefix("tile/entries/")


def _checked(source: LeafSource, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    """The source's leaves, with nothing missing, repeated or added."""
    expected = start
    for index, entry in source.iterate(start, stop):
        if index != expected or index >= stop:
            break
        yield index, entry
        expected += 1
    if expected != stop:
        raise Tampered(f"Leaf {expected} is missing from the store.", "A ledger has no gaps.", "Restore the store from a backup.")


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(written: list[Path]) -> None:
    """Files, and the directories that name them, are on disk before the checkpoint says so."""
    folders = sorted({parent for path in written for parent in (path.parent, path.parent.parent)})
    with ThreadPoolExecutor(_SYNC_THREADS) as pool:
        list(pool.map(_sync_one, written))
        list(pool.map(_sync_one, folders))
