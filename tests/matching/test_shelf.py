"""What is on file comes back as it was filed, whatever it is, and however many portions the register came in."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching_world import ELSEWHERE, HOME, World, named, text_table
from portcullis.intake.addresses import standardise_addresses
from portcullis.intake.names import NAME_SCHEMA, standardise_names
from portcullis.matching import load
from portcullis.matching.build import Builder
from portcullis.matching.places import PLACE_COLUMNS
from portcullis.matching.shelf import coding
from portcullis.matching.shelf.coding import coded, split, tuples
from portcullis.matching.shelf.ids import id_parts, id_text, places_of
from portcullis.matching.shelf.places import PLACE_GROUPS, place_sets, read_place
from portcullis.matching.source import ADDRESS_COLUMNS

TEXT = st.one_of(
    st.none(), st.text(max_size=6), st.sampled_from(["", "12", "12 Main St", "12  Main", "\x00", "é", "12345", "12345-0001", "1234"])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=30))
def test_a_text_split_by_what_stands_in_another_column_comes_back(rows: list[tuple[str | None, str | None]]) -> None:
    line, house = (pa.array([row[k] for row in rows], pa.string()) for k in (0, 1))
    place = {c: pa.nulls(len(rows), pa.string()) for c in (*PLACE_COLUMNS, *(f"as_filed_{c}" for c in ADDRESS_COLUMNS))}
    numbers = {c: pa.array([0] * len(rows)) for c in ("period_from", "period_to", "last_known", "joint")}
    sets = place_sets(
        pa.table(place | numbers | {"house": house, "as_filed_address_line": line, "zip5": house, "as_filed_postal_code": line})
    )
    tables, codes = {}, {}
    for group, columns in PLACE_GROUPS.items():
        codes[group], first = tuples([sets[c] for c in columns])
        tables[group] = pa.table({c: sets[c].text().take(pa.array(first)) for c in columns})
    for column in ("as_filed_address_line", "as_filed_postal_code"):
        assert read_place(tables, codes, column).to_pylist() == line.to_pylist()


def test_a_house_number_is_left_out_of_a_line_that_begins_with_it_and_of_no_other() -> None:
    line = coded(pa.array(["12 Main St", "12 Main St", "121 Main St", "Main St 12", None]))
    house = coded(pa.array(["12", "21", "121", "12", None]))
    found = split(
        line,
        house,
        lambda v: pa.array([str(t).split(" ")[0] for t in v]),
        lambda v: pa.array([str(t)[len(str(t).split(" ")[0]) :] for t in v]),
    )
    assert found["led"].text().to_pylist() == [1, 0, 1, 0, 0]
    assert found["rest"].text().to_pylist() == [" Main St", "12 Main St", " Main St", "Main St 12", None]


@settings(max_examples=60, deadline=None)
@given(st.sets(st.one_of(st.text(min_size=1, max_size=14), st.from_regex(r"[A-Z]{0,2}[0-9]{1,20}", fullmatch=True)), max_size=30))
def test_ids_of_any_form_come_back_and_are_found(ids: set[str]) -> None:
    ordered = sorted(ids, key=lambda text: text.encode("utf-8", "surrogatepass"))
    parts, number = id_parts(pa.array(ordered, pa.string()))
    form, first = tuples([parts["before"], parts["width"]])
    forms = pa.table({c: parts[c].text().take(pa.array(first)) for c in ("before", "width")})
    assert id_text(forms, form, number).to_pylist() == ordered
    assert places_of(ordered, forms, form, number).tolist() == list(range(len(ordered)))
    assert places_of(["no such id"], forms, form, number).tolist() == [-1]


def test_columns_of_more_values_than_one_number_can_tell_apart_are_still_told_apart() -> None:
    rng = np.random.default_rng(2)
    columns = [coded(pa.array(rng.integers(0, 5000, 20_000))) for _ in range(7)]
    codes, first = tuples(columns)
    rows = np.stack([c.code for c in columns])
    assert (rows[:, first][:, codes] == rows).all()
    assert len(first) == len({tuple(r) for r in rows.T.tolist()})


def scatter(world: World, rng: random.Random) -> None:
    for i in range(60):
        names = [
            named(rng.choice(("Walter", "Ana Maria", None)), rng.choice(("Haines", "Garcia Lopez")), rng.choice(("E", None, "Edward")))
        ]
        names += [named("Rosalind", f"Quimby{i % 3}", taxpayer_number=f"9001122{i:02d}")] * (i % 4 == 0)
        homes = rng.sample(
            [HOME, ELSEWHERE, HOME | {"unit": "Apt 2"}, {"address_line": "PO Box 9", "postal_code": "44126"}, {"city": "Fairview"}], 2
        )
        world.add(f"p{i:02d}", *names, homes=homes if i % 9 else [], date_of_birth=rng.choice(("1960-05-04", None)) and "1960-05-04")


@pytest.mark.parametrize("portion", [1, 7, 1000])
def test_every_name_and_address_comes_back_however_many_portions(tmp_path: Path, portion: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    scatter(world, random.Random(5))
    whole = world.load().version
    monkeypatch.setattr(load, "PORTION", portion)
    for many in (0, 10, 2_000_000):
        monkeypatch.setattr(coding, "MANY", many)
        assert world.load().version == whole
    register = world.register()
    person = register.find_ids(sorted({p["person_id"] for p in world.persons}))
    owner, row = register.addresses_of(person)
    filed = text_table(world.addresses)
    expected = standardise_addresses(filed)
    got = register.take("addresses", row, ("delivery_key", "unit_key", "zip5", "city", "as_filed_address_line", "as_filed_unit"))
    ids = register.ids(person[owner]).to_pylist()
    seen = sorted(map(repr, zip(ids, *(got[c].to_pylist() for c in got.column_names), strict=True)))
    columns = [expected[c].to_pylist() for c in ("delivery_key", "unit_key", "zip5", "city")]
    stated = [filed[c].to_pylist() for c in ("person_id", "address_line", "unit")]
    assert seen == sorted(map(repr, zip(stated[0], *columns, *stated[1:], strict=True)))
    owner, row = register.names_of(person)
    assert (register.person_of(row) == person[owner]).all()
    columns_of_names = tuple(f.name for f in NAME_SCHEMA)
    mine = register.take("names", row, columns_of_names).to_pylist()
    theirs = standardise_names(text_table(world.persons)).to_pylist()
    assert sorted(map(repr, mine)) == sorted(map(repr, theirs))
    assert [r for part in register.scan("names", columns_of_names, 7) for r in part.to_pylist()] == mine


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000))
def test_nothing_is_left_of_what_a_load_worked_on(tmp_path: Path, seed: int) -> None:
    world = World(tmp_path)
    scatter(world, random.Random(seed))
    world.load()
    assert {p.name for p in tmp_path.iterdir()} == {"source", "register"}


def test_a_load_that_fails_leaves_no_raw_columns_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    world.add("subject", named("Walter", "Haines"))

    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Builder, "tables", broken)
    with pytest.raises(MemoryError):
        world.load()
    assert {p.name for p in tmp_path.iterdir()} == {"source"}
