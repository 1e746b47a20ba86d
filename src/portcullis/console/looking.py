"""One request: what was asked, what the rules said, what is on file, what happened to it. Every look is an `inspection` leaf first.

What differs between asked and on file is marked in words and by a mark, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import select
from starlette.responses import Response

from portcullis.console import pictures
from portcullis.console.history import events
from portcullis.console.pages import moment
from portcullis.console.request import Request
from portcullis.inspect import show_request
from portcullis.model import ADDRESS_FIELDS
from portcullis.store import reading, schema

__all__ = ["look", "ordinal_of", "sides"]

_FIELDS = (
    ("given_name", "Given name"),
    ("middle_name", "Middle name"),
    ("family_name", "Family name"),
    ("suffix", "Suffix"),
    ("date_of_birth", "Date of birth"),
    ("taxpayer_number", "Taxpayer number"),
)
_PLACE = (("address_line", "Address"), ("unit", "Unit"), ("city", "City"), ("state", "State"), ("postal_code", "Postal code"))


def ordinal_of(request: Request) -> int:
    """The request's number in its batch, from the path."""
    return int(request.values["ordinal"])


def look(request: Request) -> Response:
    """One request: what was asked, each finding in words, its leaves."""
    shown = show_request(request.home, request.values["batch"], ordinal_of(request), request.person, "console.request")
    with reading(request.home.engine) as conn:
        told = [(moment(when), what, leaf) for when, what, leaf in events(conn, request.values["batch"], ordinal_of(request))]
    picture = pictures.timeline("What happened to this request", told)
    return request.page("request.html", **sides(shown), decided=_decided(request), picture=picture)


def _decided(request: Request) -> str | None:
    q = schema.request
    with reading(request.home.engine) as conn:
        query = select(q.c.decision).where(q.c.batch_id == request.values["batch"], q.c.ordinal == ordinal_of(request))
        return conn.execute(query).scalar_one_or_none()


def sides(shown: Mapping[str, object]) -> dict[str, Any]:
    """Asked and on file side by side; each line with whether it differs."""
    asked = cast(Mapping[str, Any], shown["asked"])
    files = cast("list[Mapping[str, Any]]", shown["on_file"])
    identity = [(label, asked.get(name)) for name, label in _FIELDS if asked.get(name)]
    places = [[(label, asked.get(name), one.get(name), _same(asked.get(name), one.get(name))) for name, label in _PLACE] for one in files]
    periods = [(one.get("period_from"), one.get("period_to"), one.get("last_known")) for one in files]
    address = asked.get("address") or ", ".join(str(asked[name]) for name in ADDRESS_FIELDS if asked.get(name))
    rest = [
        (name.replace("_", " "), value)
        for name, value in asked.items()
        if name not in {*dict(_FIELDS), *ADDRESS_FIELDS, "address", "ordinal"}
    ]
    return {
        "batch": shown["batch"],
        "ordinal": shown["ordinal"],
        "identity": identity,
        "address": address,
        "rest": rest,
        "files": list(zip(places, periods, strict=True)),
        "findings": shown["findings"],
    }


def _same(asked: object, filed: object) -> str:
    """In words, as text alone must tell it."""
    if not asked and not filed:
        return "neither states it"
    if not asked or not filed:
        return "only on file" if filed else "only asked"
    return "equal" if str(asked).casefold().split() == str(filed).casefold().split() else "differs"
