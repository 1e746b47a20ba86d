"""Who stands in a batch: rows by class, the person behind each, and the identity the row states.

The June file and its perfection share these rows. No registered person stands in a batch twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.errors import OutOfOrder
from portcullis.model import DATA_COLUMNS
from portcullis.synthetic import words as stock
from portcullis.synthetic.classes import ON_REGISTER, RowClass
from portcullis.synthetic.draw import Bools, Ints, padded, pick
from portcullis.synthetic.population import SIZES, People, draw_people
from portcullis.synthetic.register import Register, family_text, name_columns
from portcullis.synthetic.render import can_misspell, cased

__all__ = ["Rows", "Written", "as_table", "identify", "identity_columns", "make_rows", "other_surnames", "plan_officers", "request_ids"]


_C = RowClass
_KIN = (_C.NAMESAKE_ABSENT, _C.KIN_ABSENT)
_ALONE = (_C.ADDRESS_ON_FILE, _C.ADDRESS_MOVED, *_KIN)
_NUMBERED = tuple(c for c in ON_REGISTER if c.name.startswith("NUMBER"))


@dataclass(frozen=True, slots=True)
class Rows:
    """By request: class, the register's index of the person meant and of the kin it resembles (-1 for none), the identity stated."""

    cls: Ints
    person: Ints
    host: Ints
    people: People

    def is_a(self, *classes: RowClass) -> Bools:
        """Which rows are of these classes."""
        return np.isin(self.cls, [int(c) for c in classes])


@dataclass(frozen=True, slots=True)
class Written:
    """How identities are written: what is stated (the middle name perhaps as an initial), and the letter case (0, 1 upper, 2 lower)."""

    middle: Bools
    initial: Bools
    suffix: Bools
    dob: Bools
    number: Bools
    case: Ints


def make_rows(register: Register, counts: Mapping[RowClass, int], rng: np.random.Generator, *, eligible: Bools | None = None) -> Rows:
    """Rows of the given classes in random order, each registered person at most once.

    `eligible` says which persons may stand in it; nobody who lives in an institution does. Fathers and sons of one name stand only in
    rows that state a number. Raises OutOfOrder when the register is too small for so many.
    """
    cls = rng.permutation(np.repeat([int(c) for c in counts], list(counts.values()))).astype(np.int64)
    free = ~register.history.in_institution & (eligible if eligible is not None else np.True_)
    order = rng.permutation(np.flatnonzero(free))
    twinned = register.population.twin[order] >= 0
    wanted = [np.flatnonzero(np.isin(cls, [int(c) for c in group])) for group in ((_C.ADDRESS_NEAR,), _ALONE, _NUMBERED)]
    single = _misspellable_first(register, order[~twinned], len(wanted[0]))
    alone = len(wanted[0]) + len(wanted[1])
    rest = rng.permutation(np.concatenate([single[alone:], order[twinned]]))
    if len(single) < alone or len(rest) < len(wanted[2]):
        raise OutOfOrder("The register is too small for the requests.", "A person may stand in a batch once.", "Ask for fewer requests.")
    person = np.full(len(cls), -1, dtype=np.int64)
    for rows, chosen in zip(wanted, (single, single[len(wanted[0]) :], rest), strict=True):
        person[rows] = chosen[: len(rows)]
    kin = np.isin(cls, [int(c) for c in _KIN])
    return identify(register, cls, np.where(kin, -1, person), np.where(kin, person, -1), rng)


def _misspellable_first(register: Register, order: Ints, count: int) -> Ints:
    """The same persons with `count` first whose last-known address is a street that may be misspelt (fewer if there are not so many)."""
    history = register.history
    sample = order[: 40 * count + 100]
    able = can_misspell(history.places.take(pa.array(history.place[history.first[sample]])))
    first = sample[able][:count]
    used = np.zeros(register.size, dtype=np.bool_)
    used[first] = True
    return np.concatenate([first, order[~used[order]]])


def identify(register: Register, cls: Ints, person: Ints, host: Ints, rng: np.random.Generator) -> Rows:
    """Rows of those classes about those persons: registered ones bear their own identity, others a drawn one, kin their host's name."""
    drawn = draw_people(rng, len(cls), 2 * register.size, register.population.people.surnames)
    return _identify(Rows(cls, person, host, drawn), register)


