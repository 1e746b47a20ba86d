"""Notices before something new is done with what was received: AI or bulk analysis (R50), a new environment (R51).

 1. The recipient declares an intended AI or bulk analysis with purpose, system, data and safeguards, or an environment with its first day.
 2. An AI notice states every safeguard the agreement asks for; an environment is noticed as many days before as the agreement says.
 3. The Office of Safeguards acknowledges or objects. Until then, or after an objection, the flow stops as the agreement says.
 4. The recipient may withdraw: then it does not do it.
Source: agreement, notice before AI processing [R]; Publication 1075, 45-day notice [T].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from portcullis.agreement.after import stops_from
from portcullis.errors import Refused
from portcullis.exchange.filing import Filing
from portcullis.home import Home
from portcullis.matters import add_step, close, find, number, open_matter, prolong
from portcullis.model import LeafType
from portcullis.safeguards.filing import accept, acted, enter, matter_of, members, terms
from portcullis.store import release_exclusive

__all__ = ["ANSWERS", "KINDS", "answer_notice", "file_notice", "withdraw_notice"]

KINDS = {"ai": "ai_notice", "environment": "environment_notice"}
ANSWERS = ("acknowledged", "objected")
_AI = "agency agreement notice purpose system data conditions starts_on at"
_ENVIRONMENT = "agency agreement notice environment starts_on at"
_DAY = 86_400


def file_notice(home: Home, conn: Connection, filing: Filing) -> str:
    """Take in a notice; returns the matter's number. Raises Refused for one that is incomplete or too late."""
    notice = filing.about.get("notice")
    officer = accept(home, conn, filing, LeafType.OBLIGATION_NOTICED, _AI if notice == "ai" else _ENVIRONMENT)
    about, now = filing.about, home.now()
    after = terms(home, conn, str(about["agreement"]))
    if notice not in KINDS or not isinstance(about["starts_on"], int):
        raise Refused(
            "This is no notice.", "It is of AI or of an environment, with its first day.", "Type: portcullis recipient notice --help"
        )
    if notice == "ai":
        _check_conditions(about, after.conditions)
        due = now + after.days("ai_notice.answer_days")
    else:
        days = after.number["environment_notice.notice_days"]
        if about["starts_on"] < now // _DAY + days:
            raise Refused(
                "The notice is too late.",
                f"A new environment is noticed {days} days before (R51).",
                "State a later first day.",
                code="S-ENV-NO-NOTICE",
            )
        due = about["starts_on"] * _DAY
    kind, matter = KINDS[notice], number(home, conn)
    stops = stops_from(after, kind, now, due)
    index = enter(home, conn, LeafType.OBLIGATION_NOTICED, matter, about, filing.act, agreement=about["agreement"], stops_from=stops)
    kept: dict[str, Any] = {"due": due, "stops_from": stops, "detail": dict(about)}
    open_matter(home, conn, index, id=matter, kind=kind, agency=officer.agency, agreement=about["agreement"], **kept)
    return matter


def answer_notice(home: Home, matter: str, about: Mapping[str, Any], act: Mapping[str, Any]) -> str:
    """The Office of Safeguards acknowledges or objects; returns the state. Raises Refused."""
    members(about, "agency matter verdict at")
    if about["verdict"] not in ANSWERS or about["matter"] != matter:
        raise Refused("This is no answer to the notice.", f"It is one of {', '.join(ANSWERS)}.", "Answer anew.")
    with release_exclusive(home.engine) as conn:
        found = find(conn, matter, tuple(KINDS.values()))
        officer = acted(home, conn, LeafType.OBLIGATION_ANSWERED, about, act)
        after, verdict = terms(home, conn, found.agreement), str(about["verdict"])
        stops = home.now() if verdict == "objected" and after.stops[found.kind] != "never" else None
        more: dict[str, Any] = {"ends": 1} if verdict == "acknowledged" else {"stops_from": stops}
        index = enter(home, conn, LeafType.OBLIGATION_ANSWERED, matter, about, act, agreement=found.agreement, **more)
        add_step(home, conn, matter, LeafType.OBLIGATION_ANSWERED, officer.person, index, about, verdict)
        if verdict == "acknowledged":
            close(home, conn, matter, verdict)
        else:
            prolong(conn, matter, due=None, stops_from=stops)
        return verdict


def withdraw_notice(home: Home, conn: Connection, filing: Filing) -> str:
    """The recipient takes a notice back; returns the matter's number. Raises Refused."""
    officer = accept(home, conn, filing, LeafType.OBLIGATION_WITHDRAWN, "agency matter at")
    matter = matter_of(conn, filing, tuple(KINDS.values()))
    index = enter(home, conn, LeafType.OBLIGATION_WITHDRAWN, matter.id, filing.about, filing.act, agreement=matter.agreement, ends=1)
    add_step(home, conn, matter.id, LeafType.OBLIGATION_WITHDRAWN, officer.person, index, filing.about)
    close(home, conn, matter.id, "withdrawn")
    return matter.id


def _check_conditions(about: Mapping[str, Any], wanted: tuple[str, ...]) -> None:
    stated = about["conditions"]
    if not isinstance(stated, list) or (missing := sorted(set(wanted) - set(map(str, stated)))):
        lacking = ", ".join(missing) if isinstance(stated, list) else "all of them"
        raise Refused(
            "The notice does not state every safeguard the agreement asks for.",
            f"It lacks {lacking} (R50).",
            "State them, or do not do it.",
            code="S-AI-NO-NOTICE",
        )
