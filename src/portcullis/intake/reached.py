"""Which batches hold a row that a court order is about: under one of its statutes, or about one of its persons.

 1. A row is under a statute when any citation that can be read in it is that statute or lies below it. A row whose citation cannot be read
    is deficient (R19) and never answered, so no order has to reach it.
 2. A row is about a person when its number, or its name with date of birth, has one of the blind indices of the order. A name without a
    date of birth may be about the person, and counts.
 3. Once a batch is decided its accounting is read, which also knows whom each request was matched to, however it wrote the name.
 4. A batch that is received while such an order stands is held from its first moment (receive.py); it is not refused, since that would
    tell the sender that the order is about somebody in the file.
Only commitments and keyed indices are compared; nothing of a row is kept here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from portcullis import accounting, evidence
from portcullis.accounting.entries import NAME
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.intake.facts_statutes import parse_citations
from portcullis.intake.names import standardise_names
from portcullis.orders import Limits, Scope, covers, limits_of
from portcullis.orders.scope import within
from portcullis.store import schema

__all__ = ["Standing", "orders_over_rows", "reach", "reached_later", "rows_within", "statute_of"]

_BLIND = ("blind_number", "blind_name", "blind_person")


def statute_of(text: str) -> str:
    """A statute as an order's scope has it, from any usual spelling. Raises Refused unless it is exactly one."""
    found = parse_citations(text)
    if len(found) != 1:
        raise Refused("The statute cannot be read.", "One section of the United States Code is wanted.", "Write it as 8 USC 1253(a)(1).")
    return found[0].code.replace(" ", "")


def rows_within(home: Home, rows: pa.Table, limits: Limits) -> list[int]:
    """The ordinals of rows, as received, that an order of these limits is about (1, 2)."""
    mask = pc.and_(_cited(rows["statute"], limits), _named(home, rows, limits))
    return [int(ordinal) for ordinal in rows["ordinal"].filter(mask).to_pylist()]


def reach(home: Home, conn: Connection, batch_id: str, limits: Limits) -> list[int]:
    """The ordinals of a batch that an order of these limits is about (1-3)."""
    if not _accounted(conn, batch_id):
        return rows_within(home, evidence.read(home, conn, batch_id, "raw"), limits)
    columns = ["ordinal", *(_BLIND if limits.blinds is not None else ()), *(("entry",) if limits.statutes is not None else ())]
    table = accounting.read(home, conn, batch_id, columns)
    mask = pc.and_(_cited(_statutes(table), limits), _known(table, limits))
    return [int(ordinal) for ordinal in table["ordinal"].filter(mask).to_pylist()]


@dataclass(frozen=True, slots=True)
class Standing:
    """An order in force that is limited by rows, as far as its envelope limits let it cover a flow."""

    order: str
    limits: Limits


def orders_over_rows(conn: Connection, *, agreement: str, agency: str, gate: str, batch: str | None = None) -> list[Standing]:
    """The orders in force whose rows have to be looked for in a batch of this flow."""
    o = schema.court_order
    rows = conn.execute(select(o.c.id, o.c.scope).where(o.c.lifted_at.is_(None)).order_by(o.c.id)).all()
    scopes = [(row.id, Scope.parse(json.loads(row.scope))) for row in rows]
    return [
        Standing(id, limits_of(conn, id, scope.statutes))
        for id, scope in scopes
        if scope.by_rows and covers(scope, agreement=agreement, agency=agency, gate=gate, batch=batch)
    ]


def reached_later(home: Home, conn: Connection, row: Any) -> int:
    """How many orders about persons a decided batch turns out to be about, which its rows as written did not show (3)."""
    e = schema.order_effect
    standing = orders_over_rows(conn, agreement=row["agreement_id"], agency=row["agency"], gate=row["gate"], batch=row["log_id"])
    known = set(conn.execute(select(e.c.order_id).where(e.c.batch_id == row["id"], e.c.reached == 1)).scalars())
    open_ones = [each for each in standing if each.limits.blinds is not None and each.order not in known]
    return sum(bool(reach(home, conn, row["id"], each.limits)) for each in open_ones)


def _cited(column: pa.ChunkedArray, limits: Limits) -> pa.ChunkedArray:
    """Per row whether it is under one of the statutes; all are, where none limits."""
    if limits.statutes is None:
        return pa.chunked_array([pa.array([True] * len(column), pa.bool_())])
    texts = [text for text in pc.unique(column).to_pylist() if text is not None]
    wanted = [text for text in texts if _under(text, limits.statutes)]
    return pc.is_in(column, pa.array(wanted, pa.string()))


def _under(text: str, statutes: Iterable[str]) -> bool:
    codes = [citation.code.replace(" ", "") for citation in parse_citations(text)]
    return any(within(code, named) for code in codes for named in statutes)


def _named(home: Home, rows: pa.Table, limits: Limits) -> pa.ChunkedArray:
    """Per row whether it is about one of the persons, by what it states."""
    if limits.blinds is None:
        return pa.chunked_array([pa.array([True] * rows.num_rows, pa.bool_())])
    keys = standardise_names(rows).select(["given", "family", "dob", "number"]).to_pylist()
    return pa.chunked_array([pa.array([_is_one(home, key, limits.blinds) for key in keys], pa.bool_())])


def _is_one(home: Home, key: dict[str, Any], blinds: frozenset[bytes]) -> bool:
    if key["number"] and accounting.blind_number(home, key["number"]) in blinds:
        return True
    return bool(key["given"] and key["family"]) and accounting.blind_name(home, key["given"], key["family"], key["dob"]) in blinds


def _known(table: pa.Table, limits: Limits) -> pa.ChunkedArray:
    """Per entry whether it is about one of the persons, by the blind indices of the accounting."""
    mask = pa.chunked_array([pa.array([limits.blinds is None] * table.num_rows, pa.bool_())])
    for column in _BLIND if limits.blinds is not None else ():
        mask = pc.or_(mask, pc.is_in(table[column], pa.array(sorted(limits.blinds or ()), pa.binary())))
    return mask


def _statutes(table: pa.Table) -> pa.ChunkedArray:
    if "entry" not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    return pa.chunked_array([pa.array([json.loads(text).get("statute") for text in table["entry"].to_pylist()], pa.string())])


def _accounted(conn: Connection, batch_id: str) -> bool:
    return evidence.has(conn, batch_id, NAME)
