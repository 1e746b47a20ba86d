"""The safeguard standing of a receiving agency (R06; 26 U.S.C. 6103(p)(4): safeguards are a condition for receiving).

Standing is current when
 1. a Safeguard Security Report was accepted within as many days as the agreement says (yearly; Pub. 1075 [K]),
 2. no finding is open without a dated corrective action plan: neither one of those recorded one by one (findings.py), nor of a count,
 3. the agency is not suspended.
Anything unknown is unknown, and unknown never passes.

The record is append-only: each change is a signed act of the source agency's Office of Safeguards and a leaf.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, insert, select

from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import LeafType, Role
from portcullis.officers import accept_act, content_hash, root_of
from portcullis.standing.findings import suspended, without_plan
from portcullis.store import schema

__all__ = ["FIELDS", "current", "facts", "set_standing", "standing_content"]

FIELDS = ("report_accepted_on", "findings_without_plan", "suspended")


def standing_content(agency: str, field: str, value: int) -> str:
    """What the Office of Safeguards signs for one change."""
    return content_hash({"agency": agency, "field": field, "value": value})


def set_standing(home: Home, conn: Connection, agency: str, field: str, value: int, act: Mapping[str, object]) -> None:
    """Record one change: an epoch day, a count, or 0/1.

    Raises Refused on an unknown field, a negative value, or an act that is not a safeguards officer's.
    """
    if field not in FIELDS:
        raise Refused(f"Standing has no field {field!r}.", "It is one of " + ", ".join(FIELDS) + ".", "Correct the field.")
    if value < 0 or (field == "suspended" and value > 1):
        raise Refused(f"{field} cannot have this value.", "It is a day, a count or 0/1, and never negative.", "Correct the value.")
    root_of(conn, agency)  # an agency nobody has named has no standing
    accept_act(
        home, conn, act, action="standing.set", content=standing_content(agency, field, value), agreement="", roles=[Role.SAFEGUARDS]
    )
    index = record(home, conn, LeafType.STANDING_CHANGED, {"agency": agency, "field": field, "value": value, "act": dict(act)})
    conn.execute(insert(schema.standing).values(agency=agency, field=field, value=str(value), changed_at=home.now(), leaf_idx=index))


def facts(conn: Connection, agency: str, today: int, report_days: int) -> dict[str, int | None]:
    """The three facts R06 reads on the epoch day `today`; None is unknown."""
    stated = {row.field: row.value for row in conn.execute(_STATED, {"of_agency": agency})}  # the last of each stands
    accepted, counted, flagged = (None if field not in stated else int(stated[field]) for field in FIELDS)
    named, stopped = without_plan(conn, agency, today), suspended(conn, agency)
    return {
        "safeguard_current": None if accepted is None else int(0 <= today - accepted <= report_days),
        "safeguard_findings_without_plan": counted + named if counted is not None else named or None,
        "safeguard_suspended": 1 if stopped else flagged,
    }


def current(conn: Connection, agency: str, today: int, report_days: int) -> int | None:
    """1 when standing is current on the epoch day `today`, 0 when not, None when it cannot be told."""
    report, findings, suspended = facts(conn, agency, today, report_days).values()
    if suspended or (findings or 0) > 0 or report == 0:
        return 0
    return None if None in (report, findings, suspended) else 1


_S = schema.standing
_STATED = select(_S.c.field, _S.c.value).where(_S.c.agency == bindparam("of_agency"), _S.c.field.in_(FIELDS)).order_by(_S.c.seq)
