#!/usr/bin/env python3
"""Check a Portcullis evidence bundle offline, without the program that wrote it.

    python verify.py BUNDLE [--trust FILE] [--since CHECKPOINT] [--as-of DATE]

Needs Python 3.11 and `cryptography`; shares no code with the gateway. The numbers are printed, and stand first in every check below:
 1. The manifest, signed by the log, covers every file and no other; log and a quorum of witnesses signed the checkpoint; one spelling only.
 2. Every entry is in its bundle, every bundle hashes to its tile, every tile to the one above, up to the signed root; with --since, the
    older checkpoint is a prefix. A part (of one agreement, batch or person) is proved to be in the log, and that is all.
 3. Every leaf is of a known type and form. Every human act is signed by a key or passkey that an agency's root had enrolled and not revoked
    at that place in the log; for this log, this action and this content; once; before it expired.
 4. In log order: an agreement in force, the batch, all decisions, a passed sample of the seed nobody chose, two different people's
    authorizations of one content, its commit, the witnesses asked for, the dispatch; no stay covers it; nothing held is destroyed.
 5. One decision per request; the totals agree; every disclosed answer has its accounting leaf and is one that was committed.
 6. Openings open. An opened decision follows from its findings; an opened accounting entry names permitted data elements only.
 7. Times and lists: backdated leaves are refused; what else a person should look at is listed.
Exit: 0 verified · 4 did not verify, or consistent but not authenticated (no --trust) · 2 usage.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import heapq
import hmac
import itertools
import json
import operator
import re
import signal
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

NOT_ESTABLISHED = """What this does not establish:
  - that the register was right, or that what officers attested was true
  - what a screen showed to who signed; that two keys were two bodies; what an administrator of the machine took around the gateway
  - that findings were found rightly, and what stands inside a sealed answer: only what was opened is checked, against itself
  - that nothing was cut off the end of the log since a later checkpoint: that needs --since, or a quorum of witnesses
  - time stamps by a time-stamping authority: not checked"""
IN_PART = """This is a part of the log. Completeness is not established:
  - other leaves about the same agreement, batch or person may be missing, an order or a revocation among them
  - that the sample used the number whose turn it was; for one person, also totals, and that the sample was of all decisions\n\n"""
TOLERANCE, AUTHORIZED_FOR = 3600, 72 * 3600  # seconds: by which a clock may be wrong; for which an authorization stands
SIZES = {512, 1024, 2048, 4096, 8192, 16384, 32768, 65024}
FILES = ("checkpoint", "keys.json", "opened.jsonl", "rules.json", "tables.json", "vkey")
SHA, KEY = hashlib.sha256, b"portcullis/key/1"  # KEY: what stands before a public key when its id is hashed
Fields = dict[str, Any]
NAME = re.compile(r"[^\s+\x00-\x1f]+")  # what the key of a note may be called
Head = NamedTuple("Head", [("size", int), ("root", bytes), ("seen", dict[str, int])])  # noqa: UP014 - a checkpoint, in one line


class Failed(Exception):
    """The evidence does not hold: at which step and leaf, what is wrong and what that means."""

    def __init__(self, step: int, text: str, leaf: int | None = None) -> None:
        super().__init__(text)
        self.step, self.text, self.leaf = step, text, leaf


def need(step: int, ok: object, text: str, leaf: int | None = None) -> None:
    """One check: what it means when it does not hold."""
    if not ok:
        raise Failed(step, text, leaf)


def unbase64(text: Any, step: int) -> bytes:
    """Base64 in its one canonical form."""
    data = b""
    with suppress(ValueError, AttributeError):
        data = base64.b64decode(text.encode("ascii"), validate=True)
    need(step, data and base64.b64encode(data).decode() == text, "A base64 value is not in its one form: it is damaged, or respelled.")
    return data


canon = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode  # RFC 8785, no fractions


def read_json(data: bytes, step: int, what: str) -> Any:
    """The value of canonical JSON bytes; any other spelling of it, a member named twice among them, is refused."""
    with suppress(ValueError, TypeError, RecursionError):
        value = json.loads(data.decode("utf-8"), parse_float=str)
        if canon(value).encode("utf-8") == data:
            return value
    raise Failed(step, f"{what} is not canonical JSON: it is damaged, or the same value is spelled another way.")


def digest(value: object) -> str:
    """SHA-256 (hex) of canonical JSON: how acts name what they are over."""
    return SHA(canon(value).encode()).hexdigest()


P, TORSION = 2**255 - 19, 2707385501144840649318225287225658788936804267575313519463743609750303402022
SMALL_ORDER = {0, 1, P - 1, TORSION, P - TORSION}  # y of the points of small order


def is_key(public: bytes, alg: str) -> bool:
    """Whether it can be a public key. Under an Ed25519 key of small order one signature fits many messages, so it is none."""
    return len(public) == (65 if alg == "ES256" else 32) and int.from_bytes(public, "little") % 2**255 % P not in SMALL_ORDER


def signed_by(public: bytes, message: bytes, signature: bytes, alg: str = "EdDSA") -> bool:
    """Ed25519 (RFC 8032), or for passkeys also ECDSA on P-256 with SHA-256."""
    with suppress(InvalidSignature, ValueError):
        if alg == "ES256":
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public).verify(signature, message, ec.ECDSA(SHA256()))
        else:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return is_key(public, alg)
    return False


def passkey_signed(key: Fields, payload: bytes, signed: dict[str, str]) -> bool:
    """WebAuthn: the challenge is the act's SHA-256, at an enrolled origin and relying party, the person present and verified."""
    data, client, signature = (unbase64(signed[name], 3) for name in ("authenticator_data", "client_data", "sig"))
    party, challenge = key["webauthn"], base64.urlsafe_b64encode(SHA(payload).digest()).rstrip(b"=").decode()
    try:
        said = json.loads(client.decode("utf-8"), object_pairs_hook=lambda p: dict(p) if len(dict(p)) == len(p) else {}["twice"])
        ok = (said["type"], said["challenge"]) == ("webauthn.get", challenge) and said.get("crossOrigin", False) is False
        ok = ok and said["origin"] in party["origins"] and data[:32] == SHA(party["rp_id"].encode()).digest()
        ok = ok and len(data) >= 37 and data[32] & 0x05 == 0x05 and (len(data) > 37) == bool(data[32] & 0xC0)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False
    return ok and signed_by(unbase64(key["key"], 3), data + SHA(client).digest(), signature, party["alg"])


class NoteKey(NamedTuple):
    """A C2SP signed-note key: kind 1 signs the text, kind 4 is a witness and signs a time and the text."""

    name: str
    kind: int
    public: bytes
    id: bytes  # stands before each of its signatures

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether the signature is this key's over the note's text."""
        if self.kind == 4:
            text, signature = f"cosignature/v1\ntime {int.from_bytes(signature[:8], 'big')}\n{text}", signature[8:]
        return signed_by(self.public, text.encode(), signature)


def read_vkey(text: str, step: int = 1) -> NoteKey:
    """A verifier key `name+id+key`."""
    name, key_id, encoded = [*text.split("+", 2), "", ""][:3]
    data = unbase64(encoded, step)
    key = NoteKey(name, data[0], data[1:], SHA(name.encode() + b"\n" + data).digest()[:4])
    need(step, NAME.fullmatch(name) and len(data) == 33 and data[0] in (1, 4) and key_id == key.id.hex(), "A verifier key cannot be read.")
    return key


def read_note(data: bytes, keys: list[NoteKey]) -> tuple[str, dict[NoteKey, bytes], int]:
    """A note's text, the good signatures of known keys, and its number of signatures. A bad one of a known key spoils it all."""
    whole = data.decode("utf-8", "surrogateescape")
    text, gap, tail = whole.rpartition("\n\n")
    ok = gap and text and tail.endswith("\n") and tail.count("\n") <= 100 and not re.search("[\x00-\x09\x0b-\x1f\ud800-\udfff]", whole)
    need(1, ok, "A signed note is malformed: it is damaged, or was not written by this log.")
    text, known, good = text + "\n", {(k.name, k.id): k for k in keys}, dict[NoteKey, bytes]()
    for line in tail[:-1].split("\n"):
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        signature = unbase64(encoded, 1)
        ok = line.count(" ") == 2 and dash == "—" and NAME.fullmatch(name)
        need(1, ok and len(signature) > 4, "A signature line of a note is malformed: it is damaged.")
        if (key := known.get((name, signature[:4]))) is not None:
            need(1, key.accepts(text, signature[4:]), f"The signature of {name} is not good: text or signature were changed.")
            good[key] = signature[4:]
    return text, good, tail.count("\n")


