"""The ladder: name and address alone are not enough where a relative may be absent; each rung is one kind of further evidence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from matching_world import ELSEWHERE, HOME, Row, World, named
from portcullis.matching.ladder import LADDER
from portcullis.matching.match import Plan

BORN, NUMBER = "1951-03-09", "900-11-2233"


def careless(rung: str) -> Plan:
    """The ladder with that rung asking for no evidence beyond name and address."""
    return Plan(ladder=tuple(replace(r, evidence=()) if r.id == rung else r for r in LADDER))


RUNGS: list[tuple[str, Row, Row]] = [
    # rung, on file, asked with what the rung needs
    ("L1", named("Walter", "Haines", taxpayer_number=NUMBER), named("W", "Haines", taxpayer_number=NUMBER)),
    ("L2", named("Walter", "Haines", date_of_birth=BORN), named("Walt", "Haines", date_of_birth=BORN)),
    ("L3", named("Walter", "Haines", "E", date_of_birth=BORN), named("W", "Haines", "Edward", date_of_birth=BORN)),
    ("L4", named("Walter", "Haines", "E"), named("Walter", "Haines", "Edward")),
    ("L5", named("Walter", "Haines", "E"), named("Walt", "Haines", "E")),
    ("L6", named("Walter", "Haines", "E"), named("Waltmer", "Haines", "E")),
    ("L9", named("Walter", "Haines", date_of_birth=BORN), named("Walter", "Haines", date_of_birth="1951-09-03")),
    ("L10", named("Walter", "Haines", date_of_birth=BORN), named("W", "Haines", date_of_birth=BORN)),
]


@pytest.mark.parametrize(("rung", "on_file", "asked"), RUNGS)
def test_each_rung_takes_the_person_with_its_evidence(tmp_path: Path, rung: str, on_file: Row, asked: Row) -> None:
    world = World(tmp_path)
    world.add("subject", on_file)
    facts = world.ask(asked)
    assert (facts["ladder_rule"], facts["person_id"], facts["rivals"]) == (rung, "subject", 0)


@pytest.mark.parametrize(("rung", "on_file", "asked"), RUNGS)
def test_without_the_evidence_an_absent_relative_would_be_answered_with_somebody_else(
    tmp_path: Path, rung: str, on_file: Row, asked: Row
) -> None:
    absent_relative = {**asked, "taxpayer_number": None, "date_of_birth": None, "middle_name": None}
    world = World(tmp_path)
    world.add("subject", on_file)
    assert world.answered(absent_relative) is None
    assert world.answered(absent_relative, plan=careless(rung)) == "subject"


SLIPS = ["1951-09-03", "1951-03-08", "1951-03-90", "1957-03-09", "1915-03-09"]


def test_a_slip_of_the_birth_date_is_evidence_for_the_same_name_only_and_never_across_a_generation(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("father", named("Walter", "Haines", date_of_birth=BORN))
    world.add("daughter", named("Walda", "Haines", date_of_birth="1983-03-09"))
    asked = [world.answered(named("Walter", "Haines", date_of_birth=slip)) for slip in SLIPS]
    assert asked == ["father", "father", None, "father", None]  # no such day; 36 years
    assert world.answered(named("Walter", "Haines", date_of_birth="1961-03-09")) is None  # ten years: a son may be so far away
    assert world.answered(named("Walt", "Haines", date_of_birth="1951-09-03")) is None  # a short form may be a relative's name
    assert world.answered(named("Walter", "Haines", date_of_birth="1951-09-03", suffix="Jr")) is None
    assert world.answered(named("Walter", "Haynes", date_of_birth="1951-09-03")) is None
    world.add("son", named("Walter", "Haines", "E"))
    assert world.answered(named("Walter", "Haines", date_of_birth="1951-09-03")) is None  # the second could be meant


def test_an_initial_is_enough_beside_the_birth_date_unless_a_twin_shares_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("walter", named("Walter", "Haines", date_of_birth=BORN))
    asked = named("W", "Haines", date_of_birth=BORN)
    assert world.answered(asked) == "walter"
    assert world.answered(asked | {"family_name": "Haynes"}) is None
    assert world.answered(asked, HOME | {"address_line": "418 Larkspor Lane"}) is None
    assert world.answered(asked | {"date_of_birth": "1951-09-03"}) is None
    world.add("wanda", named("Wanda", "Haines", date_of_birth=BORN))
    assert world.answered(asked) is None


def test_a_given_name_alike_needs_birth_date_and_second_name(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", named("Walder", "Haines", "E", date_of_birth=BORN))
    asked = named("Walter", "Haines", "E", date_of_birth=BORN)
    assert world.ask(asked)["ladder_rule"] == "L3"
    assert world.answered(asked) == "subject"
    assert world.answered(asked | {"middle_name": None}) is None  # a twin may be named so
    assert world.answered(asked | {"date_of_birth": None}) is None
    world.add("twin", named("Walter", "Haines", "E", date_of_birth=BORN))
    assert world.answered(asked) is None


def crowd(world: World, given: str, count: int) -> None:
    for i in range(count):
        world.add(
            f"c{given}{i}", named(given, f"Quimby{'abcdefghij'[i % 10]}", "Z"), homes=[ELSEWHERE | {"address_line": f"{i + 5} Quarry Road"}]
        )


def test_a_rare_given_name_is_evidence_and_a_common_one_is_not(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("rare", named("Ottoline", "Haines"))
    world.add("common", named("Walter", "Marlowe"), homes=[ELSEWHERE])
    assert world.answered(named("Ottoline", "Haines")) is None  # in a register of two nothing is known to be rare
    crowd(world, "Walter", 6000)
    assert world.ask(named("Ottoline", "Haines"))["ladder_rule"] == "L7"
    assert world.answered(named("Ottoline", "Haines")) == "rare"
    assert world.answered(named("Walter", "Marlowe"), ELSEWHERE) is None
    assert world.answered(named("Ottoline", "Haines", suffix="Jr")) is None  # a daughter or son may bear it too


def test_a_rare_spelling_of_a_common_name_is_not_rare(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("odd", named("Waltre", "Haines"))
    crowd(world, "Walter", 6000)
    assert world.answered(named("Waltre", "Haines")) is None


def test_what_is_only_missing_is_referred_with_the_person_beside_an_unregistered_rival(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", named("Walter", "Haines", "E"))
    facts = world.ask(named("Walter", "Haines"))
    assert (facts["candidates"], facts["rivals"], facts["person_id"], facts["ladder_rule"]) == (1, 1, "subject", None)
    assert facts["name_agrees"] == facts["address_confirmed"] == 1


def test_a_given_number_must_agree_even_where_all_else_does(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("unnumbered", named("Walter", "Haines", "E", date_of_birth=BORN))
    asked = named("Walter", "Haines", "E", date_of_birth=BORN, taxpayer_number=NUMBER)
    facts = world.ask(asked)
    assert (facts["candidates"], facts["number_agrees"]) == (0, None)
    assert world.ask(asked | {"taxpayer_number": "12"})["candidates"] == 0
    assert world.answered(asked | {"taxpayer_number": None}) == "unnumbered"


def test_a_number_never_stands_in_for_an_address(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", named("Walter", "Haines", "E", taxpayer_number=NUMBER))
    asked = named("Walter", "Haines", "E", taxpayer_number=NUMBER)
    facts = world.ask(asked, ELSEWHERE)
    assert (facts["candidates"], facts["address_confirmed"], facts["person_id"]) == (0, 0, None)
    assert world.answered(asked, HOME) == "subject"


NAMES: list[tuple[str, Row, Row]] = [
    ("double surname in the other order", named("Lucía", "García López", "M"), named("Lucia", "Lopez-Garcia", "M")),
    ("one of two surnames", named("Lucía", "García López", "M"), named("Lucia", "Garcia", "M")),
    ("surnames run together", named("Lucía", "García López", "M"), named("Lucia", "Garcialopez", "M")),
    ("married name added", named("Lucia", "Garcia", "M"), named("Lucia", "Garcia-Whitfield", "M")),
    ("former name on file", named("Lucia", "Whitfield", "M"), named("Lucia", "Whitfield", "M")),
    ("particle", named("Ana", "de la Cruz", "M"), named("Ana", "DelaCruz", "M")),
    ("particle left out", named("Ana", "de la Cruz", "M"), named("Ana", "Cruz", "M")),
    ("apostrophe", named("Ana", "O'Brien", "M"), named("Ana", "O Brien", "M")),
    ("diacritics", named("Zoë", "Müller", "M"), named("Zoe", "Muller", "M")),
    ("transliteration", named("Mohammed", "Hussein", "A"), named("Muhamad", "Hussain", "A")),
    ("Cyrillic", named("Sergei", "Ivanov", "P"), named("Сергей", "Иванов", "П")),
    ("two given names in one field", named("Mary", "Haines", "Ann"), named("Mary Ann", "Haines")),
    ("two given names in one word", named("Maryann", "Haines", "T"), named("Mary Ann", "Haines", "T")),
    ("fields exchanged", named("Walter", "Haines", "E"), named("Haines", "Walter", "E")),
    ("surname in the given field", named("Lucia", "Garcia Lopez", "M"), named("Lucia Garcia", "Lopez", "M")),
    ("everything in one field", named("Walter", "Haines", "E"), named(None, "Haines, Walter", "E")),
    ("a slip in the surname", named("Walter", "Hernandez", "E"), named("Walter", "Hernandes", "E")),
    ("a new name beside the former", named("Lucia", "Garcia", "M"), named("Lucia", "Whitfield Garcia", "M")),
]  # fmt: skip


@pytest.mark.parametrize(("how", "on_file", "asked"), NAMES, ids=[n[0] for n in NAMES])
def test_a_lawful_request_is_answered_however_the_name_is_written(tmp_path: Path, how: str, on_file: Row, asked: Row) -> None:
    world = World(tmp_path)
    world.add("subject", on_file)
    assert world.answered(asked) == "subject"
    assert world.answered({**asked, "family_name": "Quimby", "given_name": "Osbert"}) is None


def test_brothers_with_one_first_name_are_told_apart_by_the_second(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("luis", named("José Luis", "Haines", date_of_birth=BORN))
    assert world.answered(named("Jose Antonio", "Haines", date_of_birth=BORN)) is None
    assert world.answered(named("Jose Luis", "Haines", date_of_birth=BORN)) == "luis"
    assert world.answered(named("Luis", "Haines", date_of_birth=BORN)) == "luis"  # called by the second
