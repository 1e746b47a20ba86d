"""The work queue: what waits for this person, and what they may not take because of another role in the batch."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select
from starlette.responses import Response

from portcullis.batches import assigned
from portcullis.console.request import Request
from portcullis.model import BatchState, Role
from portcullis.store import reading, schema

__all__ = ["waiting", "work"]

_OF: dict[BatchState, tuple[Role, str, str]] = {
    BatchState.MATCHED: (Role.REVIEWER, "Review", "review"),
    BatchState.REVIEWED: (Role.OVERSEER, "Check the sample", "sample"),
    BatchState.SAMPLED: (Role.AUTHORIZER, "Authorize", "authorize"),
    BatchState.COMMITTED: (Role.OPERATOR, "Dispatch", "release"),
}
_MOST = 50


def work(request: Request) -> Response:
    """Everything that waits for one of my roles, oldest first."""
    return request.page("work.html", **_found(request))


def waiting(request: Request) -> Response:
    """The same without the page around it, for a page that asks again while it is open."""
    return request.page("_work.html", **_found(request))


def _found(request: Request) -> dict[str, Any]:
    with reading(request.home.engine) as conn:
        tasks = [task for state, needs in _OF.items() for task in _tasks(conn, request, state, *needs)]
        held = conn.execute(select(func.count()).where(schema.batch.c.held == 1)).scalar_one()
    return {"tasks": [t for t in tasks if t["mine"]], "others": [t for t in tasks if not t["mine"]], "held": held}


def _tasks(conn: Connection, request: Request, state: BatchState, role: Role, verb: str, place: str) -> list[dict[str, Any]]:
    b, r, a = schema.batch, schema.referral, schema.authorization
    if role not in request.roles and not (state is BatchState.REVIEWED and Role.REVIEWER in request.roles):
        return []
    query = select(b.c.id, b.c.count, b.c.received_at).where(b.c.state == state.value, b.c.held == 0).order_by(b.c.id).limit(_MOST)
    tasks = []
    for row in conn.execute(query):
        waiting = int(row[1])
        if state is BatchState.MATCHED:
            waiting = conn.execute(select(func.count()).where(r.c.batch_id == row.id, r.c.resolution.is_(None))).scalar_one()
        signed = set(conn.execute(select(a.c.person).where(a.c.batch_id == row.id, a.c.voided_at.is_(None))).scalars())
        held = assigned(conn, row.id).get(request.person)
        if waiting:
            mine = held in (None, role.value) or (state is BatchState.REVIEWED and held == Role.REVIEWER.value)
            why = (
                f"You are {held} of this batch."
                if not mine
                else "You have signed; another person must."
                if request.person in signed
                else ""
            )
            one = {"batch": row.id, "verb": verb, "path": f"/batches/{row.id}/{place}", "waiting": waiting, "since": row.received_at}
            tasks.append(one | {"mine": mine and not why, "why": why})
    return tasks
