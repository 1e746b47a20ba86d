"""A small register and three batches about it, for tests, examples and first steps: clean, mixed and hostile.

`clean`: every request is lawful and its person is on the register at the address stated. `mixed`: a little over half are, the rest are
about strangers, absent kin or addresses not on file, with lawful elements. `hostile`: every request has exactly one defect (see
`defects`), or is about somebody who must not be disclosed: a veto, an exclusion, a father and son whom nothing tells apart, an absent
namesake, a resident of an institution. Their truth has three more columns: `defect`, `rule` (both null in clean and mixed), `outcome`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.model import ADDRESS_FIELDS, DATA_COLUMNS
from portcullis.synthetic.classes import RowClass
from portcullis.synthetic.defects import Defect, defects
from portcullis.synthetic.draw import Ints, padded, stream
from portcullis.synthetic.june import FILE_DATE, HISTORIC, SyntheticBatch
from portcullis.synthetic.perfected import Habits, lawful_batch
from portcullis.synthetic.population import numbers_of
from portcullis.synthetic.register import Register, register
from portcullis.synthetic.rows import Rows, identify, make_rows
from portcullis.synthetic.stated import on_file_rows, stated_places

__all__ = ["SmallSet", "small"]

_C = RowClass
_CLEAN = Habits(birth_dates=1.0, middle_names=0.85, misspelt=0.05, periods_missed=0.0, reentry=0.1)
_PLAIN = Habits(birth_dates=1.0, middle_names=0.85, misspelt=0.0, periods_missed=0.0, reentry=0.0)
_MIXED = {
    _C.NUMBER_ON_FILE: 0.30,
    _C.NUMBER_OTHER_ADDRESS: 0.10,
    _C.NUMBER_NO_HIT: 0.05,
    _C.ADDRESS_MOVED: 0.10,
    _C.KIN_ABSENT: 0.05,
    _C.STRANGER: 0.12,
}
_FORBIDDEN = (
    ("veto", "R30", _C.NUMBER_ON_FILE),
    ("exclusion", "R31", _C.NUMBER_ON_FILE),
    ("father_and_son", "R34", _C.ADDRESS_ON_FILE),
    ("institution_by_occupancy", "R15", _C.ADDRESS_ON_FILE),
    ("namesake_absent", "R34", _C.NAMESAKE_ABSENT),
    ("kin_absent", "R32", _C.KIN_ABSENT),
    ("address_of_another", "R33", _C.NUMBER_OTHER_ADDRESS),
    ("address_not_on_file", "R33", _C.ADDRESS_MOVED),
    ("not_on_register", "R34", _C.STRANGER),
)
"""Requests in good form that must not be answered: what they are, the rule, the class of row."""


@dataclass(frozen=True, slots=True)
class SmallSet:
    """The register and the three batches."""

    register: Register
    clean: SyntheticBatch
    mixed: SyntheticBatch
    hostile: SyntheticBatch


def small(n_persons: int = 300, n_requests: int = 40, seed: int = 7, *, as_of: date = FILE_DATE) -> SmallSet:
    """A register of `n_persons` and batches of `n_requests` (the hostile one has a row per defect), as of that day.

    Raises OutOfOrder when the register is too small for so many.
    """
    made = register(persons=n_persons, seed=seed)
    rng = stream(seed, "small")
    half = n_requests // 2
    shares = {cls: round(n_requests * share) for cls, share in _MIXED.items()}
    clean = {_C.NUMBER_ON_FILE: half, _C.ADDRESS_ON_FILE: n_requests - half}
    mixed = shares | {_C.ADDRESS_ON_FILE: n_requests - sum(shares.values())}
    plain = ~made.barred & (made.population.twin < 0)
    first, second = (
        _expected(_batch(made, make_rows(made, counts, rng, eligible=plain), seed=seed, name=name, as_of=as_of, habits=_CLEAN))
        for name, counts in (("CLEAN", clean), ("MIXED", mixed))
    )
    return SmallSet(made, first, second, _hostile(made, rng, seed, as_of))


def _batch(made: Register, rows: Rows, *, seed: int, name: str, as_of: date, habits: Habits) -> SyntheticBatch:
    """A lawful batch about these rows."""
    rng = stream(seed, f"small/{name}")
    record = on_file_rows(made, rows, rows.is_a(_C.NUMBER_ON_FILE, _C.ADDRESS_ON_FILE), HISTORIC, rng)
    stated = stated_places(made, rows, record, seed, f"small/{name}", others=0.5)
    return lawful_batch(made, rows, stated, seed=seed, name=name, as_of=as_of, habits=habits)


def _expected(batch: SyntheticBatch) -> SyntheticBatch:
    """The batch with the three columns of expectation on its truth."""
    truth, nothing = batch.truth, pa.nulls(len(batch.truth), pa.string())
    answer = pc.if_else(truth["address_is_last_known"], "confirm", "disclose")
    outcome = pc.if_else(truth["lawful_matchable"], answer, "no_disclosure")
    for name, values in (("defect", nothing), ("rule", nothing), ("outcome", outcome)):
        truth = truth.append_column(name, values)
    return replace(batch, truth=truth)


def _people_for(made: Register, spoiled: int, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Class, person and host of every hostile row: first those to be spoiled, then the forbidden ones."""
    veto = pc.fill_null(made.persons["veto"], False).to_numpy()[: made.size]
    excluded = made.persons["exclusions"].is_valid().to_numpy()[: made.size]
    resident, twin = made.history.in_institution, made.population.twin >= 0
    plain = rng.permutation(np.flatnonzero(~made.barred & ~resident & ~twin))
    special = [np.flatnonzero(mask)[0] for mask in (veto, excluded, twin, resident)]
    person = np.concatenate([plain[:spoiled], special, plain[spoiled : spoiled + len(_FORBIDDEN) - len(special)]]).astype(np.int64)
    base = np.where(np.arange(spoiled) % 2 == 0, int(_C.NUMBER_ON_FILE), int(_C.ADDRESS_ON_FILE))
    cls = np.concatenate([base, [int(row_class) for _, _, row_class in _FORBIDDEN]]).astype(np.int64)
    kin = np.isin(cls, (int(_C.NAMESAKE_ABSENT), int(_C.KIN_ABSENT)))
    known = np.where(kin | (cls == int(_C.STRANGER)), -1, person)
    return cls, known, np.where(kin, person, -1)


