"""The release root: one hash over everything two officers sign.

It covers all decisions and answers of the batch, the vault and the officers they go to, the agreement, the rule set, the switches and
the register version, and the number of authorizations voided before, so that a voided signature never fits again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, func, select

from portcullis.batches import get
from portcullis.errors import OutOfOrder
from portcullis.model import LeafType
from portcullis.officers import content_hash
from portcullis.standing import vault_of
from portcullis.store import schema

__all__ = ["ReleaseContent", "release_content", "release_root"]


@dataclass(frozen=True, slots=True)
class ReleaseContent:
    """What the root is over. Hashes in hex; `answers_root` is a salted tree over the answers in the order of the file."""

    batch: str
    decisions_root: str
    answers: int
    answers_root: str
    agreement: str
    agreement_version: int
    agreement_hash: str
    rules: str
    switches: str
    register_version: str
    vault: str
    vault_thumbprint: str
    engagements: tuple[str, ...]
    attempt: int


def release_content(conn: Connection, batch_id: str) -> ReleaseContent:
    """Read, from the store as it is now, everything the root covers.

    Raises OutOfOrder before the answers were prepared. A vault that is gone gives an empty thumbprint, which no authorized root has.
    """
    row = get(conn, batch_id)
    a, e, leaf = schema.agreement, schema.engagement, schema.leaf
    agreement = conn.execute(select(a).where(a.c.id == row["agreement_id"], a.c.version == row["agreement_version"])).mappings().one()
    if row["answers_root"] is None or row["decisions_root"] is None:
        raise OutOfOrder(f"The answers of batch {batch_id} are not prepared yet.")
    vault = vault_of(conn, row["agency"])
    voided = select(func.count()).where(leaf.c.batch_id == batch_id, leaf.c.type == LeafType.AUTHORIZATION_VOIDED.value)
    return ReleaseContent(
        batch=row["log_id"],
        decisions_root=row["decisions_root"],
        answers=row["answers"],
        answers_root=row["answers_root"],
        agreement=agreement["id"],
        agreement_version=agreement["version"],
        agreement_hash=agreement["hash"],
        rules=row["rules_hash"],
        switches=content_hash(agreement["switches"]),
        register_version=row["register_version"] or "",
        vault=vault.id if vault else "",
        vault_thumbprint=vault.thumbprint if vault else "",
        engagements=tuple(conn.execute(select(e.c.sha256).where(e.c.batch_id == batch_id).order_by(e.c.officer)).scalars()),
        attempt=conn.execute(voided).scalar_one(),
    )


def release_root(content: ReleaseContent) -> str:
    """The root (hex)."""
    return content_hash(asdict(content) | {"engagements": list(content.engagements)})
