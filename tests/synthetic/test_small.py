"""Small sets for journeys: quick, whole, with every defect once, and the examples are what the script writes."""

from __future__ import annotations

import json
import runpy
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from portcullis import synthetic
from portcullis.model import DATA_COLUMNS, Role

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def made() -> synthetic.SmallSet:
    return synthetic.small()


def test_every_clean_request_must_be_answered(made: synthetic.SmallSet) -> None:
    assert len(made.clean.requests) == 40
    assert pc.all(made.clean.truth["lawful_matchable"]).as_py()
    assert set(made.clean.truth["outcome"].to_pylist()) <= {"confirm", "disclose"}


def test_mixed_has_both_kinds(made: synthetic.SmallSet) -> None:
    due = pc.sum(made.mixed.truth["lawful_matchable"]).as_py()
    assert 0.5 < due / len(made.mixed.truth) < 0.75


def test_no_hostile_request_may_be_answered_and_each_names_its_rule(made: synthetic.SmallSet) -> None:
    truth = made.hostile.truth
    assert not pc.any(truth["lawful_matchable"]).as_py()
    assert set(truth["outcome"].to_pylist()) == {"deficient", "no_disclosure"}
    assert len(set(truth["defect"].to_pylist())) == len(truth)
    assert set(truth["rule"].to_pylist()) >= {
        "R09",
        "R11",
        "R12",
        "R13",
        "R14",
        "R15",
        "R17",
        "R18",
        "R19",
        "R20",
        "R22",
        "R24",
        "R25",
        "R29",
        "R30",
        "R31",
    }


def test_a_hostile_request_is_lawful_but_for_its_defect(made: synthetic.SmallSet) -> None:
    table = made.hostile.requests.append_column("defect", made.hostile.truth["defect"])
    rows = {row.pop("defect"): row for row in table.to_pylist()}
    for column in ("statute", "reason", "stage", "case_id", "order_id", "taxable_periods", "attestations"):
        absent = {defect for defect, row in rows.items() if row[column] is None}
        assert len(absent) <= 1, column


def test_batches_have_the_interfaces_columns_and_an_officer_for_every_row(made: synthetic.SmallSet) -> None:
    for batch in (made.clean, made.mixed, made.hostile):
        assert batch.requests.column_names == list(DATA_COLUMNS)
        assert batch.requests.schema.types == [pa.string()] * len(DATA_COLUMNS)
        assert sum(len(ordinals) for ordinals in batch.plan.values()) == len(batch.requests)


def test_dates_follow_the_day_asked_for() -> None:
    later = synthetic.small(as_of=date(2026, 11, 21)).clean.requests
    assert max(later["case_opened_on"].to_pylist()) > "2025-06-27"
    assert max(later["case_opened_on"].to_pylist()) < "2026-11-21"


@pytest.mark.parametrize("seed", range(25))
def test_whatever_the_seed_a_small_set_is_whole_and_the_same_again(seed: int) -> None:
    first, again = synthetic.small(seed=seed), synthetic.small(seed=seed)
    assert first.hostile.requests.equals(again.hostile.requests)
    assert pc.all(first.clean.truth["lawful_matchable"]).as_py()


def test_the_example_is_what_its_command_writes(tmp_path: Path) -> None:
    runpy.run_path(str(EXAMPLES / "make_small.py"))["main"](tmp_path)
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert len(written) == 10
    for path in written:
        assert (EXAMPLES / "small" / path).read_bytes() == (tmp_path / path).read_bytes(), path


def test_the_pseudopeople_requests_are_wrapped_whole() -> None:
    requests = pq.read_table(EXAMPLES / "pseudopeople" / "requests.parquet")
    wrapped = runpy.run_path(str(EXAMPLES / "wrap_pseudopeople.py"))["wrap"](requests, date(2025, 6, 27), 1)
    assert wrapped.column_names == list(DATA_COLUMNS)
    assert all(wrapped[name].equals(requests[name]) for name in requests.column_names)
    assert set(wrapped["taxable_periods"].to_pylist()) == {"2018;2019;2020"}
    assert pc.count_distinct(wrapped["case_id"]).as_py() == len(requests)
    manifest = json.loads((EXAMPLES / "pseudopeople" / "register" / "manifest.json").read_text())
    assert manifest["synthetic"] is True


def test_eight_people_serve_at_the_source_one_role_each_and_officers_are_as_many_as_needed() -> None:
    people = synthetic.people()
    assert len({person.id for person in people}) == 8
    assert all(len(person.roles) == 1 and person.agency == "IRS" for person in people)
    assert [role for person in people for role in person.roles].count(Role.AUTHORIZER) == 2
    assert len(synthetic.officers(64_000)) * 100 >= 64_000
    assert {officer.agency for officer in synthetic.officers(500)} == {"ICE"}