def _hostile(made: Register, rng: np.random.Generator, seed: int, as_of: date) -> SyntheticBatch:
    """One request per defect and per forbidden case."""
    unused, count = padded(numbers_of(np.array([49_999_999])), 9)[0].as_py(), len(defects(as_of, unused_number="", number_of_another=""))
    rows = identify(made, *_people_for(made, count, rng), rng)
    absent = np.setdiff1d(np.arange(made.size), np.concatenate([rows.person, rows.host]))
    spoil = defects(as_of, unused_number=unused, number_of_another=made.persons["taxpayer_number"][int(absent[0])].as_py())
    batch = _batch(made, rows, seed=seed, name="HOSTILE", as_of=as_of, habits=_PLAIN)
    requests, truth = batch.requests.to_pylist(), _expected(batch).truth.to_pylist()
    for request, hidden, defect in zip(requests, truth, spoil, strict=False):
        request.update(defect.changes)
        hidden.update(_after(defect))
    for (name, rule, _), request, hidden in zip(_FORBIDDEN, requests[len(spoil) :], truth[len(spoil) :], strict=True):
        hidden.update({"defect": name, "rule": rule, "outcome": "no_disclosure", "lawful_matchable": False})
        if name in {"father_and_son", "namesake_absent"}:
            request.update({"date_of_birth": None, "middle_name": None, "suffix": None})
    text = pa.schema([(name, pa.string()) for name in DATA_COLUMNS])
    return replace(batch, requests=pa.Table.from_pylist(requests, text), truth=pa.Table.from_pylist(truth, _expected(batch).truth.schema))


def _after(defect: Defect) -> dict[str, object]:
    """What the truth says of a row with that defect."""
    out: dict[str, object] = {"defect": defect.name, "rule": defect.rule, "outcome": defect.outcome, "lawful_matchable": False}
    if set(defect.changes) & set(ADDRESS_FIELDS):
        return out | dict.fromkeys(("address_genuine", "address_on_file", "address_is_last_known", "matchable"), False)
    return out | ({"matchable": False} if defect.rule == "R32" else {"elements_lawful": False})
