"""A date is one certain day, or unknown."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis.intake.facts_dates import date_column, day_number, parse_day, zone_offset

ZONE = zone_offset("-05:00")


@pytest.mark.parametrize(
    "text",
    [
        "2025-04-07",
        " 2025-04-07 ",
        "2025/04/07",
        "20250407",
        "2025-04-07T09:30:00",
        "2025-04-07 09:30",
        "2025-04-07T00:00:00Z",
        "2025-04-07T12:00:00.000Z",
        "2025-04-08T02:00:00Z",
        "2025-04-08T00:30:00+00:00",
        "2025-04-07T23:59:59-05:00",
        "7 April 2025",
        "07-Apr-2025",
        "April 7, 2025",
        "Apr. 7 2025",
        "7th April 2025",
    ],
)
def test_certain_forms_are_read(text: str) -> None:
    assert parse_day(text, ZONE) == dt.date(2025, 4, 7)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("04/25/2025", dt.date(2025, 4, 25)),
        ("25/04/2025", dt.date(2025, 4, 25)),
        ("05/05/2025", dt.date(2025, 5, 5)),
        ("25.4.2025", dt.date(2025, 4, 25)),
    ],
)
def test_numbers_that_can_be_read_in_one_way_only_are_read(text: str, day: dt.date) -> None:
    assert parse_day(text, ZONE) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "04/07/2025",
        "7/4/2025",
        "4/7/25",
        "07-04-25",
        "2025-4-7",
        "2025-13-01",
        "2025-02-29",
        "2025-02-30",
        "31/04/2025",
        "2025-04",
        "2025",
        "next Tuesday",
        "30 Febtober 2025",
        "2025-04-07T25:00:00",
        "2025-04-07x",
        "２０２５-04-07",
        "٢٠٢٥-04-07",
        "2025-04-07\n2025-04-08",
        "0000-00-00",
        "45754",
        "-2025-04-07",
    ],
)
def test_anything_else_is_unknown(text: str) -> None:
    assert parse_day(text, ZONE) is None


@pytest.mark.parametrize("text", ["0001-01-01", "1900-01-01", "1900-12-31"])
def test_days_that_stand_for_nothing_are_unknown(text: str) -> None:
    assert day_number(text, ZONE) is None


@pytest.mark.parametrize("text", ["9999-12-31T23:00:00-12:00", "0001-01-01T00:30:00+14:00"])
def test_the_ends_of_the_calendar_do_not_overflow(text: str) -> None:
    day_number(text, ZONE)


def test_leap_days() -> None:
    assert parse_day("2024-02-29", ZONE) == dt.date(2024, 2, 29)
    assert parse_day("1900-02-29", ZONE) is None


@given(st.dates(min_value=dt.date(1901, 1, 1)))
def test_every_iso_day_is_its_number(day: dt.date) -> None:
    column = date_column(pa.chunked_array([[day.isoformat(), None]]), "-05:00")
    assert column.to_pylist() == [(day - dt.date(1970, 1, 1)).days, None]


@given(st.text(max_size=30))
def test_no_text_raises(text: str) -> None:
    parse_day(text, ZONE)
