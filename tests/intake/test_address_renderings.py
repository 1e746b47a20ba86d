"""One address has one key however it is written, and two addresses have two."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from address_samples import DIFFERENT, EQUAL, UNITS_DIFFERENT, UNITS_EQUAL, free, line, standard


@pytest.mark.parametrize("renderings", EQUAL, ids=lambda group: group[0])
def test_renderings_of_one_address_share_their_keys(renderings: tuple[str, ...]) -> None:
    found = standard(*map(line, renderings))
    assert len({(row["delivery_key"], row["unit_key"]) for row in found}) == 1
    assert {row["genuine"] for row in found} == {1}


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_addresses_have_different_keys(one: str, other: str) -> None:
    first, second = standard(line(one), line(other))
    assert first["delivery_key"] and second["delivery_key"]
    assert first["delivery_key"] != second["delivery_key"]


@pytest.mark.parametrize("units", UNITS_EQUAL, ids=lambda group: group[0])
def test_a_unit_is_the_same_in_its_column_and_in_the_line(units: tuple[str, ...]) -> None:
    rows = [row for unit in units for row in (line("12 Oak St", unit), line(f"12 Oak St {unit}"), line(f"12 Oak St, {unit}"))]
    assert len({(row["delivery_key"], row["unit_key"]) for row in standard(*rows)}) == 1


@pytest.mark.parametrize(("one", "other"), UNITS_DIFFERENT)
def test_different_units_have_different_keys(one: str, other: str) -> None:
    first, second = standard(line("12 Oak St", one), line("12 Oak St", other))
    assert first["delivery_key"] == second["delivery_key"]
    assert first["unit_key"] != second["unit_key"]


@pytest.mark.parametrize(
    "text",
    [
        "123 N Main St Apt 4, Springfield, IL 62704",
        "123 N Main St Apt 4 Springfield IL 62704",
        "123 NORTH MAIN STREET #4\nSPRINGFIELD IL 62704-1234",
        "123 n main st, apt 4, springfield, illinois, 62704, usa",
        "123 N. Main St.; Unit 4; Springfield; Ill.; 62704",
    ],
)
def test_a_free_text_is_read_as_its_columns_are(text: str) -> None:
    parted, whole = standard(line("123 N Main St", "Apt 4"), free(text))
    assert {**whole, "unit": None} == {**parted, "unit": None}


def test_urbanizacion_before_or_after_is_one_address() -> None:
    rows = [
        line("Urb Santa Juanita B12 Calle 5", "", "Bayamon", "PR", "00956"),
        line("B-12 Calle 5 Urb. Santa Juanita", "", "Bayamón", "PR", "00956"),
        line("Calle 5 B12", "Urb Santa Juanita", "Bayamon", "P.R.", "00956"),
    ]
    assert len({row["delivery_key"] for row in standard(*rows)}) == 1


_NAMES = st.sampled_from(["Oak", "Washington", "Elm Grove", "St Charles", "La Jolla", "5th", "Martin Luther King", "Old Mill", "Mc Kinley"])
_TYPES = st.sampled_from([("St", "Street"), ("Ave", "Avenue"), ("Rd", "Road"), ("Blvd", "Boulevard"), ("Pkwy", "Parkway"), ("Ln", "Lane")])
_WAYS = st.sampled_from([("", ""), ("N", "North"), ("SW", "Southwest"), ("E", "East")])


@settings(max_examples=60)
@given(
    number=st.integers(1, 99_999), way=_WAYS, name=_NAMES, kind=_TYPES, unit=st.sampled_from(["", "Apt 4", "# 12B", "Fl 3"]), data=st.data()
)
def test_spelling_case_and_punctuation_never_change_the_keys(
    number: int, way: tuple[str, str], name: str, kind: tuple[str, str], unit: str, data: st.DataObject
) -> None:
    def render() -> dict[str, str]:
        way_text, kind_text = way[data.draw(st.integers(0, 1))], kind[data.draw(st.integers(0, 1))]
        text = data.draw(st.sampled_from([" ", "  ", "\t"])).join(part for part in (str(number), way_text, name, kind_text) if part)
        text = data.draw(st.sampled_from([str.upper, str.lower, str.title]))(text) + data.draw(st.sampled_from(["", ".", ",", " "]))
        apart = data.draw(st.booleans())
        return line(text, unit) if apart else line(f"{text} {unit}")

    first, second = standard(render(), render())
    assert (first["delivery_key"], first["unit_key"], first["genuine"]) == (second["delivery_key"], second["unit_key"], 1)
