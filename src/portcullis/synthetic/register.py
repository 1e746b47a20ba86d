"""The synthetic register: `persons` and `addresses` in the interface's columns, with a manifest that says `synthetic: true`.

20 million persons x scale. Every person stands once in `persons`, and 1.3 % a second time (a former surname, or an earlier number).
Address history (all [I]): a third of households have moved once within the register's years, a tenth twice; 8 % of grown
children have their own address now. One person in five hundred lives in an institution: about forty people who are no kin, at one
address. Vetoes on 0.05 %, exclusions on 0.1 %, always at least one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from portcullis.errors import OutOfOrder
from portcullis.synthetic import words as stock
from portcullis.synthetic.draw import Bools, join, padded, pick, stream, words
from portcullis.synthetic.history import History, make_history
from portcullis.synthetic.population import People, Population, numbers_of, populate
from portcullis.synthetic.render import register_style, render

__all__ = ["NATION", "SOURCE", "Register", "family_text", "name_columns", "register", "write_register"]

NATION = 20_000_000
"""Persons at scale 1 (rules.md §5)."""
SOURCE = "portcullis.synthetic"
VETOES, EXCLUSIONS, FORMER_NAMES, EARLIER_NUMBERS = 0.0005, 0.001, 0.01, 0.003
EXCLUSION_KINDS = ("8 USC 1367", "known citizen")
MADE_ON = "2025-06-01"


@dataclass(frozen=True, slots=True)
class Register:
    """The two tables and the manifest; behind them what the generators of requests need to know.

    `persons`: person_id, taxpayer_number, given_name, middle_name, family_name, suffix, date_of_birth (ISO), veto (bool), exclusions.
    `addresses`: person_id, address_line, unit, city, state, postal_code, period_from, period_to (int32 years), last_known, joint (bool).
    """

    persons: pa.Table
    addresses: pa.Table
    manifest: Mapping[str, object]
    population: Population
    history: History
    seed: int
    barred: Bools

    @property
    def size(self) -> int:
        """How many different persons there are."""
        return len(self.population.household)


def family_text(people: People, separator: Bools | None = None) -> pa.Array:
    """Surnames as written; `separator` chooses a hyphen in double ones by row (default: as on file)."""
    names = stock.family_names(people.surnames)
    first, second = words(names, people.family), words(names, people.second_family)
    hyphen = people.hyphen if separator is None else separator
    return pc.if_else(pa.array(hyphen), join(first, second, by="-"), join(first, second))


def name_columns(people: People) -> dict[str, pa.Array]:
    """Given, middle and family name, suffix and ISO date of birth, as a register writes them."""
    middle = words(stock.given_names(), people.middle)
    return {
        "given_name": words(stock.given_names(), people.given),
        "middle_name": pc.if_else(pa.array(people.middle_short), pc.utf8_slice_codeunits(middle, 0, 1), middle),
        "family_name": family_text(people),
        "suffix": words(("Jr", "Sr"), people.suffix),
        "date_of_birth": pc.cast(pc.cast(pa.array(people.dob.astype(np.int32)), pa.date32()), pa.string()),
    }


def _at_least_one(rng: np.random.Generator, count: int, share: float) -> Bools:
    """True on that share, and on one row at least."""
    out: Bools = rng.random(count) < share
    out[rng.integers(0, count)] = True
    return out


def _persons(population: Population, rng: np.random.Generator) -> tuple[pa.Table, Bools]:
    """The persons table and who is barred by a veto or an exclusion."""
    people, n = population.people, len(population.household)
    veto, excluded = _at_least_one(rng, n, VETOES), _at_least_one(rng, n, EXCLUSIONS)
    kind = np.where(excluded, pick(rng, np.array([0.6, 1.0]), n), -1)
    ids = {"person_id": join("P", padded(np.arange(n, dtype=np.int64), 8), by=""), "taxpayer_number": padded(people.number, 9)}
    table = pa.table(ids | name_columns(people) | {"veto": pa.array(veto), "exclusions": words(EXCLUSION_KINDS, kind)})
    return pa.concat_tables([table, *_earlier_rows(table, people, rng)]).combine_chunks(), veto | excluded


def _earlier_rows(table: pa.Table, people: People, rng: np.random.Generator) -> list[pa.Table]:
    """The second rows of those who bore another surname or another number before."""
    n = len(people.given)
    renamed, renumbered = np.flatnonzero(rng.random(n) < FORMER_NAMES), np.flatnonzero(rng.random(n) < EARLIER_NUMBERS)
    former = stock.family_names(people.surnames).take(pa.array(pick(rng, stock.family_weights(people.surnames), len(renamed))))
    earlier = padded(numbers_of(n + np.arange(len(renumbered), dtype=np.int64)), 9)
    names, numbers = table.take(pa.array(renamed)), table.take(pa.array(renumbered))
    at = table.schema.get_field_index
    return [
        names.set_column(at("family_name"), "family_name", former),
        numbers.set_column(at("taxpayer_number"), "taxpayer_number", earlier),
    ]


def _addresses(history: History, persons: pa.Table, rng: np.random.Generator) -> pa.Table:
    """The addresses table: each place written once, then handed to its people."""
    written = pa.table(render(history.places, register_style(rng, len(history.places)))).take(pa.array(history.place))
    ids = persons["person_id"].take(pa.array(history.person))
    period = {"period_from": pa.array(history.period_from.astype(np.int32)), "period_to": pa.array(history.period_to.astype(np.int32))}
    flags = {"last_known": pa.array(history.last_known), "joint": pa.array(history.joint)}
    return pa.table({"person_id": ids} | {name: written[name] for name in written.column_names} | period | flags).combine_chunks()


def register(scale: float = 0.05, seed: int = 2025, *, persons: int | None = None) -> Register:
    """A register of 20 million x `scale` people, or of exactly `persons`; the same seed gives the same register.

    Raises OutOfOrder for fewer than 50 people or more than 20 million.
    """
    count = round(NATION * scale) if persons is None else persons
    if not 50 <= count <= NATION:
        raise OutOfOrder("A synthetic register has between 50 and 20,000,000 persons.", f"{count} were asked for.", "Choose another scale.")
    population = populate(count, seed)
    table, barred = _persons(population, stream(seed, "persons"))
    history = make_history(population, seed)
    manifest = {"synthetic": True, "source": f"{SOURCE}, seed {seed}, {count} persons", "date": MADE_ON}
    return Register(table, _addresses(history, table, stream(seed, "addresses")), manifest, population, history, seed, barred)


def write_register(made: Register, folder: Path, *, form: str = "parquet") -> None:
    """`manifest.json`, `persons` and `addresses` in `folder`, as `parquet` or `csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(dict(made.manifest), indent=2) + "\n", encoding="utf-8")
    for name, table in (("persons", made.persons), ("addresses", made.addresses)):
        if form == "csv":
            pyarrow.csv.write_csv(table, folder / f"{name}.csv", pyarrow.csv.WriteOptions(quoting_style="needed"))
        else:
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
