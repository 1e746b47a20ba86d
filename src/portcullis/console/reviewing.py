"""Clerical review as work that can be done well all day.

1. The review is blind: no score, no weight, no other reviewer's view, before one's own decision is recorded. Only where two have decided
   and do not agree does the other reviewer see both reasons.
2. A decision has a reason, is shown once more, and is signed; then the next request opens, of the same workpool where one was chosen.
3. What one reviewer has on the desk is not handed to the other (pools.py); that nothing is decided twice is the store's rule.
4. The weights and the waterfall are shown to whoever has decided, for that request alone, and each look at them is on record.
5. How often two reviewers agree, and that a break is due, is said where the work is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, func, select
from starlette.responses import Response

from portcullis.batches import get
from portcullis.console import pictures
from portcullis.console.acting import prepare, signed
from portcullis.console.looking import ordinal_of, sides
from portcullis.console.pools import DESKS, tired
from portcullis.console.request import Request
from portcullis.console.words import REVIEW_WORDS
from portcullis.errors import Refused
from portcullis.inspect import show_evidence, show_request
from portcullis.publish import publish
from portcullis.review import Closed, agreement_rate, may_review, offered, pools, record_review, review_content, views_of
from portcullis.review.queue import new_salt
from portcullis.store import reading, schema

__all__ = ["evidence", "next_review", "record", "review", "sign_review", "workpools"]

_AHEAD = 20
_COMPARED = {"middle": "second name", "dob": "birth date", "number": "taxpayer number"}
_DAY = 86_400


def workpools(request: Request) -> Response:
    """What waits for me, by the question it asks; how often two reviewers agree; whether a break is due."""
    number = request.values["batch"]
    with reading(request.home.engine) as conn:
        row, found = get(conn, number), pools(conn, number, request.person)
        rate, rest = agreement_rate(conn), _rest(request, conn)
    return request.page("pools.html", row=row, pools=found, rate=rate, weary=rest)


def _rest(request: Request, conn: Connection) -> int:
    v, now = schema.review, request.home.now()
    query = select(v.c.at).where(v.c.reviewer == request.person, v.c.at > now - _DAY).order_by(v.c.at.desc()).limit(1000)
    return tired(conn.execute(query).scalars(), now)


def _pool(request: Request, codes: str) -> str:
    return f"?pool={codes}" if codes else ""


def next_review(request: Request) -> Response:
    """Open the next request that waits for me and lies on nobody else's desk, in the order of the file."""
    number, codes, home = request.values["batch"], request.query.get("pool", ""), request.home
    with reading(home.engine) as conn:
        get(conn, number)
        waiting = offered(conn, number, request.person, codes, _AHEAD)
        last = _last(conn, number, request.person)
    chosen = DESKS.choose(home.path, number, waiting, request.person)
    if chosen is not None:
        return Request.go(f"/batches/{number}/review/{chosen}{_pool(request, codes)}")
    said = "Nothing of this workpool waits for you." if codes else "Nothing waits for review in this batch."
    return request.page("done.html", batch=number, said=said, last=last)


def _last(conn: Connection, number: str, person: str) -> int | None:
    """The request of this batch that the person decided last."""
    v = schema.review
    query = select(v.c.ordinal).where(v.c.batch_id == number, v.c.reviewer == person).order_by(v.c.leaf_idx.desc()).limit(1)
    return conn.execute(query).scalar_one_or_none()


