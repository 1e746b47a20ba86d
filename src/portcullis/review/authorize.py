"""Dual authorization (R40): two officers, neither operator nor reviewer of this batch, sign the release root with their own keys.

1. The batch is sampled and not held.
2. The act is over the release root as it is computed now, and expires within 72 hours.
3. The officer holds the role and has no other in this batch; the second is another person than the first.
4. A returned batch voids what was signed; it stays sampled.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, insert, select

from portcullis.batches import assign, get, move, ref
from portcullis.crypto import canonical
from portcullis.decision import AUTHORIZATION_HOURS
from portcullis.errors import OutOfOrder, Refused
from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import BatchState, LeafType, Role
from portcullis.officers import accept_act, content_hash
from portcullis.orders import withhold
from portcullis.review.root import release_content, release_root
from portcullis.store import release_shared, schema

__all__ = ["authorize", "authorize_content", "return_batch"]


def authorize_content(conn: Connection, batch_id: str) -> str:
    """What an authorizer signs: the release root as it is now."""
    return release_root(release_content(conn, batch_id))


def authorize(home: Home, batch_id: str, act: Mapping[str, object]) -> int:
    """Record one authorization; returns how many different people have authorized now."""
    with release_shared(home.engine) as conn:
        row = get(conn, batch_id, lock=True)
        if row["state"] != BatchState.SAMPLED:
            raise OutOfOrder(
                f"Batch {batch_id} is not waiting for authorization.", f"Its state is {row['state']}.", "Type: portcullis batch status"
            )
        if row["held"]:
            raise Refused(
                f"Batch {batch_id} is held.", "An order in force covers it (R07).", "It can be authorized when the order is lifted."
            )
        root = authorize_content(conn, batch_id)
        roles = [Role.AUTHORIZER]
        officer, opened = accept_act(home, conn, act, action="release.authorize", content=root, agreement=row["agreement_id"], roles=roles)
        if opened.expires > home.now() + AUTHORIZATION_HOURS * 3600:
            raise Refused(
                "The authorization would stand too long.",
                f"It is valid for at most {AUTHORIZATION_HOURS} hours.",
                "Sign with an earlier end.",
            )
        assign(conn, batch_id, officer.person, Role.AUTHORIZER)
        people = _people(conn, batch_id, root)
        if officer.person in people:
            raise Refused("This person has authorized already.", "Two different people must (R40).", "Ask another authorizer.")
        index = record(home, conn, LeafType.RELEASE_AUTHORIZED, {"root": root, "act": dict(act)}, batch=ref(conn, batch_id))
        conn.execute(
            insert(schema.authorization).values(
                nonce=opened.nonce,
                batch_id=batch_id,
                officer=officer.person,
                person=officer.person,
                key_id=officer.key_id,
                root=root,
                expires=opened.expires,
                act=canonical(dict(act)).decode(),
                at=home.now(),
                leaf_idx=index,
            )
        )
        now_signed = len(people | {officer.person})
        if now_signed >= 2:
            move(conn, batch_id, BatchState.SAMPLED, BatchState.AUTHORIZED)
        return now_signed


def return_batch(home: Home, batch_id: str, act: Mapping[str, object]) -> None:
    """An authorizer sends the batch back: every signature is void, what was sealed is withheld, and the batch stays sampled."""
    with release_shared(home.engine) as conn:
        row = get(conn, batch_id, lock=True)
        if row["state"] not in (BatchState.SAMPLED, BatchState.AUTHORIZED, BatchState.COMMITTED):
            raise OutOfOrder(f"Batch {batch_id} is not with the authorizers.", f"Its state is {row['state']}.")
        content = content_hash({"batch": row["log_id"], "return": True})
        officer, _ = accept_act(
            home, conn, act, action="release.return", content=content, agreement=row["agreement_id"], roles=[Role.AUTHORIZER]
        )
        assign(conn, batch_id, officer.person, Role.AUTHORIZER)
        withhold(home, conn, batch_id, "returned", held=False)


def _people(conn: Connection, batch_id: str, root: str) -> set[str]:
    a = schema.authorization
    query = select(a.c.person).where(a.c.batch_id == batch_id, a.c.root == root, a.c.voided_at.is_(None))
    return set(conn.execute(query).scalars())
