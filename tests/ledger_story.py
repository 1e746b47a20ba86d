"""Complete synthetic logs for tests: keys, agreement, one batch from its envelope to its receipt, and the bundle of it in memory.

A `Story` is told leaf by leaf. Each method tells the lawful thing by default; tests bend one argument. `Story.files()` gives the bundle as
name → bytes, signed by the log, and `verdict` asks both verifiers and insists that they agree.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from portcullis.crypto import SigningKey, canonical, commit, encode64, sign_act, sign_dsse
from portcullis.datafile import ENVELOPE_TYPE
from portcullis.decision import tables as tables_json
from portcullis.ledger import Checkpoint, NoteKey, encode, sign_checkpoint, sign_note, template
from portcullis.ledger.acts import content_of
from portcullis.ledger.batchlog import sealed_root
from portcullis.ledger.bundle import key_history, keys_json
from portcullis.ledger.edge import Edge
from portcullis.ledger.tiles import WIDTH, bundle, entries_path
from portcullis.ledger.tree import leaf_hash, root
from portcullis.ledger.trust import Trust, read_trust
from portcullis.ledger.verify import verify_files
from portcullis.model import Act

ORIGIN = "ledger.example/irs"
START = 1_763_719_200  # 2025-11-21T10:00:00Z, in the past of any machine that runs this
HOUR = 3600
AGREEMENT = {"hash": "a9" * 32, "id": "irs-ice-2025", "version": 1}
RULE_SET: dict[str, object] = {
    "agreement": "irs-ice-2025",
    "rules": [
        {"id": "R12", "tell_requester": "deficient", "checks": [{"reason": "P-ADDR-BLANK"}]},
        {"id": "R15", "tell_requester": "deficient", "checks": [{"reason": "P-ADDR-INSTITUTION"}]},
        {"id": "R33", "tell_requester": "uniform", "checks": [{"reason": "M-ADDR-UNCONFIRMED"}]},
        {"id": "R34", "tell_requester": "uniform", "checks": [{"reason": "M-AMBIGUOUS"}]},
    ],
}
RULES = content_of(RULE_SET)
ELEMENTS = ["address_line", "city", "postal_code", "state", "unit"]
DECISION: dict[str, object] = {
    "check": "111",
    "decision": "no_disclosure",
    "facts": {"answer": "address", "deficient": 0, "open": 0, "persons": 0, "refused": 1, "same_address": None},
    "match": "13",
    "ordinal": 1,
    "reasons": ["M-ADDR-UNCONFIRMED"],
}
"""A decision as it is committed to: a rule refused the request at stage match."""
PEOPLE = {
    "IRS-0001": ["counsel"],
    "IRS-0002": ["safeguards"],
    "IRS-0003": ["overseer"],
    "IRS-0004": ["reviewer"],
    "IRS-0005": ["authorizer"],
    "IRS-0006": ["authorizer"],
    "ICE-0001": ["signer"],
    "ICE-0002": ["officer"],
}


def load_verifier() -> ModuleType:
    """verifier/verify.py as a module, from its file: it is no part of the package."""
    if "standalone_verifier" not in sys.modules:
        path = Path(__file__).parent.parent / "verifier" / "verify.py"
        spec = importlib.util.spec_from_file_location("standalone_verifier", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["standalone_verifier"] = module
        spec.loader.exec_module(module)
    return sys.modules["standalone_verifier"]


def seed_key(name: str) -> SigningKey:
    """A key that is the same in every run."""
    return SigningKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def digest(name: str) -> str:
    """Something random-looking that is the same in every run."""
    return hashlib.sha256(name.encode()).hexdigest()


def positions(seed: bytes, count: int, n: int) -> list[int]:
    """The places that a seed draws, sorted: said here anew, apart from the gateway and from both verifiers."""
    rank = {place: hashlib.sha256(seed + place.to_bytes(8, "big")).hexdigest() for place in range(count)}
    return sorted(sorted(rank, key=rank.__getitem__)[:n])


def stamp(seconds: int) -> str:
    """A leaf's time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class BatchStory:
    """What the story remembers of a batch it told."""

    name: str
    ids: list[str]
    k: int
    decided: list[int] = field(default_factory=list)
    root: str = ""
    answers: list[str] = field(default_factory=list)
    committed: int = -1
    sealed: str = ""


