"""Bundles: a folder with everything an outsider needs to check the log (interface.md, "Bundle").

    manifest      a note signed by the log: `<sha256> <size> <path>` of every other file, in the order of their paths
    checkpoint    the published one, byte for byte        vkey          the log's verifier key
    tile/         exactly the tiles and entry bundles the checkpoint needs; of a part, its leaves, with part.json and hashes (part.py)
    keys.json     the agencies' root keys, and every person's key with where it was enrolled and revoked
    rules.json, tables.json, opened.jsonl    rule sets, decision tables, openings given to the reader

`Files` reads a bundle: a file counts only if it is the one the manifest names, and there is no other file, link or empty folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from portcullis.crypto import SigningKey, canonical, encode64
from portcullis.errors import PortcullisError, Refused, Tampered
from portcullis.ledger.checkpoint import open_checkpoint
from portcullis.ledger.leaf import decode
from portcullis.ledger.note import NoteKey, open_note, parse_note, sign_note
from portcullis.ledger.part import Part, hashes_of
from portcullis.ledger.people import Key, broken
from portcullis.ledger.proof import tile_nodes
from portcullis.ledger.tiles import WIDTH, bundle, entries, entries_path, tiles_of

__all__ = ["NAMED", "Files", "export", "folder_files", "key_history", "keys_json", "write_manifest"]

NAMED = ("checkpoint", "keys.json", "opened.jsonl", "rules.json", "tables.json", "vkey")
"""Every file of a bundle but the manifest and the tiles."""
MANIFEST = "manifest"
_HEADER = "portcullis bundle manifest v1"
_ROW = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,9}) ([a-z0-9./]+)")
_LIMIT = 64 << 20
_OF_KEYS = (b'"type":"key.enrolled"', b'"type":"key.revoked"')


def folder_files(path: Path) -> tuple[set[str], Callable[[str], bytes]]:
    """The names of all files of a bundle's folder, and how to read one. Raises Tampered for links, special files, empty folders."""
    names: set[str] = set()

    def walk(folder: Path, prefix: str) -> None:
        found = list(os.scandir(folder))
        if prefix and not found:
            raise broken(1, "The bundle has an empty folder.", "No manifest asks for it.")
        for entry in found:
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                walk(Path(entry.path), f"{prefix}{entry.name}/")
            elif stat.S_ISREG(mode):
                names.add(prefix + entry.name)
            else:
                raise broken(1, "The bundle has a link or a special file.", "A bundle is plain files only.")

    def fetch(name: str) -> bytes:
        with os.fdopen(os.open(path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            return file.read(_LIMIT)

    walk(path, "")
    return names, fetch


class Files:
    """The files of a bundle, each checked against the signed manifest whenever it is read."""

    def __init__(self, names: set[str], fetch: Callable[[str], bytes], log: NoteKey) -> None:
        self._fetch = fetch
        if MANIFEST not in names:
            raise broken(1, "The bundle has no manifest.", "Nothing says which files belong to it.")
        data = fetch(MANIFEST)
        try:
            text, _ = open_note(data, [log])
            alone = len(parse_note(data).signatures) == 1
        except PortcullisError as error:
            raise broken(1, "The manifest is not signed by the log's key alone.", error.why) from error
        header, origin, *rows = text[:-1].split("\n") if text.count("\n") > 1 else ["", ""]
        found = [_ROW.fullmatch(row) for row in rows]
        self.listed = {m[3]: (int(m[2]), m[1]) for m in found if m}
        if not alone or (header, origin) != (_HEADER, log.name) or len(self.listed) != len(rows) or sorted(self.listed) != [*self.listed]:
            raise broken(1, "The manifest is malformed, or was signed for something else.", "Files may have been exchanged.")
        if set(self.listed) != names - {MANIFEST}:
            raise broken(1, "The bundle's files are not those of its manifest.", "Files were removed or added.")

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises Tampered when it is not the one the manifest names."""
        if name not in self.listed:
            raise broken(1, f"The bundle has no {name}.", "A file that belongs to it is missing.")
        data = self._fetch(name)
        if (len(data), hashlib.sha256(data).hexdigest()) != self.listed[name]:
            raise broken(1, f"{name} is not the file that the manifest names.", "It was changed after the bundle was signed.")
        return data

    def expect(self, names: Iterable[str]) -> None:
        """The files are exactly these, and those that every bundle has."""
        if set(self.listed) != {*NAMED, *names}:
            raise broken(1, "The bundle lacks a tile, or has one too many.", "The checkpoint asks for other files.")


def key_history(leaves: Iterable[tuple[int, bytes]]) -> list[Key]:
    """Every key the leaves enrol, and where it was revoked; signatures are not checked here."""
    keys: dict[str, Key] = {}
    for index, entry in leaves:
        if not any(mark in entry for mark in _OF_KEYS):
            continue
        f: Mapping[str, Any] = decode(entry).fields
        if "roles" in f:
            keys[f["key_id"]] = Key(
                f["key_id"], f["agency"], f["person"], tuple(f["roles"]), f["key"], b"", index, passkey=f.get("webauthn")
            )
        elif key := keys.get(f["key_id"]):
            keys[key.key_id] = replace(key, revoked=index, revoked_from=f.get("from"))
    return list(keys.values())


def keys_json(agency_roots: Mapping[str, bytes], history: Iterable[Key]) -> bytes:
    """`keys.json`."""
    roots = {agency: encode64(public) for agency, public in agency_roots.items()}
    return canonical({"agency_roots": roots, "keys": [key.told() for key in history]})


def write_manifest(folder: Path, listed: Mapping[str, tuple[int, str]], signer: SigningKey, origin: str) -> None:
    """Sign what the folder holds: path → (size, SHA-256 in hex)."""
    rows = "".join(f"{digest} {size} {name}\n" for name, (size, digest) in sorted(listed.items()))
    (folder / MANIFEST).write_bytes(sign_note(f"{_HEADER}\n{origin}\n{rows}", origin, signer))


def export(
    published: Path,
    target: Path,
    *,
    signer: SigningKey,
    origin: str,
    agency_roots: Mapping[str, bytes],
    rules: object,
    tables: object,
    opened: Iterable[Mapping[str, object]] = (),
    part: Part | None = None,
) -> int:
    """Write the bundle of the published log, whole or a `part` of it, into the empty or absent folder `target`; returns the log's size.

    `rules` maps rule-set hashes to rule sets, `tables` holds the decision tables, `opened` the openings for this reader in the order of the
    leaves, each with the members agreement, field, leaf, record, salt (base64), value. Raises Refused when something is at `target` or
    nothing was published.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Refused(f"A bundle cannot be written to {target.name}.", "Something is there already.", "Name an empty or absent folder.")
    log = NoteKey(origin, signer.public)
    if not (published / "checkpoint").is_file():
        raise Refused("Nothing was published yet.", "There is no checkpoint.", "Type: portcullis ledger checkpoint")
    note = (published / "checkpoint").read_bytes()
    size = open_checkpoint(note, log).checkpoint.size
    folder = target.with_name(target.name + ".part")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    listed = _tiles(published, folder, size) if part is None else _part(published, folder, size, part)
    lines = b"".join(canonical(dict(opening)) + b"\n" for opening in opened)
    keys = keys_json(agency_roots, key_history(_leaves(folder, size) if part is None else part.leaves(lambda name: _bytes(folder, name))))
    for name, data in (
        ("checkpoint", note),
        ("vkey", log.vkey().encode() + b"\n"),
        ("keys.json", keys),
        ("rules.json", canonical(rules)),
        ("tables.json", canonical(tables)),
        ("opened.jsonl", lines),
    ):
        listed[name] = _write(folder / name, data)
    write_manifest(folder, listed, signer, origin)
    if target.exists():
        target.rmdir()
    folder.rename(target)
    return size


def _tiles(published: Path, folder: Path, size: int) -> dict[str, tuple[int, str]]:
    """Every tile and entry bundle, copied."""
    return {name: _write(folder / name, _bytes(published, name)) for name in tiles_of(size)}


def _part(published: Path, folder: Path, size: int, part: Part) -> dict[str, tuple[int, str]]:
    """The leaves of a part, and the hashes of its gaps."""

    def read(name: str) -> bytes:
        return _bytes(published, name)

    wanted = (index for first, count in part.places for index in range(first, first + count))
    leaves, listed = _chosen(read, size, wanted), {"part.json": _write(folder / "part.json", part.text())}
    for name, width in part.entry_files():
        listed[name] = _write(folder / name, bundle([next(leaves) for _ in range(width)]))
    listed["hashes"] = _write(folder / "hashes", b"".join(hashes_of(part, size, tile_nodes(read, size))))
    return listed


def _chosen(read: Callable[[str], bytes], size: int, wanted: Iterable[int]) -> Iterator[bytes]:
    """The entries at ascending indices; each entry bundle is read once."""
    at, row = -1, list[bytes]()
    for index in wanted:
        if index // WIDTH != at:
            at = index // WIDTH
            width = min(WIDTH, size - at * WIDTH)
            row = entries(read(entries_path(at, width)), width)
        yield row[index % WIDTH]


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError as error:
        raise Tampered(f"The published ledger lacks {name}.", "The checkpoint needs it.", "Restore it from an older bundle.") from error


def _write(path: Path, data: bytes) -> tuple[int, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return len(data), hashlib.sha256(data).hexdigest()


def _leaves(folder: Path, size: int) -> Iterator[tuple[int, bytes]]:
    for n in range((size + WIDTH - 1) // WIDTH):
        width = min(WIDTH, size - n * WIDTH)
        yield from enumerate(entries((folder / entries_path(n, width)).read_bytes(), width), n * WIDTH)