def review(request: Request) -> Response:
    """One request to decide, blind."""
    number, ordinal = request.values["batch"], ordinal_of(request)
    r = schema.referral
    with reading(request.home.engine) as conn:
        waits = conn.execute(
            select(r.c.codes).where(r.c.batch_id == number, r.c.ordinal == ordinal, r.c.resolution.is_(None))
        ).scalar_one_or_none()
        left = conn.execute(select(func.count()).where(r.c.batch_id == number, r.c.resolution.is_(None))).scalar_one()
        views, last, rest = views_of(conn, number, ordinal), _last(conn, number, request.person), _rest(request, conn)
    if waits is None:
        raise Refused(
            "This request does not wait for a review.", "It was not referred, or is decided.", "Open the next one from the work queue."
        )
    if not may_review(views, request.person):
        raise Refused("You have reviewed this request.", "Another reviewer says the next word on it.", "Open the next one.")
    shown = show_request(request.home, number, ordinal, request.person, "console.review")
    publish(request.home)
    codes = waits.split(";")
    values: dict[str, Any] = {"codes": codes, "left": left, "reasons": REVIEW_WORDS, "ambiguous": "M-AMBIGUOUS" in codes}
    values |= {
        "next_opened": True,
        "differ": views if len(views) > 1 else [],
        "last": last,
        "weary": rest,
        "pool": request.query.get("pool", ""),
    }
    return request.page("review.html", **sides(shown), **values)


def record(request: Request) -> Response:
    """The decision as chosen, to be signed."""
    number, ordinal = request.values["batch"], ordinal_of(request)
    verdict, code = request.form.get("verdict", ""), request.form.get("code", "")
    if verdict not in ("accept", "refuse") or code not in REVIEW_WORDS:
        raise Refused("A decision and a reason are needed.", "One of them was not chosen.", "Go back and choose both.")
    with reading(request.home.engine) as conn:
        row = get(conn, number)
    salt = new_salt()
    act = prepare(request, "review.record", review_content(row["log_id"], ordinal, verdict, code, salt), row["agreement_id"])
    said = f"Request {number}/{ordinal}: {verdict}. {REVIEW_WORDS[code]}."
    hidden = {"verdict": verdict, "code": code, "salt": salt, "pool": request.form.get("pool", "")}
    return request.page(
        "sign.html", act=act, said=said, to=f"{request.path}/sign", hidden=hidden, back=request.path, title="Sign your review"
    )


def sign_review(request: Request) -> Response:
    """Record the signed review; the next request opens."""
    number, ordinal, home = request.values["batch"], ordinal_of(request), request.home
    closed = Closed(ordinal, request.form.get("verdict", ""), request.form.get("code", ""))
    record_review(home, number, closed, request.form.get("salt", ""), signed(request))
    DESKS.leave(home.path, number, ordinal)
    publish(home)
    return Request.go(f"/batches/{number}/review{_pool(request, _known(request, number))}")


def _known(request: Request, number: str) -> str:
    """The workpool the form names, when the batch has it: nothing else is written into an address."""
    r, codes = schema.referral, request.form.get("pool", "")
    with reading(request.home.engine) as conn:
        found = conn.execute(select(r.c.codes).where(r.c.batch_id == number, r.c.codes == codes).limit(1)).scalar_one_or_none()
    return str(found) if found else ""


def evidence(request: Request) -> Response:
    """How the people met compare, in words and weights: for whoever has decided this request, or once it is decided for good."""
    number, ordinal, v, q = request.values["batch"], ordinal_of(request), schema.review, schema.request
    with reading(request.home.engine) as conn:
        mine = conn.execute(
            select(v.c.seq).where(v.c.batch_id == number, v.c.ordinal == ordinal, v.c.reviewer == request.person).limit(1)
        ).first()
        done = conn.execute(select(q.c.decision).where(q.c.batch_id == number, q.c.ordinal == ordinal)).first()
    if mine is None and done is None:
        raise Refused("The weights are shown after the decision.", "A review is blind until it is signed.", "Decide first.")
    shown = show_evidence(request.home, number, ordinal, request.person, "console.evidence")
    publish(request.home)
    met = cast("list[Mapping[str, Any]]", shown["met"])
    drawn = [(one, pictures.waterfall(f"Match weights of candidate {n}", _named(one))) for n, one in enumerate(met, 1)]
    return request.page("evidence.html", shown=shown, drawn=drawn)


def _named(one: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps of a waterfall with their names as people say them."""
    return [{**step, "compared": _COMPARED.get(step["compared"], step["compared"])} for step in one["waterfall"]]
