#!/usr/bin/env python3
"""Check a Portcullis evidence bundle offline, without the program that wrote it.

    python verify.py BUNDLE [--trust FILE] [--since CHECKPOINT] [--as-of DATE]

Needs Python 3.11 and `cryptography`; shares no code with the gateway. The numbers are printed, and stand first in every check below:
 1. The manifest, signed by the log, covers every file of the bundle and no other; the checkpoint is signed by the log and by a quorum
    of witnesses. One spelling only: base64 with slack bits, a JSON member twice, links and stray files are refused.
 2. Every entry is in its bundle, every bundle hashes to its tile, every tile to the one above, up to the signed root. With --since:
    the older checkpoint is a prefix of this log.
 3. Every leaf is well-formed and of a known type. Every human act is signed by a key that an agency's root key had enrolled, and not
    revoked, at that place in the log; for this log, this action and this content; once; before it expired.
 4. Order in the log: a dispatch follows its commit, which follows two different people's authorizations of the same content (valid for
    72 hours, not void, neither of them reviewer or operator of that batch), which follow a passed sample of the seed nobody chose,
    which follows all decisions, which follow the batch, which follows an agreement in force; no stay covers it, nothing owed stops it.
 5. One decision per request; the totals agree; every disclosed answer has its accounting leaf and is one that was committed.
 6. Openings, where the bundle holds any, open the commitments they are for.
 7. Times and lists: backdated leaves are refused; what else a person should look at is listed.

Exit: 0 verified · 4 did not verify, or consistent but not authenticated (no --trust) · 2 usage.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import os
import re
import signal
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOT_ESTABLISHED = """What this does not establish:
  - that the register was right, or that what officers attested was true
  - what a screen showed to the person who signed, or that two keys were held by two bodies
  - what an administrator of the whole machine took around the gateway
  - that findings give the decisions, and that answers hold permitted fields only: this version only checks that openings open
  - that nothing was cut off the end of the log since a later checkpoint: that needs --since, or a quorum of witnesses
  - time stamps by a time-stamping authority: not checked"""

TOLERANCE, AUTHORIZED_FOR = 3600, 72 * 3600  # seconds: by which a clock may be wrong; for which a signature can carry a release
SIZES = {512, 1024, 2048, 4096, 8192, 16384, 32768, 65024}
FILES = ("checkpoint", "keys.json", "opened.jsonl", "rules.json", "tables.json", "vkey")
Say = Callable[[str], object]


class Failed(Exception):
    """The evidence does not hold: at which step and leaf, what is wrong and what that means."""

    def __init__(self, step: int, text: str, leaf: int | None = None) -> None:
        super().__init__(text)
        self.step, self.text, self.leaf = step, text, leaf


def need(step: int, ok: object, text: str) -> None:
    """One check: what it means when it does not hold."""
    if not ok:
        raise Failed(step, text)


# ---------------------------------------------------------------- strict reading: one spelling of everything
def unbase64(text: object, step: int) -> bytes:
    """Base64 in its one canonical form."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True) if isinstance(text, str) else b""
    except ValueError:
        data = b""
    need(step, data and base64.b64encode(data).decode() == text, "A base64 value is not in its one form: it is damaged, or respelled.")
    return data


# Canonical JSON (RFC 8785) of values without fractions, of which there are none in what is read here.
canon = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def read_json(data: bytes, step: int, what: str) -> Any:
    """The value of canonical JSON bytes; any other spelling of it, a member named twice among them, is refused."""
    try:
        value = json.loads(data.decode("utf-8"), parse_float=Decimal)
        if canon(value).encode("utf-8") == data:
            return value
    except (ValueError, TypeError, RecursionError):
        pass
    raise Failed(step, f"{what} is not canonical JSON: it is damaged, or the same value is spelled another way.")


def digest(value: object) -> str:
    """SHA-256 (hex) of canonical JSON: how acts name what they are over."""
    return sha256(canon(value).encode()).hexdigest()


# ---------------------------------------------------------------- signatures and signed notes
P, TORSION = 2**255 - 19, 2707385501144840649318225287225658788936804267575313519463743609750303021430
SMALL_ORDER = {0, 1, P - 1, TORSION, P - TORSION}  # y of the points of small order


def signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519 (RFC 8032). Under a key of small order one signature fits many messages, so such keys never sign."""
    if len(public) != 32 or len(signature) != 64 or int.from_bytes(public, "little") % 2**255 % P in SMALL_ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_name(public: bytes) -> str:
    """How DSSE envelopes name a key."""
    return sha256(b"portcullis/key/1" + public).hexdigest()[:16]


class NoteKey(NamedTuple):
    """A C2SP signed-note key: kind 1 signs the text, kind 4 is a witness and signs a time and the text."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes before each of its signatures."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether the signature is this key's over the note's text."""
        if self.kind == 1:
            return signed_by(self.public, text.encode(), signature)
        when = int.from_bytes(signature[:8], "big")
        return len(signature) == 72 and signed_by(self.public, f"cosignature/v1\ntime {when}\n{text}".encode(), signature[8:])


def is_name(text: str) -> bool:
    """Whether a note may carry this key name."""
    return bool(text) and "+" not in text and not any(c.isspace() or c < " " for c in text)


def read_vkey(text: str) -> NoteKey:
    """A verifier key `name+id+key`."""
    name, key_id, encoded = [*text.split("+", 2), "", ""][:3]
    data = unbase64(encoded, 1)
    key = NoteKey(name, data[0], data[1:])
    ok = is_name(name) and len(data) == 33 and data[0] in (1, 4) and key_id == key.id.hex()
    need(1, ok, "A verifier key cannot be read: its name, id and key do not belong together.")
    return key


def read_note(data: bytes, keys: list[NoteKey]) -> tuple[str, dict[NoteKey, bytes], int]:
    """A note's text, the good signatures of known keys, and its number of signatures. A bad one of a known key spoils it all."""
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        whole = ""
    text, gap, tail = whole.rpartition("\n\n")
    ok = gap and text and tail.endswith("\n") and tail.count("\n") <= 100 and not any(c < " " and c != "\n" for c in whole)
    need(1, ok, "A signed note is malformed: it is damaged, or was not written by this log.")
    text, known = text + "\n", {(k.name, k.id): k for k in keys}
    good: dict[NoteKey, bytes] = {}
    for line in tail[:-1].split("\n"):
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        signature = unbase64(encoded, 1)
        ok = line.count(" ") == 2 and dash == "—" and is_name(name) and len(signature) > 4
        need(1, ok, "A signature line of a note is malformed: it is damaged.")
        if (key := known.get((name, signature[:4]))) is not None:
            need(1, key.accepts(text, signature[4:]), f"The signature of {name} is not good: text or signature were changed.")
            good[key] = signature[4:]
    return text, good, tail.count("\n")


class Head(NamedTuple):
    """A checkpoint: size and root, and when which witness had seen it."""

    size: int
    root: bytes
    seen: dict[str, int]


