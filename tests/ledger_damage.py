"""Damaged bundles by the thousand: by a stranger, who has the files only, and by whoever holds the log's key, who signs everything anew.

Each is given with what was done, in words. Nothing here knows how the verifiers look for it.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from ledger_story import tiles
from portcullis.crypto import SigningKey, canonical
from portcullis.ledger import Checkpoint, leaf_hash, root, sign_checkpoint, sign_note
from portcullis.ledger.bundle import key_history, keys_json
from portcullis.ledger.leaf import decode
from portcullis.ledger.tiles import entries

__all__ = ["Damage", "Held", "by_keyholder", "by_stranger", "flip"]

Files = dict[str, bytes]


@dataclass(frozen=True)
class Damage:
    """One damaged bundle: what was done, in words without a figure, and its files. `harmless` says that it may verify all the same."""

    words: str
    files: Files


def flip(data: bytes, rng: random.Random) -> bytes:
    """One bit of it the other way."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def by_stranger(files: Mapping[str, bytes], rng: random.Random) -> Iterator[Damage]:
    """Every file damaged in every way that needs no key."""
    names = sorted(files)
    for name in names:
        data, other = files[name], rng.choice([n for n in names if n != name])
        kind = re.sub(r"[0-9x/]+(\.p/[0-9]+)?$", "", name) or name
        yield Damage(f"a bit of {kind} is flipped", {**files, name: flip(data, rng) if data else b"x"})
        yield Damage(f"{kind} is taken away", {n: d for n, d in files.items() if n != name})
        yield Damage(f"{kind} is cut short", {**files, name: data[:-1] if data else b"x"})
        yield Damage(f"{kind} is made longer", {**files, name: data + b"\n"})
        yield Damage(f"{kind} changes places with another file", {**files, name: files[other], other: data})
        yield Damage(f"{kind} stands under another name", {n: d for n, d in files.items() if n != name} | {name + "0": data})
        yield Damage(f"a second {kind} is put beside it", {**files, name + "0": data})
    yield Damage("there is nothing at all", {})
    yield Damage("the manifest lists its files in another order", {**files, "manifest": _reordered(files["manifest"])})


def _reordered(manifest: bytes) -> bytes:
    text, gap, signed = manifest.decode().rpartition("\n\n")
    first, origin, *rows = text.split("\n")
    return ("\n".join([first, origin, *rows[::-1]]) + gap + signed).encode()


@dataclass(frozen=True)
class Held:
    """What somebody with the log's key has: leaves, the other files, and the key. `files()` is the bundle of them, all signed."""

    leaves: tuple[bytes, ...]
    others: Mapping[str, bytes]
    roots: Mapping[str, bytes]
    origin: str
    key: SigningKey

    @classmethod
    def of(cls, files: Mapping[str, bytes], key: SigningKey) -> Held:
        """The whole bundle in these files."""
        told = json.loads(files["keys.json"])
        names = sorted((n for n in files if n.startswith("tile/entries/")), key=lambda n: (n.split(".p")[0], n))
        leaves: list[bytes] = []
        for name in names:
            width = int(name.rpartition(".p/")[2]) if ".p/" in name else 256
            leaves += entries(files[name], width)
        import base64  # noqa: PLC0415 - the roots stand in base64

        roots = {agency: base64.b64decode(public) for agency, public in told["agency_roots"].items()}
        others = {name: files[name] for name in ("vkey", "rules.json", "tables.json", "opened.jsonl")}
        return cls(tuple(leaves), others, roots, files["checkpoint"].decode().split("\n")[0], key)

    def checkpoint(self, size: int | None = None, key: SigningKey | None = None) -> bytes:
        """The checkpoint of the first leaves."""
        size = len(self.leaves) if size is None else size
        head = Checkpoint(self.origin, size, root(leaf_hash(entry) for entry in self.leaves[:size]))
        return sign_checkpoint(head, key or self.key)

    def files(self, **change: bytes) -> Files:
        """Everything made anew for these leaves, and signed."""
        try:
            keys = keys_json(self.roots, key_history(enumerate(self.leaves)))
        except Exception:  # noqa: BLE001 - from such leaves no history can be told; any will do, since the leaves must be refused
            keys = keys_json(self.roots, [])
        files = {**tiles(self.leaves), **self.others, "keys.json": keys, "checkpoint": self.checkpoint()}
        files |= {name.replace("_", "."): data for name, data in change.items()}
        return self.signed(files)

    def signed(self, files: Files) -> Files:
        """These files under a manifest of the log."""
        files = {name: data for name, data in files.items() if name != "manifest"}
        rows = "".join(f"{hashlib.sha256(d).hexdigest()} {len(d)} {n}\n" for n, d in sorted(files.items()))
        return files | {"manifest": sign_note(f"portcullis bundle manifest v1\n{self.origin}\n{rows}", self.origin, self.key)}


