"""The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1): SHA-256, a leaf is hashed behind 0x00, a node behind 0x01.

Hashes are 32 bytes. `node(level, index)` anywhere below gives the root of the perfect subtree of `2**level` leaves that begins at
leaf `index * 2**level`; proofs are made from that one question, so they work over a list of hashes and over tiles alike.
The tree of no leaves has the root SHA-256("").
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from portcullis.errors import OutOfOrder

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "NodeReader",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "nodes_of",
    "perfect_root",
    "range_root",
    "root",
    "verify_consistency",
    "verify_inclusion",
]

NodeReader = Callable[[int, int], bytes]
"""`(level, index)` to the root of that perfect subtree."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
_sha256 = hashlib.sha256


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes, level by level."""
    row = list(hashes)
    while len(row) > 1:
        row = [_sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]


def root(hashes: Iterable[bytes]) -> bytes:
    """MTH over leaf hashes in their order."""
    tree = Frontier()
    for h in hashes:
        tree.append(h)
    return tree.root()


class Frontier:
    """The right edge of a growing tree: one hash for each perfect subtree, so memory is the logarithm of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[tuple[int, bytes]] = []

    def append(self, leaf: bytes, level: int = 0) -> None:
        """Add a leaf hash, or with `level` the root of the next perfect subtree of `2**level` leaves.

        Raises OutOfOrder when a subtree is added where its size does not fit.
        """
        if level and self.size & ((1 << level) - 1):
            raise OutOfOrder("A subtree was added at a place where it cannot stand.")
        self.size += 1 << level
        while self._edge and self._edge[-1][0] == level:
            leaf = node_hash(self._edge.pop()[1], leaf)
            level += 1
        self._edge.append((level, leaf))

    def root(self) -> bytes:
        """The root of what was added so far."""
        if not self._edge:
            return EMPTY_ROOT
        right = self._edge[-1][1]
        for _, left in reversed(self._edge[:-1]):
            right = node_hash(left, right)
        return right


def nodes_of(hashes: Sequence[bytes]) -> NodeReader:
    """A node reader over leaf hashes held in memory."""
    return lambda level, index: perfect_root(hashes[index << level : (index + 1) << level])


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (RFC 6962 section 2.1: k < n <= 2k)."""
    return 1 << ((size - 1).bit_length() - 1)


def range_root(start: int, end: int, node: NodeReader) -> bytes:
    """MTH(D[start:end]) for the ranges that occur in proofs: `start` is a multiple of the range's largest power of two."""
    tree = Frontier()
    at = start
    while at < end:
        level = (end - at).bit_length() - 1
        tree.append(node(level, at >> level), level)
        at += 1 << level
    return tree.root()


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """PATH(index, D[size]), from the leaf's sibling to the root's child. Raises OutOfOrder when there is no such leaf."""
    if not 0 <= index < size:
        raise OutOfOrder(f"There is no leaf {index} in a tree of {size} leaves.")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(middle, end, node))
            end = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """PROOF(old, D[new]); empty when `old` is 0 or `new`. Raises OutOfOrder when `old` is larger than `new`."""
    if not 0 <= old <= new:
        raise OutOfOrder(f"A tree of {old} leaves does not precede one of {new}.")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old not in (0, end):
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_root(middle, end, node))
            end = middle
        else:
            path.append(range_root(start, middle, node))
            start, whole = middle, False
    if old and not whole:
        path.append(range_root(start, end, node))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], tree_root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2: whether `proof` shows the leaf hash at `index` of the tree of `size` leaves with that root."""
    if not 0 <= index < size or any(len(p) != 32 for p in proof):
        return False
    node, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and computed == tree_root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 section 2.1.4.2: whether `proof` shows that the old tree is a prefix of the new one."""
    if not 0 <= old <= new or any(len(p) != 32 for p in proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
