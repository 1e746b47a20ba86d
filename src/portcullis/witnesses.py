"""The gateway's side of witnesses: which there are, asking them when the ledger is published, and how many have cosigned.

`witnesses.json` in the home lists them: a verifier key, and an address (`http…`) or the path of a folder that is carried to and fro where
there is an air gap. What each cosigned last is kept in `ledger/cosigned/`, signed by both sides, and is all that is ever counted:
 1. a cosignature counts when the log's and the witness's signature over one checkpoint are good (ledger.witness_client),
 2. for a commit when that checkpoint covers it,
 3. each witness once. Where the agreement names witnesses, only those count.
The leaf of a dispatch carries what counted for it, so that a reader can check it without these files.
Before anything new is signed every witness that answers is asked whether it has seen more than is here: then this ledger is older than
what was witnessed, or beside it, and nothing is signed (docs/9-running.md, "Backup and restore").
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portcullis.crypto import canonical
from portcullis.crypto.wrap import sync_folder
from portcullis.errors import PortcullisError, Refused, Tampered
from portcullis.home import Home
from portcullis.ledger.checkpoint import Checkpoint, add_cosignature, open_checkpoint
from portcullis.ledger.cosigned import cosigned_member
from portcullis.ledger.log import LOCK
from portcullis.ledger.members import is_code
from portcullis.ledger.note import COSIGNATURE, NoteKey, parse_note, parse_vkey
from portcullis.ledger.proof import tile_nodes
from portcullis.ledger.tree import consistency_proof
from portcullis.ledger.witness_client import Ahead, check_address, obtain, over_http
from portcullis.ledger.witness_drop import exchange

__all__ = [
    "WITNESSES",
    "Listed",
    "add_witness",
    "check_not_behind",
    "cosignatures",
    "cosigned_sizes",
    "gather",
    "listed",
    "missing",
    "remove_witness",
]

WITNESSES = "witnesses.json"
_COSIGNED = "cosigned"
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Listed:
    """One witness of this home: its key, and where it is asked."""

    key: NoteKey
    address: str

    @property
    def by_file(self) -> bool:
        """Whether requests are carried in a folder."""
        return not self.address.startswith(("http://", "https://"))


def listed(home: Home) -> list[Listed]:
    """The witnesses of this home. Raises Refused when the list cannot be read."""
    path = home.path / WITNESSES
    if not path.exists():
        return []
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        return [Listed(_witness_key(one["vkey"]), str(one["address"])) for one in stated]
    except (ValueError, TypeError, KeyError, PortcullisError) as error:
        raise Refused(f"{WITNESSES} cannot be read.", "It is no list of witnesses.", "Restore it, or add them anew.") from error


def _witness_key(vkey: str) -> NoteKey:
    key = parse_vkey(vkey)
    if key.kind != COSIGNATURE:
        raise Refused("This is not a witness's key.", "It is a key of another kind.", "Type: portcullis ledger witness show DIR")
    if not is_code(vkey):
        raise Refused("This witness's name cannot stand in a leaf.", "It has signs other than letters, digits and ._:/@-.", "Rename it.")
    return key


def add_witness(home: Home, vkey: str, address: str) -> Listed:
    """List one more witness. Raises Refused for a key that is no witness's, or is listed, or an address that cannot be used."""
    new = Listed(_witness_key(vkey), address)
    new = Listed(new.key, str(Path(address).resolve()) if new.by_file else check_address(address))
    known = listed(home)
    if any(new.key.name == one.key.name or new.key.public == one.key.public for one in known):
        raise Refused("This witness is listed already.", "Two entries would be one witness.", "Type: portcullis ledger witness list")
    _write(home, [*known, new])
    return new


def remove_witness(home: Home, name: str) -> None:
    """Take a witness off the list. Raises Refused when none has that name."""
    known = listed(home)
    if not any(one.key.name == name for one in known):
        raise Refused(f"No witness {name} is listed.", "Nothing was removed.", "Type: portcullis ledger witness list")
    _write(home, [one for one in known if one.key.name != name])


def _write(home: Home, witnesses: Sequence[Listed]) -> None:
    data = canonical([{"vkey": one.key.vkey(), "address": one.address} for one in witnesses])
    _replace(home.path / WITNESSES, data + b"\n")


def _replace(path: Path, data: bytes) -> None:
    descriptor, part = tempfile.mkstemp(".part", f".{path.name}.", path.parent)  # two processes may write at once
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(path.parent)


def _log(home: Home) -> NoteKey:
    return NoteKey(home.settings.origin, home.log_key.public)


def _kept(home: Home, key: NoteKey) -> Path:
    return home.ledger / _COSIGNED / hashlib.sha256(key.vkey().encode()).hexdigest()[:16]


def _seen(home: Home, key: NoteKey) -> tuple[Checkpoint, bytes] | None:
    """The last checkpoint this witness cosigned, as kept here, and its signature; None when there is none, or it is not good (1)."""
    try:
        note = _kept(home, key).read_bytes()
        signed = open_checkpoint(note, _log(home), [key])
    except (OSError, PortcullisError):
        return None
    lines = [one.signature for one in parse_note(note).signatures if (one.name, one.key_id) == (key.name, key.id)]
    return (signed.checkpoint, lines[-1]) if signed.witnesses else None


