"""Readings and judgements of all rows: each different combination of facts is judged once."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses.assemble import compact
from portcullis.intake.addresses.doubt import Reading, read
from portcullis.intake.addresses.judge import Judgement, Parts, judge
from portcullis.intake.addresses.located import Located
from portcullis.intake.addresses.place import STATUSES, region_names
from portcullis.intake.addresses.signatures import Parsed
from portcullis.intake.addresses.stream import Ints, Stream
from portcullis.intake.addresses.vocabulary import words

__all__ = ["judged", "readings_of"]

_FILLER = pa.array(["12345", "123456", "99999", "00000"])


def readings_of(stream: Stream, parsed: Parsed) -> Ints:
    """The second look (doubt.py) at every row that wants one; all others are clear.

    Wanted: a suspect word; any word of the lists where there is no delivery line or one in which a remark could hide; no word at all.
    """
    marks = stream.facts.numbers["suspect"][stream.codes]
    marks[parsed.roles == ord("C")] = 0
    suspect, hinted = (_any(marks & bit > 0, stream.bounds) for bit in (1, 3))
    bare = parsed.per_row([found.kind is None or found.loose for found in parsed.parses], np.bool_)
    wordless = parsed.per_row([found.wordless for found in parsed.parses], np.bool_)
    readings = np.zeros(len(parsed.which), np.int64)
    for row in np.flatnonzero(suspect | (bare & hinted) | wordless):
        found = parsed.parses[parsed.which[row]]
        pairs = [(token, role) for token, role in zip(stream.tokens(int(row)), found.roles[1:], strict=True) if role not in "CZ"]
        readings[row] = read(tuple(token for token, _ in pairs), "".join(role for _, role in pairs), found.kind, found.form)
    return readings


def _any(flags: npt.NDArray[np.bool_], bounds: Ints) -> npt.NDArray[np.bool_]:
    before = np.searchsorted(np.flatnonzero(flags), bounds)
    return np.asarray(before[1:] > before[:-1])


def judged(readings: Ints, parsed: Parsed, parts: dict[str, Any], place: Located) -> tuple[Any, Any]:
    """`genuine` (int8: 1, 0, null) and `reason` of every row."""
    shapes = sorted({(found.kind or "", found.doubt) for found in parsed.parses})
    shape = parsed.per_row([shapes.index((found.kind or "", found.doubt)) for found in parsed.parses], np.int64)
    bare = parsed.per_row([found.form == "bare" for found in parsed.parses], np.bool_)
    columns = np.stack(
        [readings, shape, _odd(bare, parts, place), place.city_status, place.state_status, place.zip_status, place.agreement]
    )
    packed = np.zeros(columns.shape[1], np.int64)
    for column in columns:
        packed = packed * 32 + column
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    found = [_judge(*(int(value) for value in columns[:, row]), shapes=shapes) for row in first]
    genuine = pa.array([judgement.genuine for judgement in found], pa.int8())
    reason = pa.array([judgement.reason for judgement in found], pa.string())
    return genuine.take(pa.array(which)), reason.take(pa.array(which))


@cache
def _regions() -> Any:
    """Names of states, countries and towns abroad: an untyped street of that name is more likely where somebody went."""
    return pa.array(sorted({text.replace(" ", "") for text in region_names() | words("abroad.yaml", "towns")}))


def _odd(bare: npt.NDArray[np.bool_], parts: dict[str, Any], place: Located) -> Ints:
    """Rows whose parts repeat one another or are filler: number zero, a ZIP for a number, a town or state for a street without type."""
    same_zip = _equal(parts["number"], parts["zip5"])
    box = _equal(parts["kind"], pa.scalar("po_box"))
    name = compact(parts["street_name"])
    filler = pc.is_in(pc.fill_null(parts["number"], ""), _FILLER).to_numpy(zero_copy_only=False)
    elsewhere = pc.is_in(name, _regions()).to_numpy(zero_copy_only=False)
    repeated = _equal(name, compact(parts["city"])) | elsewhere | filler | same_zip
    odd: npt.NDArray[np.bool_] = _equal(parts["number"], pa.scalar("0")) | (bare & repeated) | (box & same_zip)
    return odd.astype(np.int64)


def _equal(first: Any, second: Any) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(pc.equal(first, second), False).to_numpy(zero_copy_only=False))


def _judge(
    reading: int, shape: int, odd: int, city: int, state: int, zip5: int, agree: int, *, shapes: list[tuple[str, bool]]
) -> Judgement:
    kind, doubt = shapes[shape]
    return judge(Parts(Reading(reading), kind or None, doubt, bool(odd), STATUSES[city], STATUSES[state], STATUSES[zip5], agree))
