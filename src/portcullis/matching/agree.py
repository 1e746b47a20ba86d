"""How a request and a person agree in everything but the address.

What is compared is the whole person: of several filed names and numbers the best agreeing one counts, and a conflict only counts
when nothing agrees. Family names first; persons of another family name altogether are compared no further, because neither the
ladder nor the look at rivals could take them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.names import NAME_SCHEMA
from portcullis.matching.compare.coded import Names, code_names
from portcullis.matching.compare.evidence import (
    AGREES,
    ONE_SIDED,
    compare_dob,
    compare_generation,
    compare_middle,
    compare_number,
    dob_slips,
)
from portcullis.matching.compare.family import Family, compare_family
from portcullis.matching.compare.given import Given, compare_given
from portcullis.matching.hashing import text_keys
from portcullis.matching.lexicon import lexicon
from portcullis.matching.meet import Meetings
from portcullis.matching.namesakes import agree_perhaps, name_marks
from portcullis.matching.people import distinct
from portcullis.matching.register import Register
from portcullis.matching.shelf.names import as_number

__all__ = ["compare_people", "token_marks"]

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Columns = dict[str, npt.NDArray[np.int64]]
NAME_COLUMNS = tuple(f.name for f in NAME_SCHEMA)
COMPARED = ("given", "family", "middle", "dob", "number", "generation", "dob_slip")


def token_marks(names: Names, register: Register) -> tuple[Flags, Flags, Flags]:
    """For each name row whether its first given token is a known given name, rare, and unshared among relatives, in this register."""
    words, tokens = lexicon(), names.first.values
    keys = text_keys(pa.array(tokens, pa.string()))
    table_keys = register.column("given", "key")
    at = np.minimum(np.searchsorted(table_keys, keys), max(len(table_keys) - 1, 0))
    hit = (table_keys[at] == keys) if len(table_keys) else np.zeros(len(keys), np.bool_)
    marks = []
    for column in ("known", "rare", "unshared"):
        stated = (register.column("given", column)[at] == 1) & hit if len(table_keys) else hit
        marks.append(stated)
    known = marks[0] | np.array([words.is_name(t) for t in tokens], np.bool_)
    code = names.first.code
    return np.append(known, False)[code], np.append(marks[1], False)[code], np.append(marks[2], False)[code]


def _regrouped(names: Names, left: Rows, right: Rows) -> tuple[Flags, Flags]:
    """(the same tokens in other fields or order, the same with a full second name on either side)."""
    plain = names.bag[left] == names.bag[right]
    full = names.bag_middle[left] == names.bag_middle[right]
    crossed = (names.bag_middle[left] == names.bag[right]) | (names.bag[left] == names.bag_middle[right])
    named = (
        (names.first.code[left] >= 0) & (names.family.code[left] >= 0) & (names.first.code[right] >= 0) & (names.family.code[right] >= 0)
    )
    return (plain | full | crossed) & named, (full | crossed) & ~plain & named


def _best_of(values: npt.NDArray[np.int8], edges: Rows) -> npt.NDArray[np.int8]:
    """The best agreeing of each person's rows; a conflict or one-sidedness only where nothing agrees."""
    top, bottom = np.maximum.reduceat(values, edges), np.minimum.reduceat(values, edges)
    return np.where(top > 0, top, bottom).astype(np.int8)


def _begin(counts: Rows) -> Rows:
    begin: Rows = np.cumsum(counts) - counts
    return begin


def _filed(register: Register, person: Rows) -> tuple[Rows, Rows, Rows]:
    """(distinct persons' name rows, how many each of `person` has, where the first of them stands among those rows)."""
    touched, where = np.unique(person, return_inverse=True)
    owner, name_row = register.names_of(touched)
    filed = np.bincount(owner, minlength=len(touched)).astype(np.int64)
    return name_row, filed[where], _begin(filed)[where]


def _read(requests: pa.Table, register: Register, meetings: Meetings) -> Flags:
    """Which meetings must be read: those in which some filed name could agree with the one asked for (namesakes.py)."""
    name_row, many, first = _filed(register, meetings.person)
    left = np.repeat(meetings.request, many)
    right = name_row[np.repeat(first - _begin(many), many) + np.arange(len(left))]
    perhaps = agree_perhaps(name_marks(requests), left, register.marks(right), np.arange(len(right)))
    return np.maximum.reduceat(perhaps, _begin(many)) if len(many) else np.zeros(0, np.bool_)