class Story:
    """A log being told."""

    def __init__(self, log_key: str = "log", origin: str = ORIGIN) -> None:
        self.origin, self.log_key = origin, seed_key(log_key)
        self.roots = {agency: seed_key(f"root {agency}") for agency in ("IRS", "ICE")}
        self.keys = {person: seed_key(person) for person in PEOPLE}
        self.leaves: list[bytes] = []
        self.now = START
        self.told = 0
        self.witnesses: list[tuple[str, SigningKey, int]] = []
        self.opened: list[dict[str, object]] = []
        self.decisions: dict[str, dict[str, object]] = {}  # by request, where it is not DECISION

    # -- leaves

    def leaf(self, kind: str, **members: object) -> int:
        """Append one leaf, a minute after the last; returns its index."""
        self.now += 60
        self.leaves.append(encode(kind, {"time": stamp(self.now), **members}))
        return len(self.leaves) - 1

    def act(self, key: SigningKey, officer: str, action: str, content: str, **change: Any) -> dict[str, object]:
        """A signed act, good for an hour; `change` bends a member."""
        self.told += 1
        good: dict[str, Any] = {"origin": self.origin, "agreement": "", "nonce": f"nonce-{self.told}", "expires": self.now + HOUR}
        return sign_act(key, Act(**{**good, "action": action, "content": content, "officer": officer, **change}))

    def root_act(self, agency: str, action: str, content: str, **change: Any) -> dict[str, object]:
        """An act of an agency's root key."""
        return self.act(self.roots[agency], f"root:{agency}", action, content, **change)

    def by(self, person: str, action: str, content: str, **change: Any) -> dict[str, object]:
        """An act of a person."""
        return self.act(self.keys[person], person, action, content, **change)

    # -- people, agreement, stock

    def enrol(self, person: str, roles: Sequence[str], key: SigningKey | None = None, *, root: SigningKey | None = None) -> int:
        """Enrol a person's key under the agency's root."""
        agency, public = person[:3], (key or self.keys[person]).public
        body = {"agency": agency, "person": person, "roles": sorted(roles), "key": encode64(public)}
        act = self.act(root or self.roots[agency], f"root:{agency}", "key.enroll", content_of(body))
        return self.leaf("key.enrolled", **body, key_id=(key or self.keys[person]).key_id, act=act)

    def revoke(self, key: SigningKey, agency: str, since: int | None = None) -> int:
        """Revoke a key, from a date if one is given."""
        body = {"key_id": key.key_id} | ({} if since is None else {"from": stamp(since)})
        return self.leaf("key.revoked", **body, act=self.root_act(agency, "key.revoke", content_of(body)))

    def sign_agreement(self, *agencies: str, agreement: Mapping[str, object] = AGREEMENT) -> None:
        """Propose the agreement and have the agencies sign it."""
        self.leaf("agreement.proposed", agreement=dict(agreement), rules=RULES)
        for agency in agencies:
            act = self.root_act(agency, "agreement.sign", str(agreement["hash"]))
            self.leaf("agreement.signed", agreement=dict(agreement), agency=agency, root=encode64(self.roots[agency].public), act=act)

    def stop_agreement(self, state: str = "suspended") -> int:
        """Suspend or end it."""
        content = content_of({"agreement": AGREEMENT["id"], "version": AGREEMENT["version"], "state": state})
        return self.leaf(f"agreement.{state}", agreement=AGREEMENT, act=self.by("IRS-0001", f"agreement.{state}", content))

    def stock(self, k: int) -> int:
        """The overseer lays a commitment in stock."""
        commitment = hashlib.sha256(self.number(k)).hexdigest()
        act = self.by("IRS-0003", "sample.commit", content_of({"k": k, "commitment": commitment}))
        return self.leaf("sample.committed", k=k, commitment=commitment, act=act)

    @staticmethod
    def number(k: int) -> bytes:
        """The number behind the k-th commitment."""
        return hashlib.sha256(f"r {k}".encode()).digest()

    def begin(self, stock: int = 2, **terms: object) -> Story:
        """People, agreement (with more `terms`), standing, vault, stock."""
        for person, roles in PEOPLE.items():
            self.enrol(person, roles)
        self.sign_agreement("IRS", "ICE")
        self.leaf("agreement.in_force", agreement=AGREEMENT, rules=RULES, elements=ELEMENTS, answer="address", sample=3, **terms)
        self.standing()
        self.vault()
        for k in range(1, stock + 1):
            self.stock(k)
        return self

    def standing(self) -> int:
        """The safeguards office says something of the recipient's standing."""
        body = {"agency": "ICE", "field": "findings_without_plan", "value": 0}
        return self.leaf("standing.changed", **body, act=self.by("IRS-0002", "standing.set", content_of(body)))

    def vault(self, name: str = "V-1") -> int:
        """A vault of the recipient, with its public key in the leaf."""
        jwk = {"crv": "P-256", "kty": "EC", "x": "A" * 43, "y": "B" * 43}
        body = {"agency": "ICE", "vault": name, "jwk": jwk, "storage": "agency-hsm"}
        return self.leaf("vault.enrolled", **body, thumbprint="T" * 43, act=self.root_act("ICE", "vault.enroll", content_of(body)))

    def roster(self) -> int:
        """A record of one of the recipient's people."""
        content = digest("an officer's record")
        act = self.root_act("ICE", "officer.record", content)
        return self.leaf("roster.changed", agency="ICE", person="ICE-0002", content=content, act=act)

    # -- one batch

    def envelope(self, count: int, nonce: str, signer: str = "ICE-0001", **change: object) -> dict[str, object]:
        """The signed envelope of a batch."""
        body = {
            "agreement": {"id": AGREEMENT["id"], "version": AGREEMENT["version"]},
            "gate": "i2",
            "data_class": "address",
            "agency": signer[:3],
            "signer": signer,
            "count": count,
            "root": digest("file"),
            "nonce": nonce,
            "time": stamp(self.now),
            "delegation": None,
        }
        return sign_dsse(self.keys[signer], ENVELOPE_TYPE, canonical(body | change))

    def receive(self, name: str = "one", count: int = 4, k: int = 1, **change: object) -> BatchStory:
        """A batch comes in."""
        b = BatchStory(digest(f"batch {name}")[:32], [digest(f"{name} {i}")[:32] for i in range(count)], k)
        members: dict[str, object] = {
            "envelope": self.envelope(count, digest(f"nonce {name}")[:32]),
            "count": count,
            "operator": "IRS-0009",
        }
        self.leaf("batch.received", **(self._batch(b) | members | {"engagements": digest("engagements")} | change))
        return b

    def _batch(self, b: BatchStory) -> dict[str, object]:
        return {"batch": b.name, "agreement": AGREEMENT, "rules": RULES}

    def review(self, b: BatchStory, person: str = "IRS-0004") -> int:
        """A clerical review; what was decided is committed."""
        content = digest(f"review {self.told}")
        act = self.by(person, "review.record", content, agreement=AGREEMENT["id"])
        return self.leaf("review.recorded", **self._batch(b), request=content, act=act)

    def decide(self, b: BatchStory, ids: Sequence[str] | None = None, **change: object) -> None:
        """Decide every request, each behind commitments; the first one's decision can be opened."""
        if len(ids or b.ids) > 1000:
            return self._decide_many(b, ids or b.ids)
        for request in b.ids if ids is None else ids:
            salt = hashlib.sha256(f"salt {request}".encode()).digest()
            decision = commit(salt, "decision", request, str(AGREEMENT["id"]), self.decisions.get(request, DECISION))
            members = {"id": request, "decision": decision.hex(), "subject": digest(f"subject {request}")}
            b.decided.append(self.leaf("request.decided", **(self._batch(b) | members | change)))
        return None

    def _decide_many(self, b: BatchStory, ids: Sequence[str]) -> None:
        """The same fast, with commitments nobody can open."""
        write = template("request.decided", self._batch(b) | {"time": stamp(self.now)}, ["id", "decision", "subject"])
        b.decided += range(len(self.leaves), len(self.leaves) + len(ids))
        self.leaves += [write(bytes.fromhex(request), bytes(32), bytes(32)) for request in ids]

    def open_decision(self, b: BatchStory, index: int = 0) -> dict[str, object]:
        """The opening of one decision, as it stands in opened.jsonl."""
        request = b.ids[index]
        return {
            "agreement": AGREEMENT["id"],
            "field": "decision",
            "leaf": b.decided[index],
            "record": request,
            "salt": encode64(hashlib.sha256(f"salt {request}".encode()).digest()),
            "value": self.decisions.get(request, DECISION),
        }

    def decisions_root(self, b: BatchStory) -> bytes:
        """D: over the batch's decisions, in log order."""
        return root(leaf_hash(self.leaves[i]) for i in b.decided)

    def head(self, size: int | None = None) -> bytes:
        """The log's root at a size, now by default."""
        return root(leaf_hash(entry) for entry in self.leaves[: len(self.leaves) if size is None else size])

    def reveal(self, b: BatchStory, k: int | None = None, r: bytes | None = None) -> int:
        """The overseer's number is revealed."""
        k = b.k if k is None else k
        return self.leaf("sample.revealed", **self._batch(b), k=k, r=(r or self.number(k)).hex())

    def draw(self, b: BatchStory, **change: Any) -> int:
        """The sample is drawn under a checkpoint that covers the decisions."""
        size = change.pop("size", b.decided[-1] + 1)
        d, c = self.decisions_root(b), self.head(size)
        seed = hashlib.sha256(self.number(b.k) + d + c).hexdigest()
        n = int(change.get("n", min(3, len(b.ids))))
        members = {"k": b.k, "decisions_root": d.hex(), "checkpoint_size": size, "checkpoint_root": c.hex(), "seed": seed}
        members |= {"n": n, "of": len(b.ids), "positions": content_of(positions(bytes.fromhex(change.get("seed", seed)), len(b.ids), n))}
        return self.leaf("sample.drawn", **(self._batch(b) | members | change))

    def check(self, b: BatchStory, person: str = "IRS-0003", defects: int = 0) -> int:
        """The sample is checked by hand."""
        body = {"batch": b.name, "decisions_root": self.decisions_root(b).hex(), "checked": min(3, len(b.ids)), "defects": defects}
        act = self.by(person, "sample.record", content_of(body), agreement=AGREEMENT["id"])
        return self.leaf("sample.failed" if defects else "sample.passed", **(self._batch(b) | body), act=act)

    def sample(self, b: BatchStory) -> None:
        """Reveal, draw, check."""
        self.reveal(b)
        self.draw(b)
        self.check(b)

    def authorize(self, b: BatchStory, person: str, release: str | None = None, key: SigningKey | None = None, **change: Any) -> int:
        """One officer signs the release root."""
        release = release or digest(f"release {b.name}")
        good = {"agreement": AGREEMENT["id"], "expires": self.now + 72 * HOUR}
        act = self.act(key or self.keys[person], person, "release.authorize", release, **(good | change))
        b.root = release
        return self.leaf("release.authorized", **self._batch(b), root=release, act=act)

    def authorize_twice(self, b: BatchStory) -> None:
        """Two different officers."""
        self.authorize(b, "IRS-0005")
        self.authorize(b, "IRS-0006")

    def commit(self, b: BatchStory, answers: int = 2, **change: object) -> None:
        """The answers are sealed and committed."""
        b.answers = [digest(f"jwe {b.name} {i}") for i in range(answers)]
        b.sealed = sealed_root([bytes.fromhex(a) for a in b.answers]).hex()
        members = {"root": b.root, "answers": answers, "sealed_root": b.sealed}
        b.committed = self.leaf("release.committed", **(self._batch(b) | members | change))

    def dispatch(self, b: BatchStory, size: int | None = None, **change: object) -> int:
        """The release goes, under a checkpoint that covers the commit."""
        size = len(self.leaves) if size is None else size
        head = {"size": size, "root": self.head(size).hex()}
        members = {"root": b.root, "committed": b.committed, "checkpoint": head}
        return self.leaf("release.dispatched", **(self._batch(b) | members | change))

    def disclose(self, b: BatchStory, answers: Sequence[str] | None = None, ids: Sequence[str] | None = None, **change: object) -> None:
        """The accounting entries."""
        for request, answer in zip(b.ids if ids is None else ids, b.answers if answers is None else answers, strict=False):
            members = {"request": request, "answer": answer, "accounting": digest(f"accounting {request}")}
            members |= {"agency": "ICE", "purpose": "8-USC-1253", "elements": 5}  # type: ignore[dict-item]
            self.leaf("disclosure", **(self._batch(b) | members | change))

    def close(self, b: BatchStory, **change: int) -> int:
        """The totals."""
        totals = {"received": len(b.ids), "deficient": 1, "answered": len(b.answers), "other": len(b.ids) - 1 - len(b.answers)}
        return self.leaf("batch.closed", **self._batch(b), **(totals | change))

    def receipt(self, b: BatchStory, person: str = "ICE-0002", content: str | None = None) -> int:
        """The recipient acknowledges."""
        act = self.by(person, "receipt", content or b.sealed, agreement=AGREEMENT["id"])
        return self.leaf("receipt", **self._batch(b), act=act)

    def to_sampled(self, name: str = "one", k: int = 1, count: int = 4) -> BatchStory:
        """A batch up to its passed sample."""
        b = self.receive(name, count, k)
        self.review(b)
        self.decide(b)
        self.sample(b)
        return b

    def to_committed(self, name: str = "one", k: int = 1) -> BatchStory:
        """A batch up to its commit."""
        b = self.to_sampled(name, k)
        self.authorize_twice(b)
        self.commit(b)
        return b

    def go(self, b: BatchStory) -> None:
        """Dispatch, account, close, acknowledge."""
        self.dispatch(b)
        self.disclose(b)
        self.close(b)
        self.receipt(b)

    def whole(self, name: str = "one", k: int = 1) -> BatchStory:
        """A batch the whole way."""
        b = self.to_committed(name, k)
        self.go(b)
        return b

    # -- orders

    def impose(
        self, order: str = "D-1", scope: dict[str, object] | None = None, court_time: int | None = None, person: str = "IRS-0001"
    ) -> int:
        """A court order."""
        body = {"order": order, "scope": scope or {}, "court_time": stamp(court_time or self.now)}
        return self.leaf("order.imposed", **body, act=self.by(person, "order.impose", content_of(body)))

    def turn_content(self, position: str = "on") -> str:
        """What two people sign to turn a switch."""
        return content_of({"agreement": AGREEMENT, "dated": "2025-11-21", "position": position, "switch": "R24_relevance"})

    def turn(self, people: Sequence[str] = ("IRS-0001", "IRS-0003"), signed: str = "on", more: Sequence[object] = ()) -> int:
        """A switch is turned on."""
        acts = [self.by(person, "switch.turn", self.turn_content(signed)) for person in people]
        members = {"switch": "R24_relevance", "position": "on", "dated": "2025-11-21"}
        return self.leaf("rules.changed", agreement=AGREEMENT, **members, acts=[*acts, *more])

    def lift(self, order: str = "D-1", people: Sequence[str] = ("IRS-0001", "IRS-0002")) -> int:
        """It is lifted."""
        content = content_of({"order": order, "lift": True})
        return self.leaf("order.lifted", order=order, acts=[self.by(person, "order.lift", content) for person in people])

    # -- holds

    def hold(self, hold: str = "H-1", scope: dict[str, object] | None = None, person: str = "IRS-0001") -> int:
        """Counsel says what must be kept."""
        body = {"hold": hold, "scope": scope or {}}
        return self.leaf("hold.placed", **body, act=self.by(person, "hold.place", content_of(body)))

    def let_go(self, hold: str = "H-1", person: str = "IRS-0001") -> int:
        """Counsel lifts it."""
        return self.leaf("hold.lifted", hold=hold, act=self.by(person, "hold.lift", content_of({"hold": hold})))

    def destroy(self, b: BatchStory, person: str = "IRS-0002") -> int:
        """The working data of a batch is destroyed."""
        body = {"batch": b.name, "what": "working-data"}
        return self.leaf("disposal", **(self._batch(b) | body), act=self.by(person, "disposal", content_of(body)))

    # -- the bundle

    @property
    def log(self) -> NoteKey:
        """The log's public key."""
        return NoteKey(self.origin, self.log_key.public)

    def trust(self, **change: Any) -> bytes:
        """The trust file."""
        good: dict[str, Any] = {"log": self.log, "agency_roots": {agency: key.public for agency, key in self.roots.items()}}
        return Trust(**(good | change)).text()

    def checkpoint(self, size: int | None = None) -> bytes:
        """The signed checkpoint at a size."""
        size = len(self.leaves) if size is None else size
        return sign_checkpoint(Checkpoint(self.origin, size, self.head(size)), self.log_key)

    def files(self, checkpoint: bytes | None = None) -> dict[str, bytes]:
        """The bundle, manifest included."""
        files = tiles(self.leaves)
        history = keys_json({a: k.public for a, k in self.roots.items()}, key_history(enumerate(self.leaves)))
        files |= {
            "checkpoint": checkpoint or self.checkpoint(),
            "vkey": self.log.vkey().encode() + b"\n",
            "keys.json": history,
            "rules.json": canonical({RULES: RULE_SET}),
            "tables.json": canonical(tables_json()),
            "opened.jsonl": b"".join(canonical(each) + b"\n" for each in self.opened),
        }
        return self.signed(files)

    def signed(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """The same files under a manifest made anew: what somebody with the log's key can do."""
        files = {name: data for name, data in files.items() if name != "manifest"}
        rows = "".join(f"{hashlib.sha256(data).hexdigest()} {len(data)} {name}\n" for name, data in sorted(files.items()))
        return files | {"manifest": sign_note(f"portcullis bundle manifest v1\n{self.origin}\n{rows}", self.origin, self.log_key)}


def tiles(leaves: Sequence[bytes]) -> dict[str, bytes]:
    """Every tile and entry bundle of a log."""
    files: dict[str, bytes] = {}
    edge = Edge()
    for first in range(0, len(leaves), WIDTH):
        row = list(leaves[first : first + WIDTH])
        files[entries_path(first // WIDTH, len(row))] = bundle(row)
        files |= dict(edge.add_tile([leaf_hash(entry) for entry in row]))
    return files | dict(edge.part_tiles())


@dataclass(frozen=True)
class Verdict:
    """What both verifiers say: the step and leaf of the first failure and its words, or step 0."""

    step: int
    leaf: int | None
    text: str
    lists: Mapping[str, Sequence[str]]


def standalone(files: Mapping[str, bytes], trust: bytes | None, since: bytes | None, now: float) -> Verdict:
    """verifier/verify.py over files in memory."""
    v = load_verifier()
    try:
        history = v.verify(set(files), files.__getitem__, v.read_trust(trust) if trust else None, since, lambda _: None, now)
    except v.Failed as error:
        return Verdict(error.step, error.leaf, error.text, {})
    return Verdict(0, None, "", history.lists)


def package(files: Mapping[str, bytes], trust: bytes | None, since: bytes | None, now: float) -> Verdict:
    """The package's verifier over files in memory."""
    found: Any = verify_files(lambda: (set(files), files.__getitem__), read_trust(trust) if trust else None, since=since, now=now)
    if (failure := found["first_failure"]) is not None:
        assert not found["verified"]
        return Verdict(failure["step"], failure["leaf"], f"{failure['what']} {failure['why']}", {})
    assert found["consistent"]
    assert found["verified"] is (trust is not None)
    return Verdict(0, None, "", found["lists"])


def verdict(
    files: Mapping[str, bytes], trust: bytes | None = None, since: bytes | None = None, now: float = START + 30 * 86_400
) -> Verdict:
    """Ask both verifiers. They share no code, so they must at least agree."""
    one, other = standalone(files, trust, since, now), package(files, trust, since, now)
    assert one.step == other.step, (one, other)
    assert one.lists == other.lists
    return one


Tell = Callable[[], Story]