def _identify(rows: Rows, register: Register) -> Rows:
    """Gives registered persons their own identity, and absent kin the family name (and for namesakes the given name) of their host."""
    people, known = rows.people, register.population.people
    on = np.flatnonzero(rows.person >= 0)
    for name in ("given", "middle", "middle_short", "family", "second_family", "hyphen", "suffix", "dob", "number"):
        getattr(people, name)[on] = getattr(known, name)[rows.person[on]]
    kin = np.flatnonzero(rows.host >= 0)
    for name in ("family", "second_family", "hyphen"):
        getattr(people, name)[kin] = getattr(known, name)[rows.host[kin]]
    same = np.flatnonzero(rows.is_a(_C.NAMESAKE_ABSENT))
    people.given[same] = known.given[rows.host[same]]
    _part_from_household(rows, register)
    return rows


def _part_from_household(rows: Rows, register: Register) -> None:
    """Absent kin of another given name bear none that anybody in the host's household bears."""
    names, household = len(stock.given_names()), register.population.household
    kin = np.flatnonzero(rows.is_a(_C.KIN_ABSENT))
    home = household[rows.host[kin]]
    members = np.minimum(np.searchsorted(household, home)[:, None] + np.arange(len(SIZES)), register.size - 1)
    borne = np.where(household[members] == home[:, None], register.population.people.given[members], -1)
    while (clash := (borne == rows.people.given[kin][:, None]).any(axis=1)).any():
        rows.people.given[kin[clash]] = (rows.people.given[kin[clash]] + 1) % names


def other_surnames(rows: Rows, rng: np.random.Generator) -> People:
    """The identities with another, single surname on the rows whose name differs from the register's."""
    people = rows.people
    changed = rows.is_a(_C.NUMBER_NAME_DIFFERS)
    size = people.surnames
    drawn = pick(rng, stock.family_weights(size), len(changed))
    drawn = np.where(drawn == people.family, (drawn + 1) % size, drawn)
    return replace(people, family=np.where(changed, drawn, people.family), second_family=np.where(changed, -1, people.second_family))


def identity_columns(people: People, written: Written, hyphen: Bools | None = None) -> dict[str, pa.Array]:
    """The name, birth date and number columns of requests; `hyphen` chooses how double surnames are joined."""
    columns = name_columns(people)
    nothing = pa.nulls(len(people.given), pa.string())
    initial = pc.utf8_slice_codeunits(columns["middle_name"], 0, 1)
    middle = pc.if_else(pa.array(written.initial), initial, columns["middle_name"])
    family = columns["family_name"] if hyphen is None else family_text(people, hyphen)
    return {
        "given_name": cased(columns["given_name"], written.case),
        "middle_name": pc.if_else(pa.array(written.middle), cased(middle, written.case), nothing),
        "family_name": cased(family, written.case),
        "suffix": pc.if_else(pa.array(written.suffix), cased(columns["suffix"], written.case), nothing),
        "date_of_birth": pc.if_else(pa.array(written.dob), columns["date_of_birth"], nothing),
        "taxpayer_number": pc.if_else(pa.array(written.number), padded(people.number, 9), nothing),
    }


def request_ids(prefix: str, count: int) -> pa.Array:
    """`prefix` and a running number: different for every row."""
    return pc.binary_join_element_wise(prefix, padded(np.arange(1, count + 1, dtype=np.int64), 7), "-")


def as_table(columns: Mapping[str, Any], count: int) -> pa.Table:
    """All columns of a data file in their order, text, null where nothing is given."""
    return pa.table({name: columns.get(name, pa.nulls(count, pa.string())) for name in DATA_COLUMNS})


def plan_officers(count: int, officers: tuple[str, ...]) -> dict[str, range]:
    """The ordinals (from 1) each officer is engaged in: consecutive shares as equal as can be."""
    bounds = np.linspace(0, count, len(officers) + 1).round().astype(int).tolist()
    return {officer: range(low + 1, high + 1) for officer, low, high in zip(officers, bounds, bounds[1:], strict=False)}
