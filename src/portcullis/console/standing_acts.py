"""The Office of Safeguards changes a receiving agency's standing: one field, one finding, or one stage of a suspension, each signed.

Dates come as a person writes them and are signed as epoch days. What may follow what is checked where it is recorded (standing/).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from portcullis.console.acting import prepare, signed
from portcullis.console.request import Request
from portcullis.errors import Refused
from portcullis.publish import publish
from portcullis.standing import change_content, record_change, set_standing, standing_content
from portcullis.store import reading, release_exclusive, schema

__all__ = ["prepare_standing", "sign_standing"]

_FIELDS = ("agency", "what", "day", "number", "finding", "found_on", "plan_due", "closed_on", "stage", "ground", "answer_by")
_NUMBERS = {"report": "report_accepted_on", "count": "findings_without_plan"}
_WORDS = {
    "report": "its safeguard report was accepted",
    "count": "the number of findings without a dated plan",
    "finding": "a finding",
    "suspension": "a stage of a suspension",
}
_EPOCH = dt.date(1970, 1, 1)


def _day(request: Request, name: str, *, needed: bool = False) -> int | None:
    """A date of the form as an epoch day. Raises Refused."""
    text = request.form.get(name, "").strip()
    if not text and not needed:
        return None
    try:
        return (dt.date.fromisoformat(text) - _EPOCH).days
    except ValueError as error:
        raise Refused("A date is missing or cannot be read.", "It is a day of the calendar.", "Write it as 2026-11-21.") from error


def _change(request: Request) -> tuple[str, str, int | dict[str, Any]]:
    """Agency, field and value as they are signed. Raises Refused for anything else than the form offers."""
    form, p = request.form, schema.party
    agency, what = form.get("agency", ""), form.get("what", "")
    with reading(request.home.engine) as conn:
        known = conn.execute(select(p.c.agency).where(p.c.agency == agency, p.c.side == "recipient")).first()
    if known is None or what not in _WORDS:
        raise Refused("No change was chosen.", "It names no receiving agency, or nothing of it.", "Go back and choose.")
    if what == "report":
        return agency, _NUMBERS[what], _day(request, "day", needed=True) or 0
    if what == "count":
        text = form.get("number", "").strip()
        if not (text.isascii() and text.isdecimal() and len(text) <= 6):
            raise Refused("The number cannot be read.", "It is a whole number.", "Write it in digits.")
        return agency, _NUMBERS[what], int(text)
    if what == "finding":
        days = {"plan_due": _day(request, "plan_due"), "closed_on": _day(request, "closed_on")}
        return agency, what, {"id": form.get("finding", "").strip(), "found_on": _day(request, "found_on", needed=True), **days}
    return agency, what, {"stage": form.get("stage", ""), "ground": form.get("ground", ""), "answer_by": _day(request, "answer_by")}


def _content(agency: str, field: str, value: int | Mapping[str, Any]) -> str:
    return standing_content(agency, field, value) if isinstance(value, int) else change_content(agency, field, value)


def prepare_standing(request: Request) -> Response:
    """The change in words, to be signed."""
    agency, field, value = _change(request)
    stated = ", ".join(f"{name.replace('_', ' ')} {_said(name, one)}" for name, one in _members(field, value))
    said = f"Recorded of {agency}: {_WORDS[request.form['what']]} ({stated}). What was authorized before for it is void."
    hidden = {name: request.form.get(name, "") for name in _FIELDS}
    act = prepare(request, "standing.set", _content(agency, field, value))
    return request.page(
        "sign.html", act=act, said=said, to="/safeguards/standing/sign", hidden=hidden, back="/safeguards", title="Change of standing"
    )


def _members(field: str, value: int | Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(field, value)] if isinstance(value, int) else [(name, one) for name, one in value.items() if one is not None]


def _said(name: str, value: object) -> str:
    days = ("report_accepted_on", "found_on", "plan_due", "closed_on", "answer_by")
    return str(_EPOCH + dt.timedelta(days=value)) if name in days and isinstance(value, int) else str(value)


def sign_standing(request: Request) -> Response:
    """Record it."""
    home, act = request.home, signed(request)
    agency, field, value = _change(request)
    with release_exclusive(home.engine) as conn:
        if isinstance(value, int):
            set_standing(home, conn, agency, field, value, act)
        else:
            record_change(home, conn, agency, field, value, act)
    publish(home)
    return Request.go("/safeguards")
