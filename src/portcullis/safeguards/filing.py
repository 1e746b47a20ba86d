"""Taking in what is filed after a release, and writing what the source agency does about it.

A filing of the recipient is accepted when
 1. it is of the kind that is asked for here, and has exactly the members of that kind,
 2. its act is good: by an enrolled key, over exactly what it is about, once, not expired (officers.py),
 3. its agency is the one of the person who signed, and of the matter it names,
 4. its clock agrees with ours: not later than now, not earlier than what it answers, within the minutes the agreement allows.
What is not accepted is refused, and that it was refused is a leaf (`filing.refused`): nothing that arrives is lost.

Everything here holds the release lock alone, so that a dispatch either came before or sees what was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection

from portcullis.agreement import Agreement, adopted
from portcullis.agreement.after import After
from portcullis.errors import Refused
from portcullis.exchange.filing import Filing, about_hash, instant_of, read_filing
from portcullis.home import Home
from portcullis.journal import record, stamp
from portcullis.ledger.members import AFTERWARDS
from portcullis.matters import Matter, find, ref_of
from portcullis.model import LeafType, Role
from portcullis.officers import Officer, accept_act
from portcullis.publish import publish
from portcullis.store import release_exclusive

__all__ = ["accept", "acted", "enter", "members", "take", "terms"]

T = TypeVar("T")
_NOT_A_WORD = re.compile(r"[^A-Za-z0-9]+")


def take(home: Home, data: bytes, handler: Callable[[Home, Connection, Filing], T]) -> T:
    """Take in one filing. Raises Refused after having recorded that it was refused, and why."""
    kind = "unreadable"
    try:
        filing = read_filing(data)
        kind = filing.kind if filing.kind in {each.value for each in AFTERWARDS} else "unknown"
        with release_exclusive(home.engine) as conn:
            done = handler(home, conn, filing)
    except Refused as refused:
        reason = refused.code or _NOT_A_WORD.sub("-", refused.what).strip("-").lower()[:80] or "refused"
        with release_exclusive(home.engine) as conn:
            record(home, conn, LeafType.FILING_REFUSED, {"kind": kind, "reason": reason})
        publish(home)
        raise
    publish(home)
    return done


def accept(home: Home, conn: Connection, filing: Filing, kind: LeafType, wanted: str, *, not_before: int = 0) -> Officer:
    """Checks 1 to 4 over one filing; `wanted` lists its members, those ending in `?` may be absent. Raises Refused."""
    if filing.kind != kind.value:
        raise Refused(f"This is a filing of the kind {filing.kind}.", f"{kind.value} is wanted here.", "Name the right file.")  # 1
    members(filing.about, wanted)
    officer, _ = accept_act(  # 2
        home, conn, filing.act, action=kind.value, content=about_hash(filing.about), agreement="", roles=_who_may(kind)
    )
    if filing.about["agency"] != officer.agency:  # 3
        raise Refused("The filing is not by the agency it names.", "Its key belongs to another.", "A person of that agency signs it.")
    said, slack = instant_of(filing.about["at"]), _slack(home, conn, filing.about)
    if said > home.now() + slack or said < not_before - slack:  # 4
        raise Refused(
            "The clocks disagree.",
            "The filing is dated in the future, or before what it answers.",
            "Set the clock, and sign anew.",
        )
    return officer


def _who_may(kind: LeafType) -> list[Role]:
    """Who signs a filing of this kind; anybody of the agency where the table names nobody."""
    return [Role(name) for name in AFTERWARDS[kind].split()] or list(Role)


def members(about: Mapping[str, Any], wanted: str) -> None:
    """Raises Refused unless `about` has exactly the wanted members: nothing else is signed along unseen."""
    required = {name for name in wanted.split() if not name.endswith("?")}
    known = required | {name.rstrip("?") for name in wanted.split()}
    if required - set(about) or set(about) - known:
        odd = sorted((required - set(about)) | (set(about) - known))[0]
        raise Refused(f"The filing lacks, or should not have, the member {odd}.", "It states exactly what it is about.", "Write it anew.")


def acted(home: Home, conn: Connection, kind: LeafType, about: Mapping[str, Any], act: Mapping[str, Any]) -> Officer:
    """The source agency's act over exactly this, by a person in a role that may. Raises Refused."""
    roles = [Role(name) for name in AFTERWARDS[kind].split()]
    officer, _ = accept_act(home, conn, act, action=kind.value, content=about_hash(about), agreement="", roles=roles)
    return officer


def enter(
    home: Home,
    conn: Connection,
    kind: LeafType,
    matter: str,
    about: Mapping[str, Any],
    act: Mapping[str, Any],
    *,
    agreement: str | None,
    **more: Any,
) -> int:
    """The leaf of an act that was accepted; `stops_from` as seconds, `ends` as it stands. Returns its index."""
    fields = {"matter": matter, "about": dict(about), "act": dict(act)}
    if (start := more.pop("stops_from", None)) is not None:
        fields["stops_from"] = stamp(start)
    return record(home, conn, kind, fields | more, agreement=ref_of(conn, agreement))


def matter_of(conn: Connection, filing: Filing, kinds: Collection[str]) -> Matter:
    """The open matter a filing names, of its own agency. Raises Refused."""
    matter = find(conn, str(filing.about["matter"]), tuple(kinds))
    if matter.agency != filing.about["agency"]:
        raise Refused(f"There is no such matter {matter.id}.", "Its number is not known for this.", "Type: portcullis safeguard status")
    return matter


def terms(home: Home, conn: Connection, agreement: str | None) -> After:
    """What the agreement says of the time after; the strictest reading when it is not in force."""
    found: Agreement | None = adopted(home, conn, agreement)
    return found.after if found else After()


def _slack(home: Home, conn: Connection, about: Mapping[str, Any]) -> int:
    stated = about.get("agreement")
    return terms(home, conn, stated if isinstance(stated, str) else None).clock
