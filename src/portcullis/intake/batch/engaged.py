"""Engagements: which officers signed for which requests, and what R26, R27 and R28 then know of each request.

 1. Each line is one officer's signed statement over this agreement, nonce, file root and its ordinals.
 2. A statement whose signature is not good still counts as naming an officer, and as nothing else (O-SIG-MISSING).
 3. An officer receives an answer only who signed, is an eligible employee and is trained.
The load of an officer is this batch's requests and those of all earlier batches that were not refused or blocked.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, bindparam, func, select

from portcullis.crypto import canonical, decode64, open_dsse, read_dsse, signer_of
from portcullis.datafile import ENGAGEMENT_LIMIT, ENGAGEMENT_TYPE, Engagement, Envelope, read_engagements
from portcullis.errors import Refused
from portcullis.model import BatchState, Role
from portcullis.officers import Officer, officer_of_key
from portcullis.standing import cleared_employee, officer_record, trained
from portcullis.store import schema

__all__ = ["Engaged", "officer_facts", "read_engaged"]


@dataclass(frozen=True, slots=True)
class Engaged:
    """One officer's statement, judged on the day of receipt. `digest` is the SHA-256 (hex) of the signed line."""

    statement: Engagement
    key_id: str
    digest: str
    signed: bool
    eligible: bool
    trained: bool
    load: int

    @property
    def receives(self) -> bool:
        """Whether answers may go to this officer."""
        return self.signed and self.eligible and self.trained


def read_engaged(conn: Connection, path: Path, envelope: Envelope, today: int, training_days: int) -> list[Engaged]:
    """Every statement of the file. Raises Refused for a file that is malformed or about another batch."""
    if not os.path.lexists(path):
        return []
    good: dict[str, str] = {}
    known: dict[str, Officer | None] = {}

    def of_key(key_id: str) -> Officer | None:
        if key_id not in known:
            known[key_id] = officer_of_key(conn, key_id)
        return known[key_id]

    def open_line(line: bytes) -> bytes:
        stated = read_dsse(line, limit=2 * ENGAGEMENT_LIMIT)
        try:
            payload = open_dsse(stated, lambda key_id: _public(of_key(key_id), envelope.agency), ENGAGEMENT_TYPE, limit=ENGAGEMENT_LIMIT)
        except Refused:
            return decode64(stated["payload"], "payload")
        good[hashlib.sha256(payload).hexdigest()] = signer_of(stated)
        return payload

    return list(_judged(conn, path, envelope, (today, training_days), open_line, lambda signed: of_key(good.get(signed, ""))))


def _judged(
    conn: Connection,
    path: Path,
    envelope: Envelope,
    when: tuple[int, int],
    open_line: Callable[[bytes], bytes],
    signer: Callable[[str], Officer | None],
) -> Iterator[Engaged]:
    for line, statement in read_engagements(path, envelope, open_line):
        officer = signer(hashlib.sha256(canonical(statement.payload())).hexdigest())
        signed = officer is not None and officer.person == statement.officer
        record = officer_record(conn, envelope.agency, statement.officer)
        yield Engaged(
            statement=statement,
            key_id=officer.key_id if officer and signed else "",
            digest=hashlib.sha256(line.removesuffix(b"\n")).hexdigest(),
            signed=signed,
            eligible=signed and cleared_employee(record),
            trained=record is not None and trained(record, *when),
            load=statement.count + _earlier(conn, envelope.agency, statement.officer),
        )


def _public(officer: Officer | None, agency: str) -> bytes | None:
    return officer.public if officer and officer.agency == agency and Role.OFFICER in officer.roles else None


def _earlier(conn: Connection, agency: str, person: str) -> int:
    return int(conn.execute(_EARLIER, {"of_agency": agency, "of_person": person}).scalar_one())


_E, _B = schema.engagement, schema.batch
_EARLIER = (
    select(func.coalesce(func.sum(_E.c.count), 0))
    .join(_B, _B.c.id == _E.c.batch_id)
    .where(
        _B.c.agency == bindparam("of_agency"),
        _E.c.officer == bindparam("of_person"),
        _B.c.state.not_in([BatchState.REFUSED.value, BatchState.BLOCKED.value]),
    )
)
"""Made once: a batch may name thousands of officers."""


def officer_facts(engaged: list[Engaged], count: int) -> pa.Table:
    """The officer facts of fields.yaml for every ordinal from 1 to `count`."""
    named, flags = np.zeros(count, np.int64), {name: np.zeros(count, np.int64) for name in ("signed", "eligible", "trained")}
    load = np.full(count, np.iinfo(np.int64).max)
    for one in engaged:
        for first, last in one.statement.ranges:
            rows = slice(first - 1, last)
            named[rows] += 1
            flags["signed"][rows] |= one.signed
            flags["eligible"][rows] |= one.eligible
            flags["trained"][rows] |= one.receives
            if one.receives:
                load[rows] = np.minimum(load[rows], one.load)
    known = load != np.iinfo(np.int64).max
    return pa.table(
        {
            "ordinal": pa.array(np.arange(1, count + 1)),
            "officers": pa.array(named),
            "engaged_signed": pa.array(flags["signed"]),
            "engaged_eligible": pa.array(flags["eligible"]),
            "engaged_trained": pa.array(flags["trained"]),
            "engaged_min_load": pa.array(load, mask=~known),
        }
    )


def ranges_table(engaged: list[Engaged]) -> pa.Table:
    """Officer, first and last ordinal, and whether the officer receives: the evidence file `engagements`."""
    rows = [(one.statement.officer, first, last, int(one.receives)) for one in engaged for first, last in one.statement.ranges]
    officers, starts, stops, receives = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table(
        {
            "officer": pa.array(officers, pa.string()),
            "start": pa.array(starts, pa.int64()),
            "stop": pa.array(stops, pa.int64()),
            "receives": pa.array(receives, pa.int8()),
        }
    )
