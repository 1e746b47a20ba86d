"""The first of two signatures, kept until the second person has signed the same (rules.md §3, switches; ledger.md, `order.lifted`).

On the command line two people sign one after the other at one place. In the console each signs alone, at another desk, perhaps hours
later. What the first signed is checked like any act when it comes and again when the second comes, counts for nothing alone, and is gone
when its time is over. Both sign one content, so the second cannot sign something else than the first did.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select

from portcullis.crypto import canonical
from portcullis.errors import PortcullisError, Refused
from portcullis.home import Home
from portcullis.model import Role
from portcullis.officers import weigh_act
from portcullis.store import schema

__all__ = ["First", "drop", "first_of", "firsts", "keep_first"]


@dataclass(frozen=True, slots=True)
class First:
    """A first signature: what both sign, what that is over, who signed, and until when (seconds) it stands."""

    content: str
    stated: Mapping[str, Any]
    person: str
    act: Mapping[str, object]
    expires: int


def keep_first(
    home: Home,
    conn: Connection,
    act: Mapping[str, object],
    *,
    action: str,
    content: str,
    agreement: str,
    roles: Collection[Role],
    stated: Mapping[str, object],
) -> First:
    """Check a first signature as any act and keep it. Raises Refused when it is not good, or this person's own waits already."""
    officer, opened = weigh_act(home, conn, act, action=action, content=content, agreement=agreement, roles=roles)
    s = schema.first_signature
    conn.execute(delete(s).where(s.c.expires <= home.now()))
    if conn.execute(select(s.c.person).where(s.c.content == content)).first():
        raise Refused("A first signature waits already.", "Somebody signed the same meanwhile.", "Open the page again.")
    kept = {"stated": canonical(dict(stated)).decode(), "act": canonical(dict(act)).decode()}
    conn.execute(insert(s).values(content=content, action=action, person=officer.person, expires=opened.expires, at=home.now(), **kept))
    return First(content, dict(stated), officer.person, dict(act), opened.expires)


def first_of(home: Home, conn: Connection, content: str, *, action: str, agreement: str, roles: Collection[Role]) -> First | None:
    """The first signature over this content that still counts: its key may have been revoked since, or its time be over."""
    s = schema.first_signature
    row = conn.execute(select(s).where(s.c.content == content, s.c.action == action, s.c.expires > home.now())).mappings().first()
    if row is None:
        return None
    found = _read(row)
    try:
        weigh_act(home, conn, found.act, action=action, content=content, agreement=agreement, roles=roles)
    except PortcullisError:
        return None
    return found


def firsts(home: Home, conn: Connection, action: str) -> list[First]:
    """All that wait for a second person, the earliest first."""
    s = schema.first_signature
    query = select(s).where(s.c.action == action, s.c.expires > home.now()).order_by(s.c.at, s.c.content)
    return [_read(row) for row in conn.execute(query).mappings()]


def drop(conn: Connection, content: str) -> None:
    """Forget a first signature: the second has come, or it counts no more."""
    conn.execute(delete(schema.first_signature).where(schema.first_signature.c.content == content))


def _read(row: RowMapping) -> First:
    return First(row["content"], json.loads(row["stated"]), row["person"], json.loads(row["act"]), int(row["expires"]))
