"""The file of June 2025 has the reported shape: counted on what the simulated process does, never on the generator's word."""

from __future__ import annotations

import pytest

from portcullis import old_process, synthetic
from portcullis.errors import OutOfOrder
from portcullis.model import DATA_COLUMNS
from portcullis.synthetic.classes import RELEASED_2025

SCALE = 0.005


@pytest.fixture(scope="module")
def outcomes(june: synthetic.SyntheticBatch, register: synthetic.Register):
    return old_process.run(june.requests, register.persons, register.addresses)


@pytest.fixture(scope="module")
def counted(june: synthetic.SyntheticBatch, outcomes) -> dict[str, int]:
    return synthetic.score(outcomes, june.truth)


def test_it_has_1_280_000_rows_at_scale_one_in_the_interfaces_columns(june: synthetic.SyntheticBatch) -> None:
    assert len(june.requests) == round(1_280_000 * SCALE)
    assert june.requests.column_names == list(DATA_COLUMNS)
    assert len(set(june.requests["request_id"].to_pylist())) == len(june.requests)


def test_47_289_of_them_are_released_by_the_reported_process(counted: dict[str, int]) -> None:
    assert counted["released"] / counted["requests"] == pytest.approx(47_289 / 1_280_000, rel=0.02)


def test_nine_tenths_by_number_and_all_of_those_unlawful(counted: dict[str, int]) -> None:
    assert counted["by_number"] / counted["released"] == pytest.approx(42_695 / 47_289, abs=0.01)
    assert counted["unlawful"] / counted["released"] == pytest.approx(0.903, abs=0.015)
    assert counted["unlawful_all_rules"] == counted["released"]
    assert counted["lawful_matchable"] == counted["lawful_released"] == 0


def test_seven_tenths_of_the_answers_differ_from_the_address_supplied(counted: dict[str, int]) -> None:
    assert counted["differs"] / counted["released"] == pytest.approx(33_000 / 47_289, abs=0.03)


def test_under_five_percent_rest_on_no_address_at_all(counted: dict[str, int]) -> None:
    assert 0.03 < counted["not_an_address"] / counted["released"] < 0.05


def test_the_process_answers_the_classes_it_was_reported_to_answer(june: synthetic.SyntheticBatch, outcomes) -> None:
    cls = dict(zip(june.truth["request_id"].to_pylist(), june.truth["cls"].to_pylist(), strict=True))
    answered = {cls[row["request_id"]] for row in outcomes.to_pylist() if row["released"]}
    assert answered <= {c.name.lower() for c in RELEASED_2025}


def test_it_came_without_a_persons_own_elements(june: synthetic.SyntheticBatch) -> None:
    table = june.requests
    assert set(table["taxable_periods"].to_pylist()) == {None, "all years"}
    assert len(set(table["reason"].to_pylist())) == 1
    assert not any("1253(a)(1)(A)" in (statute or "") for statute in table["statute"].to_pylist())
    for column in ("stage", "case_id", "case_opened_on", "attestations"):
        assert table[column].null_count == len(table)
    assert june.plan == {"ICE-0002": range(1, len(table) + 1)}


def test_no_registered_person_stands_in_it_twice(june: synthetic.SyntheticBatch) -> None:
    known = [person for person in june.truth["person_id"].to_pylist() if person]
    assert len(known) == len(set(known))


def test_the_same_seed_gives_the_same_file(register: synthetic.Register) -> None:
    first, again, other = (synthetic.june_2025(register, 0.0005, seed) for seed in (4, 4, 5))
    assert first.requests.equals(again.requests)
    assert first.truth.equals(again.truth)
    assert not first.requests.equals(other.requests)


def test_a_register_that_is_too_small_is_refused() -> None:
    with pytest.raises(OutOfOrder, match="too small"):
        synthetic.june_2025(synthetic.register(persons=100), 0.005)
