"""The growing right edge of the tiles: takes leaf hashes, gives tiles as they become full, and knows the root at any moment.

A log's root follows from the last tile of each level alone, so an edge read back from published tiles both continues the log and shows
that what is on disk is what was signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from portcullis.ledger.tiles import HASH, WIDTH, hashes, levels, tile_path
from portcullis.ledger.tree import EMPTY_ROOT, Frontier, perfect_root

__all__ = ["Edge"]


class Edge:
    """The part tile of each level, and the log's size."""

    def __init__(self, size: int = 0, parts: list[list[bytes]] | None = None) -> None:
        """An edge of `size` leaves whose level L has the hashes `parts[L]` in its part tile; empty by default."""
        self.size = size
        self._parts: list[list[bytes]] = parts or []

    @classmethod
    def read(cls, size: int, read: Callable[[str], bytes]) -> Edge:
        """The edge of a published log of `size` leaves; `read` gives a tile's bytes by its path.

        Raises Tampered for a tile of another length.
        """
        parts = [hashes(read(tile_path(level, full, width)), width) if width else [] for level, full, width in levels(size)]
        return cls(size, parts)

    def root(self) -> bytes:
        """The root of the log as it stands (RFC 6962 2.1): full tiles are one hash of the level above, so the parts hold all of it."""
        tree = Frontier()
        for level in range(len(self._parts) - 1, -1, -1):
            for h in self._parts[level]:
                tree.append(h, level * 8)
        return tree.root() if self.size else EMPTY_ROOT

    def add_tile(self, row: list[bytes], level: int = 0) -> Iterator[tuple[str, bytes]]:
        """Add up to 256 hashes that complete, or begin, the part tile of a level; gives each full tile as (path, bytes)."""
        while len(self._parts) <= level:
            self._parts.append([])
        part = self._parts[level]
        part += row
        if level == 0:
            self.size += len(row)
        if len(part) == WIDTH:
            index = (self.size >> (8 * (level + 1))) - 1
            yield tile_path(level, index), b"".join(part)
            self._parts[level] = []
            yield from self.add_tile([perfect_root(part)], level + 1)

    def part_tiles(self) -> Iterator[tuple[str, bytes]]:
        """The part tiles of the log as it stands, as (path, bytes)."""
        for level, full, width in levels(self.size):
            if width:
                yield tile_path(level, full, width), b"".join(self._parts[level])

    def last_leaves(self, read: Callable[[str], bytes]) -> tuple[int, list[bytes]]:
        """The first index and the leaf hashes of the last tile of level 0, full or part."""
        if self.size == 0:
            return 0, []
        first = (self.size - 1) // WIDTH * WIDTH
        width = self.size - first
        data = read(tile_path(0, first // WIDTH, width))
        return first, [data[i : i + HASH] for i in range(0, len(data), HASH)]
