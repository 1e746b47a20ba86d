"""Incidents (R54, R55): the clock from identification, the report without taxpayer data, who was told when, the list for notices.

 1. An incident is identified by a signed act with its own time of identification; the clock runs from that time, not from the entry.
 2. The report holds codes, counts and times and no taxpayer data; it is written before the act that says it was sent.
 3. Everybody the agreement names is told, each once, with the time; being late is never hidden: it stands in the record.
 4. Affected records are listed for counsel, who determines for each whether notice is given (7431(e)); none is decided by silence.
 5. An incident is closed only when it was reported, everybody was told and every record is determined.
The lag from identification to each telling, the court's among them, is computed and shown.
Source: Publication 1075, 24 hours [T]; 26 U.S.C. 7431(e) [T]; the lag of 23 January to 11 February 2026 [R].
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from portcullis.agreement.after import stops_from
from portcullis.errors import Refused
from portcullis.exchange.filing import instant_of
from portcullis.home import Home
from portcullis.journal import stamp
from portcullis.matters import Matter, add_items, add_step, close, find, items, number, open_matter, prolong, steps
from portcullis.model import LeafType
from portcullis.safeguards.filing import acted, enter, members, terms
from portcullis.safeguards.records import Records, check_disclosed
from portcullis.store import release_exclusive, schema

__all__ = ["DETERMINATIONS", "close_incident", "determine", "identify", "lags", "report_text", "reported", "tell"]

DETERMINATIONS = ("notify", "no_notice")
_HOUR = 3600


def identify(home: Home, about: Mapping[str, Any], records: Records, act: Mapping[str, Any]) -> str:
    """Open an incident (1); `about`: agency, agreement, kind, identified, records, at. Returns its number. Raises Refused."""
    members(about, "agency agreement kind identified records at")
    identified = instant_of(about["identified"])
    if identified > home.now():
        raise Refused("An incident cannot be identified in the future.", "Its time is after now.", "Correct the time.")
    with release_exclusive(home.engine) as conn:
        officer = acted(home, conn, LeafType.INCIDENT_IDENTIFIED, about, act)
        if records:
            check_disclosed(conn, records, str(about["agency"]))
        if about["records"] != len(records):
            raise Refused("The signature is over another number of records.", "The list has another.", "Sign anew.")
        after, matter = terms(home, conn, str(about["agreement"])), number(home, conn)
        due = identified + after.hours("incident.report_hours")
        stops = stops_from(after, "incident", home.now(), due)
        index = enter(
            home,
            conn,
            LeafType.INCIDENT_IDENTIFIED,
            matter,
            about,
            act,
            agreement=str(about["agreement"]),
            stops_from=stops,
            due=stamp(due),
        )
        kept: dict[str, Any] = {"due": due, "stops_from": stops, "detail": dict(about) | {"identified_by": officer.person}}
        open_matter(home, conn, index, id=matter, kind="incident", agency=str(about["agency"]), agreement=str(about["agreement"]), **kept)
        add_items(conn, matter, ((*record, "") for record in records), "pending")
        return matter


def report_text(home: Home, conn: Connection, matter: str) -> str:
    """The incident report, print-ready text: codes, counts and times only (2)."""
    found = find(conn, matter, ("incident",), open_only=False, lock=False)
    about = found.detail
    batches = Counter(row["batch_id"] for row in items(conn, matter))
    lines = [
        "INCIDENT REPORT",
        "This report holds no taxpayer data.",
        "",
        f"Incident          {matter}",
        f"Kind              {about['kind']}",
        f"Source agency     {home.settings.source_agency}",
        f"Recipient agency  {found.agency}",
        f"Agreement         {found.agreement}",
        f"Identified        {about['identified']}",
        f"Entered           {stamp(found.opened_at)}",
        f"Report due        {stamp(instant_of(about['identified']) + terms(home, conn, found.agreement).hours('incident.report_hours'))}",
        f"Written           {stamp(home.now())}",
        f"Records affected  {about['records']}",
        *(f"  of batch        {batch}: {count}" for batch, count in sorted(batches.items())),
        f"Notice decisions  {_pending(conn, matter)} pending",
        *(f"Told              {lag['whom']} at {lag['at']}, {lag['hours']} hours after identification" for lag in lags(conn, found)),
    ]
    return "\n".join(lines) + "\n"


def reported(home: Home, matter: str, about: Mapping[str, Any], act: Mapping[str, Any]) -> bool:
    """Record that the report was sent; returns whether it was in time (2, 3). `about`: agency, matter, report (SHA-256), at."""
    members(about, "agency matter report at")
    with release_exclusive(home.engine) as conn:
        found, officer = _mine(home, conn, LeafType.INCIDENT_REPORTED, matter, about, act)
        if any(step["step"] == LeafType.INCIDENT_REPORTED.value for step in steps(conn, matter)):
            raise Refused("This incident was reported before.", "The first report stands.", "Type: portcullis safeguard status")
        late = int(found.due_at is not None and home.now() > found.due_at)
        index = enter(home, conn, LeafType.INCIDENT_REPORTED, matter, about, act, agreement=found.agreement, late=late)
        add_step(
            home, conn, matter, LeafType.INCIDENT_REPORTED, officer, index, dict(about) | {"late": late}, "late" if late else "reported"
        )
        prolong(conn, matter, due=None, stops_from=found.stops_from)
        return not late


def tell(home: Home, matter: str, about: Mapping[str, Any], act: Mapping[str, Any]) -> int:
    """Record who was told, and when it was; returns the whole hours since identification (3). `about`: agency, matter, whom, told, at."""
    members(about, "agency matter whom told at")
    with release_exclusive(home.engine) as conn:
        found, officer = _mine(home, conn, LeafType.INCIDENT_TOLD, matter, about, act)
        told, identified = instant_of(about["told"]), instant_of(found.detail["identified"])
        if told > home.now() or told < identified:
            raise Refused("The clocks disagree.", "Nobody was told after now, or before it was identified.", "Correct the time.")
        if any(step["about"].get("whom") == about["whom"] for step in steps(conn, matter)):
            raise Refused("They were told before.", "The first time stands.", "Type: portcullis safeguard status")
        index = enter(home, conn, LeafType.INCIDENT_TOLD, matter, about, act, agreement=found.agreement)
        add_step(home, conn, matter, LeafType.INCIDENT_TOLD, officer, index, about)
        return (told - identified) // _HOUR


def determine(home: Home, matter: str, about: Mapping[str, Any], records: Records, act: Mapping[str, Any]) -> int:
    """Counsel determines for some records whether notice is given; returns how many are left (4). `about`: …, records, determination."""
    members(about, "agency matter records determination at")
    i = schema.matter_item
    with release_exclusive(home.engine) as conn:
        found, officer = _mine(home, conn, LeafType.INCIDENT_DETERMINED, matter, about, act)
        pending = {(row["batch_id"], row["ordinal"]) for row in items(conn, matter) if row["state"] == "pending"}
        if about["determination"] not in DETERMINATIONS or about["records"] != len(records) or set(records) - pending:
            raise Refused(
                "This is no determination of what is pending.",
                f"It is {' or '.join(DETERMINATIONS)}, over records of the incident that are not determined.",
                "Type: portcullis safeguard status",
                code="X-NOTICE-PENDING",
            )
        index = enter(home, conn, LeafType.INCIDENT_DETERMINED, matter, about, act, agreement=found.agreement)
        add_step(home, conn, matter, LeafType.INCIDENT_DETERMINED, officer, index, about)
        for batch, ordinal in records:
            mine = (i.c.matter == matter, i.c.batch_id == batch, i.c.ordinal == ordinal)
            conn.execute(update(i).where(*mine).values(state=str(about["determination"])))
        return len(pending) - len(records)


def close_incident(home: Home, matter: str, about: Mapping[str, Any], act: Mapping[str, Any]) -> None:
    """Close an incident (5). Raises Refused, naming what is missing."""
    members(about, "agency matter at")
    with release_exclusive(home.engine) as conn:
        found, officer = _mine(home, conn, LeafType.INCIDENT_CLOSED, matter, about, act)
        done = steps(conn, matter)
        missing = [] if any(step["step"] == LeafType.INCIDENT_REPORTED.value for step in done) else ["the report"]
        told = {step["about"].get("whom") for step in done}
        missing += [f"telling {whom}" for whom in terms(home, conn, found.agreement).told if whom not in told]
        missing += ["notice decisions"] if _pending(conn, matter) else []
        if missing:
            raise Refused(
                "This incident cannot be closed yet.", f"Missing: {', '.join(missing)}.", "Type: portcullis safeguard status",
                code="X-NOTICE-PENDING" if missing == ["notice decisions"] else None,
            )  # fmt: skip
        index = enter(home, conn, LeafType.INCIDENT_CLOSED, matter, about, act, agreement=found.agreement, ends=1)
        add_step(home, conn, matter, LeafType.INCIDENT_CLOSED, officer, index, about)
        close(home, conn, matter, "closed")


def lags(conn: Connection, matter: Matter) -> list[dict[str, Any]]:
    """Who was told, when, and how many whole hours and days after identification: the lag to the court is one of them."""
    identified = instant_of(matter.detail["identified"])
    found = []
    for step in steps(conn, matter.id):
        if step["step"] == LeafType.INCIDENT_TOLD.value:
            lag = instant_of(step["about"]["told"]) - identified
            found.append({"whom": step["about"]["whom"], "at": step["about"]["told"], "hours": lag // _HOUR, "days": lag // (24 * _HOUR)})
    return found


def _pending(conn: Connection, matter: str) -> int:
    i = schema.matter_item
    return len(conn.execute(select(i.c.ordinal).where(i.c.matter == matter, i.c.state == "pending")).all())


def _mine(
    home: Home, conn: Connection, kind: LeafType, matter: str, about: Mapping[str, Any], act: Mapping[str, Any]
) -> tuple[Matter, str]:
    found = find(conn, matter, ("incident",))
    officer = acted(home, conn, kind, about, act)
    if about["matter"] != matter or about["agency"] != found.agency:
        raise Refused("The signature is over another incident.", "It does not cover what is asked here.", "Sign anew.")
    return found, officer.person
