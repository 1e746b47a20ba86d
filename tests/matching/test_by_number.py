"""Without an address: name, number and birth date agree with exactly one person, or nobody is meant, or nobody can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from matching_world import HOME, Row, World, named, text_table
from portcullis.matching.paths import match_on
from portcullis.matching.requests import prepare_requests

BORN = frozenset({"name", "taxpayer_number", "date_of_birth"})
NUMBER = "900112233"


def asked(world: World, *rows: Row, agree: frozenset[str] = BORN) -> list[dict[str, Any]]:
    """The match facts of requests."""
    return match_on(agree, prepare_requests(text_table(list(rows))), world.register()).to_pylist()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.add("P1", named("Alma", "Castillo", "R", taxpayer_number=NUMBER, date_of_birth="1984-05-17"))
    made.add("P2", named("Chiara", "Lindqvist", taxpayer_number="900334455", date_of_birth="1990-01-30"))
    made.persons.append({"person_id": "P2", **named("Chiara", "Lindqvist-Moreau", taxpayer_number="900334455", date_of_birth="1990-01-30")})
    made.add("P3", named("Desmond", "Fairweather", taxpayer_number="900445566"))
    return made


def alma(**changes: Any) -> Row:
    return {**named("Alma", "Castillo", taxpayer_number=NUMBER, date_of_birth="1984-05-17"), **changes}


def test_all_three_agree_with_one_person(world: World) -> None:
    (found,) = asked(world, alma())
    assert (found["candidates"], found["rivals"], found["person_id"]) == (1, 0, "P1")
    assert (found["name_agrees"], found["number_agrees"], found["birth_agrees"]) == (1, 1, 1)
    assert found["address_confirmed"] is None and found["same_as_last_known"] == 0


def test_what_is_off_by_a_digit_does_not_agree(world: World) -> None:
    rows = alma(date_of_birth="1984-05-18"), alma(taxpayer_number="900112234"), alma(family_name="Castellano"), alma(given_name="Alba")
    assert [found["candidates"] for found in asked(world, *rows)] == [0, 0, 0, 0]


def test_another_spelling_order_or_part_of_the_name_agrees(world: World) -> None:
    chiara = {"taxpayer_number": "900334455", "date_of_birth": "1990-01-30"}
    rows = named("Chiara", "Moreau", **chiara), named("CHIARA", "Moreau Lindqvist", **chiara), alma(middle_name="Rosa")
    assert [(found["candidates"], found["person_id"]) for found in asked(world, *rows)] == [(1, "P2"), (1, "P2"), (1, "P1")]


def test_a_conflict_beyond_them_is_another_person(world: World) -> None:
    assert [found["candidates"] for found in asked(world, alma(middle_name="Beatriz"))] == [0]


def test_without_a_birth_date_on_file_nobody_can_tell(world: World) -> None:
    row = named("Desmond", "Fairweather", taxpayer_number="900445566", date_of_birth="1979-06-21")
    (found,) = asked(world, row)
    assert (found["candidates"], found["rivals"], found["birth_agrees"]) == (1, 1, None), "so a person is asked, and cannot accept (R34)"
    (found,) = asked(world, row, agree=BORN - {"date_of_birth"})
    assert (found["candidates"], found["rivals"]) == (1, 0), "where the birth date need not agree, it is not missed"


def test_two_holders_of_one_number(world: World) -> None:
    world.add("P4", named("Alma", "Castillo", taxpayer_number=NUMBER, date_of_birth="1984-05-17"))
    world.add("P5", named("Bruno", "Haddad", taxpayer_number=NUMBER, date_of_birth="1984-05-17"))
    assert [found["candidates"] for found in asked(world, alma())] == [2]


def test_another_holder_who_could_be_meant_is_a_rival(world: World) -> None:
    world.add("P4", named("Alma", "Castilo", taxpayer_number=NUMBER))
    (found,) = asked(world, alma())
    assert (found["candidates"], found["rivals"]) == (1, 1)


def test_a_request_without_number_meets_nobody(world: World) -> None:
    assert [found["candidates"] for found in asked(world, alma(taxpayer_number=None), alma(taxpayer_number="12345"))] == [0, 0]


def test_a_request_alone_and_in_a_batch_is_the_same(world: World) -> None:
    rows = [alma(), alma(date_of_birth="1984-05-18"), named("Desmond", "Fairweather", taxpayer_number="900445566")]
    together = asked(world, *rows)
    assert [{**asked(world, row)[0], "ordinal": place} for place, row in enumerate(rows, 1)] == together


def test_by_address_with_a_birth_date_that_must_agree(world: World) -> None:
    here = {**HOME, "middle_name": "R"}
    agree = frozenset({"name", "address", "date_of_birth"})
    rows = alma(**here), alma(**here, date_of_birth=None), alma(**here, date_of_birth="1984-09-30")
    found = asked(world, *rows, agree=agree)
    assert [(one["candidates"], one["rivals"], one["birth_agrees"]) for one in found[:2]] == [(1, 0, 1), (1, 1, 0)]
    assert found[2]["candidates"] == 0
    (usual,) = asked(world, rows[1], agree=frozenset({"name", "address"}))
    assert (usual["candidates"], usual["rivals"]) == (1, 0), "where it need not agree, the second name is evidence enough"
