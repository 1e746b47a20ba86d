"""Raw rows become typed facts: every fact of the catalogue, each from its own row, whatever stands in the columns."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portcullis.errors import OutOfOrder
from portcullis.intake.addresses import standardise_addresses
from portcullis.intake.facts import DROPPED, type_facts
from portcullis.intake.facts_cases import raw_table, typed_rows
from portcullis.intake.names import standardise_names
from portcullis.model import DATA_COLUMNS
from portcullis.rules.fields import FIRST_DAY, LAST_DAY
from rules_lawful import lawful_raw_row, lawful_request, ruleset

DAY = lawful_request().received_on
WORDS = [
    "",
    " ",
    "\t\n",
    "-",
    '"',
    "N/A",
    "unknown",
    "same as above",
    "2022",
    "2025-02-10",
    "8 USC 1326(a)",
    "{}",
    "[",
    "yes",
    "no",
    "é",
    "ﬁ",
    "２０２２",
    "\u200b",
    "\ufeff",
]
anything = st.one_of(st.none(), st.sampled_from(WORDS), st.text(max_size=12), st.just("x" * 5_000))


def facts(**changes: str | None) -> dict[str, Any]:
    row: dict[str, Any] = typed_rows([lawful_raw_row(**changes)], DAY).to_pylist()[0]
    return row


def test_every_fact_of_stage_check_is_there_and_of_its_type() -> None:
    table = typed_rows([lawful_raw_row()], DAY)
    wanted = {
        name: field for name, field in ruleset().fields.items() if field.scope not in ("batch", "document") and field.stage == "check"
    }
    assert set(table.column_names) == {"ordinal", *wanted}
    for name, field in wanted.items():
        kind = table.schema.field(name).type
        assert pa.types.is_string(kind) if field.type == "text" else pa.types.is_integer(kind), name


def test_what_may_not_be_kept_is_what_the_catalogue_says() -> None:
    assert {name for name, field in ruleset().fields.items() if not field.keep} == DROPPED


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(st.fixed_dictionaries({name: anything for name in DATA_COLUMNS}), min_size=1, max_size=6))
def test_anything_is_typed_and_a_row_alone_is_typed_as_in_a_batch(rows: list[dict[str, str | None]]) -> None:
    together = typed_rows(rows, DAY)
    for place, row in enumerate(rows):
        alone = typed_rows([row], DAY).drop_columns(["ordinal"])
        assert alone.equals(together.slice(place, 1).drop_columns(["ordinal"]).combine_chunks()), row
    for name, field in ruleset().fields.items():
        if field.type in ("flag", "date") and name in together.column_names:
            low, high = (0, 1) if field.type == "flag" else (FIRST_DAY, LAST_DAY)
            assert all(value is None or low <= value <= high for value in together.column(name).to_pylist()), name
        if field.type == "text" and name in together.column_names:
            assert all(value != "" for value in together.column(name).to_pylist()), name


def test_columns_that_a_file_does_not_have_are_unknown() -> None:
    raw = pa.table({"ordinal": pa.array([1]), "address_line": ["12 Elm St"]})
    typed = type_facts(raw, standardise_addresses(raw), standardise_names(raw), received_on=DAY).to_pylist()[0]
    assert typed["name_stated"] == 0 and typed["statute_stated"] == 0 and typed["order_date"] is None and typed["officers"] == 0


def test_no_rows_are_no_facts() -> None:
    assert typed_rows([], DAY).num_rows == 0


def test_tables_that_do_not_belong_together_are_our_bug() -> None:
    raw = raw_table([lawful_raw_row(), lawful_raw_row()])
    with pytest.raises(OutOfOrder, match="differ in number"):
        type_facts(raw, standardise_addresses(raw), standardise_names(raw.slice(1)), received_on=DAY)


class TestOfficers:
    RAW = raw_table([lawful_raw_row() for _ in range(3)])

    def typed(self, officers: pa.Table | None) -> list[dict[str, Any]]:
        table = type_facts(self.RAW, standardise_addresses(self.RAW), standardise_names(self.RAW), officers, received_on=DAY)
        names = ["ordinal", "officers", "engaged_signed", "engaged_eligible", "engaged_trained", "engaged_min_load"]
        rows: list[dict[str, Any]] = table.select(names).to_pylist()
        return rows

    def test_facts_go_to_their_ordinals_whatever_the_order(self) -> None:
        officers = pa.table(
            {
                "ordinal": [3, 1],
                "officers": [2, 1],
                "engaged_signed": pa.array([1, 1], pa.int8()),
                "engaged_eligible": pa.array([1, None], pa.int8()),
                "engaged_trained": pa.array([0, 1], pa.int8()),
                "engaged_min_load": [7, 3],
            }
        )
        one, two, three = self.typed(officers)
        assert (one["officers"], one["engaged_eligible"], one["engaged_min_load"]) == (1, None, 3)
        assert (two["officers"], two["engaged_signed"], two["engaged_min_load"]) == (0, 0, None)
        assert (three["officers"], three["engaged_trained"], three["engaged_min_load"]) == (2, 0, 7)

    def test_without_engagements_nobody_is_engaged(self) -> None:
        assert [row["officers"] for row in self.typed(None)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("changes", "stated"),
    [
        ({}, 1),
        ({"given_name": None}, 0),
        ({"family_name": "  "}, 0),
        ({"given_name": "...", "family_name": "123"}, 0),
        ({"given_name": "李", "family_name": "王"}, 1),
        ({"given_name": "Ng", "family_name": "O"}, 1),
    ],
)
def test_a_name_is_stated_when_both_parts_hold_letters(changes: dict[str, str | None], stated: int) -> None:
    assert facts(**changes)["name_stated"] == stated


@pytest.mark.parametrize(("number", "given"), [(None, 0), ("", 0), ("N/A", 0), ("none", 0), ("900-11-2233", 1), ("000", 1), ("٣", 1)])
def test_a_number_is_given_when_any_digit_is(number: str | None, given: int) -> None:
    assert facts(taxpayer_number=number)["number_given"] == given


@pytest.mark.parametrize("column", ["reason", "taxable_periods", "statute", "address_line", "case_id", "order_id", "purpose"])
@pytest.mark.parametrize(
    "words",
    ['"', "''", "〃", "ditto", "Same as above", "see row 3", "See attached list.", "as above", "per envelope", "the same reason as before"],
)
def test_an_element_that_points_elsewhere_is_inherited(column: str, words: str) -> None:
    assert facts(**{column: words})["inherited"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"family_name": "Same"},
        {"family_name": "Do"},
        {"given_name": "Ditto"},
        {"city": "Same Bridge"},
        {"address_line": "12 Ditto Ave"},
        {"reason": "See row houses on his street: the same address was given to the court, and the one on file bears on willfulness."},
        {"reason": "Same-day departure was ordered and did not happen; the address on file shows presence."},
    ],
)
def test_real_names_streets_and_reasons_are_not(changes: dict[str, str]) -> None:
    assert facts(**changes)["inherited"] == 0


@pytest.mark.parametrize(
    "reason",
    [None, "", "N/A", "none", "TBD", "to be determined", "no reason stated", "x x x", "test test test", "123 456", "Law enforcement"],
)
def test_a_reason_that_says_nothing_is_not_stated(reason: str | None) -> None:
    assert facts(reason=reason)["reason_stated"] == 0


@pytest.mark.parametrize(
    "reason",
    [
        "Address shows willfulness.",
        "The court ordered departure; nobody left.",
        "Prueba de domicilio del sujeto",
        "Адрес нужен для доказательства",
    ],
)
def test_a_short_reason_in_any_language_is_stated(reason: str) -> None:
    assert facts(reason=reason)["reason_stated"] == 1


def test_the_same_address_has_one_key_and_the_unit_counts() -> None:
    here = facts()["address_key"]
    assert facts(address_line="4127 North Wolcott Avenue")["address_key"] == here
    assert facts(unit="Apt 3")["address_key"] != here
    assert facts(address_line="4129 N Wolcott Ave")["address_key"] != here


def test_an_address_nobody_can_deliver_to_has_no_key_in_common_with_another() -> None:
    assert (
        facts(address_line="Unknown", unit=None)["address_deliverable"] in (0, None)
        or facts(address_line="Unknown", unit=None)["address_placeholder"] == 1
    )


@pytest.mark.parametrize("case", [None, "", "N/A", "none", "TBD", "000", "-", "99999", "pending"])
def test_a_case_id_that_is_a_placeholder_is_none(case: str | None) -> None:
    assert facts(case_id=case)["case_stated"] == 0


def test_case_ids_that_differ_in_spelling_are_one() -> None:
    assert facts(case_id="HSI 2025/004711")["case_key"] == facts(case_id="hsi-2025-004711")["case_key"] == "hsi2025004711"
