"""The same people as in the June file, asked for as the statute demands: the lawful counterpart of the replay.

| assumption | value | source |
| --- | --- | --- |
| addresses that were not on file, corrected to one that is | 60 % | [I] |
| birth date, middle name (half of them an initial), suffix stated | 90 / 80 / 80 % | [I] |
| one letter of a street name amiss (within R33's tolerance) | 3 % of streets that allow it | [I] |
| periods that miss the record the answer comes from (R18) | 1 % of those on file | [I] |
| subjects per engaged officer | 80 | [I] |

Everything else about elements is in `elements`. Strangers stay strangers: the file also asks for people who are not on the register, with
full addresses and lawful elements, and for absent kin of registered people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from portcullis.synthetic.classes import RowClass
from portcullis.synthetic.draw import Bools, Ints, pick, stream
from portcullis.synthetic.elements import lawful_elements, years
from portcullis.synthetic.history import LAST_YEAR
from portcullis.synthetic.june import HISTORIC, SyntheticBatch
from portcullis.synthetic.people import SIGNER, officers
from portcullis.synthetic.register import Register
from portcullis.synthetic.render import misspell, render, request_style
from portcullis.synthetic.rows import Rows, Written, as_table, identity_columns, plan_officers, request_ids
from portcullis.synthetic.stated import Stated, on_file_rows, truth_table

__all__ = ["HABITS", "Habits", "lawful_batch", "perfected"]

CORRECTED = 0.60
_C = RowClass


@dataclass(frozen=True, slots=True)
class Habits:
    """How requests are filled in, as shares: what is stated, misspelt streets, periods that miss the answer's record, 8 USC 1326."""

    birth_dates: float = 0.90
    middle_names: float = 0.80
    suffixes: float = 0.80
    misspelt: float = 0.03
    periods_missed: float = 0.01
    reentry: float = 0.05


HABITS = Habits()


def _periods(register: Register, stated: Stated, person: Ints, habits: Habits, rng: np.random.Generator) -> tuple[pa.Array, Bools]:
    """Requested years, and whether they cover the address confirmed (or it is current) and the record the answer comes from."""
    history, n = register.history, len(person)
    first = LAST_YEAR - pick(rng, np.array([0.3, 0.6, 0.85, 1.0]), n)
    on_file = stated.record >= 0
    confirmed, answer = np.maximum(stated.record, 0), history.first[np.maximum(person, 0)]
    needed = np.minimum(history.period_to[confirmed], history.period_to[answer])
    careful = on_file & (rng.random(n) >= habits.periods_missed)
    first = np.where(careful, np.maximum(np.minimum(first, needed), LAST_YEAR - 9), np.where(on_file, LAST_YEAR, first))
    current = history.last_known[confirmed] | (history.period_to[confirmed] >= first)
    return years(first, np.full(n, LAST_YEAR)), ~on_file | (current & (history.period_to[answer] >= first))


def lawful_batch(
    register: Register, rows: Rows, stated: Stated, *, seed: int, name: str, as_of: date, habits: Habits = HABITS
) -> SyntheticBatch:
    """A batch with lawful elements about these rows, stating these places, as of that day; `name` prefixes ids and names the stream."""
    rng, n = stream(seed, f"lawful/{name}"), len(rows.cls)
    case = rng.integers(0, 2, n)
    written = Written(
        middle=rng.random(n) < habits.middle_names,
        initial=rng.random(n) < 0.5,
        suffix=rng.random(n) < habits.suffixes,
        dob=rng.random(n) < habits.birth_dates,
        number=rows.cls <= int(_C.NUMBER_NO_HIT),
        case=case,
    )
    spelt = misspell(rng, stated.places, (stated.record >= 0) & (rng.random(n) < habits.misspelt))
    periods, covered = _periods(register, stated, rows.person, habits, rng)
    ids = request_ids(name, n)
    columns = {"request_id": ids, "taxable_periods": periods} | identity_columns(rows.people, written, rng.random(n) < 0.5)
    columns |= render(spelt, request_style(rng, n)) | lawful_elements(rng, n, as_of, prefix=name, reentry_share=habits.reentry)
    truth = truth_table(register, rows, stated, ids=ids, genuine=np.ones(n, dtype=np.bool_), lawful=covered)
    plan = plan_officers(n, tuple(officer.id for officer in officers(n)))
    return SyntheticBatch(as_table(columns, n), truth, SIGNER, plan, as_of, rows, stated)


def perfected(june: SyntheticBatch, register: Register, seed: int = 2025) -> SyntheticBatch:
    """The people of the June file with lawful elements, officers in plausible number, and addresses that are addresses."""
    rows, rng = june.rows, stream(seed, "perfected")
    astray = rows.is_a(_C.NUMBER_OTHER_ADDRESS, _C.NUMBER_DEFICIENT, _C.NUMBER_BLANK, _C.ADDRESS_MOVED)
    corrected = astray & (rng.random(len(rows.cls)) < CORRECTED)
    found = on_file_rows(register, rows, corrected, HISTORIC, rng)
    there = register.history.places.take(pa.array(register.history.place[found[corrected]]))
    order = np.arange(len(rows.cls))
    order[corrected] = len(rows.cls) + np.arange(len(there))
    places = pa.concat_tables([june.stated.places, there]).combine_chunks().take(pa.array(order))
    return lawful_batch(register, rows, Stated(places, np.maximum(june.stated.record, found)), seed=seed, name="P25", as_of=june.as_of)
