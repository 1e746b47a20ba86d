"""Each rival: a second person who could be meant. Without the look at rivals the wrong one's address leaves; with it a person
decides. Beside each, a request that says enough is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching_world import ELSEWHERE, HOME, World, named
from portcullis.matching.match import Plan
from portcullis.matching.rivals import APART_BY

BLIND = Plan(rivals=False)
APT, OTHER_APT = HOME | {"unit": "Apt 4"}, HOME | {"unit": "Apt 9"}


def test_father_and_son_of_one_name(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("father", named("Walter", "Haines", "E", date_of_birth="1951-03-09"))
    world.add("son", named("Walter", "Haines"))  # filed without second name, birth date or "Jr"
    asked = named("Walter", "Haines", "E")
    assert world.answered(asked, plan=BLIND) == "father"
    assert world.ask(asked)["rivals"] == 1
    assert world.answered(asked) is None


def test_father_and_son_told_apart(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("father", named("Walter", "Haines", "E", suffix="Sr", date_of_birth="1951-03-09"))
    world.add("son", named("Walter", "Haines", "E", suffix="Jr", date_of_birth="1983-11-20"))
    assert world.answered(named("Walter", "Haines", "E", suffix="Jr", date_of_birth="1983-11-20")) == "son"
    assert world.answered(named("Walter", "Haines", date_of_birth="1951-03-09")) == "father"
    assert world.answered(named("Walter", "Haines", "E")) is None


def test_a_generation_stated_on_one_side_only_needs_more_than_a_second_name(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("father", named("Walter", "Haines", "E", date_of_birth="1951-03-09"))
    assert world.answered(named("Walter", "Haines", "E", suffix="Jr")) is None  # the son bears his father's second name
    assert world.answered(named("Walter", "Haines", "E", suffix="Jr", date_of_birth="1951-03-09")) == "father"


def test_twins_with_names_that_are_alike(tmp_path: Path) -> None:
    born = "2001-06-15"
    world = World(tmp_path)
    world.add("one", named("Jaydelon", "Haines", date_of_birth=born))
    world.add("two", named("Jaydelyn", "Haines", date_of_birth=born))
    asked = named("Jaydelyx", "Haines", date_of_birth=born)  # a slip of either
    assert world.ask(asked)["candidates"] == 2
    assert world.answered(asked) is None
    world.persons[1]["date_of_birth"] = None
    asked = named("Jaydelox", "Haines", date_of_birth=born)
    assert world.answered(asked, plan=BLIND) == "one"
    assert world.answered(asked) is None
    assert world.answered(named("Jaydelon", "Haines", date_of_birth=born)) is None  # the twin's name is still within two edits
    world.persons[1]["date_of_birth"] = "1999-01-02"
    assert world.answered(named("Jaydelon", "Haines", date_of_birth=born)) == "one"


def test_a_short_form_that_fits_two_people(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("her", named("Alexandra", "Haines", "E"))
    world.add("him", named("Alexander", "Haines"))
    asked = named("Alex", "Haines", "E")
    assert world.answered(asked, plan=BLIND) == "her"
    assert world.answered(asked) is None
    world.persons[1]["middle_name"] = "Q"
    assert world.answered(asked) == "her"


def test_somebody_at_the_address_without_a_given_name_on_file(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("known", named("Walter", "Haines", "E"))
    world.add("nameless", named(None, "Haines"))
    asked = named("Walter", "Haines", "E")
    assert world.answered(asked, plan=BLIND) == "known"
    assert world.answered(asked) is None
    world.persons[1]["middle_name"] = "R"
    assert world.answered(asked) == "known"


def test_a_namesake_in_another_unit_of_the_building(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("fourth", named("Walter", "Haines", "E"), homes=[APT])
    world.add("ninth", named("Walter", "Haines"), homes=[OTHER_APT])
    asked = named("Walter", "Haines", "E")
    assert world.answered(asked, APT, plan=BLIND) == "fourth"
    assert world.answered(asked, APT) is None  # units are the part most often wrong
    world.persons[1]["middle_name"] = "K"
    assert world.answered(asked, APT) == "fourth"


def test_a_namesake_at_a_street_that_could_be_the_same(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("lane", named("Walter", "Haines", "E"))
    world.add("drive", named("Walter", "Haines"), homes=[HOME | {"address_line": "418 Larkspur Drive"}])
    asked = named("Walter", "Haines", "E")
    assert world.answered(asked, plan=BLIND) == "lane"
    assert world.answered(asked) is None
    world.addresses[1]["address_line"] = "9 Quarry Road"
    assert world.answered(asked) == "lane"  # a namesake elsewhere is not meant: the address says so


def test_a_brother_whose_stay_is_not_on_file(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("daniel", named("Daniel", "Haines", "J"), homes=[ELSEWHERE, HOME])
    world.add("dan", named("Dan", "Haines", "J"), homes=[ELSEWHERE])
    asked = named("Daniel", "Haines", "J")
    assert world.answered(asked, HOME, plan=BLIND) == "daniel"
    assert world.answered(asked, HOME) is None
    world.addresses[2]["address_line"] = "5 Other Street"  # they never shared a door
    assert world.answered(asked, HOME) == "daniel"


def test_a_number_two_people_hold_is_nobodys(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("parent", named("Walter", "Haines", taxpayer_number="900-11-2233"))
    asked = named("Walter", "Haines", taxpayer_number="900-11-2233")
    assert world.answered(asked) == "parent"
    world.add("child", named("Walt", "Haines", taxpayer_number="900-11-2233"), homes=[ELSEWHERE])
    assert world.answered(asked) is None


def test_swapped_spouses(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("wife", named("Rosalind", "Haines", "T", taxpayer_number="900-11-2233", date_of_birth="1970-02-03"))
    world.add("husband", named("Conrad", "Haines", "E", taxpayer_number="900-55-6677", date_of_birth="1968-07-08"))
    assert world.answered(named("Rosalind", "Haines", "T", taxpayer_number="900-55-6677")) is None
    assert world.answered(named("Conrad", "Haines", date_of_birth="1970-02-03")) is None
    assert world.answered(named("Rosalind", "Haines", "T", taxpayer_number="900-11-2233")) == "wife"


def test_two_filed_persons_who_agree_equally_are_nobody(tmp_path: Path) -> None:
    world = World(tmp_path)
    for who in ("a", "b"):
        world.add(who, named("Walter", "Haines", "E", date_of_birth="1951-03-09"))
    facts = world.ask(named("Walter", "Haines", "E", date_of_birth="1951-03-09"))
    assert (facts["candidates"], facts["person_id"], facts["answer_row"]) == (2, None, None)


@pytest.mark.parametrize(
    ("column", "asked", "other"),
    [
        ("middle", named("Walter", "Haines", "E"), named("Walter", "Haines", "K")),
        ("dob", named("Walter", "Haines", date_of_birth="1951-03-09"), named("Walter", "Haines", date_of_birth="1983-11-20")),
        (
            "generation",
            named("Walter", "Haines", suffix="Sr", date_of_birth="1951-03-09"),
            named("Walter", "Haines", suffix="Jr"),
        ),
        ("number", named("Walter", "Haines", taxpayer_number="900112233"), named("Walter", "Haines", taxpayer_number="900556677")),
    ],
)
def test_what_shows_that_somebody_is_another_person(tmp_path: Path, column: str, asked: dict[str, str], other: dict[str, str]) -> None:
    world = World(tmp_path)
    world.add("subject", asked)
    world.add("other", other)
    assert world.answered(asked) == "subject"
    assert world.answered(asked, plan=Plan(apart_by=tuple(c for c in APART_BY if c != column))) is None
