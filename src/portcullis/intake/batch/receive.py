"""Receive a batch: an envelope is accepted whole or refused whole, and either is recorded.

 1. The envelope is opened and its signature verified (opened.py).
 2. The data file is read in bounded memory, sealed while it is read (rows.py), and compared with count and root.
 3. Engagements are read and judged (engaged.py), and the documents an agreement asks for (filed.py).
 4. The agreement's batch rules R01-R08 and R10 decide; the first that fails refuses the batch with its reason.
 5. Accepted: the sealed rows are taken over, `batch.received` is written, the next number in stock is taken.
 6. A court order about a statute or a person that stands in its rows holds it from its first moment, and the leaf `order.reached` says so.
 7. Refused: one `batch.refused` leaf, and its readable rows enter the accounting all the same (R43, "all requests").
One transaction writes state, leaf and hashes; a kill before it leaves files that nobody names. A batch of more than `FEW` rows is judged
once more before it, so that the accounting of a refusal is on disk before any lock is taken: for a large file it takes minutes.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, insert, select, update

from portcullis import accounting, evidence
from portcullis.agreement import Agreement, adopted, law_on, positions
from portcullis.batches import assign, new_number, take_stock
from portcullis.crypto import canonical, commit
from portcullis.datafile.folder import ENGAGEMENTS
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.intake.batch.citations import Citation, citations_of, note_citations
from portcullis.intake.batch.engaged import Engaged, officer_facts, ranges_table, read_engaged
from portcullis.intake.batch.filed import read_filed
from portcullis.intake.batch.opened import Opened, batch_facts, open_envelope, read_rows
from portcullis.intake.batch.refusal import refused_entries
from portcullis.intake.batch.rows import FEW
from portcullis.intake.document_facts import filed_table
from portcullis.intake.reached import orders_over_rows, rows_within
from portcullis.journal import AgreementRef, BatchRef, record
from portcullis.model import BatchState, Finding, LeafType, Role, Verdict
from portcullis.orders import Limits, mark_reached
from portcullis.rules import evaluate_batch
from portcullis.store import reading, release_shared, schema

__all__ = ["Received", "receive"]


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a batch: its number, its state, and for a refused one the rule, the reason code and the message."""

    batch_id: str
    state: BatchState
    count: int
    rule: str | None = None
    reason: str | None = None
    message: str | None = None


def receive(home: Home, folder: Path, beside: Callable[[Connection, str], None] | None = None) -> Received:
    """Receive the batch in `folder` (`batch.json`, one data file, `salts.bin`, `engagements.jsonl`).

    `beside` writes something of the caller's in the same transaction, given the batch's number.
    Never raises for what the sender did: the answer is a refused batch. Raises Refused only when `folder` is no directory.
    """
    if not folder.is_dir():
        raise Refused("There is no such batch folder.", "It is not a directory.", "Name the folder that holds batch.json.")
    with ExitStack() as staging:
        with reading(home.engine) as conn:
            opened = open_envelope(home, conn, folder)
        opened = read_rows(home, folder, opened, lambda: staging.enter_context(evidence.staging(home)))
        beforehand = _beforehand(home, folder, opened) if opened.rows.num_rows > FEW else None
        citations = _citations(home, beforehand) if beforehand else []
        over = _over_beforehand(home, opened) if beforehand else {}
        with _entries(home, beforehand) as written, release_shared(home.engine) as conn:
            judged = _judged(home, conn, folder, opened)  # what held a moment ago may have changed
            if judged.refused is None and judged.agreement is not None:
                got = _accept(home, conn, judged, judged.agreement, citations)
                _hold(home, conn, got.batch_id, _orders_over(home, conn, opened, over))
            else:
                same = beforehand is not None and judged.reason == beforehand.reason
                got = _refuse(home, conn, judged, written if same else None)
            if beside is not None:
                beside(conn, got.batch_id)
            return got


def _beforehand(home: Home, folder: Path, opened: Opened) -> _Judged:
    with reading(home.engine) as conn:
        return _judged(home, conn, folder, opened)


