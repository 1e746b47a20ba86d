"""A source of plain leaves held in memory, for publishing and proofs."""

from __future__ import annotations

from collections.abc import Iterator

from portcullis.ledger import leaf_hash, root


class Leaves:
    """A source held in memory."""

    def __init__(self, size: int, tag: str = "leaf") -> None:
        self.leaves = [f"{tag} {i}".encode() for i in range(size)]

    def size(self) -> int:
        return len(self.leaves)

    def iterate(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        return iter(list(enumerate(self.leaves[start:stop], start)))

    def root(self, size: int | None = None) -> bytes:
        return root(leaf_hash(entry) for entry in self.leaves[:size])
