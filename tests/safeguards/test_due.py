"""Who is reminded of what, and when: the list for people, the quiet one for cron, and the worker's log; nothing is sent to anybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from afterwards import FIRST, SECOND, Afterwards
from cli_desk import Desk
from cli_desk import at as desk_at
from journey_home import Scene
from portcullis.home import Home
from portcullis.journal import stamp
from portcullis.model import Role
from portcullis.oversight.annual import publish_report
from portcullis.safeguards import Due, acknowledge_recall, due, identify, reported, tell
from portcullis.store import reading
from portcullis.worker import Reminders

At = Callable[[str], Scene]
__all__ = ["desk_at"]
DeskAt = Callable[[str], Desk]
_HOUR, _DAY = 3600, 86_400


def of(home: Home, within: int = 7 * _DAY) -> list[tuple[str, str, bool]]:
    """(who, step, overdue) of what is due."""
    with reading(home.engine) as conn:
        return [(one.who, one.step, one.overdue) for one in due(home, conn, within)]


def incident(after: Afterwards) -> str:
    about = {"agency": "ICE", "agreement": "irs-ice-2025", "kind": "address_unconfirmed", "records": 2}
    about |= {"identified": stamp(after.scene.clock()), "at": stamp(after.scene.clock())}
    return identify(after.home, about, after.records[:2], after.act(Role.SAFEGUARDS, "incident.identified", about))


def test_nothing_is_due_while_nothing_happened(at: At) -> None:
    assert of(at("committed").home) == []


def test_the_report_of_an_incident_is_due_within_a_day_and_then_overdue(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter = incident(after)
    assert of(after.home)[0] == ("safeguards", "report it", False)
    assert {step for who, step, _ in of(after.home) if who == "safeguards"} == {"report it", "tell office_of_safeguards", "tell tigta"}
    assert ("counsel", "decide about notice to 2", False) in of(after.home)
    after.scene.clock.forward(hours=25)
    assert of(after.home)[0] == ("safeguards", "report it", True)
    about = after.about(matter, report="ab" * 32)
    assert not reported(after.home, matter, about, after.act(Role.SAFEGUARDS, "incident.reported", about))
    assert "report it" not in [step for _, step, _ in of(after.home)]


def test_what_has_no_deadline_waits_until_it_is_done(at: At) -> None:
    after = Afterwards(at("dispatched"))
    matter = incident(after)
    about = after.about(matter, whom="tigta", told=stamp(after.scene.clock()))
    tell(after.home, matter, about, after.act(Role.SAFEGUARDS, "incident.told", about))
    after.scene.clock.forward(days=100)
    waiting = {step for _, step, _ in of(after.home)}
    assert "tell office_of_safeguards" in waiting and "tell tigta" not in waiting and "decide about notice to 2" in waiting


def test_each_custodian_is_reminded_of_the_own_next_step_of_a_recall(at: At) -> None:
    after = Afterwards(at("dispatched"))
    done = after.recall()
    assert {(who, step) for who, step, _ in of(after.home)} == {(FIRST, "acknowledge the recall"), (SECOND, "acknowledge the recall")}
    about = {"matter": done.matter, "custodian": FIRST, "records": 3}
    after.file(acknowledge_recall, "recall.acknowledged", about)
    assert [(who, step) for who, step, _ in of(after.home)] == [(SECOND, "acknowledge the recall")], "the disposal is not due within a week"
    assert (FIRST, "prove the disposal", False) in of(after.home, 60 * _DAY)
    after.scene.clock.forward(days=40)
    assert all(late for _, _, late in of(after.home))


def test_the_end_of_a_use_is_told_a_week_before(at: At) -> None:
    after = Afterwards(at("dispatched"))
    use = after.use()
    assert of(after.home) == []
    after.scene.clock.at = int(use.due_at or 0) - 6 * _DAY
    assert [one for one in of(after.home) if one[0] == "recipient"] == [
        ("recipient", "dispose of what was received, or ask to keep it", False)
    ]


def test_a_year_without_its_report_is_the_overseers_until_it_is_made(at: At) -> None:
    scene = at("received")
    scene.clock.at = int(datetime(2026, 3, 30, tzinfo=UTC).timestamp())
    assert ("overseer", "make the report of 2025", False) in of(scene.home)
    scene.clock.forward(days=3)
    assert ("overseer", "make the report of 2025", True) in of(scene.home)
    publish_report(scene.home, "annual", "2025", {})
    assert "make the report of 2025" not in [step for _, step, _ in of(scene.home)]


def test_a_worker_says_each_thing_once_and_again_when_it_is_overdue(at: At) -> None:
    after, seconds = Afterwards(at("dispatched")), [1.0]
    matter = incident(after)
    reminders = Reminders(after.home, lambda: seconds[0])

    def said() -> list[tuple[str, bool]]:
        seconds[0] += _HOUR + 1
        return [(one.matter, one.overdue) for one in reminders.new()]

    assert (said(), said()) == ([(matter, False)], [])
    after.scene.clock.forward(hours=25)
    assert (said(), said()) == ([(matter, True)], [])
    incident(after)
    seconds[0] += 60
    assert reminders.new() == [], "it looks once an hour"
    assert len(said()) == 1


@pytest.mark.parametrize("who", ["safeguards", "counsel"])
def test_as_people_and_cron_read_it(desk_at: DeskAt, who: str, tmp_path: Path) -> None:
    desk = desk_at("dispatched")
    assert desk.run("safeguard", "due").ok().out == "Nothing is due.\n"
    assert desk.run("safeguard", "due", "--quiet").ok().out == ""
    listed = tmp_path / "affected.txt"
    listed.write_text(f"{desk.batch}/1\n", encoding="utf-8")
    words = ("--agency", "ICE", "--kind", "found", "--identified", stamp(int(desk.cast.home.now()) - 30 * _HOUR), "--records", str(listed))
    desk.run("safeguard", "incident", "identify", *words, *desk.acting(Role.SAFEGUARDS)).ok()
    told = desk.run("safeguard", "due", "--who", who).ok().out
    assert ("OVERDUE since" in told and "incident report M-" in told) == (who == "safeguards")
    found = json.loads(desk.run("safeguard", "due", "--json", "--quiet").ok().out)
    assert {one["who"] for one in found} == {"safeguards", "counsel"} and set(found[0]) == {*Due.__slots__, "due"} - {"at"}
    worker = desk.run("worker", "--once").ok()
    assert [json.loads(line)["overdue"] for line in worker.err.splitlines() if '"event": "due"' in line] == [True]
