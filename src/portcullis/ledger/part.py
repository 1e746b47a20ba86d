"""A part of the log: the leaves of one agreement, batch or person, with the hashes that prove that they stand in the whole log.

    part.json     {"cuts": [size, …], "kind": agreement | batch | person, "places": [[first, count], …]}
    tile/entries/ the leaves of the part in the order of the log, 256 to a file, as in a whole bundle
    hashes        32 bytes each: the gaps between the places and cuts, each as the largest aligned subtrees that fit, from left to right

Leaves and hashes together give the root, and on the way there the older root at each cut (a checkpoint that a leaf names, or that the
reader holds). That leaves are in the log is proved so; that none is missing from the part is not.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from portcullis.crypto import canonical, strict_loads
from portcullis.errors import PortcullisError
from portcullis.ledger.people import broken
from portcullis.ledger.tiles import HASH, WIDTH, entries, entries_path
from portcullis.ledger.tree import Frontier, NodeReader, leaf_hash

__all__ = ["KINDS", "Part", "gaps", "hashes_of", "places_of"]

KINDS = ("agreement", "batch", "person")
_FORM = re.compile(rb"\[\[([0-9,]*)\],\[(\[[0-9]+,[0-9]+\],?)*\]\]")
Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """Which part: its kind, the sizes at which older roots are wanted, and the places of its leaves as (first, count)."""

    kind: str
    cuts: Sequence[int]
    places: Sequence[tuple[int, int]]

    @property
    def count(self) -> int:
        """How many leaves it has."""
        return sum(count for _, count in self.places)

    def text(self) -> bytes:
        """`part.json`."""
        return canonical({"cuts": list(self.cuts), "kind": self.kind, "places": [list(place) for place in self.places]})

    @classmethod
    def read(cls, data: bytes, size: int) -> Part:
        """The part in `part.json` of a log of `size` leaves. Raises Tampered."""
        try:
            about: Any = strict_loads(data)
        except PortcullisError as error:
            raise broken(1, "part.json is not canonical JSON.", error.why) from error
        ok = isinstance(about, dict) and set(about) == {"cuts", "kind", "places"} and about["kind"] in KINDS
        if not ok or not _FORM.fullmatch(canonical([about["cuts"], about["places"]])):
            raise broken(1, "part.json does not say which part of the log this is.", "It was not written by this log.")
        part = cls(about["kind"], about["cuts"], [(first, count) for first, count in about["places"]])
        if part.count > size:
            raise broken(1, "part.json does not say which part of the log this is.", "It names more leaves than the log has.")
        return part

    def entry_files(self) -> Iterator[tuple[str, int]]:
        """The files of its leaves, and how many each holds."""
        for bundle in range((self.count + WIDTH - 1) // WIDTH):
            width = min(WIDTH, self.count - bundle * WIDTH)
            yield entries_path(bundle, width), width

    def names(self) -> set[str]:
        """The files it has beside those that every bundle has."""
        return {"part.json", "hashes", *(name for name, _ in self.entry_files())}

    def leaves(self, read: Read) -> Iterator[tuple[int, bytes]]:
        """Every leaf with its index. Raises Tampered when a file holds another number than it must."""
        places = (index for first, count in self.places for index in range(first, first + count))
        for name, width in self.entry_files():
            yield from ((next(places), entry) for entry in entries(read(name), width))

    def roots(self, size: int, read: Read) -> dict[int, bytes]:
        """Size → root, for every cut and for `size` itself, from leaves and hashes. Raises Tampered when they do not fit together."""
        hashes, used, at = read("hashes"), 0, 0
        tree, found = Frontier(), dict[int, bytes]()
        cuts = ((cut, 0, b"") for cut in [*self.cuts, size])
        for stop, leaf, entry in heapq.merge(cuts, ((index, 1, entry) for index, entry in self.leaves(read))):
            if not at <= stop <= size - leaf:
                raise broken(2, "The leaves of the part are not in the order of the log.", "They were moved.")
            for level, _ in gaps(at, stop):
                tree.append(hashes[used : used + HASH], level)
                used += HASH
            if leaf:
                tree.append(leaf_hash(entry))
            else:
                found[stop] = tree.root()
            at = stop + leaf
        if used != len(hashes):
            raise broken(2, "The part has more or fewer hashes than its gaps need.", "Some were cut or added.")
        return found


def gaps(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The largest aligned subtrees that fill a range of leaves, from left to right: (level, index)."""
    while start < end:
        level = min(end - start, start & -start or end).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def places_of(indices: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending indices as runs of (first, count)."""
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and runs[-1][0] + runs[-1][1] == index:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((index, 1))
    return runs


def hashes_of(part: Part, size: int, node: NodeReader) -> Iterator[bytes]:
    """The content of `hashes` for a part of a log of `size` leaves, read from its tiles."""
    at = 0
    stops = heapq.merge(((cut, cut) for cut in [*part.cuts, size]), ((first, first + count) for first, count in part.places))
    for first, end in stops:
        yield from (node(level, index) for level, index in gaps(at, first))
        at = max(at, end)