def by_keyholder(held: Held, rng: random.Random, each: int = 1, at: Collection[int] | None = None) -> Iterator[Damage]:
    """Every leaf (or those `at` some places) damaged in every way, `each` times, by somebody who can sign for the log, and nobody else."""
    ways: dict[str, Callable[[int], tuple[bytes, ...] | None]] = {
        "has a bit flipped": lambda i: _put(held, i, flip(held.leaves[i], rng)),
        "is dropped": lambda i: held.leaves[:i] + held.leaves[i + 1 :],
        "stands twice": lambda i: held.leaves[: i + 1] + held.leaves[i:],
        "changes places with another": lambda i: _swapped(held, i, rng.randrange(len(held.leaves))),
        "is replaced by another": lambda i: _put(held, i, held.leaves[rng.randrange(len(held.leaves))]),
        "moves to the end": lambda i: (*held.leaves[:i], *held.leaves[i + 1 :], held.leaves[i]),
        "is everything's end": lambda i: held.leaves[:i],
        "says another value": lambda i: _said_otherwise(held, i, rng),
        "carries another's act": lambda i: _borrowed(held, i, rng),
    }
    for i in range(len(held.leaves)) if at is None else at:
        kind = decode(held.leaves[i]).type
        for words, bend in ways.items():
            for _ in range(each):
                leaves = bend(i)
                if leaves is not None and leaves != held.leaves:
                    yield Damage(f"a {kind} leaf {words}", replace(held, leaves=leaves).files())
    good = held.files()
    for name in ("rules.json", "tables.json", "opened.jsonl", "keys.json", "checkpoint", "vkey"):
        for _ in range(each):
            if good[name]:
                yield Damage(f"a bit of {name} is flipped and everything signed anew", held.signed(good | {name: flip(good[name], rng)}))
        yield Damage(f"{name} is emptied and everything signed anew", held.signed(good | {name: b""}))
    stale = len(held.leaves) // 2
    yield Damage("an old checkpoint stands before a longer log", held.signed(good | {"checkpoint": held.checkpoint(stale)}))
    other = SigningKey.from_private_bytes(hashlib.sha256(b"another log key").digest())
    yield Damage("the checkpoint is signed with another key", held.signed(good | {"checkpoint": held.checkpoint(key=other)}))
    yield Damage("everything is signed with another key", replace(held, key=other).files())


def _put(held: Held, i: int, entry: bytes) -> tuple[bytes, ...]:
    return (*held.leaves[:i], entry, *held.leaves[i + 1 :])


def _swapped(held: Held, i: int, j: int) -> tuple[bytes, ...]:
    leaves = list(held.leaves)
    leaves[i], leaves[j] = leaves[j], leaves[i]
    return tuple(leaves)


def _said_otherwise(held: Held, i: int, rng: random.Random) -> tuple[bytes, ...] | None:
    """A member's letter or digit exchanged for another of its kind: the leaf is still spelled as it should be."""
    entry = held.leaves[i]
    places = [m.start() for m in re.finditer(rb"[0-9a-f]", entry) if b'"pad":"' + b"0" * 8 not in entry[m.start() - 20 : m.start() + 20]]
    at = rng.choice(places)
    put = rng.choice([c for c in (b"0123456789" if entry[at : at + 1].isdigit() else b"abcdef") if c != entry[at]])
    return _put(held, i, entry[:at] + bytes([put]) + entry[at + 1 :])


def _borrowed(held: Held, i: int, rng: random.Random) -> tuple[bytes, ...] | None:
    """The act of another leaf, padded to the same size."""
    mine = json.loads(held.leaves[i])
    others = [json.loads(e) for e in held.leaves if b'"act":{' in e]
    if not isinstance(mine.get("act"), dict) or not others:
        return None
    mine["act"], mine["pad"] = rng.choice(others)["act"], ""
    room = len(held.leaves[i]) - len(canonical(mine))
    return None if room < 0 else _put(held, i, canonical(mine | {"pad": "0" * room}))
