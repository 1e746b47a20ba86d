"""The sample, checked by hand: each drawn request on the screen of a review, with what was decided, and the next opens itself.

1. What the checker finds of a request is noted at once and counts for nothing until all is signed; each notes for themselves.
2. The list shows what is left, and takes all verdicts at once as well.
3. What is signed is the number checked and the number of defects; one defect blocks the batch for good.
"""

from __future__ import annotations

import json

from sqlalchemy import select
from starlette.responses import Response

from portcullis.batches import get
from portcullis.console.acting import prepare, signed
from portcullis.console.looking import ordinal_of, sides
from portcullis.console.request import Request
from portcullis.errors import Refused
from portcullis.inspect import show_request
from portcullis.publish import publish
from portcullis.review import drawn_ordinals, note_verdict, noted_verdicts, record_sample, sample_content
from portcullis.store import reading, schema

__all__ = ["item", "note", "sample", "sample_record", "sample_sign"]


def sample(request: Request) -> Response:
    """The requests drawn, each to be looked at and judged."""
    number, s = request.values["batch"], schema.sample
    with reading(request.home.engine) as conn:
        row, drawn, noted = get(conn, number), drawn_ordinals(conn, number), noted_verdicts(conn, number, request.person)
        closed = conn.execute(select(s.c.state).where(s.c.batch_id == number, s.c.state != "drawn")).first()
    first = next((ordinal for ordinal in drawn if ordinal not in noted), None)
    return request.page("sample.html", row=row, drawn=drawn, noted=noted, first=first, judged=len(drawn) if closed else 0)


def item(request: Request) -> Response:
    """One drawn request as a reviewer sees it, with what was decided."""
    number, ordinal, q = request.values["batch"], ordinal_of(request), schema.request
    with reading(request.home.engine) as conn:
        drawn, noted = drawn_ordinals(conn, number), noted_verdicts(conn, number, request.person)
        if ordinal not in drawn:
            raise Refused("This request was not drawn.", "The sample is of the drawn requests alone.", "Open the sample.")
        decided = conn.execute(select(q.c.decision).where(q.c.batch_id == number, q.c.ordinal == ordinal)).scalar_one()
    shown = show_request(request.home, number, ordinal, request.person, "console.sample")
    publish(request.home)
    left = len(drawn) - len(noted)
    own = {"decided": decided, "noted": noted.get(ordinal, ""), "left": left, "of": len(drawn), "next_opened": True}
    return request.page("sample_item.html", **sides(shown), **own)


def note(request: Request) -> Response:
    """Note a verdict; the next drawn request opens, or the list when none is left."""
    number, ordinal = request.values["batch"], ordinal_of(request)
    note_verdict(request.home, number, ordinal, request.form.get("verdict", ""), request.person)
    with reading(request.home.engine) as conn:
        drawn, noted = drawn_ordinals(conn, number), noted_verdicts(conn, number, request.person)
    following = [one for one in drawn if one not in noted]
    chosen = next((one for one in following if one > ordinal), following[0] if following else None)
    return Request.go(f"/batches/{number}/sample" + (f"/{chosen}" if chosen else ""))


def sample_record(request: Request) -> Response:
    """The verdicts as given, to be signed."""
    number = request.values["batch"]
    with reading(request.home.engine) as conn:
        row, drawn = get(conn, number), drawn_ordinals(conn, number)
    verdicts = {ordinal: request.form.get(f"v{ordinal}", "") for ordinal in drawn}
    if missing := [ordinal for ordinal, verdict in verdicts.items() if verdict not in ("ok", "defect")]:
        raise Refused(
            "Not every drawn request was judged.", f"The first without a verdict is {number}/{missing[0]}.", "Go back and judge it."
        )
    defects = sum(verdict == "defect" for verdict in verdicts.values())
    act = prepare(
        request, "sample.record", sample_content(row["log_id"], row["decisions_root"] or "", len(drawn), defects), row["agreement_id"]
    )
    ending = "The batch can then be authorized." if not defects else "The batch is then blocked for good, and nothing leaves."
    said = f"{len(drawn)} requests of {number} were checked by hand; {defects} have a defect. {ending}"
    hidden = {"verdicts": json.dumps({str(ordinal): verdict for ordinal, verdict in verdicts.items()})}
    return request.page(
        "sign.html", act=act, said=said, to=f"{request.path}/sign", hidden=hidden, back=request.path, title="Sign the sample"
    )


def sample_sign(request: Request) -> Response:
    """Record the signed sample."""
    number = request.values["batch"]
    try:
        stated = {int(ordinal): str(verdict) for ordinal, verdict in json.loads(request.form.get("verdicts", "")).items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise Refused("The verdicts cannot be read.", "The form was changed.", "Open the sample again.") from error
    record_sample(request.home, number, stated, signed(request))
    publish(request.home)
    return Request.go(f"/batches/{number}")
