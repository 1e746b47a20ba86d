"""Date of birth and taxpayer number: one spelling each, or "given but not usable".

Dates are epoch days. A slash date is read month first, as in the United States, unless that cannot be; a dotted one day first.
Two-digit years are not guessed. A number is nine digits; repeated and counting digits are nobody's.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

__all__ = ["NOBODYS_NUMBERS", "birth_date", "taxpayer_number"]

_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {month: i for i, month in enumerate(_MONTH_NAMES.split(), 1)}
_ISO = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ][\d:.]*Z?)?$")
_SLASH = re.compile(r"^(\d{1,2})[-/ ](\d{1,2})[-/ ](\d{4})$")
_DOTTED = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$")
_DAY_WORD = re.compile(r"^(\d{1,2})[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4})$")
_WORD_DAY = re.compile(r"^([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$")
_PACKED = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_EPOCH = dt.date(1970, 1, 1).toordinal()
_NOBODY = frozenset({(1900, 1, 1), (1901, 1, 1), (1800, 1, 1), (1111, 11, 11)})
NOBODYS_NUMBERS = (*(str(digit) * 9 for digit in range(10)), "123456789", "987654321", "012345678")
"""Digits that stand for no number."""
EARLIEST_YEAR, LATEST_YEAR = 1850, 2100


def _ymd(text: str) -> tuple[int, int, int] | None:
    """Year, month, day as written."""
    if found := _ISO.match(text) or _PACKED.match(text):
        year, month, day = (int(g) for g in found.groups())
        return year, month, day
    if found := _SLASH.match(text):
        first, second, year = (int(g) for g in found.groups())
        return (year, second, first) if first > 12 else (year, first, second)
    if found := _DOTTED.match(text):
        day, month, year = (int(g) for g in found.groups())
        return year, month, day
    if found := _DAY_WORD.match(text):
        return int(found[3]), _MONTHS.get(found[2][:3].lower(), 0), int(found[1])
    if found := _WORD_DAY.match(text):
        return int(found[3]), _MONTHS.get(found[1][:3].lower(), 0), int(found[2])
    return None


def birth_date(value: str | None) -> tuple[int | None, int | None]:
    """(epoch day or None, 1 usable / 0 given but not usable / None not given)."""
    text = unicodedata.normalize("NFKC", value).strip() if value else ""
    if not text:
        return None, None
    parts = _ymd(text)
    if parts is None or parts in _NOBODY or not EARLIEST_YEAR <= parts[0] <= LATEST_YEAR:
        return None, 0
    try:
        return dt.date(*parts).toordinal() - _EPOCH, 1
    except ValueError:
        return None, 0


def taxpayer_number(value: str | None) -> tuple[str | None, int | None]:
    """(nine digits or None, 1 usable / 0 given but not usable / None not given)."""
    text = unicodedata.normalize("NFKC", value).strip() if value else ""
    if not text:
        return None, None
    digits = re.sub(r"[\s.\-‐-―]", "", text)
    if not re.fullmatch(r"[0-9]{9}", digits) or digits in NOBODYS_NUMBERS:
        return None, 0
    return digits, 1
