"""The people: households of kin, their names, birth dates and numbers, as arrays of codes.

Shares (all [I], chosen to look like adult filers, none taken from a real file): households of 1 to 5 persons at 35, 40, 15, 7 and
3 %; a spouse bears the head's surname in 85 %, another member in 75 %; 4 % of the grown sons of a head bear his full given name
(Jr; the head then says Sr in 40 %); 5 % of surnames are double; 85 % have a middle name on file, half of them only its initial.

Taxpayer numbers are synthetic by construction: nine digits, all different, area 900-999 with a group of 00-49. No social security number
has ever been issued with an area of 900-999, and no individual taxpayer number with a group below 50 [K].
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from portcullis.errors import OutOfOrder
from portcullis.synthetic import words as stock
from portcullis.synthetic.draw import Bools, Ints, pick, stream

__all__ = ["AS_OF", "JUNIOR", "SENIOR", "SIZES", "People", "Population", "draw_people", "numbers_of", "populate"]

AS_OF = 20266
"""27 June 2025, the date of the data file [R], as days since 1970-01-01."""
SIZES = np.array([0.35, 0.40, 0.15, 0.07, 0.03])
KEEPS_SURNAME_SPOUSE, KEEPS_SURNAME_OTHER, JUNIORS, SENIORS, DOUBLE_SURNAMES = 0.85, 0.75, 0.04, 0.40, 0.05
MIDDLE_KNOWN, MIDDLE_INITIAL_ONLY = 0.85, 0.5
NO_SUFFIX, JUNIOR, SENIOR = -1, 0, 1
_NUMBERS = 100 * 50 * 10_000
_STRIDE = 30_402_457  # prime, so that every index has its own number


@dataclass(frozen=True, slots=True)
class People:
    """Identities by row: codes into the word stock, -1 for none; `dob` in days since 1970-01-01; `surnames` is the stock's size."""

    given: Ints
    middle: Ints
    middle_short: Bools
    family: Ints
    second_family: Ints
    hyphen: Bools
    suffix: Ints
    dob: Ints
    number: Ints
    surnames: int

    def take(self, rows: Ints) -> People:
        """The same people, in that order."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        return People(**{name: value if name == "surnames" else value[rows] for name, value in arrays.items()})


@dataclass(frozen=True, slots=True)
class Population:
    """The register's people with their household, their role in it (0 head, 1 spouse, then others) and their namesake kin (-1 for none)."""

    people: People
    household: Ints
    role: Ints
    twin: Ints


def numbers_of(index: Ints) -> Ints:
    """The taxpayer number of each index: different for different indices below fifty million.

    Raises OutOfOrder for an index beyond that.
    """
    if len(index) and (int(index.max()) >= _NUMBERS or int(index.min()) < 0):
        raise OutOfOrder(
            "There are only fifty million synthetic taxpayer numbers.", "An index beyond them was asked for.", "Make a smaller register."
        )
    scrambled = (index * _STRIDE + 17) % _NUMBERS
    area, rest = np.divmod(scrambled, 500_000)
    out: Ints = (900 + area) * 1_000_000 + rest
    return out


