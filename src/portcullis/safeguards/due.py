"""What is due, whose it is, and what to type next: for people, for a worker's log, and for cron.

| what | who | deadline |
| --- | --- | --- |
| the report of an incident | safeguards | 24 hours after it was identified (R54) |
| telling somebody of an incident; a notice decision | safeguards; counsel | none by law here: it waits, and is shown until done (R55) |
| a recall not acknowledged and proved | each custodian; safeguards close it | `recall.acknowledge_days`, `recall.dispose_days` (R53) |
| disposal of what was received | the recipient | when its use ends (R52) |
| an answer to a notice of AI or of an environment | safeguards | `ai_notice.answer_days`; the environment's first day (R50, R51) |
| a redisclosure that waits for two people | counsel and another | none |
| a person's request, a contest | counsel | `access.answer_days` (R56) |
| an order that was served and not acknowledged | the agency it was served on | as it was served |
| the annual report | overseer | `reports.annual_days` after the year (R44) |

Nothing here changes anything, and nothing is sent: whoever runs the command, or reads the worker's log, tells whom it names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from portcullis.agreement import adopted
from portcullis.agreement.after import After
from portcullis.home import Home
from portcullis.ledger import decode
from portcullis.matters import Matter, items, listed, steps
from portcullis.model import LeafType
from portcullis.safeguards.recall import custodians
from portcullis.store import schema

__all__ = ["Due", "due"]

_DAY = 86_400
_WORDS = {
    "use": ("recipient", "dispose of what was received, or ask to keep it", "portcullis recipient dispose {matter}"),
    "ai_notice": ("safeguards", "acknowledge or object", "portcullis safeguard notice answer {matter}"),
    "environment_notice": ("safeguards", "acknowledge or object", "portcullis safeguard notice answer {matter}"),
    "redisclosure": ("counsel", "decide, as one of two", "portcullis safeguard redisclose decide {matter}"),
    "access": ("counsel", "determine, and release", "portcullis access determine {matter}"),
    "contest": ("counsel", "close the contest", "portcullis access review {matter}"),
    "service": ("served", "acknowledge the order", "portcullis recipient served"),
}


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to be done: about which matter (empty for a report), by whom, until when (POSIX seconds, None: it waits)."""

    matter: str
    kind: str
    agency: str
    who: str
    at: int | None
    overdue: bool
    step: str
    next: str


def due(home: Home, conn: Connection, within: int = 7 * _DAY) -> list[Due]:
    """Everything that is overdue, comes due within so many seconds, or waits without a deadline; the most urgent first."""
    now = home.now()
    found = [one for matter in listed(conn, open_only=True) for one in _of(home, conn, matter, now)]
    found += _annual(home, conn, now)
    near = [one for one in found if one.at is None or one.at - now <= within]
    return sorted(near, key=lambda one: (one.at is None, one.at or 0, one.matter, one.step))


def _of(home: Home, conn: Connection, matter: Matter, now: int) -> Iterator[Due]:
    if matter.kind == "incident":
        yield from _incident(home, conn, matter, now)
    elif matter.kind == "recall":
        yield from _recall(conn, matter, now)
    elif matter.kind in _WORDS and not (matter.kind == "access" and matter.state == "released"):
        who, step, word = _WORDS[matter.kind]
        yield _due(matter, who if who != "served" else matter.agency, matter.due_at, now, step, word)


def _due(matter: Matter, who: str, at: int | None, now: int, step: str, word: str) -> Due:
    late = at is not None and now > at
    return Due(matter.id, matter.kind, matter.agency, who, at, late, step, word.format(matter=matter.id))


def _incident(home: Home, conn: Connection, matter: Matter, now: int) -> Iterator[Due]:
    done = steps(conn, matter.id)
    if not any(step["step"] == LeafType.INCIDENT_REPORTED.value for step in done):
        yield _due(matter, "safeguards", matter.due_at, now, "report it", "portcullis safeguard incident report {matter}")
    told = {step["about"].get("whom") for step in done}
    for whom in _terms(home, conn, matter.agreement).told:
        if whom not in told:
            yield _due(matter, "safeguards", None, now, f"tell {whom}", "portcullis safeguard incident tell {matter}")
    if pending := sum(row["state"] == "pending" for row in items(conn, matter.id)):
        word = "portcullis safeguard incident determine {matter}"
        yield _due(matter, "counsel", None, now, f"decide about notice to {pending}", word)


def _recall(conn: Connection, matter: Matter, now: int) -> Iterator[Due]:
    """Each custodian's own next step; when all have proved it, the closing."""
    states: dict[str, dict[str, Any]] = custodians(conn, matter.id)
    dispose_by = int(matter.detail["dispose_by"])
    for who, each in sorted(states.items()):
        if each["state"] == "ordered":
            yield _due(matter, who, matter.due_at, now, "acknowledge the recall", "portcullis recipient recall")
        elif each["state"] != "disposed":
            yield _due(matter, who, dispose_by, now, "prove the disposal", "portcullis recipient dispose {matter}")
    if all(each["state"] == "disposed" for each in states.values()):
        yield _due(matter, "safeguards", dispose_by, now, "close the recall", "portcullis safeguard recall close {matter}")


def _annual(home: Home, conn: Connection, now: int) -> Iterator[Due]:
    """Years that are over, had requests, and have no annual report on record."""
    b, leaf = schema.batch, schema.leaf
    first = conn.execute(select(func.min(b.c.received_at))).scalar_one()
    if first is None:
        return
    query = select(leaf.c.body).where(leaf.c.batch_id.is_(None), leaf.c.type == LeafType.REPORT_PUBLISHED.value)
    fields = [decode(bytes(body)).fields for body in conn.execute(query).scalars()]
    made = {f.get("period") for f in fields if f.get("report") == "annual"}
    days = _in_force(home, conn).days("reports.annual_days")
    for year in range(datetime.fromtimestamp(first, UTC).year, datetime.fromtimestamp(now, UTC).year):
        begin, end = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (year, year + 1))
        asked = conn.execute(select(b.c.id).where(b.c.received_at >= begin, b.c.received_at < end).limit(1)).first()
        if asked and str(year) not in made:
            at, word = end - 1 + days, f"portcullis report annual {year}"
            yield Due("", "annual_report", home.settings.source_agency, "overseer", at, now > at, f"make the report of {year}", word)


def _in_force(home: Home, conn: Connection) -> After:
    a = schema.agreement
    name = conn.execute(select(a.c.id).where(a.c.state == "in_force").order_by(a.c.id).limit(1)).scalar_one_or_none()
    return _terms(home, conn, name)


def _terms(home: Home, conn: Connection, agreement: str | None) -> After:
    found = adopted(home, conn, agreement)
    return found.after if found else After()
