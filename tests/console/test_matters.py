"""Matters after a release at the desk: a notice is answered, a redisclosure decided by two, and nobody else says anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from afterwards import Afterwards
from console_desk import Office, Page, Person
from journey_home import AGREEMENT, NOW
from portcullis import export
from portcullis.ledger.verify import verify
from portcullis.model import LeafType, Role
from portcullis.publish import publish
from portcullis.safeguards import ask_redisclosure, file_notice

Open = Callable[[str], Office]
NOTICE: dict[str, Any] = {
    "agreement": AGREEMENT,
    "notice": "ai",
    "purpose": "triage",
    "system": "S-7",
    "data": "mailing_address",
    "conditions": ["human_review", "inputs_logged", "no_training", "output_not_kept"],
    "starts_on": NOW // 86_400 + 30,
}


def say(person: Person, matter: str, chosen: str, **changed: str) -> Page:
    place = f"/safeguards/matters/{matter}"
    asked = person.post(place, person.get(place), verdict=chosen)
    if asked.status != 200:
        return asked
    hidden = {"verdict": asked.field("verdict"), "at": asked.field("at")} | changed
    return person.post(f"{place}/sign", asked, act=asked.field("act"), **hidden, **{"with": "demo"})


def proved(one: Office, folder: Path) -> None:
    publish(one.scene.home)
    export.export_bundle(one.scene.home, folder / "bundle", trust=folder / "trust.json")
    assert verify(folder / "bundle", (folder / "trust.json").read_bytes())["verified"] is True


def test_the_office_of_safeguards_answers_a_notice(office: Open, tmp_path: Path) -> None:
    one = office("dispatched")
    matter = Afterwards(one.scene).file(file_notice, "obligation.noticed", NOTICE)
    person, counsel = one.enter(Role.SAFEGUARDS), one.enter(Role.COUNSEL)
    shown = person.get("/safeguards").text
    assert f'href="/safeguards/matters/{matter}"' in shown
    assert "Nothing is due within a week." in shown
    assert "What each release still owes" in shown and one.scene.batch in shown
    assert "Your part" not in counsel.get(f"/safeguards/matters/{matter}").text
    assert say(person, matter, "grant").status == 422
    assert say(counsel, matter, "acknowledged").status == 422, "not for counsel to say"
    forged = say(person, matter, "objected", verdict="acknowledged")
    assert (forged.status, "another content" in forged.text) == (422, True)
    assert say(person, matter, "acknowledged").status == 303
    (leaf,) = one.scene.leaves(LeafType.OBLIGATION_ANSWERED)
    assert leaf["matter"] == matter
    page = person.get(f"/safeguards/matters/{matter}").text
    assert "obligation.answered" in page and "Your part" not in page
    proved(one, tmp_path)


def test_two_people_decide_a_redisclosure(office: Open, tmp_path: Path) -> None:
    one = office("dispatched")
    after = Afterwards(one.scene)
    asked = {"agreement": AGREEMENT, "records": {after.batch: [[1, 2]]}, "to": "DOJ-0007", "receiver": "federal_prosecutor"}
    matter, state = after.file(ask_redisclosure, "obligation.asked", asked | {"proceeding": "criminal", "same_case": 1})
    assert state == "waiting"
    safeguards, counsel = one.enter(Role.SAFEGUARDS), one.enter(Role.COUNSEL)
    owed = safeguards.get("/safeguards").text
    assert "What is due" in owed and "decide, as one of two" in owed and "it waits" in owed
    assert say(safeguards, matter, "grant").status == 303
    again = say(safeguards, matter, "grant")
    assert (again.status, "same person" in again.text) == (422, True)
    assert say(counsel, matter, "grant").status == 303
    assert "granted" in counsel.get(f"/safeguards/matters/{matter}").text
    assert len(one.scene.leaves(LeafType.OBLIGATION_DECIDED)) == 2
    proved(one, tmp_path)


def test_a_matter_that_is_not_there_is_said_plainly(office: Open) -> None:
    refused = office("ready").enter(Role.OVERSEER).get("/safeguards/matters/M-1999-000001")
    assert (refused.status, "no such matter" in refused.text) == (422, True)
