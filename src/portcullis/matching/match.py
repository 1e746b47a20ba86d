"""`match`: for each request exactly one person, or nobody, and why.

1. Meet: who has an address on file that the supplied one could be (meet.py).
2. Accept: those whom a rung of the ladder takes and no veto ends, at an address R33 confirms (ladder.py).
3. Tolerance: an address within one edit counts only while no stranger lives within that tolerance at another door (R33).
4. Rivals: for a request with exactly one accepted person, everybody else who could be meant (rivals.py).
5. Facts: one row a request for rules R30-R38; the evidence of every meeting for the reviewer and for `explain`.

Each request is compared with the register alone, never with another request: alone or in a batch the result is the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.agree import compare_people
from portcullis.matching.compare.evidence import AGREES
from portcullis.matching.compare.family import Family
from portcullis.matching.compare.given import Given
from portcullis.matching.compare.place import Place
from portcullis.matching.facts import evidence, facts
from portcullis.matching.ladder import LADDER, VETOES, Rung, Veto, climb, vetoed
from portcullis.matching.meet import Meetings, meet_places, rows_met
from portcullis.matching.people import distinct
from portcullis.matching.register import Register
from portcullis.matching.rivals import APART_BY, could_be_meant
from portcullis.matching.shelf.coding import Coded, tuples
from portcullis.matching.shelf.names import as_number
from portcullis.matching.shelf.places import place_keys

__all__ = ["Matched", "Plan", "match", "match_in_full"]

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Columns = dict[str, npt.NDArray[np.int64]]
MEMORY = 1 << 30
"""Bytes that matching may hold at a time, unless told otherwise."""

TOGETHER = 32_768
"""Requests matched at a time, at most."""

BYTES_PER_ROW = 1_000
"""What one address row costs while it is compared, with everything made of it (measured: below 600)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules a match runs with; tests take one out to show what it keeps."""

    ladder: tuple[Rung, ...] = LADDER
    vetoes: tuple[Veto, ...] = VETOES
    rivals: bool = True
    apart_by: tuple[str, ...] = APART_BY
    tolerance: bool = True


@dataclass(frozen=True, slots=True)
class Matched:
    """`facts`: one row a request. `evidence`: one row a request and person met by name and place, for review and explanation."""

    facts: pa.Table
    evidence: pa.Table


def _alone_in_tolerance(meetings: Meetings, pairs: Columns, point: Rows, count: int) -> Flags:
    """Whether no stranger to the family name asked for lives, equal to or within tolerance of the request, at another door.

    Then the street as written is a slip of this one and not somebody else's home. Relatives at the other door do not show that;
    they are looked at as rivals.
    """
    stranger = (meetings.place >= Place.WITHIN) & (pairs["family"] <= Family.OTHER)
    low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(low, meetings.request[stranger], point[stranger])
    np.maximum.at(high, meetings.request[stranger], point[stranger])
    least, most = low[meetings.request], high[meetings.request]
    alone: Flags = (most < 0) | ((least == point) & (most == point))
    return alone


def _doors(register: Register, meetings: Meetings) -> npt.NDArray[np.int64]:
    """A number for each meeting's delivery point in its ZIP (or city and state)."""
    codes = {g: register.column("addresses", g)[meetings.row] for g in ("spot", "street", "town")}
    parts = {"spot": "head_number", "street": "rest_number", "town": "town_number"}
    every = [Coded(register.of(g, c, codes[g]), pa.nulls(register.group(g).num_rows)) for g, c in parts.items()]
    return tuples(every)[0].astype(np.int64)


def _accept(requests: pa.Table, register: Register, meetings: Meetings, pairs: Columns, evidence: dict[str, Flags], plan: Plan) -> Columns:
    rung, veto = climb(pairs, evidence, plan.ladder), vetoed(pairs, plan.vetoes)
    stated = np.asarray(pc.is_valid(requests["number_valid"]))[meetings.request]
    alone = _alone_in_tolerance(meetings, pairs, _doors(register, meetings), requests.num_rows)
    confirmed = (meetings.place == Place.EQUAL) | ((meetings.place == Place.WITHIN) & alone & plan.tolerance)
    here = confirmed & (pairs["unit"] >= 0) & (~stated | (pairs["number"] == AGREES))
    accepted = (rung > 0) & (veto == 0) & here
    named = (pairs["family"] >= Family.TYPO) & (pairs["given"] >= Given.LOOSE)
    sure = (pairs["family"] >= Family.PART) & (pairs["given"] >= Given.SPELLING)
    only_middle = np.array([v.column == "middle" for v in plan.vetoes] + [False])[veto - 1]
    arguable = here & named & ((veto == 0) | (only_middle & sure))
    marks = {"rung": rung, "veto": veto, "confirmed": confirmed, "named": named, "accepted": accepted, "arguable": arguable & ~accepted}
    return pairs | {k: v.astype(np.int64) for k, v in marks.items()}


def _joined(meetings: Meetings, more: Meetings, pairs: Columns, others: Columns) -> tuple[Meetings, Columns]:
    order = np.lexsort((np.concatenate([meetings.person, more.person]), np.concatenate([meetings.request, more.request])))
    joined = Meetings(*(np.concatenate([getattr(meetings, f), getattr(more, f)])[order] for f in Meetings.__dataclass_fields__))
    size = len(more.request)
    return joined, {k: np.concatenate([v, others.get(k, np.zeros(size, np.int64))])[order] for k, v in pairs.items()}


