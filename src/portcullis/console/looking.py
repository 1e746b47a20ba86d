"""Request and clerical review: what was asked, what the rules said, what is on file. Every look is an `inspection` leaf first.

1. The review is blind: no score, no weight, no other officer's view, before the decision is recorded.
2. A decision has a reason, is shown once more, and is signed; then the next request opens.
3. What differs between asked and on file is marked in words and by a mark, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import func, select
from starlette.responses import Response

from portcullis.batches import get
from portcullis.console.acting import prepare, signed
from portcullis.console.request import Request
from portcullis.console.words import REVIEW_WORDS
from portcullis.errors import Refused
from portcullis.inspect import show_request
from portcullis.model import ADDRESS_FIELDS
from portcullis.publish import publish
from portcullis.review import Closed, open_ordinals, record_review, review_content
from portcullis.review.queue import new_salt
from portcullis.store import reading, schema

__all__ = ["look", "next_review", "record", "review", "sign_review"]

_FIELDS = (
    ("given_name", "Given name"),
    ("middle_name", "Middle name"),
    ("family_name", "Family name"),
    ("suffix", "Suffix"),
    ("date_of_birth", "Date of birth"),
    ("taxpayer_number", "Taxpayer number"),
)
_PLACE = (("address_line", "Address"), ("unit", "Unit"), ("city", "City"), ("state", "State"), ("postal_code", "Postal code"))


def _ordinal(request: Request) -> int:
    return int(request.values["ordinal"])


def look(request: Request) -> Response:
    """One request: what was asked, each finding in words, its leaves."""
    shown = show_request(request.home, request.values["batch"], _ordinal(request), request.person, "console.request")
    return request.page("request.html", **_sides(shown), decided=_decided(request))


def _decided(request: Request) -> str | None:
    q = schema.request
    with reading(request.home.engine) as conn:
        query = select(q.c.decision).where(q.c.batch_id == request.values["batch"], q.c.ordinal == _ordinal(request))
        return conn.execute(query).scalar_one_or_none()


def _sides(shown: Mapping[str, object]) -> dict[str, Any]:
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


def next_review(request: Request) -> Response:
    """Open the next request that waits; mine first in the order of the file."""
    number = request.values["batch"]
    with reading(request.home.engine) as conn:
        get(conn, number)
        waiting = open_ordinals(conn, number, 1)
    if waiting:
        return Request.go(f"/batches/{number}/review/{waiting[0]}")
    return request.page("done.html", batch=number, said="Nothing waits for review in this batch.")


def review(request: Request) -> Response:
    """One request to decide, blind."""
    number, ordinal = request.values["batch"], _ordinal(request)
    r = schema.referral
    with reading(request.home.engine) as conn:
        waits = conn.execute(
            select(r.c.codes).where(r.c.batch_id == number, r.c.ordinal == ordinal, r.c.resolution.is_(None))
        ).scalar_one_or_none()
        left = conn.execute(select(func.count()).where(r.c.batch_id == number, r.c.resolution.is_(None))).scalar_one()
    if waits is None:
        raise Refused(
            "This request does not wait for a review.", "It was not referred, or is decided.", "Open the next one from the work queue."
        )
    shown = show_request(request.home, number, ordinal, request.person, "console.review")
    publish(request.home)
    return request.page(
        "review.html", **_sides(shown), codes=waits.split(";"), left=left, reasons=REVIEW_WORDS, ambiguous="M-AMBIGUOUS" in waits.split(";")
    )


def record(request: Request) -> Response:
    """The decision as chosen, to be signed."""
    number, ordinal = request.values["batch"], _ordinal(request)
    verdict, code = request.form.get("verdict", ""), request.form.get("code", "")
    if verdict not in ("accept", "refuse") or code not in REVIEW_WORDS:
        raise Refused("A decision and a reason are needed.", "One of them was not chosen.", "Go back and choose both.")
    with reading(request.home.engine) as conn:
        row = get(conn, number)
    salt = new_salt()
    act = prepare(request, "review.record", review_content(row["log_id"], ordinal, verdict, code, salt), row["agreement_id"])
    said = f"Request {number}/{ordinal}: {verdict}. {REVIEW_WORDS[code]}."
    hidden = {"verdict": verdict, "code": code, "salt": salt}
    return request.page(
        "sign.html", act=act, said=said, to=f"{request.path}/sign", hidden=hidden, back=request.path, title="Sign your review"
    )


def sign_review(request: Request) -> Response:
    """Record the signed review; the next request opens."""
    number, ordinal = request.values["batch"], _ordinal(request)
    closed = Closed(ordinal, request.form.get("verdict", ""), request.form.get("code", ""))
    record_review(request.home, number, closed, request.form.get("salt", ""), signed(request))
    publish(request.home)
    return Request.go(f"/batches/{number}/review")
