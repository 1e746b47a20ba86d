"""R39: for one subject several addresses are counted as several, however the name is written; two people never share a count."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portcullis.intake.names import NAME_INPUT, standardise_names
from portcullis.intake.subjects import asked, subject_addresses

Row = Mapping[str, str | None]
ALMA: Row = {"given_name": "Alma", "middle_name": "R", "family_name": "Castillo", "date_of_birth": "1984-05-17"}
NUMBER = "900-70-2233"


def row(address: str | None, **changes: str | None) -> Row:
    return {**ALMA, "address": address, **changes}


def written(rows: list[Row], first: int = 1) -> pa.Table:
    """What these rows ask, with fingerprints that any other table shares."""
    names = standardise_names(pa.Table.from_pylist([dict(each) for each in rows], pa.schema([(name, pa.string()) for name in NAME_INPUT])))
    facts = pa.table(
        {
            "ordinal": pa.array(range(first, first + len(rows)), pa.int64()),
            "address_key": pa.array([r["address"] for r in rows], pa.string()),
        }
    )
    return asked(names, facts, lambda kind, value: hash((kind, value)))


def counts(rows: list[Row], *earlier: list[Row]) -> list[int | None]:
    ordinals = pa.chunked_array([pa.array(range(1, len(rows) + 1), pa.int64())])
    found: list[int | None] = subject_addresses(ordinals, written(rows), [written(each) for each in earlier]).to_pylist()
    return found


def test_every_address_tried_for_one_person_is_counted_over_all_batches() -> None:
    assert counts([row("D")], [row("A"), row("B")], [row("C")]) == [4]


def test_the_same_address_again_is_one_address() -> None:
    assert counts([row("A")], [row("A")], [row("A"), row("A")]) == [1]


def test_three_different_addresses_are_three() -> None:
    assert counts([row("A"), row("B"), row("C")]) == [3, 3, 3]


@pytest.mark.parametrize(
    "other",
    [
        {"date_of_birth": "1961-02-03"},
        {"middle_name": "Teresa"},
        {"given_name": "Ana"},
        {"family_name": "Castellanos"},
        {"taxpayer_number": "900-70-9999"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_whoever_is_told_apart_by_anything_stated_shares_no_count(other: Row) -> None:
    mine = {"taxpayer_number": NUMBER} if "taxpayer_number" in other else {}
    assert counts([row("A", **mine)], [row(each, **other) for each in "BCDE"]) == [1]


@pytest.mark.parametrize(
    "disguise",
    [
        {"middle_name": None},
        {"date_of_birth": None},
        {"date_of_birth": "5/17/1984"},
        {"given_name": "CASTILLO", "family_name": "ALMA"},
        {"given_name": "Álma "},
        {"given_name": "Alma R", "middle_name": None},
        {"taxpayer_number": NUMBER},
    ],
    ids=str,
)
def test_a_subject_is_the_same_however_it_is_written(disguise: Row) -> None:
    assert counts([row("D")], [row(each, **disguise) for each in "ABC"]) == [4]
    assert counts([row("D", **disguise)], [row(each) for each in "ABC"]) == [4]


def test_one_number_is_one_subject_under_any_name() -> None:
    others = [row(each, given_name="Bo", family_name="Li", date_of_birth=None, taxpayer_number=NUMBER) for each in "ABC"]
    assert counts([row("D", taxpayer_number=NUMBER)], others) == [4]


def test_a_bare_name_is_counted_with_everybody_of_that_name_and_nobody_with_it() -> None:
    bare = {"middle_name": None, "date_of_birth": None}
    assert counts([row("A", **bare)], [row("B"), row("C", date_of_birth="1961-02-03"), row("D", **bare)]) == [4]
    assert counts([row("A")], [row(each, **bare) for each in "BCDE"]) == [1]


def test_a_request_without_a_comparable_address_asks_for_none_and_is_unknown() -> None:
    assert counts([row(None), row("A")]) == [None, 1]


def test_nothing_that_was_written_stands_in_what_is_kept() -> None:
    kept = written([row("4127 N WOLCOTT AVE", taxpayer_number=NUMBER)])
    assert set(kept.schema.types) == {pa.int64()}


def one_by_one(rows: list[Row], earlier: list[Row]) -> list[int]:
    """The plain meaning, pair by pair."""
    keys = [{k: v for k, v in each.items() if k not in ("given_name", "family_name", "address")} for each in [*rows, *earlier]]

    def may_be(one: int, other: int) -> bool:
        a, b = keys[one], keys[other]
        if a["taxpayer_number"] and a["taxpayer_number"] == b["taxpayer_number"]:
            return True
        if any(a[k] and b[k] and a[k] != b[k] for k in a):
            return False
        return not any(a.values()) or any(b.values())

    every = [*rows, *earlier]
    return [
        len({each["address"] for other, each in enumerate(every) if other == place or may_be(place, other)}) for place in range(len(rows))
    ]


stated = st.fixed_dictionaries(
    {
        "given_name": st.just("Alma"),
        "family_name": st.just("Castillo"),
        "middle_name": st.sampled_from([None, "R", "T"]),
        "date_of_birth": st.sampled_from([None, "1984-05-17", "1961-02-03"]),
        "taxpayer_number": st.sampled_from([None, NUMBER, "900-70-9999"]),
        "address": st.sampled_from("ABCDE"),
    }
)


@settings(max_examples=40)
@given(st.lists(stated, min_size=1, max_size=6), st.lists(stated, max_size=8))
def test_the_count_is_what_comparing_every_pair_gives(rows: list[Row], earlier: list[Row]) -> None:
    assert counts(rows, earlier) == one_by_one(rows, earlier)
