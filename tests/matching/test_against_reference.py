"""The fast path says of every request what the slow, obvious matcher says; alone, in any batch, in any order of the register."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching_reference import SHARES, Reference
from portcullis.matching import frequency, kin
from portcullis.matching.load import load_register
from portcullis.matching.match import BYTES_PER_ROW, match, match_in_full
from portcullis.matching.register import Register, open_register
from portcullis.matching.requests import prepare_requests

Row = dict[str, Any]
GIVEN = [
    "John", "Jon", "Jonathan", "Donald", "Ronald", "Jonald", "Bill", "William", "J", "Jose Luis", "Jose Antonio", "Luis", "Xylona", None,
    "Mary Ann", "Maryann", "Tina", "Christina", "Martina", "Bartholomaeusz-Maximilianus", "Bartholomaeusz-Maximilianos",
]  # fmt: skip
MIDDLE = [None, None, "A", "Alan", "Albert", "B", "Luis", "Garcia"]
FAMILY = [
    "Smith", "Smyth", "Garcia Lopez", "Lopez Garcia", "Garcia", "Garcia-Perez", "De la Cruz", "Delacruz", "O'Brien", "Obrien", None,
    "Hernandez", "Hernandes", "Luis", "Wolfeschlegelsteinhausenberger", "Wolfeschlegelsteinhausenbergar",
]  # fmt: skip
SUFFIX = [None, None, None, "Jr", "Sr", "III"]
DOB = [None, None, "1960-05-04", "1960-04-05", "1990-05-04", "1961-05-04", "not a date"]
NUMBER = [None, None, "900112233", "900112234", "900556677", "12345"]
LINE = [
    "100 Marion St", "100 Marian St", "100 Marrion St", "100 Mariin Street", "101 Marion St", "100 Marion Ave", "PO Box 12",
    "100 Marion Steet", "100 Elm St", "100 Oak Hill Dr", "100 Oak Hll Dr",
]  # fmt: skip
UNIT = [None, None, "Apt 1", "Apt 2"]
WHERE = [("Kent", "WA", "98030"), ("Kent", "WA", "98031"), ("Auburn", "WA", "98030"), ("Auburn", "WA", None)]


def one(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


NAME = st.fixed_dictionaries(
    {
        "given_name": one(GIVEN),
        "middle_name": one(MIDDLE),
        "family_name": one(FAMILY),
        "suffix": one(SUFFIX),
        "date_of_birth": one(DOB),
        "taxpayer_number": one(NUMBER),
    }
)
HOME = st.tuples(one(LINE), one(UNIT), one(WHERE)).map(
    lambda t: {"address_line": t[0], "unit": t[1], "city": t[2][0], "state": t[2][1], "postal_code": t[2][2]}
)
PERSON = st.tuples(st.lists(NAME, min_size=1, max_size=2), st.lists(HOME, min_size=1, max_size=2))
REQUEST = st.tuples(NAME, HOME).map(lambda t: t[0] | t[1])


def tables(people: list[Any]) -> tuple[list[Row], list[Row]]:
    persons = [{"person_id": f"p{i}", **name} for i, (names, _) in enumerate(people) for name in names]
    addresses = [
        {"person_id": f"p{i}", **home, "last_known": k == 0} for i, (_, homes) in enumerate(people) for k, home in enumerate(homes)
    ]
    return persons, addresses


def prepared(folder: Path, persons: list[Row], addresses: list[Row]) -> Register:
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "manifest.json").write_text(json.dumps({"synthetic": True, "source": "test", "date": "2026-01-01"}))
    for name, rows in (("persons", persons), ("addresses", addresses)):
        columns = dict.fromkeys(k for row in rows for k in row)
        table = pa.table({c: pa.array([None if r.get(c) is None else str(r[c]) for r in rows], pa.string()) for c in columns})
        pq.write_table(table, source / f"{name}.parquet")
    load_register(source, folder / "register")
    return open_register(folder / "register")


def asked(requests: list[Row]) -> pa.Table:
    columns = [*NAME_COLUMNS, "address_line", "unit", "city", "state", "postal_code"]
    return prepare_requests(pa.table({c: pa.array([r.get(c) for r in requests], pa.string()) for c in columns}))


NAME_COLUMNS = ["given_name", "middle_name", "family_name", "suffix", "date_of_birth", "taxpayer_number"]
COMPARED = ("candidates", "rivals", "person_id")


def check(folder: Path, people: list[Any], requests: list[Row], shares: tuple[float, float, float, float] = SHARES) -> list[str]:
    """Compare both on every request; the rungs that took somebody alone."""
    persons, addresses = tables(people)
    register, batch = prepared(folder, persons, addresses), asked(requests)
    facts = match(batch, register).to_pylist()
    assert match_in_full(batch, register).facts.to_pylist() == facts
    reference = Reference(persons, addresses, shares)
    rungs: list[str] = []
    for request, fact in zip(requests, facts, strict=True):
        expected = reference.match(request)
        assert {c: fact[c] for c in COMPARED} == {c: expected[c] for c in COMPARED}, (request, fact, expected)
        if expected["person_id"]:
            assert fact["tolerance_used"] == expected["tolerance_used"], (request, fact, expected)
        if expected["rung"]:
            assert fact["ladder_rule"] == expected["rung"]
            rungs.append(expected["rung"])
    return rungs


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(people=st.lists(PERSON, min_size=1, max_size=6), requests=st.lists(REQUEST, min_size=1, max_size=12))
def test_small_generated_registers(tmp_path: Path, people: list[Any], requests: list[Row]) -> None:
    check(tmp_path, people, requests)


def draw(rng: random.Random) -> Row:
    row = {"given_name": rng.choice(GIVEN), "middle_name": rng.choice(MIDDLE), "family_name": rng.choice(FAMILY)}
    return row | {"suffix": rng.choice(SUFFIX), "date_of_birth": rng.choice(DOB), "taxpayer_number": rng.choice(NUMBER)}


def lodge(rng: random.Random) -> Row:
    city, state, postal = rng.choice(WHERE)
    return {"address_line": rng.choice(LINE), "unit": rng.choice(UNIT), "city": city, "state": state, "postal_code": postal}


@pytest.mark.parametrize("seed", range(4))
def test_a_street_of_neighbours_and_many_requests(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    people = [([draw(rng) for _ in range(rng.choice((1, 1, 2)))], [lodge(rng) for _ in range(rng.choice((1, 2)))]) for _ in range(30)]
    requests = []
    for _ in range(150):
        names, homes = rng.choice(people)
        requests.append({**rng.choice(names), **rng.choice(homes)} if rng.random() < 0.7 else {**draw(rng), **lodge(rng)})
        if rng.random() < 0.5:
            requests[-1][rng.choice(["given_name", "middle_name", "suffix", "date_of_birth", "taxpayer_number", "unit"])] = None
    assert len(check(tmp_path, people, requests)) > 3


@pytest.mark.parametrize("seed", range(2))
def test_what_the_register_says_of_given_names(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rungs of rare and unshared names, with shares that a register of sixty can show."""
    shares = (0.1, 0.3, 1.1, 0.2)
    for module, name, share in zip(
        (frequency, frequency, kin, kin), ("RARE_SHARE", "CERTAIN_SHARE", "UNSHARED_SHARE", "SHARED_SHARE"), shares, strict=True
    ):
        monkeypatch.setattr(module, name, share)
    rng = random.Random(seed)
    plain = {"middle_name": None, "date_of_birth": None, "taxpayer_number": None, "suffix": None}
    families = ("Quimby", "Haines", "Marlowe", "Smith")
    doors = [lodge(rng) for _ in range(8)]
    people = [([draw(rng) | plain | {"family_name": rng.choice(families)}], [rng.choice(doors)]) for _ in range(60)]
    requests = [{**names[0], **homes[0]} for names, homes in people]
    assert {"L7", "L8"} <= set(check(tmp_path, people, requests, shares))


def test_a_single_request_gives_the_same_as_in_a_batch(tmp_path: Path) -> None:
    rng = random.Random(99)
    people = [([draw(rng)], [lodge(rng)]) for _ in range(60)]
    requests = [{**rng.choice(people)[0][0], **rng.choice(people)[1][0]} for _ in range(40)]
    register = prepared(tmp_path, *tables(people))
    batch = asked(requests)
    together = match(batch, register)
    for i in range(batch.num_rows):
        assert match(batch.slice(i, 1), register).to_pylist() == together.slice(i, 1).to_pylist()
    for threads in (1, 3):
        assert match(batch, register, memory=7 * BYTES_PER_ROW, threads=threads).to_pylist() == together.to_pylist()
    assert match(batch.slice(0, 0), register).num_rows == 0


def test_the_order_of_the_owners_file_changes_nothing(tmp_path: Path) -> None:
    rng = random.Random(3)
    people = [([draw(rng)], [lodge(rng)]) for _ in range(40)]
    persons, addresses = tables(people)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = prepared(tmp_path / "a", persons, addresses)
    second = prepared(tmp_path / "b", persons[::-1], addresses[::-1])
    assert first.version == second.version
