"""The counters: what is unlawful, and why the same release may be lawful on one path and not on the other."""

from __future__ import annotations

import pyarrow as pa
import pytest

from portcullis import synthetic
from portcullis.errors import OutOfOrder

TRUTH = pa.table(
    {
        "request_id": ["a", "b", "c", "d", "e"],
        "person_id": ["p1", "p2", None, "p4", "p5"],
        "address_genuine": [True, True, True, False, True],
        "address_on_file": [True, False, False, False, True],
        "address_is_last_known": [True, False, False, False, False],
        "matchable": [True, False, False, False, True],
        "lawful_matchable": [True, False, False, False, True],
    }
)


def counted(*released: tuple[str, str, str | None]) -> dict[str, int]:
    """The score of a run that released these: request, person, path."""
    rows = {request: (person, path) for request, person, path in released}
    columns = {
        "request_id": pa.array(["e", "d", "c", "b", "a"]),
        "released": pa.array([request in rows for request in "edcba"]),
        "person_id": pa.array([rows.get(request, (None, None))[0] for request in "edcba"], pa.string()),
        "path": pa.array([rows.get(request, (None, None))[1] for request in "edcba"], pa.string()),
    }
    return synthetic.score(pa.table(columns), TRUTH)


def test_nothing_released_is_nothing_unlawful_and_nothing_answered() -> None:
    found = counted()
    assert (found["requests"], found["released"], found["unlawful"], found["lawful_matchable"], found["lawful_released"]) == (5, 0, 0, 2, 0)


def test_a_confirmed_address_is_lawful_and_an_unconfirmed_one_is_not() -> None:
    found = counted(("a", "p1", None), ("b", "p2", None))
    assert (found["released"], found["unlawful"], found["lawful_released"], found["not_on_file"], found["differs"]) == (2, 1, 1, 1, 1)


def test_on_the_number_path_even_an_address_that_is_on_file_was_not_confirmed() -> None:
    found = counted(("a", "p1", "number"), ("e", "p5", "address"))
    assert (found["unlawful"], found["lawful_released"], found["by_number"], found["by_address"]) == (1, 1, 1, 1)


def test_an_answer_about_somebody_else_is_wrong_and_unlawful() -> None:
    found = counted(("a", "p2", None), ("c", "p9", None))
    assert (found["wrong_person"], found["unlawful"], found["unlawful_all_rules"]) == (2, 2, 2)


def test_no_address_at_all_is_counted() -> None:
    assert counted(("d", "p4", "number"))["not_an_address"] == 1


def test_a_run_without_paths_is_one_that_compares() -> None:
    outcomes = pa.table({"request_id": ["a", "b"], "released": [True, None], "person_id": ["p1", "p2"]})
    found = synthetic.score(outcomes, TRUTH)
    assert (found["requests"], found["released"], found["unlawful"], found["by_address"]) == (5, 1, 0, 1)


def test_outcomes_of_another_run_are_refused() -> None:
    stranger = pa.table({"request_id": ["z"], "released": [True], "person_id": ["p1"]})
    twice = pa.table({"request_id": ["a", "a"], "released": [True, True], "person_id": ["p1", "p1"]})
    for outcomes in (stranger, twice):
        with pytest.raises(OutOfOrder, match="one for each request"):
            synthetic.score(outcomes, TRUTH)
