"""A past written straight into a home: batches asked, refused, decided, disclosed, stayed, recalled, disposed, in any numbers.

For tests of reports over generated histories, and for the benchmark over ten million leaves: playing each batch through matching, review
and two officers' signatures would take days. What is the product's own: the numbers of batches, every leaf (through `journal.record` and
its fast writer), the accounting entries with their look-up, and the step that appends decisions. What is synthetic: nobody matched,
reviewed or sealed anything, so outcomes are given, hashes of sealed answers are random, and the acts in leaves of samples, disposals and
incidents are signed by the right person over any content. Such a log adds up and does not verify offline.

`asked` counts what was done, so that a test has figures to compare with that no report computed.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import insert, update

from journey_home import Clock
from portcullis import accounting, evidence
from portcullis.batches import get, new_number, ref
from portcullis.crypto import canonical, commit_text, new_data_key, sign_dsse
from portcullis.demo.cast import Cast
from portcullis.exchange.filing import about_hash
from portcullis.journal import AgreementRef, BatchRef, leaf, record, record_many, stamp, writer
from portcullis.matters import number, open_matter
from portcullis.model import BatchState, LeafType, Role
from portcullis.officers import content_hash
from portcullis.steps import decide
from portcullis.steps.entries import SUBJECT_FIELDS, accounting_stream
from portcullis.store import reading, schema, writing

__all__ = ["ANSWERS", "Past", "names_of"]

ANSWERS = ("disclose", "confirm", "deny")
PURPOSES = ("criminal_investigation", "criminal_proceeding", "grand_jury")
_GIVEN = ("ADA", "BLAISE", "CARL", "DOROTHY", "EMMY", "FELIX", "GRACE", "HEDY", "IDA", "JOHN")
_FAMILY = ("ABEL", "BOOLE", "CANTOR", "DIRAC", "EULER", "FERMI", "GAUSS", "HARDY", "ITO", "JORDAN", "KLEIN")
_REASON = "Failure to depart after a final order; the address is needed to serve process in the criminal proceeding."


def names_of(person: int) -> dict[str, str]:
    """The identity of one synthetic person."""
    return {"given_name": _GIVEN[person % 10].title(), "family_name": _FAMILY[person % 11].title(), "taxpayer_number": f"9{person:08d}"}


@dataclass
class Past:
    """A home, its people, its clock, and what was done so far."""

    cast: Cast
    clock: Clock
    officers: Sequence[str] = ("ICE-1001",)
    asked: Counter[tuple[object, ...]] = field(default_factory=Counter)
    persons: dict[str, list[int]] = field(default_factory=dict)

    @property
    def home(self) -> Any:
        """The home."""
        return self.cast.home

    def act(self, role: Role, action: str, content: str) -> dict[str, object]:
        """A signed act of a person of the source agency."""
        return self.cast.act(self.cast.person(role), action, content)

    # ---- asked

    def receive(self, count: int, agency: str = "ICE") -> str:
        """A batch that is received; returns its number."""
        agreement = self.cast.agreement
        with writing(self.home.engine) as conn:
            batch_id, log_id = self._row(conn, count, agency, "received")
            body = canonical({"agency": agency, "count": count, "nonce": log_id})
            envelope = sign_dsse(self.cast.keys[self.cast.signer], "application/vnd.portcullis.batch+json", body)
            fields = {"envelope": envelope, "engagements": secrets.token_hex(32), "count": count, "operator": self.home.settings.operator}
            stated = BatchRef(batch_id, log_id, self._agreement(conn), agreement.rules.hash)
            record(self.home, conn, LeafType.BATCH_RECEIVED, fields, batch=stated)
        self.asked["asked", self.clock.at, agency] += count
        return batch_id

    def refuse(self, count: int, agency: str = "ICE") -> str:
        """A batch that is refused at the door; its rows are in the accounting."""
        with writing(self.home.engine) as conn:
            batch_id, log_id = self._row(conn, count, agency, "refused")
            if count:
                accounting.write(self.home, conn, batch_id, self._refused(count, agency))
            fields = {"envelope": None, "rule": "R05", "reason": "B-WRONG-GATE", "entries": count}
            record(self.home, conn, LeafType.BATCH_REFUSED, fields, batch=BatchRef(batch_id, log_id, None, None))
        self.asked["asked", self.clock.at, agency] += count
        self.asked["refused", self.clock.at, agency] += 1
        return batch_id

    # ---- answered

    def decide(self, batch_id: str, outcomes: Sequence[str], persons: Sequence[int], purposes: Sequence[str] | None = None) -> None:
        """Decisions and accounting of a batch, by the product's own writers; `persons` are who is asked about."""
        with reading(self.home.engine) as conn:
            row = get(conn, batch_id)
        count, people = len(outcomes), np.asarray(persons)
        decided = self._decided(outcomes, people)
        raw, checked = self._raw(people, count), self._checked(people, purposes or [PURPOSES[0]] * count)
        given = sorted(self.cast.agreement.permitted)
        receivers = {ordinal: list(self.officers) for ordinal in range(1, count + 1)}
        disclosed = {"disclose": tuple(given)}
        entries = accounting_stream(self.home, row, raw, decided, checked, receivers, lambda _, outcome: disclosed.get(outcome, ()))
        with (
            evidence.staged(self.home, batch_id, {"decisions": decided}) as files,
            accounting.staged(self.home, batch_id, entries) as kept,
            writing(self.home.engine) as conn,
        ):
            evidence.write(self.home, conn, batch_id, "decisions", files["decisions"])
            accounting.write(self.home, conn, batch_id, kept)
        decide._append_all(self.home, batch_id)
        self.persons[batch_id] = list(persons)

    def check_sample(self, batch_id: str, checked: int, defects: int = 0) -> None:
        """So many decisions were checked by hand."""
        root, b = secrets.token_hex(32), schema.batch
        kind = LeafType.SAMPLE_FAILED if defects else LeafType.SAMPLE_PASSED
        fields = {"decisions_root": root, "checked": checked, "defects": defects, "act": self.act(Role.OVERSEER, "sample.passed", root)}
        with writing(self.home.engine) as conn:
            received = get(conn, batch_id)["received_at"]
            record(self.home, conn, kind, fields, batch=ref(conn, batch_id))
            state = BatchState.BLOCKED if defects else BatchState.SAMPLED
            if defects:
                record(self.home, conn, LeafType.BATCH_BLOCKED, {"why": "B-SAMPLE-FAILED"}, batch=ref(conn, batch_id))
            conn.execute(update(b).where(b.c.id == batch_id).values(state=state.value))
        self.asked["checked", received] += checked
        self.asked["defects", received] += defects

    def commit(self, batch_id: str) -> int:
        """Sealed, and in the outbox: how many answers."""
        q = schema.request
        with writing(self.home.engine) as conn:
            answers = len(conn.execute(q.select().where(q.c.batch_id == batch_id, q.c.decision.in_(ANSWERS))).all())
            fields = {"root": secrets.token_hex(32), "answers": answers, "sealed_root": secrets.token_hex(32)}
            record(self.home, conn, LeafType.RELEASE_COMMITTED, fields, batch=ref(conn, batch_id))
        return answers

    def withhold(self, batch_id: str) -> None:
        """A stay finds it committed: nothing of it leaves until it is committed anew."""
        self.commit(batch_id)
        with writing(self.home.engine) as conn:
            row = get(conn, batch_id)
            fields = {"root": secrets.token_hex(32), "why": "order"}
            record(self.home, conn, LeafType.RELEASE_WITHHELD, fields, batch=ref(conn, batch_id))
        self.asked["withheld", row["received_at"]] += row["count"]

    def dispatch(self, batch_id: str) -> None:
        """Committed and dispatched: one disclosure leaf for each answer, and the totals."""
        answers = self.commit(batch_id)
        with reading(self.home.engine) as conn:
            row, batch = get(conn, batch_id), ref(conn, batch_id)
            table = accounting.read(self.home, conn, batch_id, ["log_request", "accounting_salt", "entry", "purpose", "decision"])
        words = [text.split('"decision":"')[1].split('"')[0] for text in table["decision"].to_pylist()]
        leaves, kinds = self._disclosures(row, batch, table, words), Counter(words)
        with writing(self.home.engine) as conn:
            q, b = schema.request, schema.batch
            fields = {"root": secrets.token_hex(32), "committed": 0, "checkpoint": {"size": 0, "root": "00" * 32}}
            first = leaf(self.home, LeafType.RELEASE_DISPATCHED, fields, batch=batch)
            totals = {"received": len(words), "deficient": kinds["deficient"], "answered": answers}
            totals |= {"other": len(words) - kinds["deficient"] - answers}
            closed = leaf(self.home, LeafType.BATCH_CLOSED, totals, batch=batch)
            body = [(LeafType.DISCLOSURE, batch_id, each) for each in leaves]
            record_many(conn, [(LeafType.RELEASE_DISPATCHED, batch_id, first), *body, (LeafType.BATCH_CLOSED, batch_id, closed)])
            conn.execute(update(q).where(q.c.batch_id == batch_id, q.c.decision.in_(ANSWERS)).values(answered=1))
            conn.execute(update(b).where(b.c.id == batch_id).values(state=BatchState.DISPATCHED.value))
        self._count(row, words, table["purpose"].to_pylist())

    # ---- afterwards

    def incident(self) -> None:
        """An incident is identified."""
        about = {"agency": "ICE", "at": stamp(self.clock.at)}
        self._matter(LeafType.INCIDENT_IDENTIFIED, "incident", about)
        self.asked["incident", self.clock.at] += 1

    def recall(self, batch_id: str, records: int) -> None:
        """So many records of a batch are recalled: the leaf, without orders to custodians."""
        self._matter(LeafType.RECALL_OPENED, "recall", {"agency": "ICE", "records": records, "batch": batch_id})
        self.asked["recall", self.clock.at] += 1
        self.asked["recalled", self.clock.at] += records

    def dispose(self, batch_id: str) -> None:
        """The working data of a batch is destroyed; the accounting stays."""
        b = schema.batch
        fields = {"what": "working-data", "act": self.act(Role.SAFEGUARDS, "disposal", content_hash({"batch": batch_id}))}
        with writing(self.home.engine) as conn:
            record(self.home, conn, LeafType.DISPOSAL, fields, batch=ref(conn, batch_id))
            conn.execute(update(b).where(b.c.id == batch_id).values(wrapped_key=None, key_destroyed_at=self.clock.at))

    # ---- within

    def _agreement(self, conn: Any) -> AgreementRef:
        a = schema.agreement
        row = conn.execute(a.select().where(a.c.id == self.cast.agreement.id)).one()
        return AgreementRef(row.id, row.version, row.hash)

    def _row(self, conn: Any, count: int, agency: str, state: str) -> tuple[str, str]:
        agreement = self.cast.agreement
        batch_id, log_id = new_number(conn, 2025)
        values: dict[str, Any] = {"id": batch_id, "log_id": log_id, "agency": agency, "count": count, "state": state, "held": 0}
        values |= {"received_at": self.clock.at}
        if state != "refused":
            values |= {"agreement_id": agreement.id, "agreement_version": agreement.version, "gate": agreement.gate}
            values |= {"data_class": agreement.data_class, "signer": self.cast.signer, "nonce": log_id, "file_root": log_id * 2}
            values |= {"rules_hash": agreement.rules.hash, "wrapped_key": evidence.wrapped(self.home, batch_id, new_data_key())}
        conn.execute(insert(schema.batch).values(**values))
        return batch_id, log_id

    def _refused(self, count: int, agency: str) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {name: [None] * count for name in accounting.COLUMNS}
        entry = {"subject": {}, "reason": None, "requested_on": stamp(self.clock.at), "outcome": "refused"}
        entry |= {"why": "B-WRONG-GATE", "agency": agency}
        numbers = [names_of(person)["taxpayer_number"] for person in range(count)]
        columns |= {"ordinal": list(range(1, count + 1)), "entry": [canonical(entry).decode()] * count}
        return columns | {"blind_number": [accounting.blind_number(self.home, number) for number in numbers]}

    def _decided(self, outcomes: Sequence[str], people: Any) -> pa.Table:
        count = len(outcomes)
        found = zip(people.tolist(), outcomes, strict=True)
        known = pa.array([f"P{person:08d}" if outcome in ANSWERS else None for person, outcome in found], pa.string())
        same = (("facts", "{}"), ("reasons", ""), ("check", "pass"), ("match", "one"))
        columns: dict[str, Any] = {
            "ordinal": pa.array(range(1, count + 1), pa.int64()),
            "decision": pa.array(outcomes, pa.string()),
            **{name: pa.array([value] * count, pa.string()) for name, value in same},
            "person_id": known,
            "log_request": pa.array(decide._ids(count), pa.string()),
            "order": pa.array(decide._order(count), pa.int64()),
        }
        return pa.table(columns)

    @staticmethod
    def _raw(people: Any, count: int) -> pa.Table:
        listed = people.tolist()
        stated = {name: [names_of(person)[name] for person in listed] for name in ("given_name", "family_name", "taxpayer_number")}
        stated |= {"address_line": [f"{1 + person % 9000} Larch Street" for person in listed], "city": ["Springfield"] * count}
        stated |= {"reason": [_REASON] * count, "statute": ["8 USC 1253(a)(1)(A)"] * count}
        return pa.table({name: pa.array(stated.get(name, [None] * count), pa.string()) for name in (*SUBJECT_FIELDS, "reason", "statute")})

    @staticmethod
    def _checked(people: Any, purposes: Sequence[str]) -> Any:
        listed = people.tolist()
        names = {"given": [_GIVEN[n % 10] for n in listed], "family": [_FAMILY[n % 11] for n in listed]}
        typed = {"dob": [n % 20_000 for n in listed], "number": [f"9{n:08d}" for n in listed]}
        return SimpleNamespace(names=pa.table(names | typed), facts=pa.table({"purpose_code": pa.array(purposes, pa.string())}))

    def _disclosures(self, row: Any, batch: BatchRef, table: pa.Table, words: Sequence[str]) -> list[bytes]:
        write = writer(self.home, LeafType.DISCLOSURE, batch, ("request", "answer", "accounting", "agency", "purpose", "elements"))
        elements, leaves = len(self.cast.agreement.permitted), []
        wanted = table.filter(pa.array([word in ANSWERS for word in words], pa.bool_()))
        names = ("log_request", "accounting_salt", "entry", "purpose")
        for request, salt, entry, purpose in zip(*(wanted[name].to_pylist() for name in names), strict=True):
            opened = commit_text(salt, "accounting", request, row["agreement_id"], entry.encode())
            leaves.append(write(bytes.fromhex(request), secrets.token_bytes(32), opened, row["agency"], purpose, elements))
        return leaves

    def _count(self, row: Any, words: Sequence[str], purposes: Sequence[str]) -> None:
        for word, purpose, person in zip(words, purposes, self.persons[row["id"]], strict=True):
            self.asked["closed", row["received_at"], word] += 1
            if word == "deficient":
                self.asked["deficient", self.clock.at, row["agency"]] += 1
            if word in ANSWERS:
                self.asked["instance", self.clock.at, row["agency"], purpose] += 1
                self.asked["person", self.clock.at, row["agency"], person] += 1

    def _matter(self, kind: LeafType, name: str, about: dict[str, Any]) -> None:
        with writing(self.home.engine) as conn:
            matter = number(self.home, conn)
            act = self.act(Role.SAFEGUARDS, kind.value, about_hash(about))
            index = record(self.home, conn, kind, {"matter": matter, "about": about, "act": act})
            open_matter(self.home, conn, index, id=matter, kind=name, agency="ICE", detail=about)
