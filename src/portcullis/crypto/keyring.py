"""The wrapping keys of all batches in one small keyring from which a single one can be taken out for good.

A batch's data key is wrapped under a key of its own, which is derived from the root of a binary tree of depth 30: child b of a node is
HMAC-SHA-256(node, label ‖ b), and the batch's number says the way down (Goldreich, Goldwasser, Micali 1986). To take one leaf out, the
node above it is replaced by the siblings along the way down to it (a puncturable pseudorandom function): every other key can still be
derived, that one by nobody who has only what is left.

So an old backup together with today's keyring opens every batch but those destroyed, and a process that still holds an older keyring
wraps new batches under the same keys as everybody else. Whoever kept a copy of an older keyring can open what it could open: copies of
it are replaced, and old ones destroyed, whenever a batch is destroyed (docs/9-running.md).

A keyring gives a key only when
 1. the number is within the tree,
 2. one of its nodes lies above the leaf; no node may lie above or beside another twice.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from collections.abc import Iterable
from typing import NoReturn

from portcullis.errors import OutOfOrder, Refused

__all__ = ["DEPTH", "Keyring"]

DEPTH = 30
_LABEL = b"portcullis/keyring/1"
_NODE = struct.Struct(">BI32s")


def _child(seed: bytes, bit: int) -> bytes:
    return hmac.digest(seed, _LABEL + bytes([bit]), "sha256")


class Keyring:
    """Nodes of the tree: depth, way down as a number of that many bits, and 32 secret bytes each."""

    def __init__(self, nodes: Iterable[tuple[int, int, bytes]]) -> None:
        """Raises OutOfOrder when the nodes are not of one tree, apart from each other."""
        self._nodes = {(depth, way): seed for depth, way, seed in nodes}
        for depth, way in self._nodes:
            if not (0 <= depth <= DEPTH and 0 <= way < 1 << depth) or any(
                (depth - up, way >> up) in self._nodes for up in range(1, depth + 1)
            ):
                raise OutOfOrder("A keyring is malformed.", "Its nodes are not apart from each other.")

    @classmethod
    def generate(cls) -> Keyring:
        """A new keyring that holds every key."""
        return cls([(0, 0, secrets.token_bytes(32))])

    @classmethod
    def from_material(cls, material: bytes) -> Keyring:
        """What `material` wrote. Raises OutOfOrder for anything else."""
        if not material or len(material) % _NODE.size:
            raise OutOfOrder("A keyring is malformed.", "Its length is not that of whole nodes.")
        return cls(_NODE.iter_unpack(material))

    def material(self) -> bytes:
        """All of it, for the encrypted key file only."""
        return b"".join(_NODE.pack(depth, way, seed) for (depth, way), seed in sorted(self._nodes.items()))

    def holds(self, number: int) -> bool:
        """Whether the key of this number was not taken out."""
        return self._above(number) is not None

    def key_of(self, number: int) -> bytes:
        """The wrapping key of this number. Raises Refused when it was taken out."""
        found = self._above(number)
        if found is None:  # 2
            raise Refused(
                "The key of this batch was destroyed.", "It cannot be derived any more.", "The ledger and the accounting still answer."
            )
        depth, seed = found
        for level in range(DEPTH - depth - 1, -1, -1):
            seed = _child(seed, number >> level & 1)
        return hmac.digest(seed, _LABEL + b"/key", "sha256")

    def without(self, number: int) -> Keyring:
        """The keyring from which this number's key can no longer be derived; the same one when it is out already."""
        found = self._above(number)
        if found is None:
            return self
        depth, seed = found
        kept = {place: node for place, node in self._nodes.items() if place != (depth, number >> (DEPTH - depth))}
        for below in range(depth + 1, DEPTH + 1):
            way = number >> (DEPTH - below)
            kept[below, way ^ 1] = _child(seed, way & 1 ^ 1)
            seed = _child(seed, way & 1)
        return Keyring((depth, way, node) for (depth, way), node in kept.items())

    def _above(self, number: int) -> tuple[int, bytes] | None:
        if not 0 <= number < 1 << DEPTH:  # 1
            raise OutOfOrder("A keyring has no key of this number.", f"Numbers have {DEPTH} bits.")
        for depth in range(DEPTH + 1):
            seed = self._nodes.get((depth, number >> (DEPTH - depth)))
            if seed is not None:
                return depth, seed
        return None

    def __repr__(self) -> str:
        """How many nodes; never one of them."""
        return f"Keyring({len(self._nodes)} nodes)"

    def __reduce__(self) -> NoReturn:
        """Raises OutOfOrder: secrets are not pickled."""
        raise OutOfOrder("A keyring is not serialised.", "Only save_keyring writes one, encrypted.")