def compare_people(
    requests: pa.Table, register: Register, meetings: Meetings, *, everything: bool = False
) -> tuple[Columns, dict[str, Flags]]:
    """How each meeting's request and person agree (columns of the ladder), and the evidence marks that need the register.

    Persons of another family name have 0 in every other column, unless `everything` is asked for.
    """
    read = np.flatnonzero(_read(requests, register, meetings)) if not everything else np.arange(len(meetings.request))
    pairs, marks = _compare(requests, register, meetings.only(read), everything)
    size = len(meetings.request)
    spread = {c: np.zeros(size, np.int64) for c in COMPARED}
    for column, values in spread.items():
        values[read] = pairs[column]
    evidence = {name: np.zeros(size, np.bool_) for name in marks}
    for name, flags in evidence.items():
        flags[read] = marks[name]
    return spread | {"place": meetings.place.astype(np.int64), "unit": meetings.unit.astype(np.int64)}, evidence


def _compare(requests: pa.Table, register: Register, meetings: Meetings, everything: bool) -> tuple[Columns, dict[str, Flags]]:
    asked, where = np.unique(meetings.request, return_inverse=True)
    name_row, many, first = _filed(register, meetings.person)
    mine = requests.select(list(NAME_COLUMNS)).take(pa.array(asked))
    names = code_names(pa.concat_tables([mine, register.take("names", name_row, NAME_COLUMNS)]))
    known, rare, unshared = token_marks(names, register)
    left = np.repeat(where, many)
    right = len(asked) + np.repeat(first - _begin(many), many) + np.arange(len(left))
    pairs = _pairs(names, known, left, right, many, everything)
    return pairs, _evidence(pairs, mine, register, where, rare, unshared)


def _pairs(names: Names, known: Flags, left: Rows, right: Rows, many: Rows, everything: bool) -> Columns:
    """The ladder's columns, one entry a meeting; `many` filed names each."""
    found = {column: np.zeros(len(many), np.int64) for column in COMPARED}
    if not len(left):
        return found
    regrouped, with_middle = _regrouped(names, left, right)
    family = compare_family(names, left, right)
    live = np.maximum.reduceat(np.where(regrouped, np.int8(Family.ORDER), family), _begin(many)) != Family.OTHER
    live |= everything
    rows = np.repeat(live, many)
    left, right, family, regrouped, with_middle = (column[rows] for column in (left, right, family, regrouped, with_middle))
    edges = _begin(many[live])
    if not len(edges):
        return found
    given = compare_given(names, known, left, right)
    moved = regrouped & ((given < Given.SPELLING) | (family < Family.PART) | with_middle)
    given, family = np.where(moved, np.int8(Given.SPELLING), given), np.where(moved, np.int8(Family.ORDER), family)
    states = {
        "middle": np.where(with_middle, AGREES, compare_middle(names, left, right)),
        "dob": compare_dob(names, left, right),
        "number": compare_number(names, left, right),
        "generation": compare_generation(names, left, right),
    }
    slips = dob_slips(names, left, right).astype(np.int8)
    best = {c: np.maximum.reduceat(v, edges) for c, v in (("given", given), ("family", family), ("dob_slip", slips))}
    for column, values in (best | {k: _best_of(v, edges) for k, v in states.items()}).items():
        found[column][live] = values
    return found


def _evidence(pairs: Columns, requests: pa.Table, register: Register, request: Rows, rare: Flags, unshared: Flags) -> dict[str, Flags]:
    """Marks of the ladder; `request` is each meeting's row of `requests`, `rare` and `unshared` go by name row, the requests' first."""
    one_line = pairs["generation"] != ONE_SIDED
    owner, person = register.holders(as_number(requests["number"]), np.asarray(pc.is_valid(requests["number"])))
    holders = np.bincount(distinct(owner * register.size + person) // max(register.size, 1), minlength=requests.num_rows)
    return {
        "number": (pairs["number"] == AGREES) & (holders[request] == 1),
        "dob": pairs["dob"] == AGREES,
        "dob_slip": (pairs["dob_slip"] == 1) & one_line,
        "middle": (pairs["middle"] == AGREES) & one_line,
        "rare": rare[request] & one_line,
        "unshared": unshared[request] & one_line,
    }
