"""What holds for every input: rows do not know of each other, nothing crashes, normal forms are stable, and no value gets into an error."""

from __future__ import annotations

import random
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from address_samples import COLUMNS, labelled, standard, table
from portcullis.errors import PortcullisError
from portcullis.intake.addresses import STANDARDISER_VERSION, standardise_addresses

OUTPUT = {
    **dict.fromkeys(("kind", "number", "predir", "street_name", "street_type", "postdir", "unit", "city", "state", "zip5"), pa.string()),
    **dict.fromkeys(("delivery_key", "unit_key", "reason"), pa.string()),
    **dict.fromkeys(("genuine", "institution_word"), pa.int8()),
}
_ROWS = st.dictionaries(st.sampled_from(COLUMNS), st.none() | st.text(max_size=40), max_size=6)
_WORDS = st.sampled_from(
    [
        *("123", "12-34", "1/2", "N", "SW", "MAIN", "ST", "APT", "#", "4B", "BOX", "PO", "RR", "HC", "62704", "IL", ",", "|", "%", "&"),
        *("FL", "FLOOR", "CALLE", "URB", "KM", "UNIT", "REAR", "NO", "UNKNOWN", "JAIL", "C/O", "US", "HWY", "41", "~", "é", "不明"),
    ]
)


def test_columns_and_types_are_those_promised() -> None:
    found = standardise_addresses(table([{"address_line": "1 Elm St"}]))
    assert dict(zip(found.schema.names, found.schema.types, strict=True)) == OUTPUT
    assert STANDARDISER_VERSION.startswith("address/")


def test_an_empty_table_gives_an_empty_table_and_missing_columns_are_null() -> None:
    assert standardise_addresses(table([])).num_rows == 0
    alone = standardise_addresses(pa.table({"address": ["1 Elm St, Springfield IL 62704"]}))
    assert alone["genuine"].to_pylist() == [1]


def test_a_batch_and_its_rows_one_by_one_are_equal_to_the_bit() -> None:
    rows = labelled("genuine") + labelled("deficient")
    random.Random(7).shuffle(rows)
    rows = rows[:200]
    assert standard(*rows) == [standard(row)[0] for row in rows]


def test_order_and_neighbours_do_not_matter() -> None:
    rows = labelled("deficient") + labelled("genuine")
    together = standard(*rows)
    assert standard(*reversed(rows)) == together[::-1]
    assert standard(*rows[100:200]) == together[100:200]


@settings(max_examples=60)
@given(st.lists(_ROWS, max_size=6))
def test_any_text_is_judged_without_a_crash_and_alone_as_together(rows: list[dict[str, str | None]]) -> None:
    together = standard(*rows)
    assert len(together) == len(rows)
    assert together == [standard(row)[0] for row in rows]


@settings(max_examples=60)
@given(st.lists(_WORDS, max_size=30).map(" ".join), st.lists(_WORDS, max_size=6).map(" ".join))
def test_any_mixture_of_address_words_is_judged(first: str, second: str) -> None:
    for row in ({"address_line": first, "unit": second, "city": "Springfield", "state": "IL", "postal_code": "62704"}, {"address": first}):
        found = standard(row)[0]
        assert found["genuine"] != 1 or found["delivery_key"]


def test_the_standard_form_of_a_standard_form_is_itself() -> None:
    names = ("number", "predir", "street_name", "street_type", "postdir")
    found = [row for row in standard(*labelled("genuine")) if row["kind"] == "street" and row["genuine"] == 1]
    again = standard(
        *(
            {
                "address_line": " ".join(row[name] for name in names if row[name]),
                "unit": row["unit"],
                "city": row["city"],
                "state": row["state"],
                "postal_code": row["zip5"],
            }
            for row in found
        )
    )
    keys = ("delivery_key", "unit_key", "city", "state", "zip5", "genuine")
    for row, before in zip(again, found, strict=True):
        if before["street_type"] is None and (before["street_name"] or "").isdigit() and not before["postdir"]:
            row["genuine"] = row["genuine"] or before["genuine"]  # E 1st is a street; of E 1 a person must say so
    assert [[row[key] for key in keys] for row in again] == [[row[key] for key in keys] for row in found]


@pytest.mark.parametrize(
    "text", ["1 " * 200_000, "# 1 " * 50_000, "A" * 10_000_000, "\x00" * 1000, "é" * 100_000, "1 ST " * 30, "APT 1 " * 20]
)
def test_oversized_and_repetitive_texts_are_refused_quickly(text: str) -> None:
    begun = time.process_time()
    found = standard({"address_line": text, "city": "Springfield", "state": "IL", "postal_code": "62704"}, {"address": text})
    assert [row["genuine"] for row in found] == [0, 0]
    assert time.process_time() - begun < 5


def test_no_value_is_in_an_error() -> None:
    canary = "742 CANARY TERRACE"
    with pytest.raises((PortcullisError, pa.ArrowException, TypeError)) as caught:
        standardise_addresses(pa.table({"address_line": [[canary]]}))
    assert canary not in str(caught.value)
