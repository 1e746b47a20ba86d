"""Second authorization, dispatch: what lets a batch go, or stops it.

1. An authorizer sees exactly what would leave, to whom, under which clause, and what is withheld, and not who signed before.
2. What is signed is the release root as it is when the page is opened; if it changed meanwhile the signature does not count.
3. Returning a batch voids what was signed.
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
from portcullis.review import authorize, release_content, release_root, return_batch
from portcullis.standing import vault_of
from portcullis.store import reading, schema, writing

__all__ = ["authorization", "dispatch_now", "release", "sign_authorization", "sign_return"]

_SHOWN = 50


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
        d, e, a = schema.decided_count, schema.engagement, schema.authorization
        counted = conn.execute(select(d.c.name, d.c.value).where(d.c.batch_id == number, d.c.kind == "decision")).all()
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