def read_checkpoint(data: bytes, log: NoteKey, witnesses: list[NoteKey], now: float) -> Head:
    """A checkpoint of this log (C2SP tlog-checkpoint), without extension lines."""
    text, good, _ = read_note(data, [log, *witnesses])
    need(1, log in good, "The checkpoint is not signed by the log's key: it was signed by another, or for another log.")
    m = re.fullmatch(r"(.+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n", text)
    need(1, m, "The checkpoint is malformed: it is not origin, size and root.")
    need(1, m and m[1] == log.name, "The checkpoint is of another log: its origin is not the name of the log's key.")
    seen = {k.name: int.from_bytes(s[:8], "big") for k, s in good.items() if k.kind == 4}
    need(1, all(t <= now + TOLERANCE for t in seen.values()), "A witness's time lies in the future: a clock is wrong, or it is invented.")
    return Head(int(m[2]), unbase64(m[3], 1), seen)


def folder(path: Path) -> tuple[set[str], Fetch]:
    """The names of all files under a folder, and how to read one. Links, special files and empty folders are refused."""
    names: set[str] = set()
    for each in path.rglob("*"):
        name, plain = each.relative_to(path).as_posix(), not each.is_symlink() and (each.is_dir() or each.is_file())
        need(1, plain, f"{name!a} is a link or a special file: a bundle is plain files only.")
        need(1, each.lstat().st_size <= 64 << 20, f"{name!a} is larger than any file of a bundle: it would not fit into memory.")
        need(1, each.is_file() or any(each.iterdir()), "The bundle has an empty folder, which no manifest asks for.")
        names |= {name} if each.is_file() else set()
    return names, lambda name: (path / name).read_bytes()


