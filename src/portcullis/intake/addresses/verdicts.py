"""Readings and judgements of all rows: each different combination of facts is judged once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses.doubt import Reading, read
from portcullis.intake.addresses.judge import Judgement, Parts, judge
from portcullis.intake.addresses.located import Located
from portcullis.intake.addresses.place import STATUSES
from portcullis.intake.addresses.signatures import Parsed
from portcullis.intake.addresses.stream import Ints, Stream

__all__ = ["judged", "readings_of"]


def readings_of(stream: Stream, parsed: Parsed) -> Ints:
    """The second look (doubt.py) at every row that wants one; all others are clear.

    Wanted: a suspect word; no delivery line or words beside it, together with any word of the lists; or no word at all.
    """
    marks = np.array([fact.suspect for fact in stream.facts] or [0], np.int64)[stream.codes]
    marks[parsed.roles == ord("C")] = 0
    suspect, hinted = (_any(marks & bit > 0, stream.bounds) for bit in (1, 3))
    bare = parsed.per_row([found.kind is None or found.extra for found in parsed.parses], np.bool_)
    wordless = parsed.per_row([found.wordless for found in parsed.parses], np.bool_)
    readings = np.zeros(len(parsed.which), np.int64)
    for row in np.flatnonzero(suspect | (bare & hinted) | wordless):
        found = parsed.parses[parsed.which[row]]
        pairs = [(token, role) for token, role in zip(stream.tokens(row), found.roles[1:], strict=True) if role not in "CZ"]
        readings[row] = read(tuple(token for token, _ in pairs), "".join(role for _, role in pairs), found.kind, found.form)
    return readings


def _any(flags: npt.NDArray[np.bool_], bounds: Ints) -> npt.NDArray[np.bool_]:
    before = np.searchsorted(np.flatnonzero(flags), bounds)
    return np.asarray(before[1:] > before[:-1])


def judged(readings: Ints, parsed: Parsed, number: Any, place: Located) -> tuple[Any, Any]:
    """`genuine` (int8: 1, 0, null) and `reason` of every row."""
    shapes = sorted({(found.kind or "", found.doubt) for found in parsed.parses})
    shape = parsed.per_row([shapes.index((found.kind or "", found.doubt)) for found in parsed.parses], np.int64)
    zero = pc.fill_null(pc.equal(number, "0"), False).to_numpy(zero_copy_only=False).astype(np.int64)
    columns = np.stack([readings, shape, zero, place.city_status, place.state_status, place.zip_status, place.agreement])
    packed = np.zeros(columns.shape[1], np.int64)
    for column in columns:
        packed = packed * 32 + column
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    found = [_judge(*(int(value) for value in columns[:, row]), shapes=shapes) for row in first]
    genuine = pa.array([judgement.genuine for judgement in found], pa.int8())
    reason = pa.array([judgement.reason for judgement in found], pa.string())
    return genuine.take(pa.array(which)), reason.take(pa.array(which))


def _judge(reading: int, shape: int, zero: int, city: int, state: int, zip5: int, agree: int, *, shapes: list[tuple[str, bool]]) -> Judgement:
    kind, doubt = shapes[shape]
    return judge(Parts(Reading(reading), kind or None, doubt, bool(zero), STATUSES[city], STATUSES[state], STATUSES[zip5], agree))