def read_checkpoint(data: bytes, log: NoteKey, witnesses: list[NoteKey], now: float) -> Head:
    """A checkpoint of this log (C2SP tlog-checkpoint), without extension lines."""
    text, good, _ = read_note(data, [log, *witnesses])
    need(1, log in good, "The checkpoint is not signed by the log's key: it was signed by another, or for another log.")
    lines = text.split("\n")
    ok = len(lines) == 4 and re.fullmatch("0|[1-9][0-9]{0,18}", lines[1], re.ASCII) and len(unbase64(lines[2], 1)) == 32
    need(1, ok, "The checkpoint is malformed: it is not origin, size and root.")
    need(1, lines[0] == log.name, "The checkpoint is of another log: its origin is not the name of the log's key.")
    seen = {k.name: int.from_bytes(s[:8], "big") for k, s in good.items() if k.kind == 4}
    need(1, all(t <= now + TOLERANCE for t in seen.values()), "A witness's time lies in the future: a clock is wrong, or it is invented.")
    return Head(int(lines[1]), unbase64(lines[2], 1), seen)


# ---------------------------------------------------------------- the files
def folder(path: Path) -> tuple[set[str], Callable[[str], bytes]]:
    """The names of all files under a folder, and how to read one. Links, special files and empty folders are refused."""
    names: set[str] = set()
    for where, folders, files in os.walk(path):
        need(1, folders or files or where == str(path), "The bundle has an empty folder, which no manifest asks for.")
        for each in (Path(where, name) for name in folders + files):
            name, kind = each.relative_to(path).as_posix(), each.lstat().st_mode
            need(1, stat.S_ISDIR(kind) or stat.S_ISREG(kind), f"{name!a} is a link or a special file: a bundle is plain files only.")
            names |= {name} if stat.S_ISREG(kind) else set()

    def fetch(name: str) -> bytes:
        with os.fdopen(os.open(path / name, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read(64 << 20)

    return names, fetch


def tile_name(level: int | str, n: int, width: int) -> str:
    """The path of a tile or, with the level `entries`, of an entry bundle: number 1234067 is x001/x234/067 (C2SP tlog-tiles)."""
    groups = [f"{n % 1000:03d}"]
    while n := n // 1000:
        groups.insert(0, f"x{n % 1000:03d}")
    return f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < 256 else "")


def tile_names(size: int) -> Iterator[str]:
    """Every tile and entry bundle that a log of this size has."""
    level, of = 0, size
    while of:
        for n in range((of + 255) // 256):
            for kind in (0, "entries") if level == 0 else (level,):
                yield tile_name(kind, n, min(256, of - n * 256))
        level, of = level + 1, of // 256


class Bundle:
    """The files of a bundle, each checked against the manifest whenever it is read."""

    def __init__(self, names: set[str], fetch: Callable[[str], bytes], log: NoteKey) -> None:
        """Step 1: the manifest is signed by the log alone and lists exactly the files that are there."""
        need(1, "manifest" in names, "The bundle has no manifest: nothing says which files belong to it.")
        text, good, lines = read_note(fetch("manifest"), [log])
        need(1, good and lines == 1, "The manifest is not signed by the log's key alone: files may have been exchanged.")
        head, origin, *rows = [*text[:-1].split("\n"), ""][:-1] if text.count("\n") > 1 else ["", ""]
        found = [re.fullmatch(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,9}) ([a-z0-9./]+)", row, re.ASCII) for row in rows]
        self.fetch, self.listed = fetch, {m[3]: (int(m[2]), m[1]) for m in found if m}
        ok = (head, origin) == ("portcullis bundle manifest v1", log.name) and len(self.listed) == len(rows)
        need(1, ok and list(self.listed) == sorted(self.listed), "The manifest is malformed, or was signed for something else.")
        odd = ", ".join(map(ascii, sorted(set(self.listed) ^ (names - {"manifest"}))[:3]))
        need(1, not odd, f"The bundle's files are not those of its manifest; removed or added: {odd}.")

    def read(self, name: str) -> bytes:
        """A file's bytes, if they are those the manifest names."""
        need(1, name in self.listed, f"The bundle has no {name}: a file that belongs to it is missing.")
        data = self.fetch(name)
        same = (len(data), sha256(data).hexdigest()) == self.listed[name]
        need(1, same, f"{name} is not the file that the manifest names: it was changed after the bundle was signed.")
        return data


# ---------------------------------------------------------------- the tree (RFC 6962)
def full_root(row: list[bytes]) -> bytes:
    """The root over 256 hashes."""
    while len(row) > 1:
        row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]


class Growing:
    """The root of a growing list of hashes, or of perfect subtrees added in falling order of size."""

    def __init__(self) -> None:
        self.edge: list[tuple[int, bytes]] = []

    def add(self, h: bytes, level: int = 0) -> None:
        """Add the next hash."""
        while self.edge and self.edge[-1][0] == level:
            h, level = sha256(b"\x01" + self.edge.pop()[1] + h).digest(), level + 1
        self.edge.append((level, h))

    def root(self) -> bytes:
        """MTH of what was added."""
        if not self.edge:
            return sha256(b"").digest()
        right = self.edge[-1][1]
        for _, left in self.edge[-2::-1]:
            right = sha256(b"\x01" + left + right).digest()
        return right


class Tree:
    """Step 2: all entries, hashed up to the root. Kept are one hash per 256 leaves, from which any earlier root follows."""

    def __init__(self, bundle: Bundle, head: Head) -> None:
        self.bundle, self.size, self.tops = bundle, head.size, list[bytes]()
        for n in range((head.size + 255) // 256):
            row = self.hashes(n)
            self.compare(0, n, row)
            self.tops += [full_root(row)] if len(row) == 256 else []
        row, level = self.tops, 1
        while row:
            tiles = [row[i : i + 256] for i in range(0, len(row), 256)]
            for n, tile in enumerate(tiles):
                self.compare(level, n, tile)
            row, level = [full_root(tile) for tile in tiles if len(tile) == 256], level + 1
        ok = self.root_at(head.size) == head.root
        need(2, ok, "The entries do not give the signed root: leaves were changed, removed, added or reordered after signing.")

    def entries(self, n: int) -> list[bytes]:
        """The entries of the n-th bundle: each behind its length, none left over."""
        count = min(256, self.size - n * 256)
        data, found, at = self.bundle.read(tile_name("entries", n, count)), list[bytes](), 0
        while at + 2 <= len(data) and len(found) < count:
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            found.append(data[at + 2 : end])
            at = end
        need(2, at == len(data) and len(found) == count, f"Entry bundle {n} does not hold {count} entries: some were cut or added.")
        return found

    def compare(self, level: int, n: int, row: list[bytes]) -> None:
        """A tile holds the hashes of what lies below it."""
        name = tile_name(level, n, len(row))
        need(2, self.bundle.read(name) == b"".join(row), f"{name} does not hold the hashes of what lies below it.")

    def hashes(self, n: int) -> list[bytes]:
        """The leaf hashes of the n-th bundle."""
        return [sha256(b"\x00" + entry).digest() for entry in self.entries(n)]

    def root_at(self, size: int) -> bytes:
        """The root this log had when it had `size` leaves."""
        tree = Growing()
        for top in self.tops[: size // 256]:
            tree.add(top, 8)
        for h in self.hashes(size // 256)[: size % 256] if size % 256 else []:
            tree.add(h)
        return tree.root()

    def leaves(self) -> Iterator[tuple[int, bytes]]:
        """Every leaf."""
        for n in range((self.size + 255) // 256):
            yield from enumerate(self.entries(n), n * 256)


# ---------------------------------------------------------------- leaves (docs/formats/ledger.md)
MEMBERS = """
    key.enrolled agency person roles key key_id act | key.revoked key_id act | agreement.proposed agreement
    agreement.signed agreement agency root act | agreement.in_force agreement | agreement.suspended agreement act
    agreement.ended agreement act | vault.enrolled agency vault thumbprint act | vault.revoked agency vault act
    roster.changed agency content act | standing.changed agency act | order.imposed order scope court_time act
    order.lifted order acts | order.served order | batch.received batch agreement envelope engagements count
    batch.refused batch rule reason entries | batch.closed batch received deficient answered other | batch.blocked batch why
    request.decided batch agreement rules id decision subject | review.recorded batch request act
    sample.committed k commitment act | sample.revealed batch k r | sample.aborted batch k why
    sample.drawn batch k decisions_root checkpoint_size checkpoint_root seed n
    sample.passed batch decisions_root checked defects act | sample.failed batch decisions_root checked defects act
    release.authorized batch agreement rules root act | release.committed batch agreement rules root answers sealed_root
    release.dispatched batch agreement rules root committed checkpoint | release.withheld batch root why
    authorization.voided batch root why | receipt batch act | inspection who why command
    disclosure batch agreement request answer accounting agency purpose elements | hold.placed hold scope act | hold.lifted hold act
    rules.changed agreement switch position dated acts | register.loaded | report.published | disposal batch what act
    recall.ordered matter records sealed | filing.refused reason
"""
AFTERWARDS = {  # who signs what is done after a release: the act's action is the leaf's type, over its member `about`
    "officer signer": "obligation.noticed obligation.withdrawn obligation.asked obligation.logged obligation.certified"
    " obligation.witnessed recall.acknowledged recall.certified recall.witnessed",
    "safeguards": "obligation.answered recall.opened recall.closed incident.identified incident.reported incident.told incident.closed",
    "counsel": "incident.determined accounting.asked accounting.determined accounting.released accounting.contested",
    "authorizer counsel safeguards": "obligation.decided",
}
ENDS = {"obligation.answered", "obligation.withdrawn", "obligation.witnessed", "recall.closed", "incident.closed"}  # by which a matter ends
LEAVES = {row.split()[0]: row.split()[1:] for row in MEMBERS.strip().replace("\n", "|").split("|")}
LEAVES |= {kind: ["matter", "about", "act"] for kinds in AFTERWARDS.values() for kind in kinds.split()}
CODE, HEX, COUNT = r'"[A-Za-z0-9._:;,/+=@()-]{1,256}"', '"[0-9a-f]{%d}"', "(?:0|[1-9][0-9]{0,15})"
CODES, BASE64 = rf"\[{CODE}(?:,{CODE})*\]", '"[A-Za-z0-9+/]{4,}={0,2}"'
DSSE = rf'\{{"payload":{BASE64},"payloadType":"application/[a-z0-9.+-]{{1,80}}","signatures":\[\{{"keyid":{BASE64},"sig":{BASE64}\}}\]\}}'
FORMS = {  # what the canonical JSON of a member must look like, for every member that is read here
    CODE: "agency person vault thumbprint storage order rule reason why who command purpose switch position dated hold what matter",
    CODES: "roles sealed",
    r"\{.+\}": "about",
    HEX % 16: "key_id",
    HEX % 32: "batch id",
    HEX % 64: "rules content engagements decision subject commitment r decisions_root checkpoint_root seed sealed_root answer accounting",
    f"(?:{HEX % 32}|{HEX % 64})": "request",
    '"[A-Za-z0-9+/]{43}="': "key",
    rf'(?:{HEX % 64}|"[A-Za-z0-9+/]{{43}}=")': "root",
    COUNT: "count entries received deficient answered other k n checkpoint_size checked defects answers committed elements records",
    r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"': "time from court_time stops_from",
    rf'\{{"hash":{HEX % 64},"id":{CODE},"version":(?:{CODE}|{COUNT})\}}': "agreement",
    rf'\{{"root":{HEX % 64},"size":{COUNT}\}}': "checkpoint",
    rf'\{{(?:"(?:agencies|agreements|batches|gates)":(?:null|{CODES})(?:,(?="a|"b|"g)|(?=\}})))*\}}': "scope",
    r'\{"crv":"P-256","kty":"EC","x":"[A-Za-z0-9_-]{43}","y":"[A-Za-z0-9_-]{43}"\}': "jwk",
    DSSE: "act envelope",
    rf"\[{DSSE}(?:,{DSSE})*\]": "acts",
}
FORM_OF = {name: re.compile(form, re.ASCII) for form, names in FORMS.items() for name in names.split()}
NOT_TEXT = re.compile(rb'[A-Za-z0-9._:;,/+=@(){}\[\]"-]+')  # no space, no escape: free text could name a person
DECIDED = re.compile(  # a `request.decided` leaf in its own spelling: what matches is canonical and complete, and there may be millions
    rb'\{"agreement":\{"hash":"([0-9a-f]{64})","id":"([A-Za-z0-9._-]{1,64})","version":(0|[1-9][0-9]{0,14})\},"batch":"([0-9a-f]{32})",'
    rb'"decision":"[0-9a-f]{64}","id":"([0-9a-f]{32})","pad":"0*","rules":"([0-9a-f]{64})","subject":"[0-9a-f]{64}",'
    rb'"time":"([0-9TZ:-]{20})","type":"request[.]decided","v":1\}'
)


@lru_cache(maxsize=4096)
def seconds(text: str) -> int:
    """A leaf's time in POSIX seconds; -1 when it is none."""
    try:
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()) if len(text) == 20 else -1
    except ValueError:
        return -1


def read_leaf(data: bytes) -> dict[str, Any]:
    """A leaf's members, strictly: canonical, padded with zeros to a known size, of a known type with all its members."""
    need(3, len(data) in SIZES, "The leaf is not of a known size: it was not written by this log.")
    if (m := DECIDED.fullmatch(data)) is not None and seconds(m[7].decode()) >= 0:
        a, b, c, d, e, g, h = (x.decode() for x in m.groups())
        return {"type": "request.decided", "agreement": {"hash": a, "id": b, "version": int(c)}, "batch": d, "id": e, "rules": g, "time": h}
    need(3, NOT_TEXT.fullmatch(data), "A member of the leaf may not stand in a leaf: free text could name a person.")
    body = read_json(data, 3, "The leaf")
    pad = body.pop("pad", None) if isinstance(body, dict) else None
    need(3, isinstance(pad, str) and not pad.strip("0"), "The leaf is not padded with zeros: it was not written by this log.")
    known = body.get("type") in list(LEAVES) and body.get("v") == 1 and body["v"] is not True
    need(3, known, "The leaf is of an unknown type: it may say something this verifier cannot judge.")
    for name in sorted({"time", *LEAVES[body["type"]], *(set(body) & {"agreement", "batch", "rules", "act", "envelope", "from"})}):
        null = body.get(name) is None and name in body and name in ("act", "envelope", "from")
        ok = null or (name in body and FORM_OF[name].fullmatch(canon(body[name])))
        ok = ok and (name not in ("time", "court_time", "stops_from") or seconds(body[name]) >= 0)
        need(3, ok, f"The {body['type']} leaf has no proper {name}: it was not written by this log.")
    return dict(body)


# ---------------------------------------------------------------- the history (steps 3, 4, 5)
ROOT, ANYBODY = None, set[str]()
ACTS: dict[str, tuple[str, set[str] | None, str]] = {
    # leaf: (action, roles or ROOT for the agency's root key, what the act is over: members hashed together, or =member itself)
    "key.enrolled": ("key.enroll", ROOT, "agency person roles key"),
    "key.revoked": ("key.revoke", ROOT, "key_id from?"),
    "agreement.signed": ("agreement.sign", ROOT, "=hash"),
    "vault.enrolled": ("vault.enroll", ROOT, "agency vault jwk storage"),
    "vault.revoked": ("vault.revoke", ROOT, "vault"),
    "roster.changed": ("officer.record", ROOT, "=content"),
    "standing.changed": ("standing.set", {"safeguards"}, "agency field value"),
    "order.imposed": ("order.impose", {"counsel"}, "order scope court_time"),
    "review.recorded": ("review.record", {"reviewer"}, "=request"),
    "sample.committed": ("sample.commit", {"overseer"}, "k commitment"),
    "sample.passed": ("sample.record", {"overseer", "reviewer"}, "batch decisions_root checked defects"),
    "sample.failed": ("sample.record", {"overseer", "reviewer"}, "batch decisions_root checked defects"),
    "rules.changed": ("switch.turn", {"authorizer", "counsel", "overseer", "safeguards"}, "agreement dated position switch"),
    "release.authorized": ("release.authorize", {"authorizer"}, "=root"),
    "disposal": ("disposal", {"safeguards"}, "batch what"),
    "hold.placed": ("hold.place", {"counsel"}, "hold scope"),
    "hold.lifted": ("hold.lift", {"counsel"}, "hold"),
} | {kind: (kind, set(who.split()), "about") for who, kinds in AFTERWARDS.items() for kind in kinds.split()}
CHANGES = {"agreement.in_force", "agreement.suspended", "agreement.ended", "vault.enrolled", "vault.revoked", "roster.changed"}
CHANGES |= {"standing.changed", "rules.changed", "register.loaded"}  # what a release rests on: a change voids what was signed before
AFTER = {"disclosure", "batch.closed", "batch.blocked", "receipt"}  # what may stand after a batch was dispatched or ended
Openings = dict[int, list[dict[str, Any]]]  # by leaf
ACT_TYPE, BATCH_TYPE = "application/vnd.portcullis.act+json", "application/vnd.portcullis.batch+json"
ACT_TEXTS = {"origin", "agreement", "action", "content", "officer", "nonce"}


@dataclass
class Batch:
    """What the log has said of one batch so far. -1, 0 and empty mean not yet."""

    agreement: dict[str, Any]
    agency: str
    gate: str
    count: int
    signer: str
    turn: int  # which sample commitment is this batch's; 0 when none was in stock
    rules: str = ""
    ids: set[bytes] = field(default_factory=set)  # decided and not disclosed
    decided: int = 0
    decisions: Growing = field(default_factory=Growing)
    first: int = -1
    last: int = -1
    roles: dict[str, str] = field(default_factory=dict)
    k: int = 0
    r: bytes = b""
    drawn: tuple[str, int] = ("", -1)
    passed: bool = False
    ended: str = ""
    authorizations: list[tuple[str, str, str, int]] = field(default_factory=list)  # person, key, root, expires
    lost: str = "nobody authorized it"
    committed: tuple[int, str, int, str] = (-1, "", 0, "")  # leaf, release root, answers, sealed root
    dispatched: int = -1
    left: int = 0  # the time of the dispatch
    answers: list[bytes] = field(default_factory=list)
    closed: bool = False
    receipt: bool = False


class History:
    """Everything the leaves say, in their order: one method for each family of leaf types."""

    def __init__(self, tree: Tree, origin: str, roots: dict[str, bytes], since: Head | None, head: Head, openings: Openings) -> None:
        self.tree, self.origin, self.roots, self.since, self.head, self.openings = tree, origin, roots, since, head, openings
        self.i, self.entry, self.now, self.latest, self.opened, self.acts = 0, b"", 0, 0, 0, 0
        self.keys: dict[str, dict[str, Any]] = {}  # as keys.json tells them
        self.seen: set[tuple[str, ...]] = set()
        self.signed: dict[str, set[str]] = {}
        self.in_force: dict[str, str] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.matters: dict[str, tuple[str, str, int]] = {}  # what stops a flow: its agency, its agreement, from when
        self.batches: dict[str, Batch] = {}
        self.stock: dict[int, tuple[str, int]] = {}
        self.free, self.counts = list[int](), Counter[str]()
        self.lists: dict[str, list[str]] = {}

    def once(self, step: int, what: tuple[str, ...], text: str) -> None:
        """Something that may happen once in a log."""
        need(step, what not in self.seen, text)
        self.seen.add(what)

    def note(self, title: str, line: str) -> None:
        """Put something on a list of step 7."""
        self.lists.setdefault(title, []).append(line)

    def run(self) -> None:
        """Judge every leaf."""
        i = -1
        try:
            for i, entry in self.tree.leaves():
                f = read_leaf(entry)
                self.i, self.entry, kind = i, entry, f["type"]
                self.counts[kind] += 1
                self.clock(seconds(f["time"]))
                if i in self.openings:
                    self.open(read_json(entry, 3, "The leaf"))
                getattr(self, kind.partition(".")[0], self.other)(kind, f)
                for b in self.batches.values() if kind in CHANGES else ():
                    if f.get("agency") in (None, b.agency) and f.get("agreement", b.agreement)["id"] == b.agreement["id"]:
                        self.void(b, f"{kind} at leaf {i}")
                self.matter(f)
            for b in self.batches.values():
                self.settle(b)
        except Failed as error:
            error.leaf = i if error.leaf is None and error.step > 2 else error.leaf
            raise

    def matter(self, f: dict[str, Any]) -> None:
        """What is owed after a release stops its agency's flow from `stops_from` until a leaf ends it."""
        if f.get("stops_from") is not None:
            agency = f["about"].get("agency") if "about" in f else self.batches[f["batch"]].agency
            self.matters[f["matter"]] = (agency, f.get("agreement", {}).get("id", ""), seconds(f["stops_from"]))
        elif f.get("ends") == 1 and f["type"] in ENDS:
            self.matters.pop(f["matter"], None)

    def clock(self, t: int) -> None:
        """Step 7: no leaf is dated long before an earlier one, before --since was witnessed, or after witnesses had seen it."""
        need(7, t >= self.latest - TOLERANCE, "The leaf is dated before leaves that stand before it: backdated, or a clock set back.")
        self.now, self.latest = t, max(self.latest, t)
        if self.since and self.since.seen and self.i >= self.since.size:
            need(7, t >= min(self.since.seen.values()) - TOLERANCE, "The leaf is dated before the log was witnessed without it: backdated.")
        if self.head.seen:
            need(7, t <= max(self.head.seen.values()) + TOLERANCE, "The leaf is dated after witnesses had seen it: its time is invented.")

    def envelope(self, f: dict[str, Any], e: dict[str, Any], roles: set[str] | None) -> tuple[dict[str, Any], Any]:
        """Whose DSSE envelope it is, and what it says. `roles` None asks for the agency's root key."""
        key_id, payload, media = e["signatures"][0]["keyid"], unbase64(e["payload"], 3), e["payloadType"].encode()
        if roles is ROOT:
            agency = self.keys[f["key_id"]]["agency"] if f["type"] == "key.revoked" else f["agency"]
            key, public = {"person": f"root:{agency}"}, self.roots.get(agency, b"")
            need(3, key_name(public) == key_id, "The act is not signed by the agency's root key: nobody else may act for an agency.")
        else:
            need(3, key_id in self.keys, "The act is signed by a key that no agency root had enrolled: nobody answers for it.")
            key, needed = self.keys[key_id], " or ".join(sorted(roles))
            public = unbase64(key["key"], 3)
            need(3, key["revoked"] is None, f"The act is signed by a key revoked at leaf {key['revoked']}: it did not count any more.")
            need(3, not roles or roles & set(key["roles"]), f"The act needs the role {needed}: its key was not enrolled for it.")
        ok = signed_by(public, b"DSSEv1 %d %b %d %b" % (len(media), media, len(payload), payload), unbase64(e["signatures"][0]["sig"], 3))
        need(3, ok, "A signature in the leaf does not verify: what was signed is not what stands here.")
        return key, read_json(payload, 3, "What was signed")

    def act(self, f: dict[str, Any], e: dict[str, Any], action: str | None, roles: set[str] | None, content: str | None) -> tuple[Any, int]:
        """The key of who acted and when the act expires, if it counts here."""
        key, act = self.envelope(f, e, roles)
        ok = e["payloadType"] == ACT_TYPE and isinstance(act, dict) and set(act) - {"detail"} == ACT_TEXTS | {"expires"}
        ok = ok and all(isinstance(act[t], str) and len(act[t]) <= 512 and not re.search(r"[\x00-\x1f\x7f]", act[t]) for t in ACT_TEXTS)
        ok = ok and re.fullmatch("[0-9a-f]{64}", act["content"]) and type(act["expires"]) is int and 0 <= act["expires"] < 253_402_300_800
        ok = ok and act["nonce"] and act.get("detail", {"": 0}) != {} and isinstance(act.get("detail", {}), dict)
        need(3, ok, "The act is malformed: no person's program signed it.")
        a = f.get("agreement") or {}
        need(3, act["origin"] == self.origin, "The act was signed for another log: it does not count here.")
        need(3, action in (None, act["action"]), "The act was signed for another action: it does not count here.")
        need(3, content in (None, act["content"]), "The act was signed over other content: it does not count here.")
        need(3, act["officer"] == key["person"], "The act names another person than its key: it does not count here.")
        need(3, act["agreement"] in ("", a.get("id"), a.get("hash")), "The act was signed under another agreement: it does not count here.")
        need(3, act["expires"] >= self.now, "The act had expired when it was recorded: nobody had signed it at that time.")
        self.once(3, ("nonce", act["nonce"]), "The act was used before: a signature counts once.")
        self.acts += 1
        return key, act["expires"]

    def standard(self, f: dict[str, Any]) -> tuple[Any, int]:
        """The act of a leaf, by the table ACTS."""
        action, roles, over = ACTS[f["type"]]
        names = [n.rstrip("?") for n in over.split() if n[-1] != "?" or f.get(n[:-1]) is not None]
        content = f["agreement"]["hash"] if over == "=hash" else f[over[1:]] if over[0] == "=" else digest({n: f.get(n) for n in names})
        acts = f["acts"] if f["type"] == "rules.changed" else [f["act"]]
        found = [self.act(f, a, action, roles, content if "jwk" in f or "jwk" not in names else None) for a in acts]
        two = len({k["person"] for k, _ in found}) >= 2 and any("counsel" in k["roles"] for k, _ in found)
        need(3, two or f["type"] != "rules.changed", "A switch was not turned by two different people, one of them counsel: it stays.")
        return found[0]

    def other(self, kind: str, f: dict[str, Any]) -> None:
        """Leaves on which nothing below depends: an act in them must be good all the same."""
        if kind in ACTS:
            self.standard(f)
            ok = kind != "rules.changed" or self.in_force.get(f["agreement"]["id"]) == f["agreement"]["hash"]
            need(4, ok, "A switch was turned of an agreement that was not in force: it has none to turn.")
        elif f.get("act") is not None:
            self.act(f, f["act"], None, ANYBODY, None)

    def key(self, kind: str, f: dict[str, Any]) -> None:
        """A person's key, signed for by the agency's root, once; revoked, it signs nothing and what it authorized is void."""
        key_id, key = f["key_id"], self.keys.get(f["key_id"], {"revoked": 0})
        if kind == "key.enrolled":
            need(3, f["agency"] in self.roots, "A key was enrolled for an agency without a root key: the trust file knows no such agency.")
            need(3, key_id == key_name(unbase64(f["key"], 3)), "A key was enrolled under another key's id: it would stand for two people.")
            self.once(3, ("key", key_id), "A key was enrolled twice: it would stand for two people.")
            self.standard(f)
            told = {name: f[name] for name in ("agency", "key", "key_id", "person", "roles")}
            self.keys[key_id] = told | {"enrolled": self.i, "revoked": None, "revoked_from": None}
            return
        need(3, key["revoked"] is None, "A key was revoked that was not enrolled: the history of keys is not whole.")
        self.standard(f)
        key["revoked"], key["revoked_from"] = self.i, f.get("from")
        if f.get("from") is not None:
            self.note("Keys revoked from a date before the revocation was recorded", f"leaf {self.i}: key {key_id} from {f['from']}")
        for b in self.batches.values():
            if (key["agency"], key["person"]) == (b.agency, b.signer) or any(a[1] == key_id for a in b.authorizations):
                self.void(b, f"a key was revoked at leaf {self.i}")

    def agreement(self, kind: str, f: dict[str, Any]) -> None:
        """In force only when two agencies' roots have signed exactly this; suspended or ended by counsel."""
        a = f["agreement"]
        if kind == "agreement.signed":
            need(3, self.roots.get(f["agency"]) == unbase64(f["root"], 3), "The agreement was signed by another key than the agency's.")
            self.standard(f)
            self.signed.setdefault(a["hash"], set()).add(f["agency"])
        elif kind == "agreement.in_force":
            need(4, len(self.signed.get(a["hash"], ())) >= 2, "An agreement came into force that two agencies had not signed.")
            self.in_force[a["id"]] = a["hash"]
        elif kind in ("agreement.suspended", "agreement.ended"):
            self.act(f, f["act"], kind, {"counsel"}, digest({"agreement": a["id"], "version": a["version"], "state": kind[10:]}))
            need(4, self.in_force.pop(a["id"], None) == a["hash"], "An agreement was stopped that was not in force.")

    def void(self, b: Batch, why: str) -> None:
        """Authorizations and commit of a batch that was not dispatched stand no more."""
        if b.dispatched < 0 and b.authorizations:
            b.authorizations, b.committed, b.lost = [], (-1, "", 0, ""), f"the authorizations were void since {why}"

    def covers(self, scope: dict[str, Any], name: str, b: Batch) -> bool:
        """Whether an order of this scope covers the batch; what a scope does not name it does not limit."""
        pairs = (("agreements", b.agreement["id"]), ("agencies", b.agency), ("gates", b.gate), ("batches", name))
        return all(scope.get(member) is None or value in scope[member] for member, value in pairs)

    def order(self, kind: str, f: dict[str, Any]) -> None:
        """A stay voids what it covers. Lifting takes two different people, one of them counsel, and revives nothing."""
        order, scope = f["order"], f.get("scope") or {}
        if kind == "order.served":
            return self.other(kind, f)
        if kind == "order.imposed":
            self.standard(f)
            self.once(4, ("order", order), "An order was imposed twice: an order has one id, once.")
            self.orders[order] = scope
        else:
            keys = [self.act(f, a, "order.lift", ANYBODY, digest({"order": order, "lift": True}))[0] for a in f["acts"]]
            ok = len({k["person"] for k in keys}) >= 2 and any("counsel" in k["roles"] for k in keys)
            need(3, ok, "An order was lifted by fewer than two different people, one of them counsel: it was not lifted.")
            need(4, order in self.orders, "An order was lifted that was not in force: the history of orders is not whole.")
            scope = self.orders.pop(order)
        for name, b in self.batches.items():
            if self.covers(scope, name, b):
                self.void(b, f"{kind} at leaf {self.i}")
                if kind == "order.imposed" and b.dispatched >= 0 and b.left >= seconds(f["court_time"]):
                    self.note("Dispatched between the court's time and the imposing of an order", f"leaf {b.dispatched}, order {order}")
        return None

    def received(self, f: dict[str, Any]) -> None:
        """A signed envelope, under an agreement in force, once."""
        a, e = f["agreement"], f["envelope"]
        key, body = self.envelope(f, e, {"signer"})
        ok = e["payloadType"] == BATCH_TYPE and isinstance(body, dict) and all(isinstance(body.get(n), str) for n in ("gate", "nonce"))
        need(3, ok, "The envelope of the batch is malformed: it does not say who asks, for what.")
        said = {"agency": key["agency"], "signer": key["person"], "count": f["count"]}
        said["agreement"] = {"id": a["id"], "version": a["version"]}
        need(4, said == {n: body.get(n) for n in said}, "The batch is not as its signed envelope says: agency, agreement or count differ.")
        need(4, self.in_force.get(a["id"]) == a["hash"], "A batch was received under an agreement not in force: it had to be refused.")
        for what in (("envelope", key["agency"], body["nonce"]), ("batch", f["batch"])):
            self.once(4, what, "A batch was received twice: it could be answered twice (R10).")
        self.batches[f["batch"]] = Batch(a, key["agency"], body["gate"], f["count"], key["person"], self.free.pop(0) if self.free else 0)
        self.role(self.find("batch.received", f), key["person"], "signer")

    def find(self, kind: str, f: dict[str, Any]) -> Batch:
        """The batch a leaf speaks of, if the leaf may still come."""
        b = self.batches.get(f["batch"])
        if b is None:
            raise Failed(4, f"The {kind} leaf names a batch that was never received: what it rests on was removed.")
        need(4, kind != "release.dispatched" or b.dispatched < 0, "A batch was dispatched twice: it was answered twice.")
        need(4, not b.closed or kind == "receipt", f"A {kind} leaf stands after its batch was closed: it was added afterwards.")
        ended = b.ended or ("dispatched" if b.dispatched >= 0 else "")
        need(4, not ended or kind in AFTER, f"A {kind} leaf stands after the batch was {ended}: that was its end.")
        need(4, f.get("agreement", b.agreement) == b.agreement, f"The {kind} leaf names another agreement than its batch: exchanged.")
        need(4, not b.rules or f.get("rules", b.rules) == b.rules, "The rule set is not the one of the decisions: it was exchanged.")
        if isinstance(f.get("operator"), str):
            self.role(b, f["operator"], "operator")
        return b

    def role(self, b: Batch, person: str, role: str) -> None:
        """One person, one role per batch (R40)."""
        had = b.roles.setdefault(person, role)
        need(4, had == role, f"One person is {had} and {role} of the same batch: duties that must be apart were not.")

    def batch(self, kind: str, f: dict[str, Any]) -> None:
        """Beginning and end: received; refused before it is decided; blocked before anything left; closed when the totals add up (5)."""
        if kind == "batch.received":
            self.received(f)
        elif kind == "batch.closed":
            b = self.find(kind, f)
            ok = b.count == f["received"] == f["deficient"] + f["answered"] + f["other"] == b.decided
            need(5, ok, "The totals of a closed batch do not add up to its requests and decisions: some are missing.")
            need(5, f["answered"] == len(b.answers), "A closed batch counts other answers than were disclosed: some are not accounted for.")
            self.settle(b)
            b.closed, b.ids, b.answers = True, set(), []
        elif kind == "batch.blocked" or f["batch"] in self.batches:
            b = self.find(kind, f)
            need(4, b.dispatched < 0, "A batch was blocked after it was dispatched: blocking comes before.")
            need(4, kind == "batch.blocked" or not b.decided, "A batch was refused after it was decided: refusal comes first.")
            b.ended = b.ended or f"{kind.removeprefix('batch.')} at leaf {self.i}"

    def request(self, kind: str, f: dict[str, Any]) -> None:
        """Reviews close; then (5) one decision per request; and only then the sample's number is known."""
        b = self.find(kind, f)
        if kind == "review.recorded":
            need(4, not b.decided, "A review was recorded after decisions were written: decisions come after reviews.")
            return self.role(b, self.standard(f)[0]["person"], "reviewer")
        need(4, not b.k, "A decision was written after the sample's number was revealed: the sample was not of these decisions.")
        b.rules, b.first, b.last = f["rules"], self.i if b.first < 0 else b.first, self.i
        b.ids.add(bytes.fromhex(f["id"]))
        b.decisions.add(sha256(b"\x00" + self.entry).digest())
        b.decided += 1
        need(5, len(b.ids) == b.decided, "A request was decided twice: a decision is written once.")
        return need(5, b.decided <= b.count, "There are more decisions than requests in the batch: one was invented.")

    review = request

    def sample(self, kind: str, f: dict[str, Any]) -> None:
        """The overseer lays numbered commitments in stock; the rest belongs to one batch."""
        if kind != "sample.committed":
            return self.sample_of(self.find(kind, f), kind, f)
        self.standard(f)
        need(4, f["k"] == len(self.stock) + 1, "The commitments for samples are not numbered without gaps: one was removed or laid twice.")
        self.stock[f["k"]] = (f["commitment"], self.i)
        return self.free.append(f["k"])

    def sample_of(self, b: Batch, kind: str, f: dict[str, Any]) -> None:
        """The number whose turn it was at receipt, revealed after all decisions; seed = SHA-256(r ‖ D ‖ C), once; checked by hand."""
        if kind == "sample.revealed":
            need(4, b.decided == b.count, "The sample's number was revealed before all decisions: they could follow the sample.")
            commitment, laid = self.stock.get(f["k"], ("", self.i))
            ok = sha256(bytes.fromhex(f["r"])).hexdigest() == commitment and (laid < b.first or not b.count)
            need(4, ok, "The number revealed for the sample is not one committed before the decisions: it was chosen afterwards.")
            ok = not b.k and (f["k"] == b.turn or (not b.turn and f["k"] in self.free))
            need(4, ok, "The sample did not use the number whose turn it was: somebody picked it.")
            if not b.turn:
                self.note("Batches received when no sample commitment was in stock", f"leaf {self.i}")
                self.free.remove(f["k"])
            b.k, b.r = f["k"], bytes.fromhex(f["r"])
        elif kind == "sample.drawn":
            need(4, not b.drawn[0], "A sample was drawn twice from the same decisions: somebody looked for one they liked.")
            root, size = b.decisions.root(), f["checkpoint_size"]
            ok = b.last < size <= self.i and self.tree.root_at(size).hex() == f["checkpoint_root"]
            need(4, ok, "The sample names no checkpoint of this log that covers its decisions: its seed was not bound to the log.")
            seed = sha256(b.r + root + bytes.fromhex(f["checkpoint_root"])).hexdigest()
            ok = b.k > 0 and (f["k"], f["decisions_root"], f["seed"]) == (b.k, root.hex(), seed) and f["n"] <= b.count
            need(4, ok, "The sample's seed is not made of its number, the decisions and the checkpoint: somebody chose the sample.")
            if f.get("chosen_by") == "operator":
                self.note("Samples whose overseer was not independent (operator-chosen)", f"leaf {self.i}")
            b.drawn = (f["decisions_root"], f["n"])
        elif kind == "sample.aborted":
            self.note("Samples aborted", f"leaf {self.i}: {f['why']}")
            b.k, b.turn = 0, 0
        else:
            key, _ = self.standard(f)
            self.role(b, key["person"], "overseer" if "overseer" in key["roles"] else "reviewer")
            ok = b.drawn == (f["decisions_root"], f["checked"]) and not b.passed
            need(4, ok, "The sample that was checked is not the one that was drawn: other or fewer decisions were looked at.")
            b.passed = bool(f["defects"] == 0)
            need(4, (kind == "sample.passed") == b.passed, "The sample's outcome contradicts its defects: one defect blocks the batch.")
            b.ended = "" if b.passed else f"blocked by its sample at leaf {self.i}"

    def release(self, kind: str, f: dict[str, Any]) -> None:
        """After a passed sample two people authorize, for at most 72 hours; then the commit; then, with all checks again, the dispatch."""
        b = self.find(kind, f)
        if kind == "release.authorized":
            key, expires = self.standard(f)
            self.role(b, key["person"], "authorizer")
            need(4, b.passed, "A release was authorized before its sample had passed: the order was not kept.")
            need(4, expires <= self.now + AUTHORIZED_FOR, "An authorization was to stand for more than 72 hours: it is not valid.")
            b.authorizations.append((key["person"], key["key_id"], f["root"], expires))
        elif kind == "release.committed":
            self.entitled(f, b, "committed")
            need(4, b.committed[0] < 0, "A release was committed twice: the first was not withheld.")
            b.committed = (self.i, f["root"], f["answers"], f["sealed_root"])
        elif kind == "release.dispatched":
            self.entitled(f, b, "dispatched")
            ok = b.committed[0] >= 0 and b.committed[:2] == (f["committed"], f["root"])
            need(4, ok, "What was dispatched is not what was committed: the content was exchanged in between.")
            owed = [m for m, (who, a, t) in self.matters.items() if who == b.agency and a in ("", b.agreement["id"]) and t <= self.now]
            need(4, not owed, f"A release was dispatched while {', '.join(owed)} stopped the flow: the agency owed something first.")
            size = f["checkpoint"]["size"]
            ok = b.committed[0] < size <= self.i and self.tree.root_at(size).hex() == f["checkpoint"]["root"]
            need(4, ok, "The dispatch names no checkpoint of this log that covers the commit: nobody could see it coming.")
            b.dispatched, b.left = self.i, self.now
        else:
            self.void(b, f"{kind} at leaf {self.i}")

    authorization = release

    def entitled(self, f: dict[str, Any], b: Batch, what: str) -> None:
        """Everything that must hold both at the commit and at the dispatch."""
        people = {person for person, _, root, expires in b.authorizations if root == f["root"] and expires >= self.now}
        why = "they were over other content, by one person, or had expired" if b.authorizations else b.lost
        need(4, len(people) >= 2, f"A release was {what} without two different people's authorizations: {why}.")
        need(4, self.in_force.get(b.agreement["id"]) == b.agreement["hash"], f"A release was {what} under an agreement not in force.")
        stays = ", ".join(order for order, scope in self.orders.items() if self.covers(scope, f["batch"], b))
        need(4, not stays, f"A release was {what} while stayed by order {stays}: a court had forbidden it.")

    def disclosure(self, kind: str, f: dict[str, Any]) -> None:
        """Step 5: the accounting entry of one answer, written with the dispatch."""
        b, request = self.find(kind, f), bytes.fromhex(f["request"])
        need(5, b.dispatched >= 0, "Something was disclosed of a batch that was not dispatched: it left without a release.")
        need(5, f["agency"] == b.agency, "A disclosure names another agency than the one that asked: it went to somebody else.")
        need(5, request in b.ids, "A disclosure is for no decided request, or for one disclosed before: never asked, or answered twice.")
        b.ids.remove(request)
        b.answers.append(bytes.fromhex(f["answer"]))
        need(5, len(b.answers) <= b.committed[2], "More was disclosed than was committed: an answer was added afterwards.")

    def settle(self, b: Batch) -> None:
        """Step 5, once nothing more can come: every committed answer has its accounting leaf, and is one that was committed."""
        if b.dispatched < 0 or b.closed:
            return
        if len(b.answers) != b.committed[2]:
            raise Failed(5, "A committed answer has no accounting leaf: it was disclosed and not recorded.", b.dispatched)
        sealed = Growing()
        for answer in sorted(b.answers):
            sealed.add(sha256(b"\x00" + answer).digest())
        if sealed.root().hex() != b.committed[3]:
            raise Failed(5, "The answers disclosed are not those committed: one was exchanged.", b.dispatched)

    def receipt(self, kind: str, f: dict[str, Any]) -> None:
        """The recipient agency's acknowledgement of exactly what was sealed."""
        b = self.find(kind, f)
        need(4, b.dispatched >= 0 and not b.receipt, "A receipt is for nothing that was dispatched, or a second one: it is none.")
        agency = self.act(f, f["act"], "receipt", {"officer", "signer"}, b.committed[3])[0]["agency"]
        need(3, agency == b.agency, "A receipt is not by the agency that asked: somebody else acknowledged.")
        b.receipt = True

    def open(self, f: dict[str, Any]) -> None:
        """The openings given for this leaf open its commitments: HMAC-SHA-256 over field, record, agreement and value."""
        for o in self.openings.pop(self.i):
            a, salt = f.get("agreement") or {}, unbase64(o["salt"], 6)
            ok = o["record"] in (f.get("id"), f.get("request"), f.get("batch")) and o["agreement"] in (a.get("id"), a.get("hash"))
            need(6, ok, "An opening names another record than its leaf: it was given for something else.")
            message = canon(["portcullis/commitment/1", o["field"], o["record"], o["agreement"], o["value"]]).encode()
            ok = len(salt) == 32 and hmac.digest(salt, message, "sha256").hex() == f.get(o["field"])
            need(6, ok, "An opening does not open its commitment: salt or value were exchanged.")
            self.opened += 1


# ---------------------------------------------------------------- the whole
class Trust(NamedTuple):
    """What the reader knows from elsewhere."""

    log: NoteKey
    roots: dict[str, bytes]
    witnesses: list[NoteKey]
    quorum: int


def read_trust(data: bytes) -> Trust:
    """The trust file. Raises ValueError when it is not one."""
    try:
        t = json.loads(data.decode("utf-8"))
        roots = {agency: unbase64(key, 1) for agency, key in t["agency_roots"].items()}
        trust = Trust(read_vkey(t["log_vkey"]), roots, [*map(read_vkey, t["witnesses"])], t["quorum"])
        apart = min(len({w.public for w in trust.witnesses}), len({w.name for w in trust.witnesses}))
        good = set(t) == {"origin", "log_vkey", "agency_roots", "witnesses", "quorum"} and t["origin"] == trust.log.name
        good = good and trust.log.kind == 1 and all(w.kind == 4 for w in trust.witnesses)
        good = good and all(len(r) == 32 for r in trust.roots.values())
        if good and type(trust.quorum) is int and 0 <= trust.quorum <= apart == len(trust.witnesses):
            return trust
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Failed):
        pass
    raise ValueError("it has origin, log_vkey, agency_roots, witnesses and quorum, and no more")


def read_openings(data: bytes) -> Openings:
    """`opened.jsonl`: one canonical object per line."""
    openings: Openings = {}
    need(6, not data or data.endswith(b"\n"), "opened.jsonl is cut: a line has no end.")
    for line in data.split(b"\n")[:-1]:
        o = read_json(line, 6, "A line of opened.jsonl")
        ok = isinstance(o, dict) and set(o) == {"agreement", "field", "leaf", "record", "salt", "value"} and type(o["leaf"]) is int
        need(6, ok, "A line of opened.jsonl is not an opening.")
        openings.setdefault(o["leaf"], []).append(o)
    return openings


def verify(names: set[str], fetch: Callable[[str], bytes], trust: Trust | None, since: bytes | None, say: Say, now: float) -> History:
    """All steps, in order, saying each as it passes. Raises Failed at the first that does not hold."""
    need(1, "vkey" in names, "The bundle has no vkey: it does not say whose log it is.")
    text = fetch("vkey").decode("utf-8", "replace")
    log = read_vkey(text.removesuffix("\n"))
    ok = text.endswith("\n") and log.kind == 1 and (trust is None or log == trust.log)
    need(1, ok, "The bundle's log key is not the trust file's: it is another log, or was signed again by somebody else.")
    bundle, witnesses = Bundle(names, fetch, log), trust.witnesses if trust else []
    need(1, bundle.read("vkey") == text.encode(), "The vkey is damaged.")
    head = read_checkpoint(bundle.read("checkpoint"), log, witnesses, now)
    need(1, len(head.seen) >= (trust.quorum if trust else 0), "Fewer witnesses have signed the checkpoint than the trust file asks for.")
    older = None if since is None else read_checkpoint(since, log, witnesses, now)
    odd = ", ".join(sorted(set(bundle.listed) ^ {*FILES, *tile_names(head.size)})[:3])
    need(1, not odd, f"The bundle lacks, or should not have, {odd}: the checkpoint asks for other files.")
    keys = read_json(bundle.read("keys.json"), 1, "keys.json")
    ok = isinstance(keys, dict) and set(keys) == {"agency_roots", "keys"} and isinstance(keys["agency_roots"], dict)
    need(1, ok, "keys.json is not the history of keys.")
    roots = {agency: unbase64(public, 1) for agency, public in keys["agency_roots"].items()}
    need(1, roots == (trust.roots if trust else roots), "The agencies' root keys are not the trust file's: anybody could have signed.")
    openings = read_openings(bundle.read("opened.jsonl")) if bundle.read("rules.json") and bundle.read("tables.json") else {}
    say(f"1  manifest and checkpoint: {len(names):,} files, {head.size:,} leaves, {len(head.seen)} known witnesses — pass")
    need(2, older is None or older.size <= head.size, "The older checkpoint has more leaves: some were cut off, or a backup restored.")
    tree = Tree(bundle, head)
    ok = older is None or tree.root_at(older.size) == older.root
    need(2, ok, "The older checkpoint is not a prefix of this log: the log was rewritten, or forked after a restore.")
    say(f"2  every entry up to the root{f'; contains the checkpoint of {older.size:,} leaves' if older else ''} — pass")
    h = History(tree, log.name, roots, older, head, openings)
    h.run()
    need(3, keys["keys"] == list(h.keys.values()), "keys.json does not tell the history of keys that the log tells.")
    need(6, not h.openings, "An opening names a leaf that is not in the log: it was given for another log.")
    out = sum(b.dispatched >= 0 for b in h.batches.values())
    say(f"3  leaves and people: {h.acts:,} signed acts, {len(h.keys):,} keys — pass")
    say(f"4  order in the log: {len(h.batches):,} batches, {out:,} dispatched, {len(h.orders):,} orders in force — pass")
    say(f"5  accounting: {h.counts['request.decided']:,} decisions, {h.counts['disclosure']:,} disclosures — pass")
    say(f"6  openings: {h.opened:,} open their commitments — pass" if h.opened else "6  openings: none in this bundle, not checked")
    return h


def say_lists(h: History, as_of: int, say: Say) -> None:
    """Step 7: what a person should look at. `as_of` is -1 when no date was given."""
    for b in h.batches.values():
        if b.dispatched >= 0 and not b.receipt and b.left <= as_of:
            h.note("Dispatched and not acknowledged by the date given", f"leaf {b.dispatched}")
    if -1 < as_of < h.latest:
        h.note("Leaves dated after the date given", f"the latest {h.latest - as_of:,} seconds after it")
    say("7  times in order — pass; lists for a person to look at:" + ("" if h.lists else " nothing"))
    for title, lines in h.lists.items():
        say(f"   {title}: {len(lines)}" + "".join(f"\n     {line}" for line in lines[:10]))


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code. Exits with 2 when it was called wrongly."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Check a Portcullis evidence bundle offline.")
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="the folder")
    parser.add_argument("--trust", metavar="FILE", type=Path, help="log key, agency roots and witnesses, obtained elsewhere")
    parser.add_argument("--since", metavar="CHECKPOINT", type=Path, help="an older checkpoint that this log must contain")
    parser.add_argument("--as-of", metavar="DATE", help="list what was open on this day, like 2026-11-21")
    args, say = parser.parse_args(argv), partial(print, flush=True)
    as_of = seconds(f"{args.as_of}T23:59:59Z")
    if not args.bundle.is_dir() or (args.as_of and as_of < 0):
        parser.error("BUNDLE is a folder, and DATE is like 2026-11-21")
    try:
        trust = read_trust(args.trust.read_bytes()) if args.trust else None
        since = args.since.read_bytes() if args.since else None
    except (OSError, ValueError) as error:
        parser.error(f"the trust file or the older checkpoint cannot be read: {error}")
    try:
        say(f"Portcullis evidence in {args.bundle}")
        h = verify(*folder(args.bundle), trust, since, say, time.time())
    except (Failed, OSError) as error:
        bad = error if isinstance(error, Failed) else Failed(1, f"A file of the bundle cannot be read: {error.strerror}.")
        say(f"\nDID NOT VERIFY\n  step {bad.step}{'' if bad.leaf is None else f', leaf {bad.leaf}'}: {bad.text}")
        return 4
    say_lists(h, as_of, say)
    say(f"\n{'VERIFIED' if trust else 'CONSISTENT, NOT AUTHENTICATED'}\n  {h.origin}, {h.tree.size:,} leaves, root {h.head.root.hex()}")
    say("\n" + NOT_ESTABLISHED if trust else "  Nothing outside the bundle says whose keys these are: give --trust.\n\n" + NOT_ESTABLISHED)
    return 0 if trust else 4


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever closes the pipe has read enough
    sys.exit(main())
