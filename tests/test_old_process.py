"""The reported process of 2025, on rows small enough to read."""

from __future__ import annotations

import pyarrow as pa
import pytest

from portcullis import old_process

PERSONS = pa.table(
    {
        "person_id": ["p1", "p2", "p3"],
        "taxpayer_number": ["900000001", "900000002", "900000003"],
        "given_name": ["Ana", "Luis", "Luis"],
        "family_name": ["Garcia Lopez", "Romero", "Romero"],
    }
)
ADDRESSES = pa.table(
    {
        "person_id": ["p1", "p1", "p2", "p3"],
        "address_line": ["12 Oak St", "7 Elm Ave", "3 Pine Rd", "3 Pine Rd"],
        "unit": ["Apt 4", None, None, None],
        "postal_code": ["98101", "98102", "98103", "98103"],
    }
)
ANA = {"given_name": "ANA", "family_name": "GARCIA  LOPEZ"}


def outcome(**row: str | None) -> dict[str, object]:
    """What becomes of one request."""
    columns = {"request_id": "q1", "given_name": None, "family_name": None, "taxpayer_number": None, "address_line": None, "unit": None}
    columns |= {"city": None, "state": None, "postal_code": None} | row
    table = pa.table({name: pa.array([value], pa.string()) for name, value in columns.items()})
    return dict(old_process.run(table, PERSONS, ADDRESSES).to_pylist()[0])


@pytest.mark.parametrize(
    "supplied",
    [
        {"address_line": "99 Nowhere Blvd", "postal_code": "10001"},
        {"address_line": "Failed to Provide", "postal_code": "98101"},
        {"address_line": "Don't Care 12345"},
        {"address_line": None, "postal_code": "00000"},
        {"address_line": "Unknown 123456789"},
    ],
)
def test_with_a_number_the_address_is_not_compared(supplied: dict[str, str]) -> None:
    found = outcome(taxpayer_number="900-00-0001", **ANA, **supplied)
    assert found == {"request_id": "q1", "released": True, "path": "number", "person_id": "p1"}


@pytest.mark.parametrize(
    "supplied",
    [{}, {"address_line": "Unknown Address"}, {"address_line": "12 Oak St"}, {"address_line": "123456 Oak"}, {"postal_code": " "}],
)
def test_with_a_number_the_address_must_hold_some_number_of_five_or_nine_digits(supplied: dict[str, str]) -> None:
    assert outcome(taxpayer_number="900000001", **ANA, **supplied)["released"] is False


def test_a_number_of_another_name_is_not_answered_and_the_address_is_then_not_tried() -> None:
    on_file = {"address_line": "12 OAK ST", "unit": "apt 4", "postal_code": "98101"}
    assert outcome(taxpayer_number="900000002", **ANA, **on_file)["released"] is False
    assert outcome(**ANA, **on_file) == {"request_id": "q1", "released": True, "path": "address", "person_id": "p1"}


def test_without_a_number_an_earlier_address_on_file_is_enough_and_a_slight_variation_is_not() -> None:
    assert outcome(**ANA, address_line="7 elm ave", postal_code="98102-4411")["path"] == "address"
    assert outcome(**ANA, address_line="7 Elm Avenue", postal_code="98102")["released"] is False


def test_several_persons_of_one_name_and_address_are_not_answered() -> None:
    assert outcome(given_name="Luis", family_name="Romero", address_line="3 Pine Rd", postal_code="98103")["released"] is False
    alone = outcome(given_name="Luis", family_name="Romero", address_line="3 Pine Rd", postal_code="98103", taxpayer_number="900000003")
    assert alone["person_id"] == "p3"
