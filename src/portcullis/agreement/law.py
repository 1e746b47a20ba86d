"""Which text of the rules holds: of a day, as known on that day; and the version a batch rests on, long after it ended.

A rule may stand in several versions whose days do not overlap (rules.md §3, `valid` and `known`). A batch is judged by the rules of the day
it was received, as this gateway knew them on that day: never by what became law, or became known, afterwards.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, select

from portcullis.agreement.adopt import at_hash
from portcullis.agreement.load import Agreement
from portcullis.errors import Tampered
from portcullis.home import Home
from portcullis.rules import RuleSet
from portcullis.store import schema

__all__ = ["kept_version", "law_on"]

_EPOCH = dt.date(1970, 1, 1)


def law_on(agreement: Agreement, day: int) -> RuleSet:
    """The rules of an epoch day as known on it."""
    date = _EPOCH + dt.timedelta(days=day)
    return agreement.rules.as_of(date, date)


def kept_version(home: Home, conn: Connection, agreement_id: str, version: int, digest: str) -> Agreement:
    """A version this home keeps, whatever became of it. Raises Tampered unless store and folder have the hash that is asked for."""
    a = schema.agreement
    known = conn.execute(select(a.c.hash).where(a.c.id == agreement_id, a.c.version == version)).scalar_one_or_none()
    if known != digest:
        raise Tampered(f"The store knows another version {version} of {agreement_id} than the ledger names.", "One of the two was changed.")
    return at_hash(home, agreement_id, version, digest)
