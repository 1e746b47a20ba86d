"""Dates: strictly ISO 8601, or a form that can be read in one way only; anything else is unknown.

Read: 2025-04-07 · 2025/04/07 · 20250407 · the same with a time · 7 April 2025 · 07-Apr-2025 · April 7, 2025 · 04/25/2025 and
25/04/2025 (one number over 12, or both equal). Not read: 04/07/2025, two-digit years, digits that are not ASCII, days before 1901.
A time with an offset is turned to the agreement's zone, except midnight, which is a bare date in disguise; one without is taken as written.
"""

from __future__ import annotations

import datetime as dt
import re

import pyarrow as pa

from portcullis.intake.facts_columns import each_distinct

__all__ = ["date_column", "day_number", "parse_day", "zone_offset"]

_EPOCH = dt.date(1970, 1, 1)
_EARLIEST = dt.date(1901, 1, 1)
_FULL = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_MONTHS = {name[:3]: number for number, name in enumerate(_FULL, 1)}

_ISO = re.compile(r"([0-9]{4})([-/]?)([0-9]{2})\2([0-9]{2})")
_TIME = re.compile(r"[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)? ?(Z|[+-][0-9]{2}:?[0-9]{2})?", re.ASCII)
_DAY_FIRST = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[ -]([A-Za-z]{3,9})\.?,?[ -]([0-9]{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})")
_NUMBERS = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")


def zone_offset(zone: str) -> dt.timedelta:
    """The agreement's zone, as `-05:00`, as an offset from UTC."""
    sign, hours, minutes = zone[0], int(zone[1:3]), int(zone[-2:])
    return (-1 if sign == "-" else 1) * dt.timedelta(hours=hours, minutes=minutes)


def date_column(column: pa.ChunkedArray, zone: str) -> pa.ChunkedArray:
    """Text as epoch days (int64); null where it is not one certain day."""
    offset = zone_offset(zone)
    return each_distinct(column, lambda text: (day_number(text, offset),), [pa.int64()])[0]


def day_number(text: str, zone: dt.timedelta) -> int | None:
    """The day as days since 1970-01-01; None when it is not one certain day since 1901."""
    day = parse_day(text, zone)
    return None if day is None or day < _EARLIEST else (day - _EPOCH).days


def parse_day(text: str, zone: dt.timedelta) -> dt.date | None:
    """The one calendar day the text states, or None."""
    text = text.strip(" \t\r\n")
    try:
        return _iso(text, zone) or _worded(text) or _numbered(text)
    except (ValueError, OverflowError):
        return None


def _iso(text: str, zone: dt.timedelta) -> dt.date | None:
    head = _ISO.match(text)
    if head is None:
        return None
    day = dt.date(int(head[1]), int(head[3]), int(head[4]))
    rest = text[head.end() :]
    if not rest:
        return day
    time = _TIME.fullmatch(rest)
    return _in_zone(day, time, zone) if time else None


def _in_zone(day: dt.date, time: re.Match[str], zone: dt.timedelta) -> dt.date:
    moment = dt.datetime.combine(day, dt.time(int(time[1]), int(time[2]), int(time[3] or 0)))
    if time[4] is None or moment.time() == dt.time(0):
        return day
    offset = dt.timedelta(0) if time[4] == "Z" else zone_offset(time[4])
    return (moment - offset + zone).date()


def _worded(text: str) -> dt.date | None:
    found = _DAY_FIRST.fullmatch(text)
    if found:
        return _named(found[1], found[2], found[3])
    found = _MONTH_FIRST.fullmatch(text)
    return _named(found[2], found[1], found[3]) if found else None


def _named(day: str, month: str, year: str) -> dt.date | None:
    word = month.lower()
    if word not in _MONTHS and word not in (*_FULL, "sept"):
        return None
    return dt.date(int(year), _MONTHS[word[:3]], int(day))


def _numbered(text: str) -> dt.date | None:
    found = _NUMBERS.fullmatch(text)
    if found is None:
        return None
    one, two, year = int(found[1]), int(found[3]), int(found[4])
    if one <= 12 and two <= 12 and one != two:
        return None
    month, day = (one, two) if one <= 12 else (two, one)
    return dt.date(year, month, day)
