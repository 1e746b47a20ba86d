"""Whom an order is about, without keeping who it is.

Counsel states an identity once. What is kept is a salted commitment to it (which stands in the signed scope and in the leaf, so that the
court can be shown later that this person was meant), and the keyed blind indices by which requests about that person are found.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from portcullis.crypto import commit, open_commitment
from portcullis.store import schema

__all__ = ["Limits", "Subject", "keep_subjects", "limits_of", "name_subject", "same_subject"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One person of an order: the commitment in hex, its salt, and the blind indices."""

    person: str
    salt: bytes
    blinds: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Limits:
    """What rows an order is limited to: under any of `statutes` (None: all) and about anybody of `blinds` (None: all)."""

    statutes: tuple[str, ...] | None
    blinds: frozenset[bytes] | None


def name_subject(order: str, identity: Mapping[str, str], blinds: Collection[bytes]) -> Subject:
    """Commit to an identity for one order."""
    salt = secrets.token_bytes(32)
    return Subject(commit(salt, "order", order, "", dict(identity)).hex(), salt, frozenset(blinds))


def same_subject(conn: Connection, order: str, identity: Mapping[str, str]) -> bool:
    """Whether an order is about exactly this identity: what the court is shown."""
    s = schema.order_subject
    rows = conn.execute(select(s.c.person, s.c.salt).where(s.c.order_id == order)).all()
    return any(open_commitment(bytes.fromhex(row.person), bytes(row.salt), "order", order, "", dict(identity)) for row in rows)


def keep_subjects(conn: Connection, order: str, subjects: Iterable[Subject]) -> None:
    """The rows of an order's persons, beside the order's."""
    for each in subjects:
        blinds = ";".join(sorted(blind.hex() for blind in each.blinds))
        conn.execute(insert(schema.order_subject).values(order_id=order, person=each.person, salt=each.salt, blinds=blinds))


def limits_of(conn: Connection, order: str, statutes: tuple[str, ...] | None) -> Limits:
    """The limits of an order in the store."""
    s = schema.order_subject
    kept = conn.execute(select(s.c.blinds).where(s.c.order_id == order)).scalars().all()
    return Limits(statutes, frozenset(bytes.fromhex(blind) for text in kept for blind in text.split(";")) if kept else None)
