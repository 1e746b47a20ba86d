"""The same people, lawfully asked: every element there, each person's own, and the hidden truth knows what must be answered."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pyarrow.compute as pc
import pytest

from portcullis import synthetic
from portcullis.model import DATA_COLUMNS


@pytest.fixture(scope="module")
def rows(perfected: synthetic.SyntheticBatch) -> list[dict[str, str]]:
    return perfected.requests.to_pylist()


def test_it_asks_for_the_same_people(june: synthetic.SyntheticBatch, perfected: synthetic.SyntheticBatch) -> None:
    assert perfected.requests.column_names == list(DATA_COLUMNS)
    assert perfected.truth["person_id"].equals(june.truth["person_id"])
    assert pc.equal(pc.utf8_upper(perfected.requests["given_name"]), june.requests["given_name"]).to_pylist().count(False) == 0


def test_every_case_is_of_one_person_and_opened_before_the_request(rows: list[dict[str, str]], perfected: synthetic.SyntheticBatch) -> None:
    assert len({row["case_id"] for row in rows}) == len(rows)
    assert all(date.fromisoformat(row["case_opened_on"]) < perfected.as_of for row in rows)


def test_failure_to_depart_rests_on_an_order_final_for_more_than_ninety_days(
    rows: list[dict[str, str]], perfected: synthetic.SyntheticBatch
) -> None:
    departures = [row for row in rows if row["statute"] == "8 USC 1253(a)(1)(A)"]
    assert len(departures) > 0.9 * len(rows)
    for row in departures:
        final = date.fromisoformat(row["judicial_final_date"] or row["order_date"])
        assert (perfected.as_of - final).days >= 91
        assert (row["judicial_review"] == "concluded") == (row["judicial_final_date"] is not None)
        assert row["order_ground"].startswith("8 USC 1227(a)")


def test_reentry_rests_on_its_own_elements(rows: list[dict[str, str]]) -> None:
    reentries = [row for row in rows if row["statute"] == "8 USC 1326(a)"]
    assert reentries
    assert all(row["prior_removal_date"] < row["reentry_date"] < row["case_opened_on"] and row["order_id"] is None for row in reentries)


def test_no_reason_is_shared_even_when_names_numbers_and_dates_are_masked(perfected: synthetic.SyntheticBatch) -> None:
    masked = pc.replace_substring_regex(perfected.requests["reason"], r"\(case [^)]*\)|[0-9-]+", "#").to_pylist()
    assert max(Counter(masked).values()) / len(masked) < 0.005
    assert all("address" in reason.lower() for reason in masked)


def test_no_officer_is_engaged_in_more_than_a_hundred_and_nobody_is_forgotten(perfected: synthetic.SyntheticBatch) -> None:
    assert max(len(ordinals) for ordinals in perfected.plan.values()) <= 100
    assert sorted(ordinal for ordinals in perfected.plan.values() for ordinal in ordinals) == list(range(1, len(perfected.requests) + 1))
    json.dumps({officer: list(ordinals) for officer, ordinals in perfected.plan.items()})


def test_what_must_be_answered_is_on_file_and_nobody_barred_is_among_it(
    perfected: synthetic.SyntheticBatch, register: synthetic.Register
) -> None:
    due = perfected.truth.filter(perfected.truth["lawful_matchable"])
    assert len(due) > 150
    assert pc.all(due["address_on_file"]).as_py() and pc.all(due["elements_lawful"]).as_py()
    barred = register.persons.filter(pc.or_(register.persons["veto"], pc.is_valid(register.persons["exclusions"])))
    assert not pc.any(pc.is_in(due["person_id"], barred["person_id"].combine_chunks())).as_py()


def test_the_address_to_confirm_is_on_file_in_the_zip_and_with_the_number_stated(
    perfected: synthetic.SyntheticBatch, register: synthetic.Register
) -> None:
    wanted = pc.and_(
        perfected.truth["lawful_matchable"], pc.match_substring_regex(pc.fill_null(perfected.requests["address_line"], ""), "^[0-9]+ ")
    )
    due = perfected.requests.filter(wanted).append_column("person_id", perfected.truth.filter(wanted)["person_id"])
    on_file: dict[str, set[tuple[str, str]]] = {}
    for row in register.addresses.filter(pc.is_in(register.addresses["person_id"], due["person_id"].combine_chunks())).to_pylist():
        on_file.setdefault(row["person_id"], set()).add((row["address_line"].split()[0], row["postal_code"]))
    assert len(due) > 100
    for row in due.to_pylist():
        assert (row["address_line"].split()[0], row["postal_code"][:5]) in on_file[row["person_id"]]


def test_requested_years_are_closed_and_at_most_ten(rows: list[dict[str, str]]) -> None:
    for row in rows:
        years = [int(year) for year in row["taxable_periods"].split(";")]
        assert years == list(range(years[0], 2025)) and len(years) <= 10
