"""R33: the supplied address is on file for that person, current or of a requested period, equal in normal form or within tolerance."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching_world import ELSEWHERE, HOME, World, named
from portcullis.matching.answers import last_known
from portcullis.matching.match import Plan

WHO = named("Walter", "Haines", "E")


def at(line: str, **more: str | None) -> dict[str, str | None]:
    return HOME | {"address_line": line} | more


@pytest.mark.parametrize(
    "home",
    [
        at("418 LARKSPUR LN"),
        at("418 Larkspur Lane", city=None),
        at("418 Larkspur Lane", postal_code=None),
        at("418 Larkspur Ln.", postal_code="44126-0001"),
    ],
)
def test_equal_in_normal_form(tmp_path: Path, home: dict[str, str | None]) -> None:
    world = World(tmp_path)
    world.add("subject", WHO)
    facts = world.ask(WHO, home)
    assert (facts["person_id"], facts["address_exact"], facts["tolerance_used"]) == ("subject", 1, 0)


@pytest.mark.parametrize("line", ["418 Larkspr Lane", "418 Larkspurr Lane", "418 Larskpur Lane", "418 Larksbur Lane"])
def test_one_edit_in_the_street_name_is_tolerated(tmp_path: Path, line: str) -> None:
    world = World(tmp_path)
    world.add("subject", WHO)
    facts = world.ask(WHO, at(line))
    assert (facts["person_id"], facts["address_exact"], facts["tolerance_used"]) == ("subject", 0, 1)
    assert world.answered(WHO, at(line), plan=Plan(tolerance=False)) is None


@pytest.mark.parametrize(
    "line",
    [
        "419 Larkspur Lane",
        "481 Larkspur Lane",
        "4I8 Larkspur Lane",
        "418 Lrkspr Lane",
        "418 Larkspur Drive",
        "418 N Larkspur Lane",
        "77 Quarry Road",
    ],
)
def test_nothing_else_is(tmp_path: Path, line: str) -> None:
    world = World(tmp_path)
    world.add("subject", WHO)
    facts = world.ask(WHO, at(line))
    assert facts["candidates"] == 0
    assert facts["address_confirmed"] == 0


@pytest.mark.parametrize(
    ("on_file", "supplied"),
    [
        ("10 Elm St", "10 Elk St"),
        ("10 4th Avenue", "10 5th Avenue"),
        ("10 Avenue J", "10 Avenue K"),
        ("10 County Road 12", "10 County Road 13"),
    ],
)
def test_short_and_numbered_streets_are_not_slips_of_each_other(tmp_path: Path, on_file: str, supplied: str) -> None:
    world = World(tmp_path)
    world.add("subject", WHO, homes=[at(on_file)])
    assert world.answered(WHO, at(supplied)) is None
    assert world.answered(WHO, at(on_file)) == "subject"


def test_a_street_that_exists_as_written_is_no_slip(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", WHO, homes=[at("100 Marian Street")])
    assert world.answered(WHO, at("100 Marion Street")) == "subject"
    world.add("stranger", named("Osbert", "Quimby", "Q"), homes=[at("100 Marion Street")])
    assert world.ask(WHO, at("100 Marion Street"))["candidates"] == 0
    assert world.answered(WHO, at("100 Marian Street")) == "subject"


def test_a_slip_that_fits_two_streets_confirms_neither(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", WHO, homes=[at("100 Marian Street")])
    world.add("stranger", named("Osbert", "Quimby", "Q"), homes=[at("100 Marion Street")])
    assert world.answered(WHO, at("100 Mariin Street")) is None


def test_a_type_word_misspelt_is_a_slip_and_another_type_is_another_street(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", WHO, homes=[at("100 San Pablo Drive")])
    assert world.answered(WHO, at("100 San Pablo Deive")) == "subject"
    assert world.answered(WHO, at("100 San Pablo Court")) is None


def test_the_same_street_in_another_town_is_another_address(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", WHO)
    assert world.answered(WHO, at("418 Larkspur Lane", city="Parma", postal_code="44129")) is None
    facts = world.ask(WHO, at("418 Larkspur Lane", city="Parma"))  # the ZIP is equal: within tolerance, not equal
    assert (facts["person_id"], facts["address_exact"], facts["tolerance_used"]) == ("subject", 0, 1)
    world.add("stranger", named("Osbert", "Quimby", "Q"), homes=[at("418 Larkspur Lane", city="Parma", postal_code="44129")])
    assert world.answered(WHO, at("418 Larkspur Lane", city="Parma")) is None  # it could be either town's
    assert world.answered(WHO, HOME) == "subject"


def test_an_address_of_other_years_is_confirmed_only_where_they_are_asked_for(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("mover", WHO, homes=[ELSEWHERE, HOME | {"period_from": 2015, "period_to": 2016}])
    assert world.ask(WHO, HOME, taxable_periods="2016;2017")["period_ok"] == 1
    assert world.ask(WHO, HOME, taxable_periods="2021")["period_ok"] == 0
    assert world.ask(WHO, HOME)["period_ok"] == 1  # no period stated asks for all; R17 refuses that in a batch
    assert world.ask(WHO, ELSEWHERE, taxable_periods="1999")["period_ok"] == 1  # current


def test_the_answer_is_the_last_known_address(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("mover", WHO, homes=[ELSEWHERE, HOME | {"period_from": 2015, "period_to": 2016}])
    from_old = world.ask(WHO, HOME, taxable_periods="2016")
    assert (from_old["same_as_last_known"], from_old["answer_period_ok"]) == (0, 0)
    answer = last_known(world.register(), [from_old["answer_row"]], {"address_line"})[from_old["answer_row"]]["address_line"]
    assert answer == ELSEWHERE["address_line"]
    assert world.ask(WHO, ELSEWHERE, taxable_periods="2022")["same_as_last_known"] == 1


def test_an_address_confirmed_without_its_unit_is_not_called_the_same(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("tenant", WHO, homes=[HOME | {"unit": "Apt 4"}])
    assert world.ask(WHO, HOME)["same_as_last_known"] == 0
    assert world.ask(WHO, HOME | {"unit": "#4"})["same_as_last_known"] == 1


def test_many_unrelated_people_at_one_door_are_counted(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", WHO)
    for i in range(20):
        world.add(f"inmate{i}", named("Osbert", f"Quimb{'abcdefghijklmnopqrst'[i]}y", "Q"))
    assert world.ask(WHO)["occupancy"] == 21
    for i, row in enumerate(world.addresses):
        row |= {"period_from": 1990 + i, "period_to": 1990 + i}  # the same people, one after the other
    assert world.ask(WHO)["occupancy"] == 1


def test_vetoes_exclusions_and_joint_records_are_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.add("subject", WHO, veto="true", exclusions="8 USC 1367")
    world.addresses[0]["joint"] = True
    facts = world.ask(WHO)
    assert (facts["veto"], facts["exclusions"], facts["joint"]) == (1, 1, 1)
    world.persons[0] |= {"veto": None, "exclusions": None}
    facts = world.ask(WHO)
    assert (facts["veto"], facts["exclusions"]) == (0, 0)
