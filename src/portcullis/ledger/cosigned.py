"""The witnesses of a dispatch, as its leaf tells them (ledger.md, verifier step 4; row A25).

`release.dispatched` carries, for each witness that counted, its verifier key, the size and root of the checkpoint it cosigned, and its
cosignature (`cosigned`); `agreement.in_force` how many the agreement asks for and which keys it names (`witnesses`). So a reader checks the
quorum without the files of the gateway. A cosignature counts when
 1. it is by a witness's key, one that the agreement names where it names any,
 2. the signature is good over the checkpoint of this log with that size and root,
 3. the checkpoint covers the commit, stands before the dispatch, and its root is the one the log had,
 4. the witness's time is not after the dispatch,
 5. once for each name and key.
Where an agreement names no keys, whoever is listed at the gateway counts: a reader who does not know the key has only its word for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from portcullis.crypto import decode64, encode64, verify
from portcullis.errors import PortcullisError
from portcullis.ledger.checkpoint import Checkpoint, cosigned_text
from portcullis.ledger.note import COSIGNATURE, NoteKey, parse_vkey
from portcullis.ledger.people import broken

__all__ = ["TOLERANCE", "check_cosigned", "cosigned_member"]

TOLERANCE = 3600
"""Seconds by which a clock may be wrong, and a leaf be dated before an earlier one."""
Fields = Mapping[str, Any]


def cosigned_member(key: NoteKey, head: Checkpoint, signature: bytes) -> dict[str, object]:
    """One witness's cosignature as it stands in the leaf."""
    return {"root": head.root.hex(), "signature": encode64(signature), "size": head.size, "witness": key.vkey()}


def check_cosigned(
    f: Fields, asked: Fields, log: str, committed: int, at: tuple[int, int], root_at: Callable[[int], bytes], known: Collection[NoteKey]
) -> list[str]:
    """Check a dispatch's witnesses against what the agreement asks; `at` is the leaf's index and time, `known` the reader's own witnesses.

    Returns the names of those who counted and whom neither the agreement nor the reader names.
    """
    counted, unnamed = dict[str, bytes](), list[str]()
    told = f.get("cosigned") or []
    for one in told:
        key = _key(one["witness"])
        if not _counts(one, key, asked, log, committed, at, root_at):
            raise broken(
                4,
                "A witness's signature in the dispatch is not good, or not of a checkpoint that covers the commit.",
                "That witness had not seen it coming.",
            )
        counted[key.name] = key.public
        unnamed += [] if asked.get("keys") or key in known else [key.name]
    if len(set(counted.values())) < asked.get("quorum", 0):
        raise broken(4, "A release was dispatched with fewer witnesses than its agreement asks for.", "Nobody else had seen it coming.")
    return unnamed


def _key(text: str) -> NoteKey:
    try:
        return parse_vkey(text)
    except PortcullisError as error:
        raise broken(4, "A witness's key in the dispatch cannot be read.", error.why) from error


def _counts(
    one: Fields, key: NoteKey, asked: Fields, log: str, committed: int, at: tuple[int, int], root_at: Callable[[int], bytes]
) -> bool:
    try:
        root, signature = bytes.fromhex(one["root"]), decode64(one["signature"], "A cosignature")
    except PortcullisError as error:
        raise broken(4, "A witness's signature in the dispatch cannot be read.", error.why) from error
    seen, text = int.from_bytes(signature[:8]), Checkpoint(log, one["size"], root).text()
    named = one["witness"] in (asked.get("keys") or [one["witness"]])
    good = key.kind == COSIGNATURE and len(signature) == 72 and verify(key.public, cosigned_text(text, seen), signature[8:])
    covers = committed < one["size"] <= at[0]
    return named and good and covers and root_at(one["size"]) == root and seen <= at[1] + TOLERANCE
