"""Taxable periods: explicit and closed, or not. A period counts by its year.

Read, separated by semicolons, commas, bars, ampersands or "and": 2022 · TY 2022 · 2019-2021, 2019 to 2021 (a closed range) · 2022Q4,
Q4 2022 · 202212, 2022-12, 12/2022 · 2022-12-31. Anything else among them (all years, 2019-, to present, a future year) makes the whole
not closed: one open period is not mended by closed ones beside it.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import partial

import pyarrow as pa

from portcullis.intake.facts_columns import each_distinct, tidy

__all__ = ["parse_periods", "period_columns"]

FIRST_YEAR = 1913
"""The first year of a Federal income tax; no taxable period is older."""

_YEAR = r"((?:19|20)[0-9]{2})"
_SEPARATORS = re.compile(r"[;,|&]+|\band\b")
_PREFIX = re.compile(r"^(?:(?:tax(?:able)?|calendar) (?:years?|periods?)|tax|years?|ty|cy)[ :.]*")
_RANGE = re.compile(rf"{_YEAR} ?(?:-|–|—|to|through|thru|until) ?(?:ty ?)?{_YEAR}")
_ONE = (
    re.compile(_YEAR),
    re.compile(rf"{_YEAR} ?-? ?q[1-4]"),
    re.compile(rf"q[1-4] ?[-/]? ?{_YEAR}"),
    re.compile(rf"{_YEAR} ?[-/]? ?(?:0[1-9]|1[0-2])"),
    re.compile(rf"(?:0?[1-9]|1[0-2]) ?[-/] ?{_YEAR}"),
    re.compile(rf"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"),
)
_TYPES = (pa.int8(), pa.int8(), pa.int64(), pa.int64(), pa.int64(), pa.string())


def period_columns(column: pa.ChunkedArray, received_on: int) -> dict[str, pa.ChunkedArray]:
    """The facts about periods: stated, closed, years, first, last, and the years as text."""
    last_year = (dt.date(1970, 1, 1) + dt.timedelta(days=received_on)).year
    names = ("period_stated", "period_closed", "period_years", "period_first", "period_last", "periods")
    found = dict(zip(names, each_distinct(column, partial(_facts, last_year=last_year), _TYPES), strict=True))
    found["period_stated"] = found["period_stated"].fill_null(0)
    return found


def _facts(text: str, last_year: int) -> tuple[object, ...]:
    if not any(char.isalnum() for char in text):
        return (0, None, None, None, None, None)
    years = parse_periods(text, last_year)
    if not years:
        return (1, 0, None, None, None, None)
    return (1, 1, len(years), years[0], years[-1], ";".join(map(str, years)))


def parse_periods(text: str, last_year: int) -> tuple[int, ...]:
    """The years named, ascending; empty when any period is open, malformed, before 1913 or after `last_year`."""
    years: set[int] = set()
    for part in _SEPARATORS.split(tidy(text).casefold().strip("[]{} ").replace('"', "").replace("'", "")):
        word = _PREFIX.sub("", part.strip()).strip()
        if not part.strip():
            continue
        found = _years(word)
        if not found:
            return ()
        years.update(found)
    return tuple(sorted(years)) if years and min(years) >= FIRST_YEAR and max(years) <= last_year else ()


def _years(word: str) -> range:
    span = _RANGE.fullmatch(word)
    if span:
        return range(int(span[1]), int(span[2]) + 1)
    for pattern in _ONE:
        one = pattern.fullmatch(word)
        if one:
            return range(int(one[1]), int(one[1]) + 1)
    return range(0)
