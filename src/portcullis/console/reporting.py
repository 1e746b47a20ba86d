"""Reports: figures over all batches as pictures with their tables. Counts only; no person asked about stands in any of them.

The replay of June 2025 is shown when its figures lie in the home (`replay june-2025 --home`, `demo`): it is worked out there and not here,
so that the console never waits for it.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import Connection, func, select
from starlette.responses import Response

from portcullis.console import pictures
from portcullis.console.memory import while_unwritten
from portcullis.console.request import Request
from portcullis.ledger import decode
from portcullis.picture import kept_replay, replay_rows, replay_svg
from portcullis.review import agreement_rate
from portcullis.store import reading, schema

__all__ = ["reports"]

_MOST = 20
Drawn = dict[str, Markup]


def reports(request: Request) -> Response:
    """Outcomes, what left over time, the load of officers, the work of people, and the replay."""
    with reading(request.home.engine) as conn:
        drawn = while_unwritten(request.home, conn, "reports", lambda: _drawn(conn))
    return request.page("reports.html", drawn=drawn, replay=_replay(request))


def _drawn(conn: Connection) -> Drawn:
    b, q = schema.batch, schema.request
    states, outcomes = _counted(conn, b.c.state), _counted(conn, q.c.decision)
    e, v, a, i = schema.engagement, schema.review, schema.authorization, schema.inspection
    load = select(e.c.officer, func.sum(e.c.count)).group_by(e.c.officer).order_by(func.sum(e.c.count).desc(), e.c.officer).limit(_MOST)
    largest = {row[0]: int(row[1]) for row in conn.execute(load)}
    rate = agreement_rate(conn)
    twice = {"agreed": rate.agreed, "did not agree": rate.both - rate.agreed} if rate.both else {}
    return {
        "Batches by state": pictures.bars("Batches by state", states, "Batches"),
        "Requests by decision": pictures.bars("Requests by decision", outcomes),
        "Disclosures over time": pictures.columns("Sealed answers that left, by month", _months(conn), "Answers"),
        "Load of officers": pictures.bars("Requests each officer is engaged in, the largest first", largest),
        "Two reviewers on one request": pictures.bars("Requests that two reviewers decided", twice),
        "Reviews by person": pictures.bars("Reviews by person", _people(conn, v.c.reviewer), "Reviews"),
        "Authorizations by person": pictures.bars("Authorizations by person", _people(conn, a.c.person), "Authorizations"),
        "Looks at personal data, by person": pictures.bars("Looks at personal data, by person", _people(conn, i.c.person), "Looks"),
    }


def _counted(conn: Connection, column: object) -> dict[str, int]:
    rows = conn.execute(select(column, func.count()).group_by(column).order_by(column))  # type: ignore[call-overload]
    return {row[0]: row[1] for row in rows}


def _people(conn: Connection, column: object) -> dict[str, int]:
    """The twenty with most rows, each with how many."""
    many = func.count()
    rows = conn.execute(select(column, many).group_by(column).order_by(many.desc(), column).limit(_MOST))  # type: ignore[call-overload]
    return {row[0]: row[1] for row in rows}


def _months(conn: Connection) -> dict[str, int]:
    """Month of the dispatch → sealed answers that left in it, in order; a month in between in which none left has 0."""
    r, leaf = schema.release, schema.leaf
    query = select(r.c.answers, leaf.c.body).join(leaf, leaf.c.idx == r.c.dispatched_leaf).order_by(leaf.c.idx)
    found: Counter[int] = Counter()
    for row in conn.execute(query):
        when = datetime.fromisoformat(str(decode(bytes(row.body)).fields["time"]).replace("Z", "+00:00"))
        found[when.year * 12 + when.month - 1] += row.answers
    every = range(min(found), max(found) + 1) if found else ()
    return {f"{datetime(month // 12, month % 12 + 1, 1):%b %Y}": found[month] for month in every}


def _replay(request: Request) -> Markup | None:
    """The replay's picture and table; None when nobody has played it here."""
    shown = kept_replay(request.home.path)
    if shown is None:
        return None
    head, rows = replay_rows(shown)
    table = pictures.beside("The data file of June 2025, replayed on synthetic data", head, rows)
    return Markup(f'<div class="drawn">{replay_svg(shown)}</div>{table}')  # noqa: S704 - both escape every value
