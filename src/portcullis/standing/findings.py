"""Findings with their corrective action plans, and suspension with its procedure (R06).

A finding is open until it is closed; it counts against standing unless it has a plan with a day that has not passed: a plan whose day is
over and whose finding is open is no plan.

Suspension has four stages: `noticed` (a preliminary determination, with the days to answer that the agreement gives), `appealed`,
`suspended`, `lifted`. It is imposed only after a notice whose days are over, or at once on the ground of serious impairment.
Each change is a signed act of the Office of Safeguards and a `standing.changed` leaf; rows are only added.
Source: 26 U.S.C. 6103(p)(4), (p)(7) [T]; 26 CFR 301.6103(p)(7)-1 [K].
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from portcullis.crypto import canonical
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import LeafType, Role
from portcullis.officers import accept_act, content_hash, root_of
from portcullis.store import schema

__all__ = ["STAGES", "change_content", "findings", "record_change", "suspended", "suspension_of", "without_plan"]

STAGES = ("noticed", "appealed", "suspended", "lifted")
GROUNDS = ("safeguards", "impairment")
_BEFORE: Mapping[str, set[str | None]] = {
    "noticed": {None, "lifted"},
    "appealed": {"noticed"},
    "suspended": {"noticed", "appealed"},
    "lifted": {"noticed", "appealed", "suspended"},
}
_CODE = re.compile(r"[A-Za-z0-9._:/+=@()-]{1,64}")
_FINDING = {"id", "found_on", "plan_due", "closed_on"}
_SUSPENSION = {"stage", "ground", "answer_by"}


def change_content(agency: str, field: str, value: Mapping[str, Any]) -> str:
    """What the Office of Safeguards signs for one change."""
    return content_hash({"agency": agency, "field": field, "value": dict(value)})


def record_change(home: Home, conn: Connection, agency: str, field: str, value: Mapping[str, Any], act: Mapping[str, Any]) -> None:
    """Record a `finding` or a stage of a `suspension`; days are epoch days, null where open. Raises Refused."""
    if field == "finding":
        _check_finding(value)
    elif field == "suspension":
        _check_suspension(home, conn, agency, value)
    else:
        raise Refused(f"Standing has no record {field!r}.", "It is a finding or a suspension.", "Correct the field.")
    root_of(conn, agency)
    content = change_content(agency, field, value)
    accept_act(home, conn, act, action="standing.set", content=content, agreement="", roles=[Role.SAFEGUARDS])
    stated = {"agency": agency, "field": field, "value": dict(value), "act": dict(act)}
    index = record(home, conn, LeafType.STANDING_CHANGED, stated)
    text = canonical(dict(value)).decode()
    conn.execute(insert(schema.standing).values(agency=agency, field=field, value=text, changed_at=home.now(), leaf_idx=index))


def findings(conn: Connection, agency: str) -> list[dict[str, Any]]:
    """Every finding as it stands now, in the order in which they were first recorded."""
    found: dict[str, dict[str, Any]] = {}
    for value in _values(conn, agency, "finding"):
        found[value["id"]] = value
    return list(found.values())


def without_plan(conn: Connection, agency: str, today: int) -> int:
    """How many findings are open without a dated plan whose day has not passed."""
    open_ones = [f for f in findings(conn, agency) if f["closed_on"] is None]
    return sum(f["plan_due"] is None or f["plan_due"] < today for f in open_ones)


def suspension_of(conn: Connection, agency: str) -> dict[str, Any] | None:
    """The latest stage of a suspension; None when there never was one."""
    values = _values(conn, agency, "suspension")
    return values[-1] if values else None


def suspended(conn: Connection, agency: str) -> bool:
    """Whether the agency is suspended now: a notice alone does not suspend."""
    latest = suspension_of(conn, agency)
    return latest is not None and latest["stage"] == "suspended"


def _values(conn: Connection, agency: str, field: str) -> list[dict[str, Any]]:
    s = schema.standing
    rows = conn.execute(select(s.c.value).where(s.c.agency == agency, s.c.field == field).order_by(s.c.seq)).scalars()
    return [json.loads(text) for text in rows]


def _check_finding(value: Mapping[str, Any]) -> None:
    days = [value.get(name) for name in ("found_on", "plan_due", "closed_on")]
    fine = set(value) == _FINDING and isinstance(value["id"], str) and _CODE.fullmatch(value["id"]) and isinstance(days[0], int)
    if not fine or not all(day is None or (isinstance(day, int) and day >= days[0]) for day in days):  # type: ignore[operator]
        raise Refused(
            "This is no finding.",
            "It has an id, the day it was found, and days of plan and closing that are not before it.",
            "Correct it.",
        )


def _check_suspension(home: Home, conn: Connection, agency: str, value: Mapping[str, Any]) -> None:
    day, latest = value.get("answer_by"), suspension_of(conn, agency)
    stage = str(value.get("stage"))
    if set(value) != _SUSPENSION or stage not in STAGES or value["ground"] not in GROUNDS or not (day is None or isinstance(day, int)):
        raise Refused("This is no stage of a suspension.", f"A stage is one of {', '.join(STAGES)}.", "Correct it.")
    before = latest["stage"] if latest else None
    at_once = stage == "suspended" and value["ground"] == "impairment"
    if before not in _BEFORE[stage] and not at_once:
        raise Refused(f"A suspension does not go from {before or 'nothing'} to {stage}.", "It has its procedure.", "Notice first.")
    if stage == "noticed" and day is None:
        raise Refused("A notice of suspension gives days to answer.", "It names none.", "State by when.")
    if stage == "suspended" and not at_once and latest is not None and home.now() // 86_400 <= (latest["answer_by"] or 0):
        raise Refused(
            "The days to answer are not over.", "Nobody is suspended before, but for serious impairment.", "Wait, or state the ground."
        )
