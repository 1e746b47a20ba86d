"""One path without an address: name and taxpayer number, and the birth date where the agreement asks for it, agree with one person.

For agreements under which the subject's address is not what identifies, such as a consent to be verified. A person is *accepted* when
 1. the number given is on file for that person,
 2. given and family name agree (the same, another spelling, a short form, another order, part of a double name),
 3. the birth date on file equals the one given, where it must agree,
 4. nothing conflicts: second name, generation.
Where only the birth date is missing on file, the person is *arguable*: nobody can tell, so a reviewer sees one candidate beside one
rival. A birth date or number that is off by a digit does not agree. Every other holder of the number who could be meant is a rival (R34).

The columns are those of facts.py; the facts of an address are unknown, because none was compared, and nothing is ever confirmed by it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.agree import compare_people
from portcullis.matching.compare.evidence import AGREES, CONFLICTS
from portcullis.matching.compare.family import Family
from portcullis.matching.compare.given import Given
from portcullis.matching.meet import Meetings
from portcullis.matching.people import distinct
from portcullis.matching.register import Register
from portcullis.matching.requests import in_periods
from portcullis.matching.rivals import could_be_meant
from portcullis.matching.shelf.names import as_number

__all__ = ["RUNG", "match_by_number"]

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
RUNG = "N1"
"""The one rung of this path: what must agree, agrees."""

_UNKNOWN_FLAGS = ("address_confirmed", "address_exact", "tolerance_used", "period_ok")


def match_by_number(requests: pa.Table, register: Register, *, born: bool) -> pa.Table:
    """The match facts of each request, in order; `born` when the birth date must agree too."""
    owner, person = register.holders(as_number(requests["number"]), np.asarray(pc.is_valid(requests["number"])))
    packed = distinct(owner * register.size + person)
    request, person = packed // max(register.size, 1), packed % max(register.size, 1)
    none = np.zeros(len(packed), np.int8)
    meetings = Meetings(request, person, np.full(len(packed), -1), none, none, none)
    pairs, _ = compare_people(requests, register, meetings, everything=True)
    named = (pairs["given"] >= Given.SHORT) & (pairs["family"] >= Family.PART)
    apart = (pairs["middle"] == CONFLICTS) | (pairs["generation"] == CONFLICTS)
    agreed = (pairs["number"] == AGREES) & named & ~apart
    dated = (pairs["dob"] == AGREES) if born else np.ones(len(packed), np.bool_)
    accepted = agreed & dated
    arguable = agreed & ~dated & ~_dated_on_file(register, person) & born
    return _facts(requests, register, meetings, accepted, arguable, could_be_meant(pairs), pairs)


def _dated_on_file(register: Register, person: Rows) -> Flags:
    """Whether any birth date is on file for each person."""
    touched, where = np.unique(person, return_inverse=True)
    owner, row = register.names_of(touched)
    known = np.asarray(pc.is_valid(register.take("names", row, ("dob",))["dob"]))
    dated: Flags = (np.bincount(owner, known, len(touched)) > 0)[where]
    return dated


def _facts(
    requests: pa.Table,
    register: Register,
    meetings: Meetings,
    accepted: Flags,
    arguable: Flags,
    meant: Flags,
    pairs: dict[str, npt.NDArray[np.int64]],
) -> pa.Table:
    count = requests.num_rows

    def per_request(of: Flags) -> Rows:
        return np.bincount(meetings.request, of, count).astype(np.int64)

    taken, unsure = per_request(accepted), per_request(arguable)
    candidates = np.where(taken > 0, taken, unsure)
    rivals = np.where(taken > 0, per_request(meant & ~accepted), np.minimum(unsure, 1))
    lead = np.full(count, -1, np.int64)
    chosen = np.where(taken[meetings.request] > 0, accepted, arguable)
    lead[meetings.request[chosen]] = meetings.person[chosen]
    person = np.where(candidates == 1, lead, -1)
    stated = np.asarray(pc.is_valid(requests["number_valid"]))
    held, named = per_request(pairs["number"] == AGREES) > 0, per_request(pairs["given"] >= Given.SHORT) > 0
    marks = {mark: per_request(register.against(mark, meetings.person) & chosen) > 0 for mark in ("veto", "exclusions")}
    return pa.table(
        {
            "ordinal": requests["ordinal"],
            "candidates": pa.array(candidates),
            "rivals": pa.array(rivals),
            "name_agrees": _flag((candidates > 0) | (held & named)),
            "number_agrees": _flag(held, ~stated),
            "birth_agrees": _flag(per_request(accepted & (pairs["dob"] == AGREES)) > 0, (taken == 0) & (unsure > 0)),
            **{name: pa.nulls(count, pa.int8()) for name in _UNKNOWN_FLAGS},
            **{mark: _flag(found) for mark, found in marks.items()},
            "occupancy": pa.nulls(count, pa.int64()),
            **_answer(requests, register, person),
            "ladder_rule": pa.array([RUNG if found else None for found in taken > 0], pa.string()),
            "veto_rule": pa.nulls(count, pa.string()),
            "person": pa.array(person, mask=person < 0),
            "person_id": register.ids(person),
        }
    )


def _answer(requests: pa.Table, register: Register, person: Rows) -> dict[str, pa.Array]:
    """Facts of the last-known address row of `person` (-1 nobody). No address was supplied, so none is the same."""
    row = register.answers(person)
    some = np.flatnonzero(row >= 0)
    taken = register.take("addresses", row[some], ("period_from", "period_to", "joint"))
    joint, period = np.zeros(len(row), np.int8), np.full(len(row), -1, np.int8)
    joint[some] = np.asarray(taken["joint"])
    since, until = (np.asarray(pc.fill_null(taken[c], -1)).astype(np.int64) for c in ("period_from", "period_to"))
    period[some] = in_periods(requests["periods"], some, np.where(since < 0, until, since), np.where(until < 0, since, until))
    return {
        "answer_row": pa.array(row, mask=row < 0),
        "answer_period_ok": _flag(period == 1, period < 0),
        "same_as_last_known": _flag(np.zeros(len(row), np.bool_)),
        "joint": _flag(joint),
    }


def _flag(values: npt.NDArray[np.bool_] | npt.NDArray[np.int8], unknown: Flags | None = None) -> pa.Array:
    return pa.array(values.astype(np.int8), mask=unknown)
