"""Templates: Jinja2 with autoescape; dates, numbers and ids as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from portcullis.console import words
from portcullis.model import ADDRESS_FIELDS, IDENTITY_FIELDS

__all__ = ["moment", "render"]


def day(value: int | str | date | None) -> str:
    """Epoch days, an ISO date or a date as "21 November 2026"."""
    if value is None:
        return "–"
    if isinstance(value, int):
        value = date(1970, 1, 1) + timedelta(days=value)
    if isinstance(value, str):
        value = date.fromisoformat(value[:10])
    return f"{value.day} {value:%B %Y}"


def moment(value: int | str | None) -> str:
    """Seconds or an RFC 3339 time as "21 November 2026, 10:00 UTC"."""
    if value is None:
        return "–"
    when = datetime.fromtimestamp(value, UTC) if isinstance(value, int) else datetime.fromisoformat(value.replace("Z", "+00:00"))
    return f"{day(when.date())}, {when:%H:%M} UTC"


def number(value: float | None) -> str:
    """1,234; a dash for none."""
    return "–" if value is None else f"{value:,}"


def address(answer: Mapping[str, Any]) -> str:
    """What an answer carries of the register, in its order: the address, and whatever else the agreement permits; empty for neither."""
    stated, more = answer.get("address") or {}, answer.get("identity") or {}
    parts = [stated[name] for name in ADDRESS_FIELDS if stated.get(name)]
    return ", ".join([*parts, *(f"{name.replace('_', ' ')} {more[name]}" for name in IDENTITY_FIELDS if more.get(name))])


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("portcullis.console"), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True
    )
    made.filters |= {
        "day": day,
        "moment": moment,
        "number": number,
        "address": address,
        "role": words.role,
        "state": words.state,
        "decision": words.decision,
    }
    made.globals |= {"navigation": words.navigation}
    return made


def render(template: str, **values: Any) -> str:
    """One page as HTML."""
    return _environment().get_template(template).render(**values)