def surname_stock(persons: int) -> int:
    """How many surnames a register of that size draws from."""
    return int(np.clip(persons // 4, 3_000, 150_000))


def _given(rng: np.random.Generator, female: Bools) -> Ints:
    """Given-name codes of that gender."""
    return pick(rng, stock.given_weights(), len(female)) + np.where(female, len(stock.given_names()) // 2, 0)


def draw_people(rng: np.random.Generator, count: int, first_number: int, surnames: int) -> People:
    """`count` people who are kin of nobody, aged 18 to 85, with the numbers from that index on."""
    female = rng.random(count) < 0.5
    middle = np.where(rng.random(count) < MIDDLE_KNOWN, _given(rng, female), -1)
    double = rng.random(count) < DOUBLE_SURNAMES
    weights = stock.family_weights(surnames)
    second = np.where(double, pick(rng, weights, count), -1)
    family = pick(rng, weights, count)
    number = numbers_of(first_number + np.arange(count, dtype=np.int64))
    dob = AS_OF - (365.25 * (18 + 67 * rng.beta(1.4, 2.2, count))).astype(np.int64)
    short = rng.random(count) < MIDDLE_INITIAL_ONLY
    suffix = np.full(count, NO_SUFFIX, dtype=np.int64)
    return People(_given(rng, female), middle, short, family, second, rng.random(count) < 0.5, suffix, dob, number, surnames)


def _households(rng: np.random.Generator, persons: int) -> tuple[Ints, Ints]:
    """Household and role of every person."""
    sizes = 1 + pick(rng, np.cumsum(SIZES), persons)
    ends = np.cumsum(sizes)
    household = np.searchsorted(ends, np.arange(persons), side="right").astype(np.int64)
    return household, np.arange(persons, dtype=np.int64) - (ends - sizes)[household]


def populate(persons: int, seed: int) -> Population:
    """`persons` people in households."""
    rng = stream(seed, "people")
    household, role = _households(rng, persons)
    people = draw_people(rng, persons, 0, surname_stock(persons))
    head = np.arange(persons, dtype=np.int64) - role
    chance = rng.random(persons)
    kin = (role > 0) & (chance < np.where(role == 1, KEEPS_SURNAME_SPOUSE, KEEPS_SURNAME_OTHER))
    for field in (people.family, people.second_family, people.hyphen):
        field[kin] = field[head[kin]]
    _marry(rng, people, role, head)
    _age(rng, people, kin & (role > 1), role, head)
    _tell_apart(people, household)
    return Population(people, household, role, _juniors(rng, people, kin & (role > 1), head))


def _tell_apart(people: People, household: Ints) -> None:
    """No two in a household bear the same given name (fathers and sons are made afterwards)."""
    half = len(stock.given_names()) // 2
    while True:
        key = household * (2 * half) + people.given
        order = np.argsort(key, kind="stable")
        again = order[1:][key[order][1:] == key[order][:-1]]
        if not len(again):
            return
        female = people.given[again] >= half
        people.given[again] = (people.given[again] + 1) % half + np.where(female, half, 0)


def _marry(rng: np.random.Generator, people: People, role: Ints, head: Ints) -> None:
    """Most spouses are of the other gender and of about the head's age."""
    half = len(stock.given_names()) // 2
    spouse = np.flatnonzero(role == 1)
    other = rng.random(len(spouse)) < 0.95
    same_gender = (people.given[spouse] >= half) == (people.given[head[spouse]] >= half)
    swap = spouse[other & same_gender]
    people.given[swap] = (people.given[swap] + half) % (2 * half)
    people.dob[spouse] = np.minimum(people.dob[head[spouse]] + (rng.normal(0, 4 * 365, len(spouse))).astype(np.int64), AS_OF - 18 * 366)


def _age(rng: np.random.Generator, people: People, child: Bools, role: Ints, head: Ints) -> None:
    """Grown children are 19 to 38 years younger than the head when the head is old enough, else siblings of about the same age."""
    rows = np.flatnonzero(child)
    dob = people.dob[head[rows]]
    oldest = np.minimum(38.0, (AS_OF - dob) / 365.25 - 18.5)
    gap = np.where(oldest > 23, 19 + rng.random(len(rows)) * (oldest - 19), rng.normal(0, 4, len(rows)))
    people.dob[rows] = np.minimum(dob + (365.25 * gap).astype(np.int64), AS_OF - 18 * 366 - role[rows])


def _juniors(rng: np.random.Generator, people: People, child: Bools, head: Ints) -> Ints:
    """Gives some sons the head's given name and, mostly, his middle name; the pair is returned as each other's `twin`.

    One household in a small register is made such a pair so that no set lacks it.
    """
    half = len(stock.given_names()) // 2
    sons = np.flatnonzero(child & (people.given[head] < half) & (AS_OF - people.dob[head] > 42 * 365))
    chosen = sons[rng.random(len(sons)) < JUNIORS]
    chosen = chosen if len(chosen) else sons[:1]
    chosen = chosen[np.unique(head[chosen], return_index=True)[1]]
    elder = head[chosen]
    people.given[chosen] = people.given[elder]
    same = rng.random(len(chosen)) < 0.7
    people.middle[chosen[same]] = people.middle[elder[same]]
    people.suffix[chosen] = np.where(rng.random(len(chosen)) < 0.8, JUNIOR, NO_SUFFIX)
    people.suffix[elder[rng.random(len(elder)) < SENIORS]] = SENIOR
    twin = np.full(len(head), -1, dtype=np.int64)
    twin[chosen], twin[elder] = elder, chosen
    return twin
