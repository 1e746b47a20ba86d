"""Redisclosure (R49): a request to pass on what was received is decided like a request, by a table, and by two people.

 1. The recipient states which records go to whom, in which proceeding, and whether it is the same case.
 2. `REDISCLOSE` decides: the first row whose condition holds refuses; nothing unknown passes. Refusals are one uniform no.
 3. What no row refuses waits for two different people of the source agency, one of them counsel.
 4. Granted, the number of the matter is the token; the new holder is a custodian of the records from then on, and a recall reaches them.
Source: 26 U.S.C. 6103(a), (i)(4)(B), (p)(9) [T].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, update

from portcullis.agreement import adopted
from portcullis.batches import get
from portcullis.decision import first_row
from portcullis.errors import Refused
from portcullis.exchange.filing import Filing
from portcullis.home import Home
from portcullis.matters import add_items, add_step, close, find, number, open_matter, steps
from portcullis.model import LeafType, Role
from portcullis.orders import stays_on
from portcullis.safeguards.filing import accept, acted, enter, members
from portcullis.safeguards.recall import recalled
from portcullis.safeguards.records import Records, check_disclosed, listed
from portcullis.store import release_exclusive, schema

__all__ = ["RECEIVERS", "REDISCLOSE", "ask_redisclosure", "decide_redisclosure"]

RECEIVERS = ("court", "federal_prosecutor", "state_or_local", "contractor", "other_agency")
PROCEEDINGS = ("criminal", "forfeiture", "civil", "administrative")

REDISCLOSE: tuple[tuple[str, tuple[tuple[str, str, int], ...], str], ...] = (
    ("F1", (("agreement_in_force", "eq", 0),), "The agreement is not in force."),
    ("F2", (("stays", "at_least", 1),), "An order of a court covers the records."),
    ("F3", (("recalled", "at_least", 1),), "A record was recalled: it must not be used at all (R53)."),
    ("F4", (("same_case", "eq", 0),), "It is for another case than the records were asked for."),
    ("F5", (("receiver_permitted", "eq", 0),), "States, contractors and other agencies receive nothing ((a), (p)(9))."),
    ("F6", (("proceeding_permitted", "eq", 0),), "Only a criminal or a related forfeiture proceeding permits it ((i)(4)(B))."),
)
"""Rows in order: when a condition holds the request is refused."""


def ask_redisclosure(home: Home, conn: Connection, filing: Filing) -> tuple[str, str]:
    """Take in a request (1, 2); returns the matter's number and `waiting` or `refused`. Raises Refused for records it never had."""
    wanted = "agency agreement records to receiver proceeding same_case at"
    officer = accept(home, conn, filing, LeafType.OBLIGATION_ASKED, wanted)
    about = filing.about
    records = _records(about["records"])
    agreement = check_disclosed(conn, records, officer.agency)
    if agreement != about["agreement"]:
        raise Refused("The records were disclosed under another agreement.", "The request names the wrong one.", "Ask anew.")
    row = first_row(REDISCLOSE, _facts(home, conn, records, about))
    matter, state = number(home, conn), "waiting" if row is None else "refused"
    index = enter(home, conn, LeafType.OBLIGATION_ASKED, matter, about, filing.act, agreement=agreement, refused=int(row is not None))
    kept: dict[str, Any] = {"detail": dict(about) | {"row": row, "asked_by": officer.person}, "state": state}
    open_matter(home, conn, index, id=matter, kind="redisclosure", agency=officer.agency, agreement=agreement, **kept)
    add_items(conn, matter, ((*record, str(about["to"])) for record in records), state)
    if row is not None:
        close(home, conn, matter, state)
    return matter, state


def decide_redisclosure(home: Home, matter: str, about: Mapping[str, Any], act: Mapping[str, Any]) -> str:
    """One person's decision (3); returns `waiting`, `granted` or `refused`. `about`: agency, matter, verdict, at. Raises Refused."""
    members(about, "agency matter verdict at")
    kind, i = LeafType.OBLIGATION_DECIDED, schema.matter_item
    with release_exclusive(home.engine) as conn:
        found = find(conn, matter, ("redisclosure",))
        officer = acted(home, conn, kind, about, act)
        before = [step for step in steps(conn, matter) if step["step"] == kind.value]
        if about["matter"] != matter or about["verdict"] not in ("grant", "refuse") or officer.person in {s["person"] for s in before}:
            raise Refused(
                "This decision does not count.", "It is another's matter, no verdict, or the same person's second.", "Ask another."
            )
        row = first_row(REDISCLOSE, _facts(home, conn, _records(found.detail["records"]), found.detail))
        if row is not None and about["verdict"] == "grant":
            raise Refused("It cannot be granted any more.", "Something changed since it was asked.", "Refuse it.", code="S-REDISCLOSURE")
        index = enter(home, conn, kind, matter, about, act, agreement=found.agreement)
        add_step(home, conn, matter, kind, officer.person, index, dict(about) | {"counsel": int(Role.COUNSEL in officer.roles)})
        granted = [s["about"] for s in steps(conn, matter) if s["about"].get("verdict") == "grant"]
        counsel = any(each.get("counsel") for each in granted)
        state = "refused" if about["verdict"] == "refuse" else "granted" if len(granted) >= 2 and counsel else "waiting"
        conn.execute(update(i).where(i.c.matter == matter).values(state=state))
        if state != "waiting":
            close(home, conn, matter, state)
        return state


def _records(stated: object) -> Records:
    try:
        found = listed(stated)  # type: ignore[arg-type]
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise Refused("The records of the request cannot be read.", 'They are {"B-2026-000001": [[1,4]]}.', "Ask anew.") from error
    if not 0 < len(found) <= 1_000_000:
        raise Refused("The request is about no record.", "It names none, or too many.", "Ask anew.")
    return found


def _facts(home: Home, conn: Connection, records: Records, about: Mapping[str, Any]) -> dict[str, int | None]:
    """What the table reads; 0 or 1, counts, None unknown."""
    batches = sorted({batch for batch, _ in records})
    rows = [get(conn, batch) for batch in batches]
    stays = [
        order
        for row in rows
        for order in stays_on(conn, agreement=row["agreement_id"], agency=row["agency"], gate=row["gate"], batch=row["log_id"])
    ]
    gone = {(batch, ordinal) for batch in batches for ordinal in recalled(conn, batch)}
    return {
        "agreement_in_force": int(adopted(home, conn, str(about["agreement"])) is not None),
        "stays": len(stays),
        "recalled": len(gone & set(records)),
        "same_case": int(about["same_case"] == 1),
        "receiver_permitted": int(about["receiver"] in ("court", "federal_prosecutor")),
        "proceeding_permitted": int(about["proceeding"] in ("criminal", "forfeiture")),
    }