def _by_number(requests: pa.Table, register: Register, single: Rows) -> Rows:
    """Packed (request, person) of the holders of the number given, for the requests `single`."""
    numbers = requests["number"].take(pa.array(single))
    owner, person = register.holders(as_number(numbers), np.asarray(pc.is_valid(numbers)))
    return single[owner] * register.size + person


def _unmet(packed: Rows, register: Register, *known: Meetings) -> Flags:
    """Which of the packed (request, person) pairs stand in none of the meetings, which are in this order."""
    fresh = np.ones(len(packed), np.bool_)
    for meetings in known:
        met = meetings.request * register.size + meetings.person
        fresh &= np.searchsorted(met, packed, "left") == np.searchsorted(met, packed, "right")
    return fresh


def _near(requests: pa.Table, register: Register, single: Rows, known: Meetings) -> Meetings:
    """Whoever lives near, not at, the address of the requests `single`."""
    found = meet_places(requests.take(pa.array(single)), register, near=True)
    found = replace(found, request=single[found.request])
    return found.only(_unmet(found.request * register.size + found.person, register, known))


def _elsewhere(pairs: Rows, register: Register, *known: Meetings) -> Meetings:
    """Packed (request, person) pairs that were not met by place."""
    packed = distinct(pairs)
    packed = packed[_unmet(packed, register, *known)]
    size = len(packed)
    none = np.zeros(size, np.int8)
    return Meetings(packed // max(register.size, 1), packed % max(register.size, 1), np.full(size, -1), none, none, none)


def _housemates(register: Register, single: Rows, accepted: Rows) -> Rows:
    """Packed (request, person) of whoever ever shared a door with the accepted person, at any address on file."""
    owner, row = register.addresses_of(accepted)
    filed = register.filed(row)
    found = [
        register.find(index, keys) for index, keys in zip(("index_zip", "index_city"), place_keys(filed.sets, filed.codes), strict=True)
    ]
    left, right = (np.concatenate([pair[side] for pair in found]) for side in (0, 1))
    others = register.filed(right)
    same = np.ones(len(left), np.bool_)
    for group, part in (("spot", "head_number"), ("street", "rest_number")):
        same &= register.of(group, part, filed.codes[group])[left] == register.of(group, part, others.codes[group])
    person = register.column("addresses", "person")[right[same]].astype(np.int64)
    packed: Rows = single[owner[left[same]]] * register.size + person
    return packed


def _compared(requests: pa.Table, register: Register, plan: Plan, *, everything: bool = False) -> tuple[Meetings, Columns]:
    """Steps 1 to 4: everybody met, and how they compare."""
    meetings = meet_places(requests, register)
    pairs, marks = compare_people(requests, register, meetings, everything=everything)
    pairs = _accept(requests, register, meetings, pairs, marks, plan)
    accepted = np.bincount(meetings.request, pairs["accepted"], requests.num_rows).astype(np.int64)
    single = np.flatnonzero(accepted == 1)
    if len(single):
        taken = meetings.person[(pairs["accepted"] == 1) & (accepted[meetings.request] == 1)]
        elsewhere = np.concatenate([_by_number(requests, register, single), _housemates(register, single, taken)])
        nearby = _near(requests, register, single, meetings)
        for extra in (nearby, _elsewhere(elsewhere, register, meetings, nearby)):
            others, _ = compare_people(requests, register, extra, everything=everything)
            meetings, pairs = _joined(meetings, extra, pairs, others)
    meant = could_be_meant(pairs, plan.apart_by) & (pairs["accepted"] == 0) & (accepted[meetings.request] == 1)
    return meetings, pairs | {"rival": (meant & plan.rivals).astype(np.int64)}


def _portions(requests: pa.Table, register: Register, limit: int) -> Iterator[pa.Table]:
    """The requests in portions of at most TOGETHER that meet at most `limit` address rows each (or one request), so that memory has a
    bound."""
    met = np.cumsum(rows_met(requests, register))
    begin = 0
    while begin < requests.num_rows:
        before = met[begin - 1] if begin else 0
        end = min(max(int(np.searchsorted(met, before + limit, "right")), begin + 1), begin + TOGETHER)
        yield requests.slice(begin, end - begin)
        begin = end


def match_in_full(requests: pa.Table, register: Register, plan: Plan | None = None) -> Matched:
    """Match `requests` (see `prepare_requests`), all at once, and keep the evidence of every meeting: for a few requests."""
    plan = plan or Plan()
    meetings, pairs = _compared(requests, register, plan, everything=True)
    return Matched(facts(requests, register, meetings, pairs, plan.ladder, plan.vetoes), evidence(requests, register, meetings, pairs))


def match(
    requests: pa.Table,
    register: Register,
    plan: Plan | None = None,
    *,
    memory: int = MEMORY,
    threads: int | None = None,
) -> pa.Table:
    """The match facts of each request, in order (see facts.py for the columns).

    `memory` bounds what is held at a time, in bytes beyond the requests and the result; `threads` is the number of processors unless
    given. Neither changes a decision.
    """
    plan, threads = plan or Plan(), threads or os.cpu_count() or 1
    limit = max(1, memory // BYTES_PER_ROW // threads)

    def one(portion: pa.Table) -> pa.Table:
        return facts(portion, register, *_compared(portion, register, plan), plan.ladder, plan.vetoes)

    portions = list(_portions(requests, register, limit)) if requests.num_rows > 1 else [requests]
    if len(portions) == 1:
        return one(portions[0]).combine_chunks()
    with ThreadPoolExecutor(threads) as pool:
        return pa.concat_tables(list(pool.map(one, portions))).combine_chunks()
