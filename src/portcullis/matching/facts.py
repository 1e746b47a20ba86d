"""Match facts: what rules R30-R38 may ask about a request, one row each, and the evidence behind them, one row a meeting.

A person is *accepted* when a rung of the ladder takes them. Where nobody is accepted, somebody may still be *arguable*: name and
address agree and only evidence beyond them is missing (or only the second name differs). A relative who is not on the register
could then be meant, so such a person is a candidate beside one rival, and a reviewer decides (R34).

candidates          accepted persons; where there is none, arguable ones
rivals              others who could be meant, where there is one candidate; the unregistered relative counts as one
name_agrees         1 · 0 nobody of that name there · null alike only
number_agrees       1 · 0 · null none given, or none on file, or only a slip apart (then nobody is accepted)
address_confirmed   1 when on file for that person within R33
address_exact       1 when equal in normal form, units not in conflict
tolerance_used      1 when within one edit
period_ok           1 when that address is current or of a requested period (null unknown)
answer_row          the last-known address row
answer_period_ok    1 when that row is of a requested period (null unknown)
same_as_last_known  1 when the supplied address is that row's, with unit
joint               1 when that row is shared with a co-filer
occupancy           unrelated surnames at the confirmed door
veto, exclusions    1 when set for any candidate
ladder_rule         the rung that took the person
veto_rule           what stood against the best meeting

All but the counts are those of the single candidate, or of the meeting that agrees best. `person_id` and `answer_row` are stated
only for a single candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.compare.family import Family
from portcullis.matching.compare.given import Given
from portcullis.matching.compare.place import Place, code_places, compare_places, compare_units
from portcullis.matching.hashing import combine, text_keys
from portcullis.matching.ladder import Rung, Veto
from portcullis.matching.meet import Meetings
from portcullis.matching.register import Register
from portcullis.matching.requests import in_periods
from portcullis.matching.scalars import NO_YEAR

__all__ = ["EVIDENCE_COLUMNS", "evidence", "facts"]

Rows = npt.NDArray[np.int64]
Columns = dict[str, npt.NDArray[np.int64]]
EVIDENCE_COLUMNS = (
    "given", "family", "place", "unit", "middle", "dob", "number", "generation",
    "rung", "veto", "confirmed", "accepted", "arguable", "rival",
)  # fmt: skip


@dataclass(frozen=True)
class _Lead:
    """For each request the meeting its facts are read from (-1 none)."""

    at: Rows

    def of(self, values: npt.NDArray[Any], otherwise: int = 0) -> npt.NDArray[np.int64]:
        """A meeting column per request."""
        out = np.full(len(self.at), otherwise, np.int64)
        out[self.at >= 0] = values[self.at[self.at >= 0]]
        return out


def _leading(meetings: Meetings, pairs: Columns, count: int) -> _Lead:
    plain = pairs["named"] & pairs["confirmed"]
    rank = (pairs["accepted"] << 12) | (pairs["arguable"] << 11) | (plain << 10) | (pairs["confirmed"] << 9)
    rank += np.where(pairs["family"] == Family.OTHER, 0, np.maximum(pairs["given"], 0) * 8 + np.maximum(pairs["family"], 0))
    order = np.lexsort((meetings.person, -rank, meetings.request))
    at = np.full(count, -1, np.int64)
    owners, first = np.unique(meetings.request[order], return_index=True)
    at[owners] = order[first]
    return _Lead(at)


def _flag(values: npt.NDArray[Any], unknown: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(values.astype(np.int8), mask=unknown)


def _name_facts(requests: pa.Table, register: Register, lead: _Lead, pairs: Columns) -> tuple[pa.Array, pa.Array]:
    """(name_agrees, number_agrees)."""
    given, family = (lead.of(pairs[c]) for c in ("given", "family"))
    here = (lead.of(pairs["confirmed"]) == 1) & (family >= Family.TYPO)
    agrees = (lead.of(pairs["accepted"]) == 1) | (lead.of(pairs["arguable"]) == 1) | (here & (given >= Given.INITIAL))
    alike = ~agrees & here & (given >= Given.LOOSE)
    owner, _ = register.find("index_name", combine(text_keys(requests["given_first"]), text_keys(requests["family"])))
    elsewhere = np.isin(np.arange(requests.num_rows), owner) & (lead.of(pairs["confirmed"]) == 0)
    stated = np.asarray(pc.is_valid(requests["number_valid"]))
    number = lead.of(pairs["number"] * pairs["named"])
    return _flag(agrees | elsewhere, alike & ~elsewhere), _flag(number == 1, ~stated | (number == 0))


def _answer(requests: pa.Table, register: Register, person: Rows) -> dict[str, pa.Array]:
    """Facts of the last-known address of `person` (-1 nobody)."""
    row = register.answers(person)
    same, joint, period = (np.zeros(len(row), np.int8) for _ in range(3))
    if len(some := np.flatnonzero(row >= 0)):
        taken = register.take("addresses", row[some], ("period_from", "period_to", "joint"))
        both, left = code_places(requests.take(pa.array(some)), register.filed(row[some])), np.arange(len(some))
        level = compare_places(both, left, len(some) + left)
        same[some] = (level == Place.EQUAL) & (compare_units(both, left, len(some) + left) == 1)
        joint[some] = np.asarray(taken["joint"])
        since, until = (np.asarray(pc.fill_null(taken[c], NO_YEAR)).astype(np.int64) for c in ("period_from", "period_to"))
        period[some] = in_periods(requests["periods"], some, np.where(since < 0, until, since), np.where(until < 0, since, until))
    return {
        "answer_row": pa.array(row, mask=row < 0),
        "answer_period_ok": _flag(period == 1, (period < 0) | (row < 0)),
        "same_as_last_known": _flag(same),
        "joint": _flag(joint),
    }


def _texts(numbers: Rows, ids: list[str]) -> pa.Array:
    return pa.array([None, *ids], pa.string()).take(pa.array(numbers))


def facts(
    requests: pa.Table, register: Register, meetings: Meetings, pairs: Columns, ladder: tuple[Rung, ...], vetoes: tuple[Veto, ...]
) -> pa.Table:
    """One row a request."""
    count = requests.num_rows
    lead = _leading(meetings, pairs, count)
    accepted, arguable, others = (
        np.bincount(meetings.request, pairs[c], count).astype(np.int64) for c in ("accepted", "arguable", "rival")
    )
    candidates = np.where(accepted > 0, accepted, arguable)
    rivals = np.where(accepted > 0, others, np.minimum(arguable, 1))
    person = np.where(candidates == 1, lead.of(meetings.person, -1), -1)
    confirmed = lead.of(pairs["confirmed"]) & (lead.of(meetings.unit) >= 0)
    place, period = lead.of(meetings.place), lead.of(meetings.period)
    crowd = register.column("addresses", "occupancy")[np.maximum(lead.of(meetings.row, -1), 0)].astype(np.int64) * confirmed
    name_agrees, number_agrees = _name_facts(requests, register, lead, pairs)
    marks = {}
    for mark in ("veto", "exclusions"):
        set_for = register.against(mark, meetings.person) * (pairs["accepted"] | pairs["arguable"])
        marks[mark] = _flag(np.bincount(meetings.request, set_for, count) > 0)
    table = {
        "ordinal": requests["ordinal"],
        "candidates": pa.array(candidates),
        "rivals": pa.array(rivals),
        "name_agrees": name_agrees,
        "number_agrees": number_agrees,
        "address_confirmed": _flag(confirmed),
        "address_exact": _flag(confirmed & (place == Place.EQUAL)),
        "tolerance_used": _flag(confirmed & (place == Place.WITHIN)),
        "period_ok": _flag(confirmed & (period == 1), (confirmed == 1) & (period < 0)),
        **marks,
        "occupancy": pa.array(crowd.astype(np.int64)),
        **_answer(requests, register, person),
        "ladder_rule": _texts(lead.of(pairs["rung"]), [r.id for r in ladder]),
        "veto_rule": _texts(lead.of(pairs["veto"] * pairs["named"]), [v.id for v in vetoes]),
        "person": pa.array(person, mask=person < 0),
        "person_id": register.ids(person),
    }
    return pa.table(table)


def evidence(requests: pa.Table, register: Register, meetings: Meetings, pairs: Columns) -> pa.Table:
    """One row a request and person met, with how everything compared (levels and states of compare/)."""
    columns = {
        "ordinal": requests["ordinal"].take(pa.array(meetings.request)),
        "person_id": register.ids(meetings.person),
        "address_row": pa.array(meetings.row, mask=meetings.row < 0),
        **{c: pa.array(pairs[c].astype(np.int8)) for c in EVIDENCE_COLUMNS},
    }
    return pa.table(columns)
