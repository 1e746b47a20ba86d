"""Clerical review: a person decides what the rules referred.

1. The reviewer sees what was asked and what the register says, and no score (blind until decided).
2. The verdict is `accept` or `refuse`, with a reason code; it is signed over a salted content, so that the leaf tells nothing.
3. The reviewer has no other role in this batch.
4. A request with several candidates cannot be accepted here: exactly one person may match (R34).
5. Some are given to two reviewers; who says the next word, and which verdict holds, see second.py.
6. A closed referral stays closed; decisions are written once, after all are closed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from portcullis.batches import assign, get, ref
from portcullis.decision import NEVER_ACCEPTED
from portcullis.errors import OutOfOrder, Refused
from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import BatchState, LeafType, Role
from portcullis.officers import accept_act, content_hash
from portcullis.review.second import View, is_twice, may_review, settled, views_of
from portcullis.store import schema, writing

__all__ = ["REVIEW_CODES", "Closed", "open_ordinals", "record_review", "resolutions", "review_content"]

REVIEW_CODES = ("same-person", "not-same-person", "cannot-tell", "reason-specific", "reason-not-specific", "permitted", "not-permitted")
"""Why a reviewer accepted or refused; free text would be a personal value in the store."""


@dataclass(frozen=True, slots=True)
class Closed:
    """One closed referral."""

    ordinal: int
    verdict: str
    code: str


def review_content(batch_log_id: str, ordinal: int, verdict: str, code: str, salt: str) -> str:
    """What the reviewer signs; the salt (64 hex) keeps the leaf from telling row number or verdict."""
    return content_hash({"batch": batch_log_id, "ordinal": ordinal, "verdict": verdict, "code": code, "salt": salt})


def new_salt() -> str:
    """A salt for one review."""
    return secrets.token_hex(32)


def open_ordinals(conn: Connection, batch_id: str, limit: int | None = None) -> list[int]:
    """Ordinals that still wait for a person, in the order of the file."""
    r = schema.referral
    query = select(r.c.ordinal).where(r.c.batch_id == batch_id, r.c.resolution.is_(None)).order_by(r.c.ordinal)
    return list(conn.execute(query.limit(limit) if limit else query).scalars())


def resolutions(conn: Connection, batch_id: str) -> dict[int, str]:
    """How each closed referral was resolved: ordinal → accept or refuse."""
    r = schema.referral
    rows = conn.execute(select(r.c.ordinal, r.c.resolution).where(r.c.batch_id == batch_id, r.c.resolution.is_not(None)))
    return {row.ordinal: row.resolution for row in rows}


def record_review(home: Home, batch_id: str, closed: Closed, salt: str, act: Mapping[str, object]) -> str | None:
    """Record one signed review; returns the verdict that holds now, or None while another reviewer is needed.

    Raises Refused when nothing is open for that request, the code is unknown, or the reviewer may not review this batch.
    """
    if closed.verdict not in ("accept", "refuse") or closed.code not in REVIEW_CODES:
        raise Refused(
            "A review is accept or refuse with a known reason.", "Another word was given.", "Use one of " + ", ".join(REVIEW_CODES) + "."
        )
    with writing(home.engine) as conn:
        row = get(conn, batch_id)
        if row["state"] != BatchState.MATCHED:
            raise OutOfOrder(f"Batch {batch_id} is not waiting for reviews.")
        r = schema.referral
        query = select(r).where(r.c.batch_id == batch_id, r.c.ordinal == closed.ordinal).with_for_update()  # of two at once one is too late
        referral = conn.execute(query).mappings().first()
        if referral is None or referral["resolution"] is not None:
            raise Refused(
                "This request does not wait for a review.", "It was not referred, or is closed.", f"Type: portcullis review next {batch_id}"
            )
        if closed.verdict == "accept" and NEVER_ACCEPTED in referral["codes"].split(";"):
            raise Refused(
                "Several people could be meant.", "Exactly one person may match (R34).", "Refuse it; the recipient may state more."
            )
        content = review_content(row["log_id"], closed.ordinal, closed.verdict, closed.code, salt)
        agreement = row["agreement_id"]
        officer, _ = accept_act(home, conn, act, action="review.record", content=content, agreement=agreement, roles=[Role.REVIEWER])
        views = views_of(conn, batch_id, closed.ordinal)
        if not may_review(views, officer.person):  # 5
            raise Refused(
                "You have reviewed this request.", "Another reviewer says the next word on it.", "Open the next one from the work queue."
            )
        assign(conn, batch_id, officer.person, Role.REVIEWER)
        index = record(home, conn, LeafType.REVIEW_RECORDED, {"request": content, "act": dict(act)}, batch=ref(conn, batch_id))
        v = schema.review
        seq = conn.execute(select(func.count()).where(v.c.batch_id == batch_id, v.c.ordinal == closed.ordinal)).scalar_one()
        conn.execute(
            insert(v).values(
                batch_id=batch_id,
                ordinal=closed.ordinal,
                seq=seq,
                reviewer=officer.person,
                key_id=officer.key_id,
                verdict=closed.verdict,
                code=closed.code,
                salt=salt,
                at=home.now(),
                leaf_idx=index,
            )
        )
        said = [*views, View(officer.person, closed.verdict, closed.code, home.now())]
        holds = settled(said, is_twice(home, conn, batch_id, closed.ordinal))
        conn.execute(update(r).where(r.c.batch_id == batch_id, r.c.ordinal == closed.ordinal).values(resolution=holds))
        return holds
