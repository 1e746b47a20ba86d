"""What the recipient owes for each disclosure, and the record of who looked at it since (R48).

Each disclosure carries three standing obligations: sole use for the stated purpose, the named officers only, no passing on. They stand
in every answer, and here as a list. The recipient hands over its access log; each line of it must be of an officer named in that answer:
 1. The log is the one its agency signed for: the hash of its lines is the filing's.
 2. Each line names one request of that batch and one officer, and nothing else.
 3. An officer who opened what was not addressed to that officer is counted (`S-ACCESS-DENIED`), and the count is a leaf.
Source: 26 U.S.C. 6103(p)(4)(A), (C) [T].
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from portcullis import accounting
from portcullis.crypto import strict_loads
from portcullis.errors import Refused
from portcullis.exchange.filing import Filing
from portcullis.home import Home
from portcullis.matters import Matter, add_step, find, listed
from portcullis.model import LeafType
from portcullis.safeguards.disposal import progress
from portcullis.safeguards.filing import accept, enter
from portcullis.safeguards.recall import recalled

__all__ = ["STANDING", "obligations", "take_access_log"]

STANDING = ("sole_use", "named_officers_only", "no_onward_sharing")
_LINE = {"time", "officer", "batch", "request", "action"}


def obligations(conn: Connection, now: int, agency: str | None = None) -> list[dict[str, Any]]:
    """One line for each release that was dispatched: what stands, what is recalled and disposed of, and when its use ends."""
    return [_owed(conn, use, now) for use in listed(conn, ("use",), agency=agency)]


def _owed(conn: Connection, use: Matter, now: int) -> dict[str, Any]:
    done = progress(conn, use)
    return {
        "matter": use.id,
        "agency": use.agency,
        "agreement": use.agreement,
        "batch": use.batch,
        "standing": list(STANDING),
        "records": done["records"],
        "recalled": len(recalled(conn, str(use.batch))),
        "certified": done["certified"],
        "disposed": done["disposed"],
        "due": use.due_at,
        "overdue": int(use.closed_at is None and use.due_at is not None and now > use.due_at),
        "state": use.state,
    }


def take_access_log(home: Home, conn: Connection, filing: Filing, log: bytes) -> int:
    """Take in an access log (1-3); returns how many openings were by officers it was not addressed to. Raises Refused."""
    officer = accept(home, conn, filing, LeafType.OBLIGATION_LOGGED, "agency matter entries log at")
    about = filing.about
    use = find(conn, str(about["matter"]), ("use",), open_only=False)
    if use.agency != officer.agency or hashlib.sha256(log).hexdigest() != about["log"]:
        raise Refused("The access log is not the one that was signed for.", "It is another, or was changed.", "File it again.")  # 1
    lines = [_line(text) for text in log.splitlines()]
    if len(lines) != about["entries"]:
        raise Refused("The access log has another number of lines than was signed for.", "It was cut.", "File it again.")
    named = {request: set(entry.value["recipient"]) for request, entry in accounting.entries(home, conn, str(use.batch)).items()}  # type: ignore[call-overload]
    mine = [line for line in lines if line["batch"] == use.batch]
    strangers = sum(line["officer"] not in named.get(line["request"], set()) for line in mine)  # 3
    more = {"strangers": strangers, "officers": len({line["officer"] for line in mine})}
    index = enter(home, conn, LeafType.OBLIGATION_LOGGED, use.id, about, filing.act, agreement=use.agreement, **more)
    add_step(home, conn, use.id, LeafType.OBLIGATION_LOGGED, officer.person, index, dict(about) | more)
    return strangers


def _line(text: bytes) -> Mapping[str, str]:
    try:
        found = strict_loads(text)
    except Refused:
        found = None
    if not isinstance(found, dict) or set(found) != _LINE or not all(isinstance(value, str) for value in found.values()):
        raise Refused("A line of the access log cannot be read.", f"Its members are {json.dumps(sorted(_LINE))}.", "File the log as it is.")
    return found
