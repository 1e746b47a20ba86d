"""The whole log, leaf by leaf: steps 3 to 5 of the verifier, times (7) and openings (6), as the gateway's own program checks them.

The standalone `verifier/verify.py` checks the same and shares no code with this; tests feed both the same bundles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from portcullis.crypto import strict_loads
from portcullis.datafile import ENVELOPE_TYPE
from portcullis.errors import Tampered
from portcullis.ledger.acts import ACTS, CHANGES, concerns
from portcullis.ledger.batchlog import Authorization, BatchLog, RootAt
from portcullis.ledger.cosigned import TOLERANCE, check_cosigned
from portcullis.ledger.leaf import Leaf, decode
from portcullis.ledger.members import seconds
from portcullis.ledger.note import NoteKey
from portcullis.ledger.opened import check_opening, satisfied
from portcullis.ledger.people import People, broken
from portcullis.ledger.terms import Terms, covers, key_bytes
from portcullis.ledger.tree import leaf_hash
from portcullis.model import LeafType

__all__ = ["TOLERANCE", "Replay"]

L = LeafType
Fields = Mapping[str, Any]
_AFTER_END = frozenset({L.DISCLOSURE, L.BATCH_CLOSED, L.BATCH_BLOCKED, L.RECEIPT, L.DISPOSAL})


class Replay:
    """What the leaves so far say. `not_before` gives, for an index, the earliest time that witnesses allow; `not_after` the latest.

    `rules` and `tables` are those of the bundle, `part` is empty for a whole log, else agreement, batch or person, `witnesses` are those
    that the reader knows.
    """

    def __init__(
        self,
        people: People,
        root_at: RootAt,
        *,
        rules: Fields,
        tables: Fields,
        part: str = "",
        witnesses: Collection[NoteKey] = (),
        not_before: tuple[int, int] | None = None,
        not_after: int | None = None,
    ) -> None:
        self.people, self._root_at, self._not_before, self._not_after = people, root_at, not_before, not_after
        self._rules, self._tables, self._part, self._witnesses = rules, tables, part, witnesses
        self.batches: dict[str, BatchLog] = {}
        self.terms = Terms(people)
        self.counts: Counter[str] = Counter()
        self.latest = 0
        self.lists: dict[str, list[str]] = {}
        self.openings: Iterator[Fields] = iter(())
        self._next: Fields | None = None
        self.opened = 0
        self._envelopes: set[tuple[str, str]] = set()
        self._stock: dict[int, tuple[str, int]] = {}
        self._free: list[int] = []
        own: dict[str, Callable[[int, Leaf], None]] = {
            L.KEY_ENROLLED: self._enrol,
            L.KEY_REVOKED: self._revoke,
            L.AGREEMENT_SIGNED: lambda i, leaf: self.terms.sign(leaf),
            L.AGREEMENT_IN_FORCE: lambda i, leaf: self.terms.into_force(leaf),
            L.AGREEMENT_SUSPENDED: lambda i, leaf: self.terms.out_of_force(leaf),
            L.AGREEMENT_ENDED: lambda i, leaf: self.terms.out_of_force(leaf),
            L.RULES_CHANGED: lambda i, leaf: self.terms.switch(leaf),
            L.ORDER_IMPOSED: self._impose,
            L.ORDER_LIFTED: self._lift,
            L.ORDER_REACHED: self._reach,
            L.HOLD_PLACED: lambda i, leaf: self.terms.hold(leaf),
            L.HOLD_LIFTED: lambda i, leaf: self.terms.hold(leaf),
            L.SAMPLE_COMMITTED: self._stock_up,
            L.BATCH_RECEIVED: self._receive,
            L.BATCH_REFUSED: self._refuse,
        }
        of_batch: dict[str, Callable[[int, Leaf, BatchLog], None]] = {
            L.BATCH_BLOCKED: lambda i, leaf, b: b.end(leaf.type, i),
            L.BATCH_CLOSED: lambda i, leaf, b: b.close(leaf.fields),
            L.REVIEW_RECORDED: lambda i, leaf, b: b.review(self.people.check(leaf).person),
            L.SAMPLE_REVEALED: self._reveal,
            L.SAMPLE_DRAWN: self._draw,
            L.SAMPLE_PASSED: lambda i, leaf, b: b.check_sample(i, leaf.type, leaf.fields, self.people.check(leaf)),
            L.SAMPLE_FAILED: lambda i, leaf, b: b.check_sample(i, leaf.type, leaf.fields, self.people.check(leaf)),
            L.SAMPLE_ABORTED: self._abort,
            L.RELEASE_AUTHORIZED: self._authorize,
            L.RELEASE_COMMITTED: self._commit,
            L.RELEASE_DISPATCHED: self._dispatch,
            L.RELEASE_WITHHELD: lambda i, leaf, b: b.void(f"{leaf.type} at leaf {i}"),
            L.AUTHORIZATION_VOIDED: lambda i, leaf, b: b.void(f"{leaf.type} at leaf {i}"),
            L.DISCLOSURE: lambda i, leaf, b: b.disclose(leaf.fields),
            L.RECEIPT: self._receipt,
            L.DISPOSAL: lambda i, leaf, b: self.terms.destroyed(leaf, b),
        }
        self._own, self._of_batch = own, of_batch

    def note(self, title: str, line: str) -> None:
        """Put something on a list for a person to look at."""
        self.lists.setdefault(title, []).append(line)

    def take(self, index: int, entry: bytes) -> None:
        """Judge the next leaf. Raises Tampered, its `code` the step that does not hold."""
        try:
            leaf = decode(entry)
        except Tampered as error:
            raise broken(3, error.what, error.why) from error
        self.counts[leaf.type] += 1
        self._clock(index, leaf.time)
        self.people.at = (index, leaf.time, leaf.type)
        if leaf.type == L.REQUEST_DECIDED:
            self._batch(leaf).decide(index, leaf.fields, leaf_hash(entry))
        elif leaf.type in self._of_batch:
            self._of_batch[leaf.type](index, leaf, self._batch(leaf))
        else:
            self._own.get(leaf.type, self._other)(index, leaf)
        self._open(index, entry)
        if leaf.type in CHANGES:
            self._changed(index, leaf)
        if "matter" in leaf.fields:
            self.terms.matter(leaf, self._agency(leaf.fields))

    def _agency(self, fields: Fields) -> str:
        """Whose matter it is: stated in what was signed, or the agency of the batch."""
        batch = self.batches.get(fields.get("batch", ""))
        about = fields.get("about") or {}
        return str(about.get("agency") or (batch.agency if batch else ""))

    def finish(self) -> None:
        """After the last leaf. Raises Tampered when a dispatch is not fully accounted for, or an opening is for no leaf."""
        for batch in self.batches.values():
            batch.settle()
        if self._next is not None:
            raise broken(6, "An opening names a leaf that is not in the log.", "It was given for another log.")

    def begin(self, openings: Iterator[Fields]) -> None:
        """Take the openings that the leaves will be asked for, in their order."""
        self.openings, self._next = openings, next(openings, None)

    def list_open(self, as_of: int) -> None:
        """What was dispatched by that time and is not acknowledged."""
        for batch in self.batches.values():
            if batch.dispatched >= 0 and not batch.receipt and batch.left <= as_of:
                self.note("Dispatched and not acknowledged by the date given", f"leaf {batch.dispatched}")

    def _clock(self, index: int, time: int) -> None:
        if time < self.latest - TOLERANCE:
            raise broken(7, "The leaf is dated before leaves that stand before it.", "It was backdated, or a clock was set back.")
        self.latest = max(self.latest, time)
        if self._not_before and index >= self._not_before[0] and time < self._not_before[1] - TOLERANCE:
            raise broken(7, "The leaf is dated before the log was witnessed without it.", "It was backdated.")
        if self._not_after is not None and time > self._not_after + TOLERANCE:
            raise broken(7, "The leaf is dated after witnesses had seen it.", "Its time is invented.")

    def _other(self, index: int, leaf: Leaf) -> None:
        """Leaves on which nothing else depends: an act in them must be good all the same."""
        rule = ACTS.get(leaf.type)
        if rule is not None and rule.roles is None:
            self.people.check_root(leaf, str(leaf.fields["agency"]))
        elif rule is not None:
            self.people.check(leaf)
        elif leaf.fields.get("act") is not None:
            self.people.check_act(leaf, leaf.fields["act"], None, (), None)

    def _enrol(self, index: int, leaf: Leaf) -> None:
        self.people.enrol(index, leaf, key_bytes(leaf.fields["key"]))

    def _revoke(self, index: int, leaf: Leaf) -> None:
        key = self.people.revoke(index, leaf)
        if key.revoked_from is not None:
            self.note(
                "Keys revoked from a date before it was recorded",
                f"leaf {index}: key {key.key_id} of {key.person} ({', '.join(key.roles)}) from {key.revoked_from}",
            )
            for signed, when, kind in self.people.used.get(key.key_id, []):
                if when >= seconds(key.revoked_from):
                    self.note(
                        "Signed with a key after it was compromised, by whoever had it",
                        f"leaf {signed}: {kind} in the name of {key.person} ({', '.join(key.roles)})",
                    )
        for batch in self.batches.values():
            if (key.agency, key.person) == (batch.agency, batch.signer) or any(a.key_id == key.key_id for a in batch.authorizations):
                batch.void(f"a key was revoked at leaf {index}")

    def _changed(self, index: int, leaf: Leaf) -> None:
        for batch in self.batches.values():
            if concerns(leaf.fields, batch.agency, batch.agreement["id"]):
                batch.void(f"{leaf.type} at leaf {index}")

    def _impose(self, index: int, leaf: Leaf) -> None:
        self._stay(index, leaf, self.terms.impose(leaf), list(self.batches.values()))

    def _reach(self, index: int, leaf: Leaf) -> None:
        named = self.batches.get(str(leaf.fields["batch"]))
        self._stay(index, leaf, self.terms.reach(leaf), [named] if named else [])

    def _stay(self, index: int, leaf: Leaf, scope: Fields, batches: list[BatchLog]) -> None:
        for batch in (b for b in batches if covers(scope, b)):
            batch.void(f"{leaf.type} at leaf {index}")
            if batch.dispatched >= 0 and batch.left >= seconds(str(leaf.fields["court_time"])):
                order = leaf.fields["order"]
                self.note("Dispatched between the court's time and the imposing of an order", f"leaf {batch.dispatched}, order {order}")

    def _lift(self, index: int, leaf: Leaf) -> None:
        scope = self.terms.lift(leaf)
        for batch in (b for b in self.batches.values() if covers(scope, b)):
            batch.void(f"{leaf.type} at leaf {index}")

    def _stock_up(self, index: int, leaf: Leaf) -> None:
        f: Fields = leaf.fields
        self.people.check(leaf)
        if f["k"] != len(self._stock) + 1:
            raise broken(4, "The commitments for samples are not numbered without gaps.", "One was removed or laid twice.")
        self._stock[f["k"]] = (f["commitment"], index)
        self._free.append(f["k"])

    def _receive(self, index: int, leaf: Leaf) -> None:
        """A signed envelope, under an agreement in force, once."""
        f: Fields = leaf.fields
        key, payload = self.people.check_statement(f["envelope"], ("signer",), ENVELOPE_TYPE)
        body: Any = strict_loads(payload)
        if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in ("gate", "nonce")):
            raise broken(3, "The envelope of the batch is malformed.", "It does not say who asks, for what.")
        a = f["agreement"]
        said = {"agency": key.agency, "signer": key.person, "count": f["count"], "agreement": {"id": a["id"], "version": a["version"]}}
        if said != {name: body.get(name) for name in said}:
            raise broken(4, "The batch is not as its signed envelope says.", "Agency, signer, agreement or count differ.")
        if not self.terms.holds(a):
            raise broken(4, "A batch was received under an agreement not in force.", "It had to be refused.")
        if f["batch"] in self.batches or (key.agency, body["nonce"]) in self._envelopes:
            raise broken(4, "A batch was received twice.", "It could be answered twice (R10).")
        self._envelopes.add((key.agency, body["nonce"]))
        turn = self._free.pop(0) if self._free else 0
        batch = BatchLog(f["batch"], a, key.agency, body["gate"], f["count"], key.person, turn, bool(self._part), self._part == "person")
        self.batches[f["batch"]] = batch
        batch.admit(leaf.type, f, after_end=False)
        batch.act_as(key.person, "signer")

    def _refuse(self, index: int, leaf: Leaf) -> None:
        if leaf.fields["batch"] in self.batches:
            self._batch(leaf).end(leaf.type, index)

    def _batch(self, leaf: Leaf) -> BatchLog:
        batch = self.batches.get(str(leaf.fields["batch"]))
        if batch is None:
            raise broken(4, f"The {leaf.type} leaf names a batch that was never received.", "What it rests on was removed.")
        batch.admit(leaf.type, leaf.fields, after_end=leaf.type in _AFTER_END)
        return batch

    def _reveal(self, index: int, leaf: Leaf, batch: BatchLog) -> None:
        f: Fields = leaf.fields
        if batch.reveal(f, self._stock.get(f["k"]), self._free):
            self._free.remove(f["k"])
            self.note("Batches received when no sample commitment was in stock", f"leaf {index}")

    def _draw(self, index: int, leaf: Leaf, batch: BatchLog) -> None:
        batch.draw(index, leaf.fields, self._root_at, self.terms.of(batch.agreement).get("sample", 0))
        if leaf.fields.get("chosen_by") == "operator":
            self.note("Samples whose overseer was not independent (operator-chosen)", f"leaf {index}")

    def _abort(self, index: int, leaf: Leaf, batch: BatchLog) -> None:
        batch.abort_sample()
        self.note("Samples aborted", f"leaf {index}: {leaf.fields['why']}")

    def _authorize(self, index: int, leaf: Leaf, batch: BatchLog) -> None:
        rule = ACTS[leaf.type]
        release_root = str(leaf.fields["root"])
        key, act = self.people.check_act(leaf, leaf.fields["act"], rule.action, rule.roles or (), release_root)
        batch.authorize(Authorization(key.person, key.key_id, release_root, act.expires), leaf.time)

    def _entitled(self, leaf: Leaf, batch: BatchLog, what: str) -> None:
        """Everything that must hold both at the commit and at the dispatch."""
        batch.entitled(what, str(leaf.fields["root"]), leaf.time)
        if not self.terms.holds(batch.agreement):
            raise broken(4, f"A release was {what} under an agreement not in force.", "It must not have left.")
        if stays := self.terms.stays(batch):
            raise broken(4, f"A release was {what} while stayed by order {stays}.", "A court had forbidden it.")
        facts = {"authorizers": 2, "stays": 0, "agreement_in_force": 1, "sample_passed": int(batch.passed), "dispatched_before": 0}
        facts["requests_undecided"] = 0 if batch.sparse else batch.count - batch.decided
        for row in self._tables["may_release"]["rows"]:
            if not satisfied(row["require"], facts):
                raise broken(4, f"A release was {what} that row {row['id']} of the decision table forbids.", "It must not have left.")

    def _commit(self, index: int, leaf: Leaf, batch: BatchLog) -> None:
        self._entitled(leaf, batch, "committed")
        batch.commit(index, leaf.fields)

    def _dispatch(self, index: int, leaf: Leaf, batch: BatchLog) -> None:
        self._entitled(leaf, batch, "dispatched")
        if stopped := self.terms.stopped(batch, leaf.time):
            raise broken(4, f"A release was dispatched while {stopped} stopped the flow.", "The agency owed something first.")
        batch.dispatch(index, leaf.fields, leaf.time, self._root_at)
        asked, at = self.terms.of(batch.agreement).get("witnesses") or {}, (index, leaf.time)
        for name in check_cosigned(leaf.fields, asked, self.people.origin, batch.committed, at, self._root_at, self._witnesses):
            self.note("Witnesses that neither the agreement nor the trust file names", f"leaf {index}: {name}")

    def _receipt(self, index: int, leaf: Leaf, batch: BatchLog) -> None:
        if batch.dispatched < 0 or batch.receipt:
            raise broken(4, "A receipt is for nothing that was dispatched, or a second one.", "It acknowledges nothing.")
        key, _ = self.people.check_act(leaf, leaf.fields["act"], "receipt", ("officer", "signer"), batch.sealed)
        if key.agency != batch.agency:
            raise broken(3, "A receipt is not by the agency that asked.", "Somebody else acknowledged.")
        batch.receipt = True

    def _open(self, index: int, entry: bytes) -> None:
        """Step 6: the openings given for this leaf."""
        while self._next is not None and self._next["leaf"] == index:
            f: Any = strict_loads(entry)
            batch, agreement = self.batches.get(str(f.get("batch"))), f.get("agreement")
            terms = self.terms.of(agreement) if agreement else {}
            check_opening(self._next, f, terms, self._rules, self._tables, batch.count if batch else 0)
            self.opened += 1
            self._next = next(self.openings, None)