def _size_seen(home: Home, key: NoteKey) -> int:
    """The size of the last checkpoint this witness cosigned; 0 when there is none."""
    seen = _seen(home, key)
    return seen[0].size if seen else 0


def cosigned_sizes(home: Home) -> dict[str, int]:
    """Witness → the size of the last checkpoint it cosigned, as kept here."""
    return {one.key.name: _size_seen(home, one.key) for one in listed(home)}


def missing(home: Home, quorum: int, named: Collection[str], committed_leaf: int) -> int:
    """How many of the `quorum` witnesses that an agreement asks for have not cosigned a checkpoint that covers the leaf (1-3)."""
    return max(0, quorum - len(cosignatures(home, named, committed_leaf))) if quorum else 0


def cosignatures(home: Home, named: Collection[str], committed_leaf: int) -> list[dict[str, object]]:
    """Each witness's cosignature that counts for a commit at that leaf, as the leaf of the dispatch carries it (1-3).

    `named` are the verifier keys the agreement names; none counts all that are listed.
    """
    counted = [one.key for one in listed(home) if not named or one.key.vkey() in named]
    seen = [(key, _seen(home, key)) for key in counted]
    return [cosigned_member(key, *found) for key, found in seen if found is not None and found[0].size > committed_leaf]


def check_not_behind(home: Home) -> None:
    """Ask every witness that can be reached now whether it has seen more than the published checkpoint.

    Raises Tampered when one has, or has seen something else of the same size.
    """
    _ask_all(home, [one for one in listed(home) if not one.by_file])


def gather(home: Home) -> int:
    """Ask for cosignatures of the published checkpoint, and put those it gets onto it; returns how many it bears.

    Raises Tampered as `check_not_behind` does.
    """
    note = _note(home)
    wanting = [one for one in listed(home) if not _bears(home, note, one.key)]
    text, got = _ask_all(home, wanting)
    with _one_at_a_time(home):
        note = _note(home)
        if parse_note(note).text == text:  # unless a newer one stands there by now
            for with_line in got:
                note = add_cosignature(note, parse_note(with_line).signatures[-1])
            if got:
                _replace(home.ledger / "checkpoint", note)
    return len(open_checkpoint(note, _log(home), [one.key for one in listed(home)]).witnesses)


@contextmanager
def _one_at_a_time(home: Home) -> Iterator[None]:
    """The lock under which checkpoints are published (ledger.log): here it is waited for."""
    with (home.ledger / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _note(home: Home) -> bytes:
    return (home.ledger / "checkpoint").read_bytes()


def _ask_all(home: Home, asked: Sequence[Listed]) -> tuple[str, list[bytes]]:
    """The text of the published checkpoint, and the notes with the cosignatures of it that came in time."""
    note = _note(home)
    text = parse_note(note).text
    if not asked:
        return text, []
    with ThreadPoolExecutor(min(_THREADS, len(asked))) as pool:
        found = list(pool.map(lambda one: _ask(home, note, one), asked))
    ahead = [one.size for one in found if isinstance(one, Ahead)]
    if ahead and parse_note(_note(home)).text == text:  # not another process of this home that has published meanwhile
        here = open_checkpoint(note, _log(home)).checkpoint.size
        raise Tampered(
            f"A witness has seen {ahead[0]} leaves of this ledger, and {here} are here."
            if ahead[0] != here
            else f"A witness has seen another ledger of {here} leaves.",
            "This home was restored from an older backup, or another home goes on with the same ledger; signing would fork it.",
            "See docs/9-running.md, Backup and restore.",
        )
    return text, [one for one in found if isinstance(one, bytes)]


def _bears(home: Home, note: bytes, key: NoteKey) -> bool:
    return bool(open_checkpoint(note, _log(home), [key]).witnesses)


def _ask(home: Home, note: bytes, one: Listed) -> bytes | Ahead | None:
    """The note with one witness's cosignature, which is kept; or news; or nothing."""
    log = _log(home)
    head = open_checkpoint(note, log).checkpoint

    def prove(old: int) -> list[bytes]:
        return consistency_proof(old, head.size, tile_nodes(lambda path: (home.ledger / path).read_bytes(), head.size))

    old = min(_size_seen(home, one.key), head.size)
    try:
        if one.by_file:
            found = exchange(Path(one.address), one.key, log, note, old, prove, home.now())
        else:
            seconds = float(home.settings.witness_seconds)
            found = obtain(lambda body: over_http(one.address, body, seconds), one.key, log, note, old, prove, home.now())
    except OSError:  # a part tile that a newer publication has taken away, which asks anew; or a folder that is not there now
        return None
    if not isinstance(found, bytes):
        return found
    if open_checkpoint(found, log).checkpoint.size >= old:
        _keep(home, one.key, found)
    return found if parse_note(found).text == parse_note(note).text else None


def _keep(home: Home, key: NoteKey, with_line: bytes) -> None:
    path = _kept(home, key)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    _replace(path, with_line)
