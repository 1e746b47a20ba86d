"""Batches: the list, one batch with its figures, its requests by key (never by offset), and live counts.

Lists are read by key from where the last page ended, so that the ten-thousandth page of a national batch is as quick as the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from starlette.responses import Response

from portcullis import journey
from portcullis.batches import assigned, get
from portcullis.console import history, pictures
from portcullis.console.request import Request
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import stamp
from portcullis.ledger import decode
from portcullis.model import BatchState, Decision, LeafType
from portcullis.steps.context import agreement_of, rules_of_day
from portcullis.store import reading, schema

__all__ = ["PAGE", "batch", "batches", "counts", "requests"]

PAGE = 50
_STEPS = [state for state in BatchState if state not in (BatchState.REFUSED, BatchState.BLOCKED)]


def batches(request: Request) -> Response:
    """All batches, the latest first."""
    b = schema.batch
    query = select(b.c.id, b.c.state, b.c.held, b.c.count, b.c.agency, b.c.received_at).order_by(b.c.id.desc()).limit(PAGE + 1)
    if before := request.query.get("before"):
        query = query.where(b.c.id < before)
    with reading(request.home.engine) as conn:
        rows = conn.execute(query).mappings().all()
    return request.page("batches.html", rows=rows[:PAGE], next=rows[PAGE - 1]["id"] if len(rows) > PAGE else None, first=not before)


def batch(request: Request) -> Response:
    """One batch: where it is, what was decided, why, and what it waits for."""
    number = request.values["batch"]
    with reading(request.home.engine) as conn:
        row = get(conn, number)
        people = assigned(conn, number)
        leaves = _timeline(conn, number)
    found = figures(request.home, row)
    picture = pictures.funnel("What was left after each step", history.funnel(row, found["by_decision"]))
    reasons = pictures.bars("Why, by reason code", found["by_reason"]) if found["by_reason"] else ""
    refusals = pictures.bars("Not answered, by rule", _refusals(request.home, row, found["by_reason"]))
    steps = _steps(BatchState(row["state"]))
    return request.page(
        "batch.html", row=row, people=people, found=found, picture=picture, reasons=reasons, refusals=refusals, steps=steps, leaves=leaves
    )


def counts(request: Request) -> Response:
    """The figures alone, for a page that asks again while it is open."""
    number = request.values["batch"]
    with reading(request.home.engine) as conn:
        row = get(conn, number)
    return request.page("_counts.html", row=row, found=figures(request.home, row))


def requests(request: Request) -> Response:
    """The requests of a batch by ordinal, all or those of one decision."""
    number, q = request.values["batch"], schema.request
    try:
        after = int(request.query.get("after", "0"))
    except ValueError as error:
        raise Refused("There is no such page.", "Its first request is no number.", "Begin at the batch.") from error
    decision = request.query.get("decision", "")
    query = select(q.c.ordinal, q.c.decision).where(q.c.batch_id == number, q.c.ordinal > after).order_by(q.c.ordinal).limit(PAGE + 1)
    if decision:
        query = query.where(q.c.decision == decision)
    with reading(request.home.engine) as conn:
        row = get(conn, number)
        rows = conn.execute(query).mappings().all()
    following = rows[PAGE - 1]["ordinal"] if len(rows) > PAGE else None
    choices = [one.value for one in Decision if one is not Decision.REFER]
    return request.page("requests.html", row=row, rows=rows[:PAGE], next=following, decision=decision, choices=choices, after=after)


def figures(home: Home, row: RowMapping) -> dict[str, Any]:
    """Of `journey.status` what a screen shows."""
    found = journey.status(home, row["id"], noted=True)
    return {name: found[name] for name in ("by_decision", "by_reason", "awaiting")}


def _refusals(home: Home, row: RowMapping, by_reason: Mapping[str, int]) -> dict[str, int]:
    """Requests not answered, by the rule that said so, as the batch's own agreement has it."""
    if not by_reason or row["agreement_id"] is None:
        return {}
    known = (row["rules_hash"], row["received_at"] // 86_400)
    if known not in _GIVING:
        with reading(home.engine) as conn:
            _GIVING[known] = history.giving(rules_of_day(agreement_of(home, conn, row), row))
    return history.by_rule(_GIVING[known], by_reason)


_GIVING: dict[tuple[str, int], dict[str, str]] = {}
"""Rule set and day → which rule gives which reason: the agreement's folder is read and hashed once for them, not at every look."""


def _steps(state: BatchState) -> list[tuple[str, str]]:
    """Each of the nine states with `done`, `now` or `later`; none of a batch that ended outside them."""
    if state not in _STEPS:
        return []
    at = _STEPS.index(state)
    return [(one.value, "done" if place < at else "now" if place == at else "later") for place, one in enumerate(_STEPS)]


def _timeline(conn: Connection, number: str) -> list[dict[str, Any]]:
    """The leaves of a batch that are not one for each request, in log order."""
    leaf = schema.leaf
    many = (LeafType.REQUEST_DECIDED, LeafType.DISCLOSURE)
    kinds = [kind.value for kind in LeafType if kind not in many]  # named, an index finds them; excepted, every leaf is looked at
    query = (
        select(leaf.c.idx, leaf.c.type, leaf.c.body)
        .where(leaf.c.batch_id == number, leaf.c.type.in_(kinds))
        .order_by(leaf.c.idx)
        .limit(200)
    )
    rows = []
    for row in conn.execute(query):
        fields = decode(bytes(row.body)).fields
        rows.append({"index": row.idx, "type": row.type, "time": str(fields.get("time") or stamp(0))})
    return rows
