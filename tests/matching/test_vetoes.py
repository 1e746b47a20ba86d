"""Each veto: a relative who is not the subject stands on the register, the subject does not. Without the veto the relative's
address leaves. And each has its lawful counterpart: the subject's own request is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching_world import ELSEWHERE, HOME, Row, World, named
from portcullis.matching.ladder import VETOES
from portcullis.matching.match import Plan

APT = HOME | {"unit": "Apt 4"}
OTHER_APT = HOME | {"unit": "Apt 9"}

STORIES: dict[str, tuple[Row, Row, Row]] = {
    # on file, asked for somebody else (the relative is absent), asked for the person on file
    "V-NUMBER": (
        named("Walter", "Haines", "E", taxpayer_number="900-11-2233"),
        named("Walter", "Haines", "E", taxpayer_number="900-55-6677"),
        named("Walter", "Haines", "E", taxpayer_number="900 11 2233"),
    ),
    "V-DOB": (
        named("Walter", "Haines", "E", date_of_birth="1951-03-09"),
        named("Walter", "Haines", "E", date_of_birth="1983-11-20"),
        named("Walter", "Haines", "E", date_of_birth="03/09/1951"),
    ),
    "V-GENERATION": (
        named("Walter", "Haines", "E", suffix="Sr", date_of_birth="1951-03-09"),
        named("Walter", "Haines", "E", suffix="Jr", date_of_birth="1951-03-09"),
        named("Walter", "Haines", "E", suffix="Senior", date_of_birth="1951-03-09"),
    ),
    "V-MIDDLE": (
        named("Walter", "Haines", "Edward", date_of_birth="1951-03-09"),
        named("Walter", "Haines", "Thomas", date_of_birth="1951-03-09"),
        named("Walter", "Haines", "E.", date_of_birth="1951-03-09"),
    ),
}


def without(veto: str) -> Plan:
    assert veto in {v.id for v in VETOES}
    return Plan(vetoes=tuple(v for v in VETOES if v.id != veto))


@pytest.mark.parametrize("veto", STORIES)
def test_a_conflict_ends_the_candidate_and_agreement_does_not(tmp_path: Path, veto: str) -> None:
    on_file, other, own = STORIES[veto]
    world = World(tmp_path)
    world.add("elder", on_file)
    assert world.answered(other) is None
    assert world.ask(other)["veto_rule"] == veto
    assert world.answered(own) == "elder"


@pytest.mark.parametrize("veto", [v for v in STORIES if v != "V-NUMBER"])
def test_without_the_veto_the_relatives_address_would_leave(tmp_path: Path, veto: str) -> None:
    on_file, other, _ = STORIES[veto]
    if veto == "V-DOB":  # the birth date is then no evidence either; the second name is
        assert on_file["middle_name"] == other["middle_name"]
    world = World(tmp_path)
    world.add("elder", on_file)
    assert world.answered(other, plan=without(veto)) == "elder"


def test_a_number_that_is_not_the_persons_is_stopped_twice(tmp_path: Path) -> None:
    on_file, other, _ = STORIES["V-NUMBER"]
    world = World(tmp_path)
    world.add("elder", on_file)
    facts = world.ask(other, plan=without("V-NUMBER"))
    assert facts["candidates"] == 0  # "a number given must agree" holds apart from the veto
    assert facts["number_agrees"] == 0  # and is what R32 refuses


def test_units_that_differ_are_two_homes(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("tenant", named("Walter", "Haines", "E"), homes=[APT])
    asked = named("Walter", "Haines", "E")
    assert world.answered(asked, OTHER_APT) is None
    assert world.ask(asked, OTHER_APT)["veto_rule"] == "V-UNIT"
    assert world.ask(asked, OTHER_APT)["address_confirmed"] == 0
    assert world.answered(asked, APT) == "tenant"


def test_a_unit_on_one_side_only_is_no_conflict(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("tenant", named("Walter", "Haines", "E"), homes=[APT])
    assert world.answered(named("Walter", "Haines", "E"), HOME) == "tenant"


def test_two_known_given_names_are_two_people(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("ronald", named("Ronald", "Haines", "E"))
    assert world.answered(named("Donald", "Haines", "E")) is None
    assert world.answered(named("Rohald", "Haines", "E")) == "ronald"  # no such name: a slip of the pen


def test_the_known_names_come_from_the_registers_own_count_too(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("one", named("Tavero", "Haines", "E"))
    assert world.answered(named("Tavera", "Haines", "E")) == "one"  # nobody is called Tavera: a slip
    for i in range(3):
        world.add(f"other{i}", named("Tavera", "Quimby", "Z"), homes=[ELSEWHERE | {"address_line": f"{i + 5} Quarry Road"}])
    assert world.answered(named("Tavera", "Haines", "E")) is None  # now it is a name, and another one


def test_a_slip_of_the_pen_in_a_birth_date_is_no_veto_and_evidence_only_beside_the_letter(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("elder", named("Walter", "Haines", "E", date_of_birth="1951-03-09"))
    assert world.answered(named("Walter", "Haines", "E", date_of_birth="1951-09-03")) == "elder"  # day and month exchanged; E agrees
    assert world.answered(named("Walter", "Haines", date_of_birth="1951-09-03")) == "elder"  # everything else to the letter
    assert world.answered(named("Walt", "Haines", date_of_birth="1951-09-03")) is None  # a short form beside the slip is too little
    assert world.answered(named("Walter", "Haines", "E", date_of_birth="1971-03-09")) is None  # one digit, but a generation apart


def test_a_conflict_counts_only_where_no_filed_row_agrees(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add(
        "changed",
        named("Walter", "Haines", "E", taxpayer_number="900-70-1111"),  # the ITIN of earlier years
        named("Walter", "Haines", "T", taxpayer_number="900-11-2233"),
    )
    assert world.answered(named("Walter", "Haines", "T", taxpayer_number="900-70-1111")) == "changed"
    assert world.answered(named("Walter", "Haines", "Q", taxpayer_number="900-70-1111")) is None
