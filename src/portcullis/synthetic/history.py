"""Who lived where and when: places, and one row per person, place and span of tax years.

A person's oldest address counts from 2016, or from its last year where that is earlier; the newest ends in 2024, the last year filed
before the file of June 2025, for 80 %, and up to three years earlier for the rest [I]. Rows of one person stand together, the
last-known address first; spans do not overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from portcullis.synthetic.draw import Bools, Ints, pick, stream
from portcullis.synthetic.places import make_places
from portcullis.synthetic.population import Population

__all__ = ["FIRST_YEAR", "LAST_YEAR", "History", "make_history"]

FIRST_YEAR, LAST_YEAR = 2016, 2024
MOVED_ONCE, MOVED_TWICE, MOVED_OUT, MARRIED = 0.33, 0.10, 0.08, 0.75
INSTITUTION_SHARE, INSTITUTION_SIZE = 1 / 500, 40
_LAST_FILED = np.cumsum([0.80, 0.12, 0.05, 0.03])
_SLOTS = 4
"""Own address after moving out; the household's now; before; before that."""


@dataclass(frozen=True, slots=True)
class History:
    """`places` as parts; one row per address record; `first` is the row of each person's last-known address, `count` how many they have."""

    places: pa.Table
    person: Ints
    place: Ints
    period_from: Ints
    period_to: Ints
    last_known: Bools
    joint: Bools
    first: Ints
    count: Ints
    in_institution: Bools


@dataclass(frozen=True, slots=True)
class _Slots:
    """Per person and slot: the place (-1 for none) and its years."""

    place: Ints
    start: Ints
    end: Ints


def make_history(population: Population, seed: int) -> History:
    """The address history of everybody."""
    rng = stream(seed, "history")
    places, slots, residents = _place_everybody(population, seed, rng)
    persons = len(population.household)
    used = slots.place >= 0
    person, slot = np.nonzero(used)
    count = used.sum(axis=1)
    first = np.cumsum(count) - count
    last = np.zeros(len(person), dtype=np.bool_)
    last[first] = True
    homes = int(population.household[-1]) + 1
    partnered = np.bincount(population.household, minlength=homes) > 1
    married = (partnered & (rng.random(homes) < MARRIED))[population.household] & (population.role < 2)
    joint = married[person] & (slot == 1)
    flat = (person.astype(np.int64), slots.place[used], slots.start[used], slots.end[used])
    assert len(first) == persons  # noqa: S101  # every person has an address
    return History(places, *flat, last, joint, first.astype(np.int64), count.astype(np.int64), residents)


def _place_everybody(population: Population, seed: int, rng: np.random.Generator) -> tuple[pa.Table, _Slots, Bools]:
    """All places, and the slots of every person."""
    household, persons = population.household, len(population.household)
    homes = int(household[-1]) + 1
    moved = rng.random(homes)
    once, twice = moved < MOVED_ONCE + MOVED_TWICE, moved < MOVED_TWICE
    out = (population.role > 1) & (rng.random(persons) < MOVED_OUT)
    residents, institution = _institutions(population, rng)
    counts = (homes, int(once.sum()), int(twice.sum()), int(out.sum()), int(institution.max()) + 1)
    base = np.cumsum((0, *counts))
    now = np.where(residents, base[4] + institution, household)
    before = _slot_places(once, base[1])[household]
    earlier = _slot_places(twice, base[2])[household]
    place = np.stack([_slot_places(out, base[3]), now, before, earlier], axis=1)
    start, end = _years(rng, homes, household, place)
    return make_places(seed, "register", int(base[-1]), persons), _Slots(place, start, end), residents


def _slot_places(chosen: Bools, base: np.int64) -> Ints:
    """Consecutive places from `base` for the chosen rows, -1 for the others."""
    return np.where(chosen, base + np.cumsum(chosen) - 1, -1).astype(np.int64)


def _institutions(population: Population, rng: np.random.Generator) -> tuple[Bools, Ints]:
    """Some who live alone live in an institution instead: who, and in which (0 for the others)."""
    household = population.household
    alone = np.flatnonzero((population.role == 0) & (np.bincount(household)[household] == 1))
    wanted = min(max(INSTITUTION_SIZE // 2, int(len(household) * INSTITUTION_SHARE)), len(alone) // 2)
    chosen = rng.permutation(alone)[:wanted]
    residents = np.zeros(len(household), dtype=np.bool_)
    residents[chosen] = True
    institution = np.zeros(len(household), dtype=np.int64)
    institution[chosen] = np.arange(wanted) // INSTITUTION_SIZE
    return residents, institution


def _years(rng: np.random.Generator, homes: int, household: Ints, place: Ints) -> tuple[Ints, Ints]:
    """First and last year of every slot, newest slot first, each ending the year before the newer one begins."""
    persons = len(household)
    end = np.empty((persons, _SLOTS), dtype=np.int64)
    start = np.empty_like(end)
    upper = (LAST_YEAR - pick(rng, _LAST_FILED, homes))[household]
    spans = np.stack([np.ones(homes, dtype=np.int64), *(1 + rng.integers(0, 3, homes) for _ in range(3))], axis=1)[household]
    for slot in range(_SLOTS):
        used = place[:, slot] >= 0
        oldest = ~(place[:, slot + 1 :] >= 0).any(axis=1)
        end[:, slot] = upper
        start[:, slot] = np.where(oldest, np.minimum(FIRST_YEAR, upper), upper - spans[:, slot] + 1)
        upper = np.where(used, start[:, slot] - 1, upper)
    return start, end
