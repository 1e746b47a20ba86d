"""The package's own verifier, for `portcullis ledger verify` (interface.md). The steps are those of ledger.md.

 1. Manifest, checkpoint, witness quorum; exactly the files that belong there.
 2. Every entry to every tile up to the signed root; an older checkpoint is a prefix.
 3-7. Leaves, people, order, accounting, openings and times: replay.py.

`verifier/verify.py` checks the same without this package; trust that one rather than this.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portcullis.crypto import decode64, strict_loads
from portcullis.errors import PortcullisError, Tampered
from portcullis.ledger.acts import content_of
from portcullis.ledger.bundle import Files, folder_files
from portcullis.ledger.checkpoint import SignedCheckpoint, open_checkpoint
from portcullis.ledger.edge import Edge
from portcullis.ledger.note import ED25519, NoteKey, parse_vkey
from portcullis.ledger.opened import read_openings
from portcullis.ledger.part import Part
from portcullis.ledger.people import People, broken
from portcullis.ledger.proof import tile_nodes
from portcullis.ledger.replay import TOLERANCE, Replay
from portcullis.ledger.tiles import WIDTH, entries, entries_path, tiles_of
from portcullis.ledger.tree import leaf_hash, range_root
from portcullis.ledger.trust import Trust, read_trust

__all__ = ["verify", "verify_files"]


@dataclass(frozen=True, slots=True)
class _Opened:
    """Step 1 done: the files, the checkpoint, the agencies' roots, the history of keys as told, the openings."""

    files: Files
    log: NoteKey
    head: SignedCheckpoint
    older: SignedCheckpoint | None
    roots: Mapping[str, bytes]
    told: object
    rules: Mapping[str, Any]
    tables: Mapping[str, Any]
    part: Part | None
    witnesses: Sequence[NoteKey]

    def leaves(self) -> Iterator[tuple[int, bytes]]:
        """The leaves of the log, or of the part, with their indices."""
        if self.part is not None:
            yield from self.part.leaves(self.files.read)
            return
        for n, row in enumerate(_leaves(self.files, self.head.checkpoint.size)):
            yield from enumerate(row, n * WIDTH)


def verify(
    directory: Path, trust: bytes | None = None, *, since: bytes | None = None, as_of: int | None = None, now: float | None = None
) -> dict[str, object]:
    """Check the bundle in `directory`; `trust` is a trust file, `since` an older checkpoint, `as_of` and `now` POSIX seconds.

    Returns `verified` (everything holds and `trust` says whose keys these are), `authenticated`, `consistent`, `size`, `root` (hex),
    `checked` (step → figures), `lists`, `first_failure` (null, or step, leaf, what, why). Raises Refused only for a bad trust file.
    """
    known = None if trust is None else read_trust(trust)
    return verify_files(lambda: folder_files(directory), known, since=since, as_of=as_of, now=time.time() if now is None else now)


def verify_files(
    listing: Callable[[], tuple[set[str], Callable[[str], bytes]]],
    trust: Trust | None,
    *,
    since: bytes | None = None,
    as_of: int | None = None,
    now: float,
) -> dict[str, object]:
    """The same over any place that gives names and bytes."""
    result: dict[str, Any] = {
        "verified": False,
        "authenticated": False,
        "consistent": False,
        "size": None,
        "root": None,
        "part": None,
        "checked": {},
        "lists": {},
        "first_failure": None,
    }
    place: dict[str, int | None] = {"leaf": None}
    try:
        names, fetch = listing()
        opened = _open(names, fetch, trust, since, now)
        head = opened.head.checkpoint
        result |= {"size": head.size, "root": head.root.hex()}
        result["checked"]["1"] = {"files": len(names), "witnesses": len(opened.head.witnesses)}
        root_at = _tree(opened)
        result["checked"]["2"] = {"leaves": head.size, "since": opened.older.checkpoint.size if opened.older else None}
        result["part"] = opened.part.kind if opened.part else None
        replay = _replay(opened, root_at, place)
        if as_of is not None:
            replay.list_open(as_of)
        result["checked"] |= _figures(replay)
        result |= {"consistent": True, "verified": trust is not None, "authenticated": trust is not None, "lists": replay.lists}
    except (PortcullisError, OSError) as error:
        result["first_failure"] = _failure(error, place["leaf"])
    return result


def _failure(error: PortcullisError | OSError, leaf: int | None) -> dict[str, object]:
    if isinstance(error, OSError):
        return {"step": 1, "leaf": None, "what": "A file of the bundle cannot be read.", "why": f"{error.strerror}."}
    step = int(error.code) if error.code and error.code.isdecimal() else 1
    return {"step": step, "leaf": leaf if step > 2 else None, "what": error.what, "why": error.why}


def _figures(replay: Replay) -> dict[str, object]:
    dispatched = sum(batch.dispatched >= 0 for batch in replay.batches.values())
    return {
        "3": {"acts": replay.people.acts, "keys": len(replay.people.keys)},
        "4": {"batches": len(replay.batches), "dispatched": dispatched, "orders": len(replay.terms.orders)},
        "5": {"decisions": replay.counts["request.decided"], "disclosures": replay.counts["disclosure"]},
        "6": {"openings": replay.opened},
    }


