"""Where things stand after the releases: read functions, for the command line, the console and reports. Nothing here changes anything."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from portcullis.home import Home
from portcullis.journal import stamp
from portcullis.matters import Matter, items, listed, steps, stopping
from portcullis.safeguards.incidents import lags
from portcullis.safeguards.obligations import obligations
from portcullis.safeguards.recall import custodians
from portcullis.standing import findings, suspension_of
from portcullis.store import schema

__all__ = ["matter_view", "reminders", "status"]


def status(home: Home, conn: Connection) -> dict[str, Any]:
    """Everything open, everything overdue, what stops which flow, and every release's obligations."""
    now = home.now()
    everything = listed(conn)
    agreements = sorted({(m.agency, m.agreement) for m in everything if m.agreement is not None and m.closed_at is None})
    stops = [
        {"agency": agency, "agreement": agreement, "fact": fact, "matters": count}
        for agency, agreement in agreements
        for fact, count in stopping(conn, agency, str(agreement), now).items()
        if count
    ]
    p = schema.party
    agencies = [row.agency for row in conn.execute(p.select().where(p.c.side == "recipient").order_by(p.c.agency))]
    return {
        "at": stamp(now),
        "stops": stops,
        "matters": [_line(matter, now) for matter in everything if matter.kind != "use"],
        "obligations": [line | {"due": _time(line["due"])} for line in obligations(conn, now)],
        "standing": [{"agency": a, "findings": findings(conn, a), "suspension": suspension_of(conn, a)} for a in agencies],
        "reminders": reminders(conn, now),
    }


def reminders(conn: Connection, now: int, within: int = 86_400 * 7) -> list[dict[str, Any]]:
    """Open matters whose deadline has passed or comes within a week, the most urgent first."""
    near = [m for m in listed(conn, open_only=True) if m.due_at is not None and m.due_at - now <= within]
    near.sort(key=lambda m: (m.due_at or 0, m.id))
    return [
        {"matter": m.id, "kind": m.kind, "agency": m.agency, "due": _time(m.due_at), "overdue": int(now > (m.due_at or 0))} for m in near
    ]


def matter_view(home: Home, conn: Connection, matter: Matter) -> dict[str, Any]:
    """One matter with its steps; a recall with each custodian, an incident with its lags and the state of its notice list."""
    found: dict[str, Any] = _line(matter, home.now()) | {
        "steps": [step | {"at": stamp(step["at"])} for step in steps(conn, matter.id) if step["step"] != "recall.ordered"],
        "detail": {name: value for name, value in matter.detail.items() if name != "salt"},
    }
    if matter.kind == "recall":
        found["custodians"] = custodians(conn, matter.id)
    if matter.kind == "incident":
        found["lags"] = lags(conn, matter)
        found["notices"] = _counts(conn, matter.id)
    return found


def _counts(conn: Connection, matter: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in items(conn, matter):
        found[row["state"]] = found.get(row["state"], 0) + 1
    return found


def _line(matter: Matter, now: int) -> dict[str, Any]:
    open_now = matter.closed_at is None
    return {
        "matter": matter.id,
        "kind": matter.kind,
        "agency": matter.agency,
        "agreement": matter.agreement,
        "state": matter.state,
        "opened": stamp(matter.opened_at),
        "due": _time(matter.due_at),
        "overdue": int(open_now and matter.due_at is not None and now > matter.due_at),
        "stops": int(open_now and matter.stops_from is not None and matter.stops_from <= now),
        "closed": _time(matter.closed_at),
    }


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else stamp(seconds)
