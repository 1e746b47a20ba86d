"""The address each row states, as places or as the register's own text; and the hidden truth about the row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.synthetic.classes import RowClass
from portcullis.synthetic.draw import Bools, Ints, listed
from portcullis.synthetic.places import make_places
from portcullis.synthetic.register import Register
from portcullis.synthetic.render import ADDRESS_COLUMNS
from portcullis.synthetic.rows import Rows

__all__ = ["TRUTH_COLUMNS", "Stated", "on_file_rows", "overlay", "stated_places", "truth_table"]

TRUTH_COLUMNS = listed(
    "request_id person_id cls address_genuine address_on_file address_is_last_known elements_lawful matchable lawful_matchable"
)


@dataclass(frozen=True, slots=True)
class Stated:
    """By row: the place as parts, and the register's address row it is (-1 for none on file for the person meant)."""

    places: pa.Table
    record: Ints


def on_file_rows(
    register: Register, rows: Rows, chosen: Bools, historic: float, rng: np.random.Generator, *, newest: Bools | None = None
) -> Ints:
    """The address record each chosen row states: the last-known one, or an earlier one for the share `historic` of them; -1 elsewhere.

    On rows marked `newest` it is always the last-known one.
    """
    history = register.history
    out = np.full(len(rows.cls), -1, dtype=np.int64)
    at = np.flatnonzero(chosen)
    person = rows.person[at]
    may = history.count[person] > 1
    movers = rng.permutation(np.flatnonzero(may if newest is None else may & ~newest[at]))[: round(historic * len(at))]
    record = history.first[person]
    record[movers] += 1 + (rng.random(len(movers)) * (history.count[person[movers]] - 1)).astype(np.int64)
    out[at] = record
    return out


def stated_places(register: Register, rows: Rows, record: Ints, seed: int, name: str, *, others: float = 0.3) -> Stated:
    """A place for every row: the record's where there is one, the host's for absent kin, else a new one.

    For the share `others` of those who state a full address not on file it is another household's.
    """
    history, n = register.history, len(rows.cls)
    rng = np.random.default_rng([seed, n])
    place = np.where(record >= 0, history.place[np.maximum(record, 0)], -1)
    place = np.where(rows.host >= 0, history.place[history.first[np.maximum(rows.host, 0)]], place)
    foreign = (record < 0) & rows.is_a(RowClass.NUMBER_OTHER_ADDRESS, RowClass.ADDRESS_MOVED) & (rng.random(n) < others)
    distant = (rows.person + register.size // 2) % register.size
    place = np.where(foreign, history.place[history.first[distant]], place)
    known = place >= 0
    fresh = make_places(seed, name, int((~known).sum()), register.size)
    both = pa.concat_tables([history.places.take(pa.array(place[known])), fresh]).combine_chunks()
    order = np.empty(n, dtype=np.int64)
    order[known], order[~known] = np.arange(int(known.sum())), int(known.sum()) + np.arange(len(fresh))
    return Stated(both.take(pa.array(order)), record)


def overlay(columns: dict[str, pa.Array], chosen: Bools, values: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The address columns with those of `values` (one per chosen row, in order) put on the chosen rows."""
    mask = pa.array(chosen)
    return {name: pc.replace_with_mask(columns[name], mask, _flat(values[name])) for name in ADDRESS_COLUMNS}


def _flat(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array, whatever the chunks."""
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def truth_table(register: Register, rows: Rows, stated: Stated, *, ids: pa.Array, genuine: Bools, lawful: Bools) -> pa.Table:
    """What is hidden from the gateway, one row per request, in `TRUTH_COLUMNS`.

    `person_id` is null when the person is not on the register. `matchable`: a person on the register whose address on file is
    stated. `lawful_matchable`: that, lawful elements (periods included), no veto, no exclusion, no institution, nobody else of that
    name whom the row does not tell apart.
    """
    on, record = rows.person >= 0, stated.record
    names = register.persons["person_id"].combine_chunks().take(pa.array(np.maximum(rows.person, 0)))
    on_file = record >= 0
    last = on_file & register.history.last_known[np.maximum(record, 0)]
    barred = on & (register.barred[rows.person] | register.history.in_institution[rows.person])
    matchable = on & on_file & genuine
    person = pc.if_else(pa.array(on), names, pa.nulls(len(on), pa.string()))
    cls = pa.array([c.name.lower() for c in RowClass]).take(pa.array(rows.cls))
    flags = (genuine, on_file, last, lawful, matchable, matchable & lawful & ~barred)
    return pa.table(dict(zip(TRUTH_COLUMNS, (ids, person, cls, *(pa.array(flag) for flag in flags)), strict=True)))
