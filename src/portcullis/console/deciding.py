"""Sample, second authorization, dispatch: what lets a batch go, or stops it.

1. The sample is checked by hand, request by request; what is signed is the number checked and the number of defects.
2. An authorizer sees exactly what would leave, to whom, under which clause, and what is withheld, and not who signed before.
3. What is signed is the release root as it is when the page is opened; if it changed meanwhile the signature does not count.
4. Returning a batch voids what was signed.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from sqlalchemy import func, select
from starlette.responses import Response

from portcullis import evidence
from portcullis.agreement import adopted
from portcullis.batches import get
from portcullis.console.acting import prepare, signed
from portcullis.console.request import Request
from portcullis.decision import AUTHORIZATION_HOURS
from portcullis.errors import OutOfOrder, Refused
from portcullis.inspections import inspection
from portcullis.model import BatchState
from portcullis.officers import content_hash
from portcullis.publish import publish
from portcullis.release import Withheld, deliver, dispatch
from portcullis.review import authorize, drawn_ordinals, record_sample, release_content, release_root, return_batch, sample_content
from portcullis.standing import vault_of
from portcullis.store import reading, schema, writing

__all__ = ["authorization", "dispatch_now", "release", "sample", "sample_record", "sample_sign", "sign_authorization", "sign_return"]

_SHOWN = 50


def sample(request: Request) -> Response:
    """The requests drawn, each to be looked at and judged."""
    number, i = request.values["batch"], schema.sample_item
    with reading(request.home.engine) as conn:
        row, drawn = get(conn, number), drawn_ordinals(conn, number)
        judged = conn.execute(select(func.count()).where(i.c.batch_id == number, i.c.verdict.is_not(None))).scalar_one()
    return request.page("sample.html", row=row, drawn=drawn, judged=judged)


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


def authorization(request: Request) -> Response:
    """What would leave, to whom, under which clause, what is withheld; and the act to sign."""
    number, home = request.values["batch"], request.home
    with writing(home.engine) as conn:
        row = get(conn, number)
        if row["state"] != BatchState.SAMPLED or row["answers_root"] is None:
            raise OutOfOrder(f"Batch {number} does not wait for authorization.", f"Its state is {row['state']}.", "See the batch.")
        inspection(home, conn, person=request.person, why="authorization", command="console.authorize", batch_id=number)
        content = release_content(conn, number)
        answers = evidence.read(home, conn, number, "answers", columns=["body"]).slice(0, _SHOWN)
        bodies = [json.loads(body) for body in answers["body"].to_pylist()]
        agreement, vault = adopted(home, conn, row["agreement_id"]), vault_of(conn, row["agency"])
        q, e, a = schema.request, schema.engagement, schema.authorization
        counted = conn.execute(select(q.c.decision, func.count()).where(q.c.batch_id == number).group_by(q.c.decision)).all()
        receivers = conn.execute(select(func.count()).where(e.c.batch_id == number, e.c.receives == 1)).scalar_one()
        mine = conn.execute(select(a.c.nonce).where(a.c.batch_id == number, a.c.person == request.person, a.c.voided_at.is_(None))).first()
    publish(home)
    act = prepare(request, "release.authorize", release_root(content), row["agreement_id"], AUTHORIZATION_HOURS - 1)
    back = content_hash({"batch": row["log_id"], "return": True})
    values: dict[str, Any] = {
        "row": row,
        "content": content,
        "bodies": bodies,
        "agreement": agreement,
        "vault": vault,
        "counted": Counter({decision: count for decision, count in counted}),
        "receivers": receivers,
        "mine": mine is not None,
        "act": act,
        "back": prepare(request, "release.return", back, row["agreement_id"]),
        "held": bool(row["held"]),
    }
    return request.page("authorize.html", **values)


def sign_authorization(request: Request) -> Response:
    """Record one authorization."""
    authorize(request.home, request.values["batch"], signed(request))
    publish(request.home)
    return Request.go(f"/batches/{request.values['batch']}")


def sign_return(request: Request) -> Response:
    """Send the batch back."""
    return_batch(request.home, request.values["batch"], signed(request))
    publish(request.home)
    return Request.go(f"/batches/{request.values['batch']}")


def release(request: Request) -> Response:
    """The release of a batch, and its receipt."""
    number, r, t = request.values["batch"], schema.release, schema.receipt
    with reading(request.home.engine) as conn:
        row = get(conn, number)
        rows = conn.execute(select(r).where(r.c.batch_id == number).order_by(r.c.committed_leaf)).mappings().all()
        receipts = conn.execute(select(t.c.person, t.c.at, t.c.leaf_idx).where(t.c.batch_id == number)).mappings().all()
    return request.page("release.html", row=row, releases=rows, receipts=receipts)


def dispatch_now(request: Request) -> Response:
    """Check everything again, account for it, and let the answers go."""
    number, home = request.values["batch"], request.home
    publish(home)
    sent = dispatch(home, number)
    publish(home)
    if isinstance(sent, Withheld):
        raise Refused("The release was withheld.", "; ".join(sent.reasons), "The batch is back at sampled; two officers authorize it anew.")
    deliver(home, number)
    return Request.go(f"/batches/{number}/release")
