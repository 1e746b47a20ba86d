"""The elements of an offence, written as one JSON object per request (interface.md): dates and words, nothing else is read.

Members read: found_on, act, act_on, demand_on, report_on, report_place, joint_subjects (a number, or a list of two or more ids).
Not valid: anything that is not one object, a member twice, NaN or Infinity, nesting that does not end, more than 20,000 characters.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pyarrow as pa

from portcullis.intake.facts_columns import text_column, tidy
from portcullis.intake.facts_dates import day_number, zone_offset

__all__ = ["element_columns"]

LONGEST = 20_000
_NAMES = {
    "elements_valid": pa.int8(),
    "element_act_stated": pa.int8(),
    "element_place_stated": pa.int8(),
    "case_subjects": pa.int64(),
    "element_act_on": pa.int64(),
    "element_demand_on": pa.int64(),
    "element_report_on": pa.int64(),
    "element_found_on": pa.int64(),
}


def element_columns(table: pa.Table, zone: str) -> dict[str, pa.ChunkedArray]:
    """The facts in `elements`; `element_found_on` serves reentry_date and is no fact of its own."""
    column = text_column(table, "elements").combine_chunks()
    encoded = (column.chunk(0) if isinstance(column, pa.ChunkedArray) else column).dictionary_encode()
    read = partial(_facts, day=partial(day_number, zone=zone_offset(zone)))
    rows = [read(text) for text in encoded.dictionary.to_pylist()]
    columns = list(zip(*rows, strict=True)) or [()] * len(_NAMES)
    found = {
        name: pa.chunked_array([pa.array(values, kind).take(encoded.indices)])
        for (name, kind), values in zip(_NAMES.items(), columns, strict=True)
    }
    return {name: values.fill_null(0) if name.endswith("_stated") else values for name, values in found.items()}


def _facts(text: str, day: Callable[[str], int | None]) -> tuple[int | None, ...]:
    if not text.strip():
        return (None, 0, 0, None, None, None, None, None)
    members = _object(text)
    if members is None:
        return (0, 0, 0, None, None, None, None, None)
    dates = tuple(
        day(value) if isinstance(value := members.get(name), str) else None for name in ("act_on", "demand_on", "report_on", "found_on")
    )
    return (1, _stated(members.get("act")), _stated(members.get("report_place")), _subjects(members.get("joint_subjects")), *dates)


def _object(text: str) -> dict[str, object] | None:
    if len(text) > LONGEST:
        return None
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a member twice")
    return dict(pairs)


def _refuse(_word: str) -> object:
    raise ValueError("not a JSON number")


def _stated(value: object) -> int:
    return int(isinstance(value, str) and sum(char.isalnum() for char in tidy(value)) > 1)


def _subjects(value: object) -> int | None:
    if isinstance(value, list):
        return len({json.dumps(item, sort_keys=True) for item in value}) or None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**6 else None
