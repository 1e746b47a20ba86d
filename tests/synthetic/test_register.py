"""The synthetic register: the interface's columns, nobody's number, households, histories, and the same every time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis import synthetic
from portcullis.errors import OutOfOrder
from portcullis.synthetic.geography import MILITARY, STATES, _expand
from portcullis.synthetic.population import numbers_of

PERSONS = ["person_id", "taxpayer_number", "given_name", "middle_name", "family_name", "suffix", "date_of_birth", "veto", "exclusions"]
ADDRESSES = ["person_id", "address_line", "unit", "city", "state", "postal_code", "period_from", "period_to", "last_known", "joint"]


def test_the_columns_are_the_interfaces_and_the_manifest_says_synthetic(register: synthetic.Register) -> None:
    assert register.persons.column_names == PERSONS
    assert register.addresses.column_names == ADDRESSES
    assert register.manifest["synthetic"] is True
    assert register.persons.schema.field("veto").type == pa.bool_()
    assert register.addresses.schema.field("period_from").type == pa.int32()


def test_the_same_seed_gives_the_same_register_and_another_seed_another() -> None:
    first, again, other = (synthetic.register(persons=500, seed=seed) for seed in (1, 1, 2))
    assert first.persons.equals(again.persons)
    assert first.addresses.equals(again.addresses)
    assert not first.persons.equals(other.persons)


def test_no_number_stands_in_a_range_that_was_ever_issued(register: synthetic.Register) -> None:
    numbers = register.persons["taxpayer_number"].to_pylist()
    assert all(len(number) == 9 and number.isdigit() for number in numbers)
    assert all(number[0] == "9" and number[3:5] < "50" for number in numbers)


@given(st.lists(st.integers(min_value=0, max_value=49_999_999), min_size=2, max_size=200, unique=True))
def test_numbers_are_all_different_whatever_their_index(index: list[int]) -> None:
    assert len(set(numbers_of(np.array(index, dtype=np.int64)).tolist())) == len(index)


def test_beyond_fifty_million_numbers_there_are_none() -> None:
    with pytest.raises(OutOfOrder, match="fifty million"):
        numbers_of(np.array([50_000_000]))


def test_a_person_has_several_rows_only_for_a_former_name_or_an_earlier_number(register: synthetic.Register) -> None:
    assert pc.count_distinct(register.persons["person_id"]).as_py() == register.size == 100_000
    again = register.persons.slice(register.size)
    assert 0.005 < len(again) / register.size < 0.03
    first = {row["person_id"]: row for row in register.persons.slice(0, register.size).to_pylist()}
    for row in again.to_pylist():
        before = first[row["person_id"]]
        assert (row["family_name"] != before["family_name"]) + (row["taxpayer_number"] != before["taxpayer_number"]) <= 1


def test_every_zip_belongs_to_its_state(register: synthetic.Register) -> None:
    owner = {prefix: code for code, _, ranges in STATES for prefix in _expand(ranges)}
    pairs = register.addresses.select(["state", "postal_code"]).group_by(["state", "postal_code"]).aggregate([]).to_pylist()
    assert all(owner[row["postal_code"][:3]] == row["state"] and len(row["postal_code"]) == 5 for row in pairs)
    assert {row["state"] for row in pairs} >= {"CA", "TX", "NY", "PR", *MILITARY[:1]}


def test_a_zip_names_one_city(register: synthetic.Register) -> None:
    upper = pc.utf8_upper(register.addresses["city"])
    pairs = pa.table({"city": upper, "zip": register.addresses["postal_code"]}).group_by("zip").aggregate([("city", "count_distinct")])
    assert pc.max(pairs["city_count_distinct"]).as_py() == 1


def test_everybody_has_one_last_known_address_and_it_is_the_newest(register: synthetic.Register) -> None:
    table = register.addresses
    last = table.filter(table["last_known"])
    assert len(last) == pc.count_distinct(table["person_id"]).as_py() == register.size
    newest = table.group_by("person_id").aggregate([("period_to", "max")])
    joined = last.join(newest, "person_id")
    assert pc.all(pc.equal(joined["period_to"], joined["period_to_max"])).as_py()
    assert pc.all(pc.less_equal(table["period_from"], table["period_to"])).as_py()


def test_names_are_as_unequal_as_names_are(register: synthetic.Register) -> None:
    def shares(column: str) -> list[float]:
        counts = np.sort(pc.value_counts(register.persons[column]).field("counts").to_numpy())[::-1]
        return list(counts / counts.sum())

    family, first = shares("family_name"), shares("given_name")
    assert 0.002 < family[0] < 0.02
    assert 0.01 < first[0] < 0.04
    assert len(family) > 0.15 * register.size
    assert len(first) > 2_000


def test_kin_share_surname_and_address_and_fathers_and_sons_share_the_given_name(register: synthetic.Register) -> None:
    population, people = register.population, register.population.people
    spouses = np.flatnonzero(population.role == 1)
    assert 0.8 < np.mean(people.family[spouses] == people.family[spouses - 1]) < 0.92
    pairs = np.flatnonzero(population.twin >= 0)
    assert len(pairs) > 50
    assert (people.given[pairs] == people.given[population.twin[pairs]]).all()
    assert (population.household[pairs] == population.household[population.twin[pairs]]).all()
    assert (people.number[pairs] != people.number[population.twin[pairs]]).all()


def test_an_institution_holds_many_who_are_no_kin(register: synthetic.Register) -> None:
    where = register.addresses.filter(register.addresses["last_known"]).group_by(["address_line", "unit", "postal_code"])
    crowded = where.aggregate([("person_id", "count")]).filter(pc.field("person_id_count") >= 30)
    assert len(crowded) >= 3


@pytest.mark.parametrize("persons", [49, 20_000_001])
def test_too_few_and_too_many_persons_are_refused(persons: int) -> None:
    with pytest.raises(OutOfOrder, match="between 50 and 20,000,000"):
        synthetic.register(persons=persons)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_register_is_written_as_a_folder_with_its_manifest(form: str, tmp_path: Path) -> None:
    made = synthetic.register(persons=60, seed=3)
    synthetic.write_register(made, tmp_path / "register", form=form)
    assert json.loads((tmp_path / "register" / "manifest.json").read_text())["synthetic"] is True
    path = tmp_path / "register" / f"addresses.{form}"
    table = pq.read_table(path) if form == "parquet" else pyarrow.csv.read_csv(path)
    assert table.column_names == ADDRESSES
    assert len(table) == len(made.addresses)
