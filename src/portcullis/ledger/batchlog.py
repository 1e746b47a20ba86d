"""What the log says of one batch, and the order it must keep (ledger.md, verifier steps 4 and 5).

    received → reviews → decisions → sample revealed, drawn, passed → two authorizations → committed → dispatched, disclosures → closed

Anything out of this order, or after the batch's end, is refused. `-1`, `0` and empty mean not yet.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portcullis.ledger.acts import content_of
from portcullis.ledger.people import Key, broken
from portcullis.ledger.tree import Frontier, leaf_hash, root

__all__ = ["Authorization", "BatchLog", "RootAt", "sealed_root"]

AUTHORIZED_FOR = 72 * 3600
RootAt = Callable[[int], bytes]
"""The root the log had at an earlier size."""
Fields = Mapping[str, Any]


def sealed_root(digests: list[bytes]) -> bytes:
    """RFC 6962 root over the SHA-256 digests of the sealed answers, in ascending order: the order of the outbox file."""
    return root(leaf_hash(digest) for digest in sorted(digests))


@dataclass(frozen=True, slots=True)
class Authorization:
    """One person's signature over a release root."""

    person: str
    key_id: str
    root: str
    expires: int


@dataclass(slots=True)
class BatchLog:
    """One batch, from its `batch.received` leaf on. `turn` is the sample commitment that is its own, 0 when none was in stock.

    In a part of the log `partial` says that other batches' turns are unknown, `sparse` that only some of its requests are here.
    """

    name: str
    agreement: Mapping[str, Any]
    agency: str
    gate: str
    count: int
    signer: str
    turn: int
    partial: bool = False
    sparse: bool = False
    rules: str = ""
    ended: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    undisclosed: set[bytes] = field(default_factory=set)
    decided: int = 0
    first: int = -1
    last: int = -1
    decisions: Frontier = field(default_factory=Frontier)
    k: int = 0
    r: bytes = b""
    drawn: tuple[str, int] = ("", -1)
    passed: bool = False
    authorizations: list[Authorization] = field(default_factory=list)
    lost: str = "nobody authorized it"
    committed: int = -1
    release_root: str = ""
    due: int = 0
    sealed: str = ""
    dispatched: int = -1
    left: int = 0
    answers: list[bytes] = field(default_factory=list)
    closed: bool = False
    receipt: bool = False

    def admit(self, kind: str, f: Fields, *, after_end: bool) -> None:
        """A leaf of this kind may still come, and is of this batch's agreement and rule set."""
        if self.closed and kind not in ("receipt", "disposal"):
            raise broken(4, f"A {kind} leaf stands after its batch was closed.", "It was added afterwards.")
        if kind == "release.dispatched" and self.dispatched >= 0:
            raise broken(4, "A batch was dispatched twice.", "It was answered twice.")
        ended = self.ended or ("dispatched" if self.dispatched >= 0 else "")
        if ended and not after_end:
            raise broken(4, f"A {kind} leaf stands after the batch was {ended}.", "That was its end.")
        if f.get("agreement", self.agreement) != self.agreement:
            raise broken(4, f"The {kind} leaf names another agreement than its batch.", "It was exchanged.")
        if self.rules and f.get("rules", self.rules) != self.rules:
            raise broken(4, "The rule set is not the one of the decisions.", "It was exchanged.")
        if isinstance(operator := f.get("operator"), str):
            self.act_as(operator, "operator")

    def act_as(self, person: str, role: str) -> None:
        """One person, one role per batch (R40)."""
        if (had := self.roles.setdefault(person, role)) != role:
            raise broken(4, f"One person is {had} and {role} of the same batch.", "Duties that must be apart were not.")

    def end(self, kind: str, index: int) -> None:
        """Refused before it is decided, or blocked before anything left."""
        if self.dispatched >= 0:
            raise broken(4, "A batch was blocked after it was dispatched.", "Blocking comes before.")
        if kind == "batch.refused" and self.decided:
            raise broken(4, "A batch was refused after it was decided.", "Refusal comes first.")
        self.ended = self.ended or f"{kind.removeprefix('batch.')} at leaf {index}"

    def review(self, person: str) -> None:
        """A clerical review, before any decision."""
        if self.decided:
            raise broken(4, "A review was recorded after decisions were written.", "Decisions come after reviews.")
        self.act_as(person, "reviewer")

    def decide(self, index: int, f: Fields, digest: bytes) -> None:
        """One decision per request, all before the sample's number is known (step 5)."""
        if self.k:
            raise broken(4, "A decision was written after the sample's number was revealed.", "The sample was not of these decisions.")
        self.rules, self.last = f["rules"], index
        self.first = index if self.first < 0 else self.first
        self.undisclosed.add(bytes.fromhex(f["id"]))
        self.decisions.append(digest)
        self.decided += 1
        if len(self.undisclosed) != self.decided:
            raise broken(5, "A request was decided twice.", "A decision is written once.")
        if self.decided > self.count:
            raise broken(5, "There are more decisions than requests in the batch.", "One was invented.")

    def reveal(self, f: Fields, stock: tuple[str, int] | None, free: list[int]) -> bool:
        """The sample's number: committed before the decisions, revealed after all, its turn. True when it was taken from `free`."""
        if self.decided != self.count and not self.sparse:
            raise broken(4, "The sample's number was revealed before all decisions.", "They could follow the sample.")
        r = bytes.fromhex(f["r"])
        if stock is None or hashlib.sha256(r).hexdigest() != stock[0] or (self.count and stock[1] >= self.first):
            raise broken(4, "The number revealed for the sample is not one committed before the decisions.", "It was chosen afterwards.")
        taken = not self.partial and not self.turn and f["k"] in free
        if self.k or not (taken or self.partial or f["k"] == self.turn):
            raise broken(4, "The sample did not use the number whose turn it was.", "Somebody picked it.")
        self.k, self.r = f["k"], r
        return taken

    def draw(self, index: int, f: Fields, root_at: RootAt, asked: int) -> None:
        """seed = SHA-256(r ‖ D ‖ C), once; the first n places by SHA-256(seed ‖ place), at least as many as the agreement asks for."""
        if self.drawn[0]:
            raise broken(4, "A sample was drawn twice from the same decisions.", "Somebody looked for one they liked.")
        size, head = f["checkpoint_size"], bytes.fromhex(f["checkpoint_root"])
        if not self.last < size <= index or root_at(size) != head:
            raise broken(4, "The sample names no checkpoint of this log that covers its decisions.", "Its seed was not bound to the log.")
        decisions = bytes.fromhex(f["decisions_root"]) if self.sparse else self.decisions.root()
        seed = hashlib.sha256(self.r + decisions + head)
        if not self.k or (f["k"], f["decisions_root"], f["seed"]) != (self.k, decisions.hex(), seed.hexdigest()) or f["n"] > self.count:
            raise broken(4, "The sample's seed is not made of its number, the decisions and the checkpoint.", "Somebody chose the sample.")
        if f["n"] < min(asked, self.count):
            raise broken(4, f"Fewer decisions were drawn than the {asked} that the agreement asks for.", "Others were not looked at.")
        places = heapq.nsmallest(f["n"], range(self.count), lambda at: hashlib.sha256(seed.digest() + at.to_bytes(8, "big")).digest())
        if content_of(sorted(places)) != f["positions"]:
            raise broken(4, "The sample is not the one its seed gives.", "Somebody chose what was checked.")
        self.drawn = (f["decisions_root"], f["n"])

    def check_sample(self, index: int, kind: str, f: Fields, key: Key) -> None:
        """The hand check of exactly what was drawn; one defect is the batch's end."""
        self.act_as(key.person, "overseer" if "overseer" in key.roles else "reviewer")
        if self.drawn != (f["decisions_root"], f["checked"]) or self.passed:
            raise broken(4, "The sample that was checked is not the one that was drawn.", "Other or fewer decisions were looked at.")
        self.passed = f["defects"] == 0
        if (kind == "sample.passed") != self.passed:
            raise broken(4, "The sample's outcome contradicts its defects.", "One defect blocks the batch.")
        self.ended = "" if self.passed else f"blocked by its sample at leaf {index}"

    def abort_sample(self) -> None:
        """The number is spent; another in stock may be used, and the abort is on record for ever."""
        self.k, self.turn = 0, 0

    def authorize(self, authorization: Authorization, now: int) -> None:
        """After a passed sample, for at most 72 hours."""
        self.act_as(authorization.person, "authorizer")
        if not self.passed:
            raise broken(4, "A release was authorized before its sample had passed.", "The order was not kept.")
        if authorization.expires > now + AUTHORIZED_FOR:
            raise broken(4, "An authorization was to stand for more than 72 hours.", "It is not valid.")
        self.authorizations.append(authorization)

    def void(self, why: str) -> None:
        """What was signed and committed stands no more, unless it has left."""
        if self.dispatched < 0 and self.authorizations:
            self.authorizations, self.committed, self.lost = [], -1, f"the authorizations were void since {why}"

    def dispose(self) -> None:
        """Its working data is destroyed, after its end."""
        if self.dispatched < 0 and not self.ended:
            raise broken(4, "Working data of a batch was destroyed before the batch had ended.", "It was still worked with.")

    def entitled(self, what: str, release_root: str, now: int) -> None:
        """Two different people's unexpired authorizations of exactly this root."""
        people = {a.person for a in self.authorizations if a.root == release_root and a.expires >= now}
        if len(people) < 2:
            why = (
                "They were over other content, by one person, or had expired"
                if self.authorizations
                else self.lost[0].upper() + self.lost[1:]
            )
            raise broken(4, f"A release was {what} without two different people's authorizations.", f"{why}.")

    def commit(self, index: int, f: Fields) -> None:
        """Sealed, in the outbox, not gone."""
        if self.committed >= 0:
            raise broken(4, "A release was committed twice.", "The first was not withheld.")
        self.committed, self.release_root, self.due, self.sealed = index, f["root"], f["answers"], f["sealed_root"]

    def dispatch(self, index: int, f: Fields, now: int, root_at: RootAt) -> None:
        """Exactly what was committed, under a checkpoint that covers the commit."""
        if self.committed < 0 or (f["committed"], f["root"]) != (self.committed, self.release_root):
            raise broken(4, "What was dispatched is not what was committed.", "The content was exchanged in between.")
        size = f["checkpoint"]["size"]
        if not self.committed < size <= index or root_at(size).hex() != f["checkpoint"]["root"]:
            raise broken(4, "The dispatch names no checkpoint of this log that covers the commit.", "Nobody could see it coming.")
        self.dispatched, self.left = index, now

    def disclose(self, f: Fields) -> None:
        """The accounting entry of one answer (step 5)."""
        if self.dispatched < 0:
            raise broken(5, "Something was disclosed of a batch that was not dispatched.", "It left without a release.")
        if f["agency"] != self.agency:
            raise broken(5, "A disclosure names another agency than the one that asked.", "It went to somebody else.")
        if (request := bytes.fromhex(f["request"])) not in self.undisclosed:
            raise broken(5, "A disclosure is for no decided request, or for one disclosed before.", "Never asked, or answered twice.")
        self.undisclosed.remove(request)
        self.answers.append(bytes.fromhex(f["answer"]))
        if len(self.answers) > self.due:
            raise broken(5, "More was disclosed than was committed.", "An answer was added afterwards.")

    def close(self, f: Fields) -> None:
        """Received, deficient, answered and all else add up (step 5)."""
        decided = self.count if self.sparse else self.decided
        if not self.count == f["received"] == f["deficient"] + f["answered"] + f["other"] == decided:
            raise broken(5, "The totals of a closed batch do not add up to its requests and decisions.", "Some are missing.")
        if f["answered"] != len(self.answers) and not self.sparse:
            raise broken(5, "A closed batch counts other answers than were disclosed.", "Some are not accounted for.")
        self.settle()
        self.closed, self.undisclosed, self.answers = True, set(), []

    def settle(self) -> None:
        """Once nothing more can come: every committed answer has its accounting leaf, and is one that was committed (step 5)."""
        if self.dispatched < 0 or self.closed or self.sparse:
            return
        if len(self.answers) != self.due:
            raise broken(5, "A committed answer has no accounting leaf.", "It was disclosed and not recorded.")
        if sealed_root(self.answers).hex() != self.sealed:
            raise broken(5, "The answers disclosed are not those committed.", "One was exchanged.")
