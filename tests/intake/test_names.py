"""Names in one standard form: symmetric, deterministic, row by row; nothing that tells two people apart is lost."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portcullis.intake.names import NAME_INPUT, NAME_SCHEMA, standardise_names

Row = dict[str, Any]


def table(rows: list[Row]) -> pa.Table:
    return pa.table({c: pa.array([r.get(c) for r in rows], pa.string()) for c in NAME_INPUT})


def one(**row: str | None) -> Row:
    found: Row = standardise_names(table([row])).to_pylist()[0]
    return found


@pytest.mark.parametrize(
    ("written", "compact", "core"),
    [
        ("García-López", "GARCIALOPEZ", "GARCIA LOPEZ"),
        ("de la Cruz", "DELACRUZ", "CRUZ"),
        ("Van", "VAN", "VAN"),  # a Vietnamese surname, not a particle
        ("van der Berg", "VANDERBERG", "BERG"),
        ("O'Brien", "OBRIEN", "OBRIEN"),
        ("O Brien", "OBRIEN", "OBRIEN"),
        ("Mc Donald III", "MCDONALD", "MCDONALD"),
        ("St. John", "STJOHN", "STJOHN"),
        ("Saint-John", "STJOHN", "STJOHN"),
        ("Müller", "MULLER", "MULLER"),
        ("Łukasiewicz", "LUKASIEWICZ", "LUKASIEWICZ"),
        ("Ｓｍｉｔｈ", "SMITH", "SMITH"),
        ("Иванов", "IVANOV", "IVANOV"),
        ("Sm1th", "SMLTH", "SMLTH"),
        ("王", "王", "王"),
        ("Garcia y Lopez", "GARCIAYLOPEZ", "GARCIA LOPEZ"),
        ("Smith Jr., MD", "SMITH", "SMITH"),
    ],
)
def test_family_names(written: str, compact: str, core: str) -> None:
    found = one(family_name=written)
    assert (found["family"], found["family_tokens"]) == (compact, core)


@pytest.mark.parametrize(
    ("row", "generation"),
    [
        ({"suffix": "Jr."}, 2),
        ({"suffix": "junior"}, 2),
        ({"suffix": "II"}, 2),
        ({"suffix": "2nd"}, 2),
        ({"family_name": "Haines III"}, 3),
        ({"given_name": "Walter Sr"}, 1),
        ({"middle_name": "E Jr"}, 2),
        ({"family_name": "Haines, Jr."}, 2),
        ({"family_name": "Junior"}, None),  # a name of its own
        ({"suffix": "Esq"}, None),
        ({}, None),
    ],
)
def test_a_generation_is_found_in_any_field(row: Row, generation: int | None) -> None:
    assert one(**row)["generation"] == generation


def test_given_and_second_names() -> None:
    assert one(given_name="Dr. Mary-Ann", middle_name="NMN") | {} == one(given_name="mary ann") | {}
    found = one(given_name="J.R.", middle_name="Ann Marie")
    assert (found["given_first"], found["given_rest"], found["middle"], found["middle_initial"]) == ("J", "R", "ANNMARIE", "A")
    spilled = one(family_name="Haines, Walter E")
    assert (spilled["given_first"], spilled["given_rest"], spilled["family"]) == ("WALTER", "E", "HAINES")


@pytest.mark.parametrize(
    ("given_name", "family_name", "placeholder"),
    [
        ("Unknown", "Haines", 1),
        ("FNU", "LNU", 1),
        ("N/A", "N/A", 1),
        ("John", "Doe", 1),
        ("Baby Girl", "Haines", 1),
        ("Wife", "Haines", 1),
        ("Na", "Li", 0),
        ("Walter", "Null", 0),
        ("Daisy", "Child", 0),
        ("Son", "Nguyen", 0),
        ("Jane", "Friend", 0),
        ("Tess", "Test", 0),
    ],
)
def test_words_that_name_nobody_and_names_that_look_like_them(given_name: str, family_name: str, placeholder: int) -> None:
    assert one(given_name=given_name, family_name=family_name)["name_placeholder"] == placeholder


BORN = ["1989-05-20", "19890520", "5/20/1989", "05-20-1989", "20/5/1989", "20.5.1989", "May 20, 1989", "20 may 1989", "1989-05-20 00:00:00"]


@pytest.mark.parametrize("written", BORN)
def test_one_birth_date_in_many_hands(written: str) -> None:
    found = one(date_of_birth=written)
    assert (found["dob"], found["dob_valid"]) == (7079, 1)


@pytest.mark.parametrize("written", ["1989-02-30", "5/20/89", "unknown", "1900-01-01", "0001-01-01", "9999-12-31", "١٩٨٩"])
def test_a_birth_date_that_is_none_is_given_but_not_usable(written: str) -> None:
    found = one(date_of_birth=written)
    assert (found["dob"], found["dob_valid"]) == (None, 0)


@pytest.mark.parametrize(
    ("written", "number", "valid"),
    [
        ("900-11-2233", "900112233", 1),
        (" 900 11 2233 ", "900112233", 1),
        ("900‑11‑2233", "900112233", 1),
        ("000000000", None, 0),
        ("123-45-6789", None, 0),
        ("XXX-XX-2233", None, 0),
        ("90011223", None, 0),
        ("", None, None),
        (None, None, None),
    ],
)
def test_numbers(written: str | None, number: str | None, valid: int | None) -> None:
    found = one(taxpayer_number=written)
    assert (found["number"], found["number_valid"]) == (number, valid)


def test_nothing_written_is_nothing_said() -> None:
    found = one()
    assert {v for k, v in found.items() if k != "name_placeholder"} == {None}
    assert standardise_names(pa.table({"given_name": pa.array([], pa.string())})).schema == NAME_SCHEMA


TEXT = st.one_of(
    st.none(), st.text(max_size=30), st.sampled_from(["José Luis", "Smith, John", "de la", "Jr", "O'", "III", "-", "NA", "Мария"])
)
ROWS = st.lists(st.fixed_dictionaries({c: TEXT for c in NAME_INPUT}), min_size=1, max_size=12)


@settings(max_examples=150)
@given(ROWS)
def test_a_row_is_standardised_alone_as_it_is_among_others(rows: list[Row]) -> None:
    whole = standardise_names(table(rows))
    assert whole.schema == NAME_SCHEMA
    for i, row in enumerate(rows):
        assert standardise_names(table([row])).to_pylist() == whole.slice(i, 1).to_pylist()


@settings(max_examples=150)
@given(st.text(st.characters(categories=["L"]), min_size=1, max_size=20))
def test_a_standard_form_is_its_own_standard_form(name: str) -> None:
    once = one(family_name=name)["family"]
    assert once is None or one(family_name=once.title())["family"] in (once, None)