def tile_name(level: int | str, n: int, width: int) -> str:
    """The path of a tile or, with the level `entries`, of an entry bundle: number 1234067 is x001/x234/067 (C2SP tlog-tiles)."""
    digits = str(n).zfill((len(str(n)) + 2) // 3 * 3)
    return f"tile/{level}/" + re.sub(r"(\d{3})(?=\d)", r"x\1/", digits) + (f".p/{width}" if width < 256 else "")


def tiles(level: int | str, of: int) -> Iterator[tuple[str, int]]:
    """The files of a level that has `of` hashes or entries: 256 in each, the last one the rest."""
    return ((tile_name(level, n // 256, min(256, of - n)), min(256, of - n)) for n in range(0, of, 256))


class Bundle:
    """Step 1: the manifest is signed by the log alone and lists exactly the files that are there; each is checked whenever it is read."""

    def __init__(self, names: set[str], fetch: Fetch, log: NoteKey) -> None:
        need(1, "manifest" in names, "The bundle has no manifest: nothing says which files belong to it.")
        text, good, lines = read_note(fetch("manifest"), [log])
        need(1, good and lines == 1, "The manifest is not signed by the log's key alone: files may have been exchanged.")
        head, origin, *rows = [*text[:-1].split("\n"), ""][:-1] if text.count("\n") > 1 else ["", ""]
        found = [re.fullmatch(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,9}) ([a-z0-9./]+)", row, re.ASCII) for row in rows]
        self.fetch, self.origin, self.listed = fetch, log.name, {m[3]: (int(m[2]), m[1]) for m in found if m}
        ok = (head, origin) == ("portcullis bundle manifest v1", log.name) and len(self.listed) == len(rows)
        need(1, ok and list(self.listed) == sorted(self.listed), "The manifest is malformed, or was signed for something else.")
        odd = ", ".join(map(ascii, sorted(set(self.listed) ^ (names - {"manifest"}))[:3]))
        need(1, not odd, f"The bundle's files are not those of its manifest; removed or added: {odd}.")

    def read(self, name: str) -> bytes:
        """A file's bytes, if they are those the manifest names."""
        need(1, name in self.listed, f"The bundle has no {name}: a file that belongs to it is missing.")
        data = self.fetch(name)
        need(1, (len(data), SHA(data).hexdigest()) == self.listed[name], f"{name} is not the file that the manifest names: it was changed.")
        return data


class Growing(list[tuple[int, bytes]]):
    """The root of a growing list of hashes, or of perfect subtrees added in falling order of size."""

    def add(self, h: bytes, level: int = 0) -> None:
        """Add the next hash."""
        while self and self[-1][0] == level:
            h, level = SHA(b"\x01" + self.pop()[1] + h).digest(), level + 1
        self.append((level, h))

    def root(self) -> bytes:
        """MTH of what was added."""
        right = self[-1][1] if self else SHA(b"").digest()
        for _, left in self[-2::-1]:
            right = SHA(b"\x01" + left + right).digest()
        return right


class Log:
    """Step 2: the leaves, hashed to every tile and up to the root. A part has no tiles: its leaves stand at their `places` [first, count],
    and in `hashes` the roots of the largest subtrees that fit into the gaps between them. At the `cuts` an older root follows, too."""

    def __init__(self, bundle: Bundle, head: Head) -> None:
        self.bundle, self.size, self.head, self.roots = bundle, head.size, head, dict[int, bytes]()
        self.kind, self.cuts, self.places = "", list[int](), [[0, head.size]]
        if "part.json" in bundle.listed:
            about = read_json(bundle.read("part.json"), 1, "part.json")
            ok = isinstance(about, dict) and set(about) == {"cuts", "kind", "places"} and about["kind"] in ("agreement", "batch", "person")
            ok = ok and re.fullmatch(r"\[\[([0-9,]*)\],\[(\[[0-9]+,[0-9]+\],?)*\]\]", canon([about["cuts"], about["places"]]))
            ok = ok and sum(count for _, count in about["places"]) <= head.size
            need(1, ok, "part.json does not say which part of the log this is.")
            self.kind, self.cuts, self.places = about["kind"], about["cuts"], about["places"]
        self.count = sum(count for _, count in self.places)

    def names(self) -> Iterator[str]:
        """The files that this log, or this part of it, has."""
        levels = [(level, self.size >> 8 * level) for level in range(0 if self.kind else 8)]
        yield from (name for level, of in [("entries", self.count), *levels] for name, _ in tiles(level, of))
        yield from ("part.json", "hashes") if self.kind else ()

    def leaves(self) -> Iterator[tuple[int, bytes]]:
        """Every leaf with its index. An entry stands behind its length in two bytes."""
        places = (i for first, count in self.places for i in range(first, first + count))
        for name, width in tiles("entries", self.count):
            data, end, found = self.bundle.read(name), 0, 0
            while (at := end + 2) <= len(data) and found < width and (end := at + int.from_bytes(data[at - 2 : at], "big")) <= len(data):
                yield next(places), data[at:end]
                found += 1
            need(2, end == len(data) and found == width, f"{name} does not hold {width} entries: some were cut or added.")

    def check(self) -> None:
        """Every tile holds the hashes of what lies below it; leaves and gaps of a part are in order. The root is compared later."""
        if not self.kind:
            hashes = (SHA(b"\x00" + entry).digest() for _, entry in self.leaves())
            for level in range(8):
                hashes = self._above(hashes, level)
            return need(2, not list(hashes), "The log is longer than any log.")
        data, at, used, tree = self.bundle.read("hashes"), 0, 0, Growing()
        cuts = ((size, 0, b"") for size in [*self.cuts, self.size])
        for stop, leaf, entry in heapq.merge(cuts, ((i, 1, entry) for i, entry in self.leaves())):
            need(2, at <= stop <= self.size - leaf, "The leaves of the part are not in the order of the log.")
            while at < stop:
                level = min(stop - at, at & -at or stop).bit_length() - 1
                tree.add(data[used : used + 32], level)
                at, used = at + (1 << level), used + 32
            if leaf:
                tree.add(SHA(b"\x00" + entry).digest())
            else:
                self.roots[stop] = tree.root()
            at += leaf
        return need(2, used == len(data), "The part has more or fewer hashes than its gaps need.")

    def _above(self, hashes: Iterator[bytes], level: int) -> Iterator[bytes]:  # compares the tiles of a level; gives the next one's hashes
        for n in itertools.count():
            row = list(itertools.islice(hashes, 256))
            name = tile_name(level, n, len(row))
            need(2, not row or self.bundle.read(name) == b"".join(row), f"{name} does not hold the hashes of what lies below it.")
            if len(row) < 256:
                return
            while len(row) > 1:
                row = [SHA(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
            yield row[0]

    def root_at(self, size: int) -> bytes:
        """The root this log had when it had `size` leaves: from its tiles, or at one of the cuts."""
        need(2, not self.kind or size in self.roots, "This part cannot be compared with that root: ask for one that is cut there.")
        tree = Growing()
        for level in range(0 if self.kind else 8)[::-1]:
            n, width = divmod(size >> 8 * level, 256)
            data = self.bundle.read(tile_name(level, n, min(256, (self.size >> 8 * level) - n * 256))) if width else b""
            for k in range(0, 32 * width, 32):
                tree.add(data[k : k + 32], 8 * level)
        return self.roots[size] if self.kind else tree.root()


MEMBERS = """
    agreement.proposed agreement | agreement.in_force agreement | order.reached batch order court_time | authorization.voided batch root why
    sample.aborted batch k why | batch.received batch agreement envelope engagements count | batch.refused batch rule reason entries
    batch.blocked batch why | batch.closed batch received deficient answered other | filing.refused reason | release.withheld batch root why
    request.decided batch agreement rules id decision subject | sample.revealed batch k r | recall.ordered matter records sealed
    sample.drawn batch k decisions_root checkpoint_size checkpoint_root seed n positions | inspection who why command | report.published
    release.committed batch agreement rules root answers sealed_root | release.dispatched batch agreement rules root committed checkpoint
    disclosure batch agreement request answer accounting agency purpose elements | register.loaded
"""
SIGNED = """
key.enrolled        | agency person roles key key_id       | key.enroll       | root              | agency person roles key webauthn?
key.revoked         | key_id                               | key.revoke       | root              | key_id from?
agreement.signed    | agreement agency root                | agreement.sign   | root              | =hash
agreement.suspended agreement.ended | agreement            | @                | counsel           | *
vault.enrolled      | agency vault thumbprint              | vault.enroll     | root              | agency vault jwk storage
vault.revoked       | agency vault                         | vault.revoke     | root              | vault
roster.changed      | agency content                       | officer.record   | root              | =content
standing.changed    | agency                               | standing.set     | safeguards        | agency field value
order.imposed       | order scope court_time               | order.impose     | counsel           | members
review.recorded     | batch request                        | review.record    | reviewer          | =request
sample.committed    | k commitment                         | sample.commit    | overseer          | members
sample.passed sample.failed | batch decisions_root checked defects | sample.record    | overseer,reviewer | members
release.authorized  | batch agreement rules root           | release.authorize | authorizer       | =root
receipt             | batch                                | receipt          | officer,signer    | *
order.lifted        | order acts                           | order.lift       | *                 | *
rules.changed       | agreement switch position dated acts | switch.turn      | authorizer,counsel,overseer,safeguards | members
disposal            | batch what                           | disposal         | safeguards        | members
hold.placed         | hold scope                           | hold.place       | counsel           | members
hold.lifted         | hold                                 | hold.lift        | counsel           | members
ledger.recovered    | size root                            | ledger.recover   | counsel,overseer  | members
"""  # leaf | its members besides the act | the act | by whom | over what: members, one itself, * see there; `acts` take two people
AFTERWARDS = {  # who signs what is done after a release: the act's action is the leaf's type, over its member `about`
    "officer,signer": "obligation.noticed obligation.withdrawn obligation.asked obligation.logged obligation.certified"
    " obligation.witnessed recall.acknowledged recall.certified recall.witnessed",
    "safeguards": "obligation.answered recall.opened recall.closed incident.identified incident.reported incident.told incident.closed",
    "counsel": "incident.determined accounting.asked accounting.determined accounting.released accounting.contested accounting.reviewed"
    " order.served order.permitted order.ended",
    "*": "order.acknowledged",
    "authorizer,counsel,safeguards": "obligation.decided",
}
ENDS = {"obligation.answered", "obligation.withdrawn", "obligation.witnessed", "recall.closed", "incident.closed"}  # by which a matter ends
ROWS = [[kind, *map(str.strip, row.split("|")[1:])] for row in SIGNED.strip().split("\n") for kind in row.split("|")[0].split()]
ROWS += [[kind, "matter about", kind, who, "about"] for who, kinds in AFTERWARDS.items() for kind in kinds.split()]
ACTS = {kind: (act.replace("@", kind), by, over.replace("members", members.replace(" acts", ""))) for kind, members, act, by, over in ROWS}
LEAVES = {row.split()[0]: row.split()[1:] for row in MEMBERS.strip().replace("\n", "|").split("|")}
LEAVES |= {kind: [*members.split(), *(() if "acts" in members else ("act",))] for kind, members, *_ in ROWS}
CODE, HEX, COUNT = r'"[A-Za-z0-9._:;,/+=@()-]{1,256}"', '"[0-9a-f]{%d}"', "(?:0|[1-9][0-9]{0,15})"
CODES, BASE64, SITE = rf"\[{CODE}(?:,{CODE})*\]", '"[A-Za-z0-9+/]{4,}={0,2}"', r'"https?://[a-z0-9.-]{1,253}(?::[0-9]{1,5})?"'
SIGNATURE = rf'\{{(?:"authenticator_data":{BASE64},"client_data":{BASE64},)?"keyid":{HEX % 16},"sig":{BASE64}\}}'
DSSE = rf'\{{"payload":{BASE64},"payloadType":"application/[a-z0-9.+-]{{1,80}}","signatures":\[{SIGNATURE}\]\}}'
SEEN = rf'\{{"root":{HEX % 64},"signature":{BASE64},"size":{COUNT},"witness":{CODE}\}}'
FORMS = {  # what the canonical JSON of a member must look like, for every member that is read here
    CODE: "agency person vault thumbprint storage order rule reason why who command purpose switch position dated hold what matter",
    CODES: "roles sealed",
    r"\{.+\}": "about",
    HEX % 16: "key_id",
    HEX % 32: "batch id",
    HEX % 64: "rules content engagements decision subject commitment r decisions_root checkpoint_root seed sealed_root answer accounting",
    f"(?:{HEX % 32}|{HEX % 64})": "request positions",
    '"(?:[A-Za-z0-9+/]{43}|[A-Za-z0-9+/]{87})="': "key",
    rf'(?:{HEX % 64}|"[A-Za-z0-9+/]{{43}}=")': "root",
    COUNT: "count entries received deficient answered other k n checkpoint_size checked defects answers committed elements records size",
    r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"': "time from court_time stops_from",
    rf'\{{"hash":{HEX % 64},"id":{CODE},"version":(?:{CODE}|{COUNT})\}}': "agreement",
    rf'\{{"root":{HEX % 64},"size":{COUNT}\}}': "checkpoint",
    rf'\{{"keys":(?:\[\]|{CODES}),"quorum":{COUNT}\}}': "witnesses",
    rf"\[{SEEN}(?:,{SEEN})*\]": "cosigned",
    rf'\{{(?:"(?:agencies|agreements|batches|gates|persons|statutes)":(?:null|{CODES})(?:,(?="[abgps])|(?=\}})))*\}}': "scope",
    rf'\{{"alg":"(?:ES256|EdDSA)","origins":\[{SITE}(?:,{SITE})*\],"rp_id":"[a-z0-9.-]{{1,253}}"\}}': "webauthn",
    DSSE: "act envelope",
    rf"\[{DSSE}(?:,{DSSE})*\]": "acts",
}
FORM_OF = {name: re.compile(form, re.ASCII) for form, names in FORMS.items() for name in names.split()}
MAY_BE_NULL = {"act", "envelope", "from", "webauthn", "stops_from", "witnesses", "cosigned"}
OPTIONAL = {"agreement", "batch", "rules", "acts"} | MAY_BE_NULL  # checked wherever they stand
NOT_TEXT = re.compile(rb'[A-Za-z0-9._:;,/+=@(){}\[\]"-]+')  # no space, no escape: free text could name a person
DECIDED = re.compile(  # a `request.decided` leaf in its own spelling: what matches is canonical and complete, and there may be millions
    rb'\{"agreement":\{"hash":"([0-9a-f]{64})","id":"([A-Za-z0-9._-]{1,64})","version":(0|[1-9][0-9]{0,14})\},"batch":"([0-9a-f]{32})",'
    rb'"decision":"[0-9a-f]{64}","id":"([0-9a-f]{32})","pad":"0*","rules":"([0-9a-f]{64})","subject":"[0-9a-f]{64}",'
    rb'"time":"([0-9TZ:-]{20})","type":"request[.]decided","v":1\}'
)


@lru_cache(maxsize=4096)
def seconds(text: str) -> int:
    """A leaf's time in POSIX seconds; -1 when it is none."""
    with suppress(ValueError):
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()) if len(text) == 20 else -1
    return -1


def read_leaf(data: bytes) -> Fields:
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
    need(3, all(re.fullmatch("[a-z][a-z_0-9]*", name) for name in body), "A member of the leaf has no proper name: it may say anything.")
    for name in sorted({"time", *LEAVES[body["type"]], *(set(body) & OPTIONAL)}):
        null = body.get(name) is None and name in body and name in MAY_BE_NULL
        ok = null or (name in body and FORM_OF[name].fullmatch(canon(body[name])))
        ok = ok and (name not in ("time", "court_time", "stops_from") or seconds(body[name]) >= 0)
        need(3, ok, f"The {body['type']} leaf has no proper {name}: it was not written by this log.")
    return dict(body)


CHANGES = ("agreement.in_force", "agreement.suspended", "agreement.ended", "vault.", "roster.", "standing.", "rules.", "register.")
AFTER = {"disclosure", "batch.closed", "batch.blocked", "receipt", "disposal"}  # what may stand after a batch was dispatched or ended
ACT_TYPE, BATCH_TYPE = "application/vnd.portcullis.act+json", "application/vnd.portcullis.batch+json"
Trust, Fetch, Say = tuple[NoteKey, dict[str, bytes], list[NoteKey], int], Callable[[str], bytes], Callable[[str], object]
ACT_TEXTS = {"origin", "agreement", "action", "content", "officer", "nonce"}
OPERATORS: Fields = {"eq": operator.eq, "ne": operator.ne, "at_least": operator.ge, "at_most": operator.le}
ANSWERED, ELEMENTS = {"disclose", "confirm", "deny"}, {"address_line", "unit", "city", "state", "postal_code"}


class Batch:
    """What the log has said of one batch so far. -1, 0 and empty mean not yet."""

    def __init__(self, number: int, f: Fields, key: Fields, gate: str, turn: int) -> None:
        self.number, self.agreement, self.count, self.gate = number, f["agreement"], f["count"], gate
        self.agency, self.signer, self.turn = key["agency"], key["person"], turn  # turn: its sample commitment; 0 when none was in stock
        self.rules, self.ended, self.roles = "", "", dict[str, str]()
        self.decisions, self.decided, self.answers, self.first, self.last = Growing(), 0, 0, -1, -1
        self.k, self.r, self.drawn, self.passed = 0, b"", ("", -1), False
        self.authorizations: list[tuple[str, str, str, int]] = []  # person, key, root, expires
        self.lost, self.committed = "nobody authorized it", (-1, "", 0, "")  # leaf, release root, answers, sealed root
        self.dispatched, self.left, self.closed, self.receipt = -1, 0, False, False  # left: the time of the dispatch


def on_disk() -> Callable[..., Any]:
    """A temporary database that nobody else sees and that is gone at the end: what grows with the requests stands there."""
    disk = sqlite3.connect("", isolation_level=None)
    disk.executescript("PRAGMA journal_mode=OFF; PRAGMA cache_size=-49152; BEGIN; CREATE TABLE answer (batch, hash)")
    disk.execute("CREATE TABLE request (batch, id, disclosed, PRIMARY KEY (batch, id)) WITHOUT ROWID")
    return disk.execute


FAMILY = {"authorization.voided": "release", "review.recorded": "request"}


class History:
    """Everything the leaves say, in their order: one method for each family of leaf types, which is what stands before the point."""

    def __init__(self, log: Log, roots: dict[str, bytes], known: list[NoteKey], since: Head | None, rules: Fields, tables: Fields) -> None:
        self.log, self.roots, self.known, self.since, self.rules, self.tables = log, roots, known, since, rules, tables
        self.origin, self.disk, self.every = log.bundle.origin, on_disk(), log.kind != "person"  # every: all requests of a batch are here
        self.i, self.entry, self.now, self.latest, self.opened, self.acts = -1, b"", 0, 0, 0, 0
        self.keys, self.in_force, self.orders, self.holds = (dict[str, Fields]() for _ in range(4))
        self.used, self.signed = dict[str, list[tuple[int, int, str]]](), dict[str, set[str]]()  # by key; by agreement, which agencies
        self.matters, self.seen, self.lists = dict[str, tuple[str, str, int]](), set[tuple[str, ...]](), defaultdict[str, list[str]](list)
        self.batches, self.stock, self.free, self.counts = dict[str, Batch](), list[tuple[str, int]](), list[int](), Counter[str]()

    def _once(self, step: int, what: tuple[str, ...], text: str) -> None:  # what may happen once in a log
        need(step, what not in self.seen, text)
        self.seen.add(what)

    def run(self, openings: Iterator[Fields]) -> None:
        """Judge every leaf, and open what was opened."""
        leaves, opening = self.log.leaves(), next(openings, None)
        try:
            for self.i, self.entry in leaves:
                f = read_leaf(self.entry)
                self.counts[kind := f["type"]] += 1
                self._clock(seconds(f["time"]))
                family = "other" if ACTS.get(kind, "   ")[2] == "about" else FAMILY.get(kind, kind.partition(".")[0])
                getattr(self, f"_{family}", self._other)(kind, f)
                while opening is not None and opening["leaf"] == self.i:
                    self._open(read_json(self.entry, 3, "The leaf"), opening)
                    opening = next(openings, None)
                for b in self.batches.values() if kind.startswith(CHANGES) else ():
                    if f.get("agency") in (None, b.agency) and f.get("agreement", b.agreement)["id"] == b.agreement["id"]:
                        self._void(b, f"{kind} at leaf {self.i}")
                self._matter(f)
            for b in self.batches.values():
                self._settle(b)
        except Failed as error:
            error.leaf = self.i if error.leaf is None and error.step > 2 else error.leaf
            raise
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            raise Failed(6, "rules.json, tables.json or an opening has not the form it must have.", self.i) from None
        need(6, opening is None, "An opening names a leaf that is not in the log: it was given for another log, or out of order.")

    def _matter(self, f: Fields) -> None:  # what is owed after a release stops its agency's flow from `stops_from` until a leaf ends it
        if f.get("stops_from") is not None:
            agency = f["about"].get("agency") if "about" in f else self.batches[f["batch"]].agency
            self.matters[f["matter"]] = (agency, f.get("agreement", {}).get("id", ""), seconds(f["stops_from"]))
        elif f.get("ends") == 1 and f["type"] in ENDS:
            self.matters.pop(f["matter"], None)

    def _clock(self, t: int) -> None:  # step 7: not before what stands before, nor before --since, nor after witnesses had seen it
        need(7, t >= self.latest - TOLERANCE, "The leaf is dated before leaves that stand before it: backdated, or a clock set back.")
        self.now, self.latest, seen = t, max(self.latest, t), self.log.head.seen.values()
        if self.since and self.since.seen and self.i >= self.since.size:
            need(7, t >= min(self.since.seen.values()) - TOLERANCE, "The leaf is dated before the log was witnessed without it: backdated.")
        need(7, not seen or t <= max(seen) + TOLERANCE, "The leaf is dated after witnesses had seen it: its time is invented.")

    def envelope(self, f: Fields, e: Fields, roles: str) -> tuple[Fields, Any]:
        """Whose DSSE envelope it is, and what it says. `roles`: root for the agency's root key, * for anybody enrolled."""
        signed, payload, media = e["signatures"][0], unbase64(e["payload"], 3), e["payloadType"].encode()
        key_id, passkey = signed["keyid"], "client_data" in signed
        if roles == "root":
            agency = self.keys[f["key_id"]]["agency"] if f["type"] == "key.revoked" else f["agency"]
            key, public = {"person": f"root:{agency}"}, self.roots.get(agency, b"")
            need(3, SHA(KEY + public).hexdigest()[:16] == key_id, "The act is not signed by the agency's root key.")
        else:
            need(3, key_id in self.keys, "The act is signed by a key that no agency root had enrolled: nobody answers for it.")
            key, public = self.keys[key_id], unbase64(self.keys[key_id]["key"], 3)
            need(3, key["revoked"] is None, f"The act is signed by a key revoked at leaf {key['revoked']}: it did not count any more.")
            need(3, roles == "*" or set(roles.split(",")) & set(key["roles"]), f"The act needs the role {roles}: its key has it not.")
            self.used[key_id].append((self.i, self.now, f["type"]))
        ok = passkey == ("webauthn" in key) and (not passkey or e["payloadType"] == ACT_TYPE)
        need(3, ok, "The act is signed in another way than its key was enrolled for: a passkey signs acts, and as a passkey.")
        encoded = b"DSSEv1 %d %b %d %b" % (len(media), media, len(payload), payload)
        ok = passkey_signed(key, payload, signed) if passkey else signed_by(public, encoded, unbase64(signed["sig"], 3))
        need(3, ok, "A signature in the leaf does not verify: what was signed is not what stands here.")
        return key, read_json(payload, 3, "What was signed")

    def act(self, f: Fields, e: Fields, action: str | None, roles: str, content: str | None) -> tuple[Any, int]:
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
        self._once(3, ("nonce", act["nonce"]), "The act was used before: a signature counts once.")
        self.acts += 1
        return key, act["expires"]

    def _standard(self, f: Fields, content: str | None = None) -> tuple[Any, int]:  # as the table SIGNED asks for it
        action, roles, over = ACTS[f["type"]]
        names = [n.rstrip("?") for n in over.split() if n[-1] != "?" or f.get(n[:-1]) is not None]
        if over[0] == "=":
            content = f["agreement"]["hash"] if over == "=hash" else f[over[1:]]
        elif over != "*" and ("jwk" in f or "jwk" not in names):
            content = digest({n: f.get(n) for n in names})
        found = [self.act(f, e, action, roles, content) for e in f.get("acts") or [f["act"]]]
        two = len({key["person"] for key, _ in found}) >= 2 and any("counsel" in key["roles"] for key, _ in found)
        need(3, two or "acts" not in f, "What takes two different people, one of them counsel, was signed by fewer: it does not count.")
        return found[0]

    def _other(self, kind: str, f: Fields) -> None:  # nothing below depends on these; acts in them must be good all the same
        if kind in ACTS:
            self._standard(f)
        elif f.get("act") is not None:
            self.act(f, f["act"], None, "*", None)
        ok = kind != "rules.changed" or self._terms(f["agreement"])
        need(4, ok, "A switch was turned of an agreement that was not in force: it has none to turn.")

    def _key(self, kind: str, f: Fields) -> None:  # enrolled under the agency's root, once; revoked, it signs nothing
        key_id, key, party = f["key_id"], self.keys.get(f["key_id"], {"revoked": 0}), f.get("webauthn")
        if kind == "key.enrolled":
            need(3, f["agency"] in self.roots, "A key was enrolled for an agency without a root key: the trust file knows no such agency.")
            public = unbase64(f["key"], 3)
            need(3, key_id == SHA(KEY + public).hexdigest()[:16], "A key's id is not its own: it would stand for two people.")
            self._once(3, ("key", key_id), "A key was enrolled twice: it would stand for two people.")
            need(3, is_key(public, party["alg"] if party else "EdDSA"), "A key was enrolled that is none: it cannot sign.")
            self._standard(f)
            told = {name: f[name] for name in ("agency", "key", "key_id", "person", "roles", "webauthn") if f.get(name)}
            self.keys[key_id], self.used[key_id] = told | {"enrolled": self.i, "revoked": None, "revoked_from": None}, []
            return
        need(3, key["revoked"] is None, "A key was revoked that was not enrolled: the history of keys is not whole.")
        self._standard(f)
        key["revoked"], key["revoked_from"] = self.i, f.get("from")
        if f.get("from") is not None:
            who, since = f"{key['person']} ({', '.join(key['roles'])})", seconds(f["from"])
            self.lists["Keys revoked from a date before it was recorded"].append(f"leaf {self.i}: key {key_id} of {who} from {f['from']}")
            for leaf, what in [(leaf, what) for leaf, when, what in self.used[key_id] if when >= since]:
                note = f"leaf {leaf}: {what} in the name of {who}"
                self.lists["Signed with a key after it was compromised, by whoever had it"].append(note)
        for b in self.batches.values():
            if (key["agency"], key["person"]) == (b.agency, b.signer) or any(a[1] == key_id for a in b.authorizations):
                self._void(b, f"a key was revoked at leaf {self.i}")

    def _agreement(self, kind: str, f: Fields) -> None:  # two agencies' roots have signed exactly this; counsel stops it
        a = f["agreement"]
        if kind == "agreement.signed":
            need(3, self.roots.get(f["agency"]) == unbase64(f["root"], 3), "The agreement was signed by another key than the agency's.")
            self._standard(f)
            self.signed.setdefault(a["hash"], set()).add(f["agency"])
        elif kind == "agreement.in_force":
            need(4, len(self.signed.get(a["hash"], ())) >= 2, "An agreement came into force that two agencies had not signed.")
            self.in_force[a["id"]] = f
        elif kind in ("agreement.suspended", "agreement.ended"):
            self._standard(f, digest({"agreement": a["id"], "version": a["version"], "state": kind[10:]}))
            need(4, self._terms(a), "An agreement was stopped that was not in force.")
            del self.in_force[a["id"]]

    def _terms(self, a: Fields) -> Fields:  # the leaf that put exactly this into force
        f = self.in_force.get(a["id"], {})
        return f if f and f["agreement"]["hash"] == a["hash"] else {}

    def _void(self, b: Batch, why: str) -> None:  # what was signed and not dispatched stands no more
        if b.dispatched < 0 and b.authorizations:
            b.authorizations, b.committed, b.lost = [], (-1, "", 0, ""), f"the authorizations were void since {why}"

    def _covers(self, scope: Fields, name: str, b: Batch) -> bool:  # what a scope does not name it does not limit
        of = {"agreements": b.agreement["id"], "agencies": b.agency, "gates": b.gate, "batches": name}
        return name in scope.get("reached", [name]) and all(scope.get(n) is None or value in scope[n] for n, value in of.items())

    def _stands(self, kind: str, f: Fields, noun: str, standing: dict[str, Fields]) -> Fields:  # until it is lifted; returns its scope
        self._standard(f, digest({"order": f["order"], "lift": True}) if kind == "order.lifted" else None)
        if kind == f"{noun}.lifted":
            need(4, f[noun] in standing, f"The {noun} that was lifted did not stand: the history of {noun}s is not whole.")
            return standing.pop(f[noun])
        self._once(4, (noun, f[noun]), f"The same {noun} was laid down twice: each has one id, once.")
        return standing.setdefault(f[noun], f["scope"])

    def _order(self, kind: str, f: Fields) -> None:  # a stay voids what it covers; lifting takes two people and revives nothing
        if kind == "order.reached":  # one limited by rows covers the batches that have such a row
            need(4, "reached" in self.orders.get(f["order"], {}), "A batch was reached by an order not in force, or not limited by rows.")
            (scope := self.orders[f["order"]])["reached"].append(f["batch"])
        else:
            scope = self._stands(kind, f, "order", self.orders)
            scope |= {"reached": []} if kind == "order.imposed" and (scope.get("statutes") or scope.get("persons")) else {}
        for b in [b for name, b in self.batches.items() if name == f.get("batch", name) and self._covers(scope, name, b)]:
            self._void(b, f"{kind} at leaf {self.i}")
            if kind != "order.lifted" and b.dispatched >= 0 and b.left >= seconds(f["court_time"]):
                note = f"leaf {b.dispatched}, order {f['order']}"
                self.lists["Dispatched between the court's time and the imposing of an order"].append(note)

    def _hold(self, kind: str, f: Fields) -> None:  # what counsel holds is not destroyed
        self._stands(kind, f, "hold", self.holds)

    def _disposal(self, kind: str, f: Fields) -> None:  # a batch's working data is destroyed: after its end, once, and not while held
        b = self._find(kind, f)
        self._standard(f)
        need(4, b.ended or b.dispatched >= 0, "Working data of a batch was destroyed before the batch had ended: it was still worked with.")
        held = ", ".join(hold for hold, scope in self.holds.items() if self._covers(scope, f["batch"], b))
        need(4, not held, f"Working data was destroyed while counsel held it ({held}): it had to be kept.")

    def _received(self, f: Fields) -> None:  # a signed envelope, under an agreement in force, once
        a, e = f["agreement"], f["envelope"]
        key, body = self.envelope(f, e, "signer")
        ok = e["payloadType"] == BATCH_TYPE and isinstance(body, dict) and all(isinstance(body.get(n), str) for n in ("gate", "nonce"))
        need(3, ok, "The envelope of the batch is malformed: it does not say who asks, for what.")
        said = {"agency": key["agency"], "signer": key["person"], "count": f["count"], "agreement": {n: a[n] for n in ("id", "version")}}
        need(4, said == {n: body.get(n) for n in said}, "The batch is not as its signed envelope says: agency, agreement or count differ.")
        need(4, self._terms(a), "A batch was received under an agreement not in force: it had to be refused.")
        for what in (("envelope", key["agency"], body["nonce"]), ("batch", f["batch"])):
            self._once(4, what, "A batch was received twice: it could be answered twice (R10).")
        self.batches[f["batch"]] = Batch(len(self.batches), f, key, body["gate"], self.free.pop(0) if self.free else 0)
        self._role(self._find("batch.received", f), key["person"], "signer")

    def _find(self, kind: str, f: Fields) -> Batch:  # the batch a leaf speaks of, if the leaf may still come
        if (b := self.batches.get(f["batch"])) is None:
            raise Failed(4, f"The {kind} leaf names a batch that was never received: what it rests on was removed.")
        need(4, not b.closed or kind in ("receipt", "disposal"), f"A {kind} leaf stands after its batch was closed: added afterwards.")
        ended = b.ended or ("dispatched" if b.dispatched >= 0 else "")
        need(4, not ended or kind in AFTER, f"A {kind} leaf stands after the batch was {ended}: that was its end.")
        need(4, f.get("agreement", b.agreement) == b.agreement, f"The {kind} leaf names another agreement than its batch: exchanged.")
        need(4, not b.rules or f.get("rules", b.rules) == b.rules, "The rule set is not the one of the decisions: it was exchanged.")
        if isinstance(f.get("operator"), str):
            self._role(b, f["operator"], "operator")
        return b

    def _role(self, b: Batch, person: str, role: str) -> None:  # one person, one role per batch (R40)
        had = b.roles.setdefault(person, role)
        need(4, had == role, f"One person is {had} and {role} of the same batch: duties that must be apart were not.")

    def _batch(self, kind: str, f: Fields) -> None:  # received; refused or blocked; closed when the totals add up (5)
        if kind == "batch.received":
            self._received(f)
        elif kind == "batch.closed":
            b = self._find(kind, f)
            ok = b.count == f["received"] == f["deficient"] + f["answered"] + f["other"] == (b.decided if self.every else b.count)
            need(5, ok, "The totals of a closed batch do not add up to its requests and decisions: some are missing.")
            need(5, not self.every or f["answered"] == b.answers, "A closed batch counts other answers than were accounted for.")
            self._settle(b)
            b.closed = True
        elif kind == "batch.blocked" or f["batch"] in self.batches:
            b = self._find(kind, f)
            need(4, b.dispatched < 0, "A batch was blocked after it was dispatched: blocking comes before.")
            need(4, kind == "batch.blocked" or not b.decided, "A batch was refused after it was decided: refusal comes first.")
            b.ended = b.ended or f"{kind[6:]} at leaf {self.i}"

    def _request(self, kind: str, f: Fields) -> None:  # reviews; then (5) one decision per request; only then the sample
        b = self._find(kind, f)
        if kind == "review.recorded":
            need(4, not b.decided, "A review was recorded after decisions were written: decisions come after reviews.")
            return self._role(b, self._standard(f)[0]["person"], "reviewer")
        need(4, not b.k, "A decision was written after the sample's number was revealed: the sample was not of these decisions.")
        b.rules, b.first, b.last, b.decided = f["rules"], self.i if b.first < 0 else b.first, self.i, b.decided + 1
        b.decisions.add(SHA(b"\x00" + self.entry).digest())
        new = self.disk("INSERT OR IGNORE INTO request VALUES (?, ?, 0)", (b.number, bytes.fromhex(f["id"]))).rowcount == 1
        need(5, new, "A request was decided twice: a decision is written once.")
        return need(5, b.decided <= b.count, "There are more decisions than requests in the batch: one was invented.")

    def _sample(self, kind: str, f: Fields) -> None:  # in stock; revealed after all decisions; drawn; checked by hand
        if kind == "sample.committed":
            self._standard(f)
            need(4, f["k"] == len(self.stock) + 1, "The commitments for samples are not numbered without gaps: one is missing, or twice.")
            self.stock.append((f["commitment"], self.i))
            self.free.append(f["k"])
            return
        b, part = self._find(kind, f), self.log.kind
        if kind == "sample.revealed":
            need(4, b.decided == b.count or not self.every, "The sample's number was revealed before all decisions: they could follow it.")
            commitment, laid = self.stock[f["k"] - 1] if 0 < f["k"] <= len(self.stock) else ("", self.i)
            ok = SHA(bytes.fromhex(f["r"])).hexdigest() == commitment and (laid < b.first or not b.count)
            need(4, ok, "The number revealed for the sample is not one committed before the decisions: it was chosen afterwards.")
            ok = not b.k and (part or f["k"] == b.turn or (not b.turn and f["k"] in self.free))
            need(4, ok, "The sample did not use the number whose turn it was: somebody picked it.")
            if not b.turn and not part:
                self.lists["Batches received when no sample commitment was in stock"].append(f"leaf {self.i}")
                self.free.remove(f["k"])
            b.k, b.r = f["k"], bytes.fromhex(f["r"])
        elif kind == "sample.drawn":
            self._draw(b, f)
        elif kind == "sample.aborted":
            self.lists["Samples aborted"].append(f"leaf {self.i}: {f['why']}")
            b.k, b.turn = 0, 0
        else:
            key, _ = self._standard(f)
            self._role(b, key["person"], "overseer" if "overseer" in key["roles"] else "reviewer")
            ok = b.drawn == (f["decisions_root"], f["checked"]) and not b.passed
            need(4, ok, "The sample that was checked is not the one that was drawn: other or fewer decisions were looked at.")
            b.passed = bool(f["defects"] == 0)
            need(4, (kind == "sample.passed") == b.passed, "The sample's outcome contradicts its defects: one defect blocks the batch.")
            b.ended = "" if b.passed else f"blocked by its sample at leaf {self.i}"

    def _draw(self, b: Batch, f: Fields) -> None:  # seed = SHA-256(r ‖ D ‖ C); the first n places by SHA-256(seed ‖ place)
        need(4, not b.drawn[0], "A sample was drawn twice from the same decisions: somebody looked for one they liked.")
        root, size = b.decisions.root().hex() if self.every else f["decisions_root"], f["checkpoint_size"]
        ok = b.last < size <= self.i and self.log.root_at(size).hex() == f["checkpoint_root"]
        need(4, ok, "The sample names no checkpoint of this log that covers its decisions: its seed was not bound to the log.")
        seed = SHA(b.r + bytes.fromhex(root + f["checkpoint_root"])).digest()
        ok = b.k > 0 and (f["k"], f["decisions_root"], f["seed"]) == (b.k, root, seed.hex()) and f["n"] <= b.count
        need(4, ok, "The sample's seed is not made of its number, the decisions and the checkpoint: somebody chose the sample.")
        need(4, f["n"] >= min(self._terms(b.agreement).get("sample", 0), b.count), "Fewer decisions were drawn than the agreement asks.")
        places = heapq.nsmallest(f["n"], range(b.count), lambda place: SHA(seed + place.to_bytes(8, "big")).digest())
        need(4, digest(sorted(places)) == f["positions"], "The sample is not the one its seed gives: somebody chose what was checked.")
        if f.get("chosen_by") == "operator":
            self.lists["Samples whose overseer was not independent (operator-chosen)"].append(f"leaf {self.i}")
        b.drawn = (f["decisions_root"], f["n"])

    def _release(self, kind: str, f: Fields) -> None:  # a passed sample, two people, the commit, the dispatch
        b = self._find(kind, f)
        if kind == "release.authorized":
            key, expires = self._standard(f)
            self._role(b, key["person"], "authorizer")
            need(4, b.passed, "A release was authorized before its sample had passed: the order was not kept.")
            need(4, expires <= self.now + AUTHORIZED_FOR, "An authorization was to stand for more than 72 hours: it is not valid.")
            b.authorizations.append((key["person"], key["key_id"], f["root"], expires))
        elif kind == "release.committed":
            self._entitled(f, b, "committed")
            need(4, b.committed[0] < 0, "A release was committed twice: the first was not withheld.")
            b.committed = (self.i, f["root"], f["answers"], f["sealed_root"])
        elif kind == "release.dispatched":
            self._entitled(f, b, "dispatched")
            ok, head = b.committed[0] >= 0 and b.committed[:2] == (f["committed"], f["root"]), f["checkpoint"]
            need(4, ok, "What was dispatched is not what was committed: the content was exchanged in between.")
            ok = b.committed[0] < head["size"] <= self.i and self.log.root_at(head["size"]).hex() == head["root"]
            need(4, ok, "The dispatch names no checkpoint of this log that covers the commit: nobody could see it coming.")
            owed = [m for m, (who, a, t) in self.matters.items() if who == b.agency and a in ("", b.agreement["id"]) and t <= self.now]
            need(4, not owed, f"A release was dispatched while {', '.join(owed)} stopped the flow: the agency owed something first.")
            self._witnessed(f, b)
            b.dispatched, b.left = self.i, self.now
        else:
            self._void(b, f"{kind} at leaf {self.i}")

    def _witnessed(self, f: Fields, b: Batch) -> None:  # as many as the agreement asks for had signed a log that holds the commit
        asked, seen = self._terms(b.agreement).get("witnesses") or {"keys": [], "quorum": 0}, dict[str, bytes]()
        for c in f.get("cosigned") or ():
            w, signature, root = read_vkey(c["witness"], 4), unbase64(c["signature"], 4), bytes.fromhex(c["root"])
            ok = w.kind == 4 and w.accepts(f"{self.origin}\n{c['size']}\n{base64.b64encode(root).decode()}\n", signature)
            ok = ok and c["witness"] in (asked["keys"] or [c["witness"]]) and int.from_bytes(signature[:8], "big") <= self.now + TOLERANCE
            ok = ok and b.committed[0] < c["size"] <= self.i and self.log.root_at(c["size"]) == root
            need(4, ok, "A witness's signature in the dispatch is not good, or not of a log that holds the commit: it had not seen it.")
            seen[w.name] = w.public
            if not asked["keys"] and w not in self.known:
                self.lists["Witnesses that neither the agreement nor the trust file names"].append(f"leaf {self.i}: {w.name}")
        need(4, len(set(seen.values())) >= asked["quorum"], "A release was dispatched with fewer witnesses than its agreement asks for.")

    def _entitled(self, f: Fields, b: Batch, what: str) -> None:  # at the commit and at the dispatch
        people = {person for person, _, root, expires in b.authorizations if root == f["root"] and expires >= self.now}
        why = "they were over other content, by one person, or had expired" if b.authorizations else b.lost
        need(4, len(people) >= 2, f"A release was {what} without two different people's authorizations: {why}.")
        need(4, self._terms(b.agreement), f"A release was {what} under an agreement not in force.")
        stays = ", ".join(order for order, scope in self.orders.items() if self._covers(scope, f["batch"], b))
        need(4, not stays, f"A release was {what} while stayed by order {stays}: a court had forbidden it.")
        facts = {"authorizers": len(people), "stays": 0, "agreement_in_force": 1, "sample_passed": int(b.passed), "dispatched_before": 0}
        facts["requests_undecided"] = b.count - b.decided if self.every else 0
        for row in self.tables["may_release"]["rows"]:
            need(4, holds(row["require"], facts), f"A release was {what} that row {row['id']} of the decision table forbids.")

    def _disclosure(self, kind: str, f: Fields) -> None:  # step 5: the accounting entry of one answer
        b = self._find(kind, f)
        need(5, b.dispatched >= 0, "Something was disclosed of a batch that was not dispatched: it left without a release.")
        need(5, f["agency"] == b.agency, "A disclosure names another agency than the one that asked: it went to somebody else.")
        asked, b.answers = (b.number, bytes.fromhex(f["request"])), b.answers + 1
        self.disk("INSERT INTO answer VALUES (?, ?)", (b.number, bytes.fromhex(f["answer"])))
        new = self.disk("UPDATE request SET disclosed=1 WHERE batch=? AND id=? AND disclosed=0", asked).rowcount == 1
        need(5, new, "A disclosure is for no decided request, or for one disclosed before: never asked, or answered twice.")
        need(5, b.answers <= b.committed[2], "More was disclosed than was committed: an answer was added afterwards.")

    def _settle(self, b: Batch) -> None:  # step 5: every committed answer has its leaf, and is one that was committed
        if b.dispatched >= 0 and not b.closed and self.every:
            ok = b.answers == b.committed[2]
            need(5, ok, "A committed answer has no accounting leaf: it was disclosed and not recorded.", b.dispatched)
            sealed = Growing()
            for (answer,) in self.disk("SELECT hash FROM answer WHERE batch=? ORDER BY hash", (b.number,)):
                sealed.add(SHA(b"\x00" + answer).digest())
            ok = sealed.root().hex() == b.committed[3]
            need(5, ok, "The answers disclosed are not those committed: one was exchanged.", b.dispatched)

    def _receipt(self, kind: str, f: Fields) -> None:  # the asking agency acknowledges exactly what was sealed
        b = self._find(kind, f)
        need(4, b.dispatched >= 0 and not b.receipt, "A receipt is for nothing that was dispatched, or a second one: it is none.")
        ok, b.receipt = self._standard(f, b.committed[3])[0]["agency"] == b.agency, True
        need(3, ok, "A receipt is not by the agency that asked: somebody else acknowledged.")

    def _open(self, f: Fields, o: Fields) -> None:  # step 6: it opens its commitment, and what it says follows
        a, salt, value, field = f.get("agreement") or {}, unbase64(o["salt"], 6), o["value"], o["field"]
        ok = o["record"] in (f.get("id"), f.get("request"), f.get("batch")) and o["agreement"] in (a.get("id"), a.get("hash"))
        need(6, ok, "An opening names another record than its leaf: it was given for something else.")
        message = canon(["portcullis/commitment/1", field, o["record"], o["agreement"], value]).encode()
        need(6, len(salt) == 32 and hmac.digest(salt, message, "sha256").hex() == f.get(field), "An opening does not open its commitment.")
        self.opened += 1
        if field == "decision":
            self._decision(f, value, self._terms(a))
        elif field == "accounting":
            extra = set(value["elements"]) - set(self._terms(a).get("elements", ELEMENTS))
            need(6, not extra, "An accounting entry names a data element that may not leave.")
            ok = all(value[name] == f[name] for name in ("request", "agency", "purpose")) and value["outcome"] in ANSWERED
            need(6, ok, "An accounting entry is not that of its disclosure: request, agency, purpose or outcome differ.")
            need(6, bool(value["elements"]) == (value["outcome"] == "disclose"), "An accounting entry names more than its outcome.")

    def _decision(self, f: Fields, value: Any, terms: Fields) -> None:  # findings give facts, facts by the table the decision
        need(6, f["rules"] in self.rules, "A decision was opened whose rule set is not in the bundle: it cannot be followed.")
        facts, found, rules = value["facts"], Counter[str](), self.rules[f["rules"]]["rules"]
        hits = [(int(digit), stage) for stage in ("check", "match") for digit in value[stage] if int(digit) >= 2]
        need(6, len(hits) == len(value["reasons"]), "An opened decision does not name one reason for each finding that is not a pass.")
        for (verdict, stage), reason in zip(hits, value["reasons"], strict=True):
            tell = [rule["tell_requester"] for rule in rules if any(check["reason"] == reason for check in rule["checks"])]
            need(6, tell, "An opened decision names a reason that its rule set does not have.")
            found["open" if verdict == 2 else "deficient" if stage == "check" and "deficient" in tell else "refused"] += 1
        ok = facts["deficient"] == min(1, found["deficient"])  # and a reviewer may have refused what a rule had referred:
        ok = ok and facts["refused"] in (min(1, found["refused"]), min(1, found["refused"] + found["open"]))
        ok = ok and facts["open"] in (0, min(1, found["open"])) and (value["match"] or facts["persons"] == 0)
        ok = ok and facts["answer"] == terms.get("answer", facts["answer"]) and 1 <= value["ordinal"] <= self.batches[f["batch"]].count
        need(6, ok, "The facts of an opened decision are not those of its findings.")
        facts = {name: facts[name] for name in ("deficient", "refused", "open", "persons", "same_address", "answer")}
        then = next((row["then"] for row in self.tables["decide"]["rows"] if holds(row["when"], facts)), "no_disclosure")
        need(6, then == value["decision"], "An opened decision is not the one that its findings give by the decision table.")
        clear = [facts[name] for name in ("deficient", "refused", "open", "persons")] == [0, 0, 0, int(then != "deny")]
        need(6, then not in ANSWERED or clear, "An answer was decided though a finding stood against it: no table may say so.")


def holds(row: list[Any], facts: Fields) -> bool:
    """Whether the conditions of a row of a decision table hold, as far as there are facts for them. On what is null none holds."""
    return all(facts[name] is not None and OPERATORS[how](facts[name], value) for name, how, value in row if name in facts)


def read_trust(data: bytes) -> Trust:
    """The trust file. Raises ValueError when it is not one."""
    try:
        t = json.loads(data.decode("utf-8"))
        witnesses, roots = [*map(read_vkey, t["witnesses"])], {a: unbase64(k, 1) for a, k in t["agency_roots"].items()}
        log, quorum = read_vkey(t["log_vkey"]), t["quorum"]
        good = set(t) == {"origin", "log_vkey", "agency_roots", "witnesses", "quorum"} and t["origin"] == log.name and log.kind == 1
        good = good and all(w.kind == 4 for w in witnesses) and all(len(r) == 32 for r in roots.values()) and type(quorum) is int
        need(1, good and 0 <= quorum <= len(witnesses) == len({w.public for w in witnesses}) == len({w.name for w in witnesses}), "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Failed):
        raise ValueError("it has origin, log_vkey, agency_roots, witnesses and quorum, and no more") from None
    return log, roots, witnesses, quorum


def read_openings(data: bytes) -> Iterator[Fields]:
    """`opened.jsonl`: one canonical object per line, in the order of the leaves."""
    for line in data.splitlines(keepends=True):
        o = read_json(line.removesuffix(b"\n"), 6, "A line of opened.jsonl")
        ok = isinstance(o, dict) and set(o) == {"agreement", "field", "leaf", "record", "salt", "value"} and type(o["leaf"]) is int
        need(6, ok and line.endswith(b"\n"), "A line of opened.jsonl is not an opening, or is cut.")
        yield o


def verify(names: set[str], fetch: Fetch, trust: Trust | None, since: bytes | None, say: Say, now: float) -> History:
    """All steps, in order, saying each as it passes. Raises Failed at the first that does not hold."""
    need(1, "vkey" in names, "The bundle has no vkey: it does not say whose log it is.")
    text = fetch("vkey").decode("utf-8", "replace")
    log = read_vkey(text.removesuffix("\n"))
    known, trusted, witnesses, quorum = trust or (log, None, [], 0)
    need(1, text.endswith("\n") and log.kind == 1 and log == known, "The bundle's log key is not the trust file's: it is another's log.")
    bundle = Bundle(names, fetch, log)
    need(1, bundle.read("vkey") == text.encode(), "The vkey is damaged.")
    head = read_checkpoint(bundle.read("checkpoint"), log, witnesses, now)
    need(1, len(head.seen) >= quorum, "Fewer witnesses have signed the checkpoint than the trust file asks for.")
    older = None if since is None else read_checkpoint(since, log, witnesses, now)
    tree = Log(bundle, head)
    odd = ", ".join(sorted(set(bundle.listed) ^ {*FILES, *tree.names()})[:3])
    need(1, not odd, f"The bundle lacks, or should not have, {odd}: the checkpoint asks for other files.")
    keys, rules, tables = (read_json(bundle.read(f"{name}.json"), 1, f"{name}.json") for name in ("keys", "rules", "tables"))
    ok = all(isinstance(one, dict) for one in (keys, rules, tables)) and set(keys) == {"agency_roots", "keys"}
    need(1, ok and type(keys["agency_roots"]) is dict, "keys.json is no history of keys, or rules.json not rule sets by their hashes.")
    roots = {agency: unbase64(public, 1) for agency, public in keys["agency_roots"].items()}
    need(1, trusted in (None, roots), "The agencies' root keys are not the trust file's: anybody could have signed.")
    need(1, all(digest(one) == name for name, one in rules.items()), "rules.json holds a rule set under another hash: exchanged.")
    say(f"1  manifest and checkpoint: {len(names):,} files, {head.size:,} leaves, {len(head.seen)} known witnesses — pass")
    need(2, older is None or older.size <= head.size, "The older checkpoint has more leaves: some were cut off, or a backup restored.")
    tree.check()
    need(2, tree.root_at(head.size) == head.root, "The entries do not give the signed root: leaves were changed after signing.")
    about = f"{tree.count:,} leaves, the part of one {tree.kind}, are in the log" if tree.kind else "every entry up to the root"
    need(2, not older or tree.root_at(older.size) == older.root, "The older checkpoint is not a prefix of this log: rewritten, or forked.")
    say(f"2  {about}{f'; contains the checkpoint of {older.size:,} leaves' if older else ''} — pass")
    h = History(tree, roots, witnesses, older, rules, tables)
    h.run(read_openings(bundle.read("opened.jsonl")))
    need(3, keys["keys"] == list(h.keys.values()), "keys.json does not tell the history of keys that the log tells.")
    say(f"3  leaves and people: {h.acts:,} signed acts, {len(h.keys):,} keys — pass")
    say(f"4  order in the log: {len(h.batches):,} batches, {h.counts['release.dispatched']:,} dispatched, {len(h.orders):,} orders — pass")
    say(f"5  accounting: {h.counts['request.decided']:,} decisions, {h.counts['disclosure']:,} disclosures — pass")
    say(f"6  openings: {h.opened:,} open and follow — pass" if h.opened else "6  openings: none in this bundle, not checked")
    return h


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
    say(f"Portcullis evidence in {args.bundle}")
    try:
        trust = read_trust(args.trust.read_bytes()) if args.trust else None
        since = args.since.read_bytes() if args.since else None
    except (OSError, ValueError) as error:
        parser.error(f"the trust file or the older checkpoint cannot be read: {error}")
    try:
        h = verify(*folder(args.bundle), trust, since, say, datetime.now(UTC).timestamp())
    except (Failed, OSError) as error:
        bad = error if isinstance(error, Failed) else Failed(1, f"A file of the bundle cannot be read: {error.strerror}.")
        say(f"\nDID NOT VERIFY\n  step {bad.step}{'' if bad.leaf is None else f', leaf {bad.leaf}'}: {bad.text}")
        return 4
    for b in (b for b in h.batches.values() if b.dispatched >= 0 and not b.receipt and b.left <= as_of):
        h.lists["Dispatched and not acknowledged by the date given"].append(f"leaf {b.dispatched}")
    if -1 < as_of < h.latest:
        h.lists["Leaves dated after the date given"].append(f"the latest {h.latest - as_of:,} seconds after it")
    say("7  times in order — pass; lists for a person to look at:" + ("" if h.lists else " nothing"))
    for title, lines in h.lists.items():
        say(f"   {title}: {len(lines)}" + "".join(f"\n     {line}" for line in lines[:10]))
    verdict = ("VERIFIED" if trust else "CONSISTENT, NOT AUTHENTICATED") + (", IN PART" if h.log.kind else "")
    say(f"\n{verdict}\n  {h.origin}, {h.log.size:,} leaves, root {h.log.head.root.hex()}")
    say("" if trust else "  Nothing outside the bundle says whose keys these are: give --trust.\n")
    say(IN_PART * bool(h.log.kind) + NOT_ESTABLISHED)
    return 0 if trust else 4


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever closes the pipe has read enough
    raise SystemExit(main())