def _open(names: set[str], fetch: Callable[[str], bytes], trust: Trust | None, since: bytes | None, now: float) -> _Opened:
    """Step 1."""
    if "vkey" not in names:
        raise broken(1, "The bundle has no vkey.", "It does not say whose log it is.")
    text = fetch("vkey").decode("utf-8", "replace")
    log = parse_vkey(text.removesuffix("\n"))
    if not text.endswith("\n") or log.kind != ED25519 or (trust is not None and log != trust.log):
        raise broken(1, "The bundle's log key is not the trust file's.", "It is another log, or was signed again by somebody else.")
    files = Files(names, fetch, log)
    if files.read("vkey") != text.encode():
        raise broken(1, "The vkey is damaged.", "It is not text.")
    witnesses = trust.witnesses if trust else ()
    head = open_checkpoint(files.read("checkpoint"), log, witnesses)
    if trust is not None and len(head.witnesses) < trust.quorum:
        raise broken(1, "Fewer witnesses have signed the checkpoint than the trust file asks for.", "Others may be shown another log.")
    older = None if since is None else open_checkpoint(since, log, witnesses)
    for signed in (head, older):
        if signed is not None and any(seen > now + TOLERANCE for _, seen in signed.witnesses):
            raise broken(1, "A witness's time lies in the future.", "A clock is wrong, or the time is invented.")
    part = Part.read(files.read("part.json"), head.checkpoint.size) if "part.json" in files.listed else None
    files.expect(tiles_of(head.checkpoint.size) if part is None else part.names())
    keys = strict_loads(files.read("keys.json"))
    if not isinstance(keys, dict) or set(keys) != {"agency_roots", "keys"} or not isinstance(keys["agency_roots"], dict):
        raise broken(1, "keys.json is not the history of keys.", "It was not written by this log.")
    roots = {agency: decode64(public, "A root key") for agency, public in keys["agency_roots"].items()}
    if trust is not None and roots != dict(trust.agency_roots):
        raise broken(1, "The agencies' root keys are not the trust file's.", "Anybody could have enrolled the people who signed.")
    rules, tables = strict_loads(files.read("rules.json")), strict_loads(files.read("tables.json"))
    if not isinstance(rules, dict) or any(content_of(one) != name for name, one in rules.items()):
        raise broken(1, "rules.json holds a rule set under another hash than its own.", "It was exchanged.")
    if not isinstance(tables, dict):
        raise broken(1, "tables.json is not the decision tables.", "It was exchanged.")
    return _Opened(files, log, head, older, roots, keys["keys"], rules, tables, part, witnesses)


def _leaves(files: Files, size: int) -> Iterator[list[bytes]]:
    """The entries, bundle by bundle."""
    for bundle in range((size + WIDTH - 1) // WIDTH):
        width = min(WIDTH, size - bundle * WIDTH)
        try:
            yield entries(files.read(entries_path(bundle, width)), width)
        except Tampered as error:
            raise broken(int(error.code or 2), error.what, error.why) from error


def _tree(opened: _Opened) -> Callable[[int], bytes]:
    """Step 2; returns how to ask for an older root."""
    head, older = opened.head.checkpoint, opened.older
    if older is not None and older.checkpoint.size > head.size:
        raise broken(2, "The older checkpoint has more leaves than this log.", "Leaves were cut off, or a backup was restored.")
    root_at = _tiles(opened) if opened.part is None else _cuts(opened.part, opened)
    if root_at(head.size) != head.root:
        raise broken(2, "The entries do not give the signed root.", "Leaves were changed, removed, added or reordered after signing.")
    if older is not None and root_at(older.checkpoint.size) != older.checkpoint.root:
        raise broken(2, "The older checkpoint is not a prefix of this log.", "The log was rewritten, or forked after a restore.")
    return root_at


def _tiles(opened: _Opened) -> Callable[[int], bytes]:
    """Every tile holds the hashes of what lies below it; older roots follow from them."""
    edge = Edge()
    for row in _leaves(opened.files, opened.head.checkpoint.size):
        for path, data in edge.add_tile([leaf_hash(entry) for entry in row]):
            _same(opened.files, path, data)
    for path, data in edge.part_tiles():
        _same(opened.files, path, data)
    size = opened.head.checkpoint.size
    return lambda at: range_root(0, at, tile_nodes(opened.files.read, size))


def _cuts(part: Part, opened: _Opened) -> Callable[[int], bytes]:
    """The leaves and hashes of a part fit together; older roots are known at its cuts."""
    try:
        roots = part.roots(opened.head.checkpoint.size, opened.files.read)
    except Tampered as error:
        raise broken(int(error.code or 2), error.what, error.why) from error

    def root_at(size: int) -> bytes:
        if size not in roots:
            raise broken(2, "This part cannot be compared with that root.", "Ask for one that is cut there.")
        return roots[size]

    return root_at


def _same(files: Files, path: str, data: bytes) -> None:
    if files.read(path) != data:
        raise broken(2, f"{path} does not hold the hashes of what lies below it.", "A tile and its entries contradict each other.")


def _replay(opened: _Opened, root_at: Callable[[int], bytes], place: dict[str, int | None]) -> Replay:
    """Steps 3 to 7."""
    older, seen = opened.older, [when for _, when in opened.head.witnesses]
    before = [when for _, when in older.witnesses] if older else []
    replay = Replay(
        People(opened.log.name, opened.roots),
        root_at,
        rules=opened.rules,
        tables=opened.tables,
        part=opened.part.kind if opened.part else "",
        not_before=(older.checkpoint.size, min(before)) if older and before else None,
        not_after=max(seen) if seen else None,
        witnesses=opened.witnesses,
    )
    replay.begin(read_openings(opened.files.read("opened.jsonl")))
    try:
        for index, entry in opened.leaves():
            place["leaf"] = index
            replay.take(index, entry)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise broken(
            6, "rules.json, tables.json or an opening has not the form it must have.", "The gateway wrote them otherwise."
        ) from error
    replay.finish()
    if opened.told != [key.told() for key in replay.people.keys.values()]:
        raise broken(3, "keys.json does not tell the history of keys that the log tells.", "It would mislead about who may sign.")
    place["leaf"] = None
    return replay
