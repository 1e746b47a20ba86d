"""What `rules diff` and its like compare: a rule set at a day, as known on a day, written in one word.

today · 2025-08-07 · 2025-08-07@2026-03-01           the agreement asked about, as the law stood, [@ as it was known]
irs-ice-2025 · ./my-agreement · irs-ice-2025@today   that agreement, every version of its rules, or those of a day
irs-ice-2025:2 · irs-ice-2025:2@today                version 2, as a home keeps it
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from portcullis.agreement import find, load_agreement
from portcullis.agreement.adopt import folder_of
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.readings import AsOf
from portcullis.rules import RuleSet

__all__ = ["Side", "chosen", "day", "side"]

_DAY = re.compile(r"today|\d{4}-\d{2}-\d{2}", re.ASCII)
_VERSION = re.compile(r"([a-z0-9-]{1,64}):([1-9]\d{0,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: as it was typed, its rules, and the day where one was stated."""

    typed: str
    rules: RuleSet
    when: AsOf | None


def day(text: str) -> dt.date:
    """A day as it is typed. Raises Refused for anything else."""
    try:
        return dt.date.today() if text == "today" else dt.date.fromisoformat(text)
    except ValueError as error:
        raise Refused("That is not a day.", "A day is written as 2025-08-07, or today.", "Type it so.") from error


def chosen(name: str, as_of: str | None = None, known: str | None = None) -> RuleSet:
    """A shipped agreement's or a folder's rules: all versions, or those of a day as known on a day (by default the same)."""
    rules = load_agreement(find(name)).rules
    if as_of is None and known is None:
        return rules
    valid = day(as_of or known or "")
    return rules.as_of(valid, day(known) if known else valid)


def side(text: str, agreement: str, home: Home | None = None) -> Side:
    """One side as typed. Raises Refused for what is neither a day, nor an agreement, nor a version that `home` keeps."""
    what, *days = text.split("@") if not _is_day(text) else [agreement, *text.split("@")]
    while days and not _is_day(days[0]):  # an @ of a folder's name
        what, days = f"{what}@{days[0]}", days[1:]
    rules = _rules(what, home)
    if not days:
        return Side(text, rules, None)
    when = AsOf(day(days[0]), day(days[1] if len(days) > 1 else days[0]))
    return Side(text, rules.as_of(when.valid, when.known), when)


def _is_day(text: str) -> bool:
    parts = text.split("@")
    return len(parts) <= 2 and all(_DAY.fullmatch(part) for part in parts)


def _rules(what: str, home: Home | None) -> RuleSet:
    version = _VERSION.fullmatch(what)
    if version is None:
        return load_agreement(find(what)).rules
    if home is None:
        raise Refused(f"{what} is a version that a home keeps.", "No home was named.", "Name one with --home.")
    folder = folder_of(home, version[1], int(version[2]))
    if not folder.is_dir():
        raise Refused(f"There is no version {version[2]} of {version[1]} here.", "It was not proposed.", "Type: portcullis agreement list")
    return load_agreement(folder).rules