def _citations(home: Home, judged: _Judged) -> list[Citation]:
    """What the requests cite, of a batch that will be accepted under an agreement that asks for documents."""
    terms = judged.agreement.document if judged.agreement and judged.refused is None else None
    return [one for part in judged.opened.rows.parts() for one in citations_of(home, part, terms.cited_by)] if terms else []


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was opened, under which agreement, with whom engaged, which documents, and the finding that refuses it, if one does."""

    opened: Opened
    agreement: Agreement | None
    engaged: list[Engaged]
    filed: list[dict[str, Any]]
    refused: Finding | None

    @property
    def reason(self) -> str | None:
        """The reason code of a refusal."""
        if self.refused is None:
            return None
        fault = self.opened.fault
        return self.refused.reason or (fault.code if fault else None) or "B-NOT-WRITTEN"


def _judged(home: Home, conn: Connection, folder: Path, opened: Opened) -> _Judged:
    agreement = adopted(home, conn, opened.envelope.agreement_id) if opened.envelope else None
    agreement = agreement or _any_agreement(home, conn)
    engaged, filed, opened = _statements(conn, folder, opened, agreement, home.now())
    finding = _judge(home, conn, opened, agreement)
    if finding is None and opened.envelope is None:
        finding = Finding("R01", Verdict.FAIL, None, "", str(opened.fault))
    return _Judged(opened, agreement, engaged, filed, finding)


@contextmanager
def _entries(home: Home, judged: _Judged | None) -> Iterator[accounting.Staged | None]:
    """The accounting of a batch that will be refused, on disk."""
    if judged is None or judged.reason is None or not judged.opened.rows.num_rows:
        yield None
        return
    entries = pa.RecordBatchReader.from_batches(pa.schema(accounting.COLUMNS.items()), refused_entries(home, judged.opened, judged.reason))
    with accounting.staged(home, "refused", entries) as written:
        yield written


def _any_agreement(home: Home, conn: Connection) -> Agreement | None:
    """When the envelope names no agreement in force: any that is, so that its batch rules can name what is wrong."""
    a = schema.agreement
    names = conn.execute(select(a.c.id).where(a.c.state == "in_force").order_by(a.c.id)).scalars()
    return next((found for each in names if (found := adopted(home, conn, each)) is not None), None)


def _statements(
    conn: Connection, folder: Path, opened: Opened, agreement: Agreement | None, now: int
) -> tuple[list[Engaged], list[dict[str, Any]], Opened]:
    """Engagements and documents; a fault in either file is a fact about the batch."""
    if opened.envelope is None or agreement is None:
        return [], [], opened
    today = agreement.day(now)
    try:
        engaged = read_engaged(conn, folder / ENGAGEMENTS, opened.envelope, today, agreement.training_days)
        return engaged, read_filed(conn, folder, opened.envelope, agreement, today), opened
    except Refused as fault:
        return [], [], replace(opened, fault=opened.fault or fault)


def _judge(home: Home, conn: Connection, opened: Opened, agreement: Agreement | None) -> Finding | None:
    """The finding that refuses the batch, or None. Without any agreement there is no rule to judge by, and no flow."""
    fault = opened.fault
    if agreement is None:
        return Finding("R08", Verdict.FAIL, "B-NO-AGREEMENT", "", "No agreement is in force.")
    findings = evaluate_batch(
        law_on(agreement, agreement.day(home.now())), batch_facts(home, conn, opened, agreement), switches=positions(conn, agreement)
    )
    failed = next((each for each in findings if each.verdict >= Verdict.REFER), None)
    if failed is None and fault is not None:
        return Finding("R10", Verdict.FAIL, "B-INTEGRITY", "", str(fault))
    if failed is not None and fault is not None:
        return Finding(failed.rule, failed.verdict, failed.reason, failed.citation, f"{failed.message} {fault}")
    return failed


def _accept(home: Home, conn: Connection, judged: _Judged, agreement: Agreement, citations: list[Citation]) -> Received:
    opened, engaged = judged.opened, judged.engaged
    envelope = opened.envelope
    assert envelope is not None and opened.dsse is not None  # noqa: S101 - the rules have passed
    batch_id, log_id = new_number(conn, time.gmtime(home.now()).tm_year)
    key = opened.rows.key
    conn.execute(
        insert(schema.batch).values(
            id=batch_id,
            log_id=log_id,
            agreement_id=agreement.id,
            agreement_version=agreement.version,
            agency=envelope.agency,
            gate=envelope.gate,
            data_class=envelope.data_class,
            signer=envelope.signer,
            nonce=envelope.nonce,
            file_root=envelope.root,
            count=envelope.count,
            state=BatchState.RECEIVED.value,
            held=0,
            received_at=home.now(),
            rules_hash=agreement.rules.hash,
            switches=canonical(positions(conn, agreement)).decode(),
            wrapped_key=evidence.wrapped(home, batch_id, key),
            evidence_sha256s=evidence.place(home, batch_id, key, _files(judged, agreement)),
        )
    )
    rows = [(one.statement.officer, one.key_id, one.statement.count, one.digest, int(one.receives)) for one in engaged if one.signed]
    if rows:
        names = ("officer", "key_id", "count", "sha256", "receives")
        conn.execute(insert(schema.engagement), [{"batch_id": batch_id, **dict(zip(names, row, strict=True))} for row in rows])
    if agreement.document is not None:
        noted = citations or _citations(home, judged)  # of few rows, or adopted a moment ago
        note_citations(conn, batch_id, agreement.id, noted)
    assign(conn, batch_id, home.settings.operator, Role.OPERATOR)
    salted = commit(secrets.token_bytes(32), "engagements", log_id, agreement.id, _signed_with(judged))
    fields = {"envelope": dict(opened.dsse), "engagements": salted.hex(), "count": envelope.count, "operator": home.settings.operator}
    stated = BatchRef(batch_id, log_id, AgreementRef(agreement.id, agreement.version, agreement.hash), agreement.rules.hash)
    record(home, conn, LeafType.BATCH_RECEIVED, fields, batch=stated)
    take_stock(conn, batch_id)  # the k-th received batch uses the k-th number; an empty stock is caught before decisions
    return Received(batch_id, BatchState.RECEIVED, envelope.count)


def _files(judged: _Judged, agreement: Agreement) -> dict[str, pa.Table | evidence.Staged]:
    """The first evidence files of an accepted batch."""
    opened = judged.opened
    assert opened.envelope is not None  # noqa: S101 - the rules have passed
    files: dict[str, pa.Table | evidence.Staged] = {"raw": opened.rows.content}
    files |= {"officers": officer_facts(judged.engaged, opened.envelope.count), "engagements": ranges_table(judged.engaged)}
    return files | ({"documents": filed_table(judged.filed)} if agreement.document is not None else {})


def _orders_over(home: Home, conn: Connection, opened: Opened, known: Mapping[str, bool]) -> dict[str, bool]:
    """Order in force that is limited by rows → whether it is about one of these; what is `known` is not looked for again."""
    envelope = opened.envelope
    if envelope is None:
        return {}
    standing = orders_over_rows(conn, agreement=envelope.agreement_id, agency=envelope.agency, gate=envelope.gate)
    return {each.order: known[each.order] if each.order in known else _within(home, opened, each.limits) for each in standing}


def _over_beforehand(home: Home, opened: Opened) -> dict[str, bool]:
    with reading(home.engine) as conn:
        return _orders_over(home, conn, opened, {})


def _within(home: Home, opened: Opened, limits: Limits) -> bool:
    return any(rows_within(home, part, limits) for part in opened.rows.parts())


def _hold(home: Home, conn: Connection, batch_id: str, over: Mapping[str, bool]) -> None:
    """Hold a batch that an order reaches, in the transaction that receives it."""
    reached = [order for order, there in over.items() if there]
    for order in reached:
        mark_reached(home, conn, order, batch_id)
    if reached:
        conn.execute(update(schema.batch).where(schema.batch.c.id == batch_id).values(held=1))


def _signed_with(judged: _Judged) -> list[str]:
    """The hashes of every statement that came with the batch: engagements, then documents."""
    return [*(one.digest for one in judged.engaged), *(one["sha256"] for one in judged.filed)]


def _refuse(home: Home, conn: Connection, judged: _Judged, written: accounting.Staged | None) -> Received:
    opened, finding, reason = judged.opened, judged.refused, judged.reason
    assert finding is not None and reason is not None  # noqa: S101 - the caller has looked
    rule, message = finding.rule, finding.message
    batch_id, log_id = new_number(conn, time.gmtime(home.now()).tm_year)
    envelope = opened.envelope
    conn.execute(
        insert(schema.batch).values(
            id=batch_id,
            log_id=log_id,
            agency=_known_agency(conn, envelope.agency if envelope else None),
            count=opened.rows.num_rows,
            state=BatchState.REFUSED.value,
            held=0,
            received_at=home.now(),
        )
    )
    if opened.rows.num_rows:
        with nullcontext(written) if written else _entries(home, judged) as entries:
            assert entries is not None  # noqa: S101 - there are rows
            accounting.write(home, conn, batch_id, entries)
    fields = {
        # Only what an enrolled signer signed, in the form of an envelope: any other text may hold anything, and of any length.
        "envelope": None if opened.dsse is None or opened.signer is None else dict(opened.dsse),
        "rule": rule,
        "reason": reason,
        "entries": opened.rows.num_rows,
    }
    record(home, conn, LeafType.BATCH_REFUSED, fields, batch=BatchRef(batch_id, log_id, None, None))
    return Received(batch_id, BatchState.REFUSED, opened.rows.num_rows, rule, reason, message)


def _known_agency(conn: Connection, agency: str | None) -> str | None:
    p = schema.party
    return conn.execute(select(p.c.agency).where(p.c.agency == agency)).scalar_one_or_none()
