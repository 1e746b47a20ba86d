"""Tiles and entry bundles (C2SP tlog-tiles): where each stands and how it is written.

`tile/<L>/<N>` holds up to 256 hashes of level L (each the root of a full tile of level L-1, or a leaf hash at level 0);
`tile/entries/<N>` holds up to 256 entries, each behind its length as a big-endian uint16. A part of W < 256 has `.p/<W>` appended.
N is written in groups of three digits, all but the last behind an `x`: 1234067 is `x001/x234/067`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from portcullis.errors import OutOfOrder, Tampered

__all__ = ["HASH", "MAX_ENTRY", "WIDTH", "bundle", "entries", "entries_path", "hashes", "index_path", "levels", "tile_path", "tiles_of"]

WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""
HASH = 32
MAX_ENTRY = 65_535


def index_path(index: int) -> str:
    """The groups of three digits of a tile's index. Raises OutOfOrder below zero."""
    if index < 0:
        raise OutOfOrder("A tile's index is not negative.")
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def _suffix(width: int) -> str:
    if not 1 <= width <= WIDTH:
        raise OutOfOrder("A tile holds from 1 to 256 hashes.")
    return "" if width == WIDTH else f".p/{width}"


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """The path of a tile of hashes."""
    return f"tile/{level}/{index_path(index)}{_suffix(width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """The path of an entry bundle."""
    return f"tile/entries/{index_path(index)}{_suffix(width)}"


def levels(size: int) -> Iterator[tuple[int, int, int]]:
    """For a log of `size` leaves: level, number of full tiles, width of the part (0 if none), for each level that has any."""
    level = 0
    while size:
        yield level, size // WIDTH, size % WIDTH
        size //= WIDTH
        level += 1


def tiles_of(size: int) -> Iterator[str]:
    """The path of every tile and entry bundle that a checkpoint of this size needs, and of no other."""
    for level, full, part in levels(size):
        widths = [WIDTH] * full + ([part] if part else [])
        for index, width in enumerate(widths):
            yield tile_path(level, index, width)
            if level == 0:
                yield entries_path(index, width)


def bundle(items: Sequence[bytes]) -> bytes:
    """Entries as one bundle. Raises OutOfOrder for an entry that is too long."""
    if any(len(item) > MAX_ENTRY for item in items):
        raise OutOfOrder("A leaf is longer than 65,535 bytes.", "An entry bundle cannot hold it.")
    return b"".join([part for item in items for part in (struct.pack(">H", len(item)), item)])


def entries(data: bytes, count: int) -> list[bytes]:
    """The `count` entries of a bundle. Raises Tampered when there are more, fewer, or one is cut."""
    found: list[bytes] = []
    at, end = 0, len(data)
    while at + 2 <= end and len(found) < count:
        stop = at + 2 + (data[at] << 8 | data[at + 1])
        found.append(data[at + 2 : stop])
        at = stop
    if at != end or len(found) != count:
        raise Tampered(
            "An entry bundle does not hold what its size says.", "Entries are missing, cut or added.", "Obtain the bundle again."
        )
    return found


def hashes(data: bytes, count: int) -> list[bytes]:
    """The `count` hashes of a tile. Raises Tampered when its length is another."""
    if len(data) != count * HASH:
        raise Tampered("A tile does not hold what its size says.", "Hashes are missing or added.", "Obtain the bundle again.")
    return [data[i : i + HASH] for i in range(0, len(data), HASH)]
