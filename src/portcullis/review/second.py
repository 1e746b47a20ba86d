"""Two reviewers on one request: how good clerical review is, and who decides when they do not agree.

 1. Where the home's setting `second_review_every` is n, every n-th referral or so is given to two reviewers. Which ones follows from the
    batch's number and the request's ordinal alone, so nobody picks them and anybody can say later which they were.
 2. The second is another person than the first, and does not see what the first said before deciding.
 3. When both agree, that holds. When not, the request goes to the other reviewer: to somebody else than who spoke last (the first of the
    two, or a third), who sees both reasons and decides.
 4. A view signed with a key while somebody else had it does not count (compromise.py).
 5. A home in which only one reviewer is enrolled cannot have two; there the first view holds.
`agreement_rate` is the share of twice reviewed requests on whose outcome the first two agreed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Exists, exists, func, select

from portcullis.home import Home
from portcullis.model import Role
from portcullis.store import schema

__all__ = ["Rate", "View", "agreement_rate", "is_twice", "may_review", "needs_second", "offered", "pools", "settled", "views_of"]


@dataclass(frozen=True, slots=True)
class View:
    """What one reviewer said of one request."""

    person: str
    verdict: str
    code: str
    at: int


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests two people reviewed, and on how many of them the first two agreed."""

    both: int
    agreed: int

    @property
    def share(self) -> float | None:
        """Agreed of both; None before there is one."""
        return self.agreed / self.both if self.both else None


def needs_second(batch_id: str, ordinal: int, every: int) -> bool:
    """Whether this referral is one of those that two people review."""
    drawn = hashlib.sha256(f"{batch_id}/{ordinal}".encode()).digest()[:8]
    return every > 0 and int.from_bytes(drawn) % every == 0


def settled(views: Sequence[View], twice: bool) -> str | None:
    """The verdict that holds after these views, or None while another reviewer is needed."""
    if not views:
        return None
    if not twice or len(views) > 2 or (len(views) == 2 and views[0].verdict == views[1].verdict):
        return views[-1].verdict
    return None


def may_review(views: Sequence[View], person: str) -> bool:
    """Whether this person may say the next word: anybody the first, never who spoke last."""
    return not views or views[-1].person != person


def views_of(conn: Connection, batch_id: str, ordinal: int) -> list[View]:
    """The views on one request that count, in order."""
    v, k = schema.review, schema.key
    counts = k.c.compromised_since.is_(None) | (v.c.at < k.c.compromised_since)
    query = select(v).join(k, k.c.key_id == v.c.key_id).where(v.c.batch_id == batch_id, v.c.ordinal == ordinal, counts).order_by(v.c.seq)
    return [View(row["reviewer"], row["verdict"], row["code"] or "", row["at"]) for row in conn.execute(query).mappings()]


def is_twice(home: Home, conn: Connection, batch_id: str, ordinal: int) -> bool:
    """Whether two people review this one, and there are two who could."""
    if not needs_second(batch_id, ordinal, home.settings.second_review_every):
        return False
    k, a = schema.key, schema.assignment
    query = select(k.c.person, k.c.roles).where(k.c.kind != "vault", k.c.revoked_at.is_(None)).distinct()
    reviewers = {row.person for row in conn.execute(query) if Role.REVIEWER.value in row.roles.split(";")}
    other = conn.execute(select(a.c.person).where(a.c.batch_id == batch_id, a.c.role != Role.REVIEWER.value)).scalars()
    return len(reviewers - set(other)) > 1


def offered(conn: Connection, batch_id: str, person: str, codes: str = "", limit: int | None = None) -> list[int]:
    """The open referrals of a batch that this person may review next, of one workpool where its reason codes are given, by ordinal."""
    r = schema.referral
    query = select(r.c.ordinal).where(r.c.batch_id == batch_id, r.c.resolution.is_(None), ~_mine_last(person)).order_by(r.c.ordinal)
    if codes:
        query = query.where(r.c.codes == codes)
    return list(conn.execute(query.limit(limit) if limit else query).scalars())


def pools(conn: Connection, batch_id: str, person: str) -> list[tuple[str, int]]:
    """The workpools of a batch: reason codes, and how many open referrals of them this person may review next; the largest first."""
    r, many = schema.referral, func.count()
    query = select(r.c.codes, many).where(r.c.batch_id == batch_id, r.c.resolution.is_(None), ~_mine_last(person))
    return [(row[0], int(row[1])) for row in conn.execute(query.group_by(r.c.codes).order_by(many.desc(), r.c.codes))]


def _mine_last(person: str) -> Exists:
    """Whether this person spoke last on a referral, by a view that counts."""
    r, v, k = schema.referral, schema.review, schema.key
    later = v.alias("later")
    after = exists().where(later.c.batch_id == v.c.batch_id, later.c.ordinal == v.c.ordinal, later.c.seq > v.c.seq)
    counts = k.c.compromised_since.is_(None) | (v.c.at < k.c.compromised_since)
    mine = exists().where(v.c.batch_id == r.c.batch_id, v.c.ordinal == r.c.ordinal, v.c.reviewer == person)
    return mine.where(k.c.key_id == v.c.key_id, counts, ~after).correlate(r)


def agreement_rate(conn: Connection) -> Rate:
    """Over all batches: the first two views of each request that has two, by two people."""
    v = schema.review
    first, second = v.alias("first"), v.alias("second")
    together = (first.c.batch_id == second.c.batch_id) & (first.c.ordinal == second.c.ordinal)
    pairs = select(first.c.verdict == second.c.verdict, func.count()).join_from(first, second, together)
    lost = select(schema.key.c.key_id).where(schema.key.c.compromised_since.is_not(None))
    known = first.c.key_id.not_in(lost), second.c.key_id.not_in(lost)
    pairs = pairs.where(first.c.seq == 0, second.c.seq == 1, first.c.reviewer != second.c.reviewer, *known)
    counted = {bool(row[0]): int(row[1]) for row in conn.execute(pairs.group_by(first.c.verdict == second.c.verdict))}
    return Rate(sum(counted.values()), counted.get(True, 0))
