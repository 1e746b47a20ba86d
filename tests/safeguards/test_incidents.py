"""Incidents: the clock from identification, a report without taxpayer data, who was told when, and counsel's list (R54, R55)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from afterwards import Afterwards
from journey_home import AGREEMENT, Scene, rows_of
from portcullis.errors import Refused
from portcullis.journal import stamp
from portcullis.model import LeafType, Role
from portcullis.safeguards import close_incident, determine, identify, matter_view, report_text, reported, tell

At = Callable[[str], Scene]
HOUR = 3600


def opened(after: Afterwards, hours_ago: int = 1) -> str:
    about = {
        "agency": "ICE",
        "agreement": AGREEMENT,
        "kind": "address_unconfirmed",
        "identified": stamp(after.scene.clock() - hours_ago * HOUR),
        "records": 4,
        "at": stamp(after.scene.clock()),
    }
    return identify(after.home, about, after.records, after.act(Role.SAFEGUARDS, "incident.identified", about))


def report(after: Afterwards, matter: str) -> bool:
    with after.scene.read() as conn:
        text = report_text(after.home, conn, matter)
    about = after.about(matter, report=hashlib.sha256(text.encode()).hexdigest())
    return reported(after.home, matter, about, after.act(Role.SAFEGUARDS, "incident.reported", about))


def told(after: Afterwards, matter: str, whom: str, when: int | None = None) -> int:
    about = after.about(matter, whom=whom, told=stamp(when or after.scene.clock()))
    return tell(after.home, matter, about, after.act(Role.SAFEGUARDS, "incident.told", about))


def closed(after: Afterwards, matter: str) -> None:
    about = after.about(matter)
    close_incident(after.home, matter, about, after.act(Role.SAFEGUARDS, "incident.closed", about))


@pytest.mark.parametrize(("hours", "timely"), [(24, True), (25, False)])
def test_the_clock_runs_from_identification_and_not_from_the_entry(at: At, hours: int, timely: bool) -> None:
    after = Afterwards(at("dispatched"))
    matter = opened(after, hours_ago=hours)
    assert report(after, matter) is timely
    (leaf,) = after.scene.leaves(LeafType.INCIDENT_REPORTED)
    assert leaf["late"] == int(not timely)
    with pytest.raises(Refused, match="reported before"):
        report(after, matter)


def test_the_report_holds_no_value_of_anybody(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter = opened(after)
    with after.scene.read() as conn:
        text = report_text(after.home, conn, matter)
    values = {
        value
        for row in rows_of()
        for name, value in row.items()
        if value and name in ("family_name", "taxpayer_number", "address_line", "case_id")
    }
    assert values
    assert [value for value in values if value in text] == []
    assert f"{after.batch}: 4" in text


def test_who_was_told_and_the_lag_to_the_court_are_shown(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter = opened(after)
    after.scene.clock.forward(days=19)
    assert told(after, matter, "court") == 19 * 24 + 1
    with after.scene.read() as conn:
        view = matter_view(after.home, conn, after.matter(matter))
    assert [(lag["whom"], lag["days"]) for lag in view["lags"]] == [("court", 19)]
    with pytest.raises(Refused, match="told before"):
        told(after, matter, "court")
    with pytest.raises(Refused, match="clocks disagree"):
        told(after, matter, "tigta", after.scene.clock() + HOUR)
    with pytest.raises(Refused, match="clocks disagree"):
        told(after, matter, "tigta", after.scene.clock() - 400 * 24 * HOUR)


def test_an_incident_is_closed_only_when_reported_told_and_determined(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter = opened(after)
    with pytest.raises(Refused, match="the report, telling office_of_safeguards, telling tigta, notice decisions"):
        closed(after, matter)
    report(after, matter)
    for whom in ("office_of_safeguards", "tigta"):
        told(after, matter, whom)
    about = after.about(matter, records=3, determination="notify")
    assert determine(after.home, matter, about, after.records[:3], after.act(Role.COUNSEL, "incident.determined", about)) == 1
    with pytest.raises(Refused, match="notice decisions") as refused:
        closed(after, matter)
    assert refused.value.code == "X-NOTICE-PENDING"
    about = after.about(matter, records=1, determination="no_notice")
    with pytest.raises(Refused, match="no determination"):  # one that counsel has determined already
        determine(after.home, matter, about, after.records[:1], after.act(Role.COUNSEL, "incident.determined", about))
    about = after.about(matter, records=1, determination="no_notice")
    determine(after.home, matter, about, after.records[3:], after.act(Role.COUNSEL, "incident.determined", about))
    closed(after, matter)
    assert after.matter(matter).state == "closed"


def test_safeguards_cannot_determine_for_counsel(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter = opened(after)
    about = after.about(matter, records=4, determination="no_notice")
    with pytest.raises(Refused, match="needs the role counsel"):
        determine(after.home, matter, about, after.records, after.act(Role.SAFEGUARDS, "incident.determined", about))
