"""Minimise: from decisions to exactly what would leave (R36, R37, R38).

1. Only requests decided `disclose`, `confirm` or `deny` have an answer.
2. `disclose` carries the last-known mailing address and, where the agreement permits it, the identity elements that the cited document
   names, and nothing else of the register; `confirm` and `deny` carry no text of it.
3. Every member is on the agreement's list of permitted data elements; a co-filer's data is never read.
4. The answers are kept, encrypted, with a salt each; their salted root is part of what two officers sign.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence

import pyarrow as pa
from sqlalchemy import update

from portcullis import evidence
from portcullis.batches import get
from portcullis.crypto import canonical
from portcullis.datafile import file_root
from portcullis.errors import OutOfOrder
from portcullis.home import Home
from portcullis.model import ADDRESS_FIELDS, IDENTITY_FIELDS, BatchState, Decision
from portcullis.store import schema, writing

__all__ = ["ANSWERED", "PERMITTED_MEMBERS", "answer_body", "answers_root", "outside_whitelist", "prepare_answers"]

ANSWERED = (Decision.DISCLOSE.value, Decision.CONFIRM.value, Decision.DENY.value)
PERMITTED_MEMBERS = frozenset({"ordinal", "decision", "address", "identity", "agreement", "batch", "officers", "purpose", "use_until"})
"""Every member an answer may have; `address` and `identity` are only for `disclose`."""


def answer_body(
    *,
    batch_id: str,
    agreement: str,
    ordinal: int,
    decision: str,
    address: Mapping[str, str | None] | None,
    officers: Sequence[str],
    purpose: str,
    use_until: str,
    identity: Mapping[str, str | None] | None = None,
) -> dict[str, object]:
    """One answer as it will be sealed."""
    body: dict[str, object] = {
        "agreement": agreement,
        "batch": batch_id,
        "decision": decision,
        "officers": sorted(officers),
        "ordinal": ordinal,
        "purpose": purpose,
        "use_until": use_until,
    }
    if decision == Decision.DISCLOSE:
        if address is None:
            raise OutOfOrder("A disclosure without an address cannot be made.")
        body["address"] = {name: address[name] for name in ADDRESS_FIELDS if address.get(name) is not None}
        if identity:
            body["identity"] = {name: identity[name] for name in IDENTITY_FIELDS if identity.get(name) is not None}
    return body


def outside_whitelist(body: Mapping[str, object], permitted: Collection[str]) -> int:
    """How many members of an answer the agreement does not permit (R36)."""
    extra = len(set(body) - PERMITTED_MEMBERS)
    for member, fields in (("address", ADDRESS_FIELDS), ("identity", IDENTITY_FIELDS)):
        held = body.get(member, {})
        if not isinstance(held, Mapping) or (held and body.get("decision") != Decision.DISCLOSE):
            return extra + 1
        extra += len(set(held) - (set(permitted) & set(fields)))
    return extra


def answers_root(bodies: Sequence[str], salts: Sequence[bytes]) -> str:
    """The salted root (hex) over canonical answers, in the order of the file."""
    return file_root((body.encode() for body in bodies), b"".join(salts)).hex()


def prepare_answers(home: Home, batch_id: str, bodies: Iterator[tuple[int, str, dict[str, object]]]) -> int:
    """Write the answers of a sampled batch into its evidence, once; returns how many there are.

    `bodies` gives (ordinal, log request id, body) in the order of the file.
    """
    rows = list(bodies)
    texts = [canonical(body).decode() for _, _, body in rows]
    salts = [secrets.token_bytes(32) for _ in rows]
    table = pa.table(
        {
            "ordinal": pa.array([ordinal for ordinal, _, _ in rows], pa.int64()),
            "log_request": pa.array([request for _, request, _ in rows], pa.string()),
            "body": pa.array(texts, pa.string()),
            "salt": pa.array(salts, pa.binary()),
        }
    )
    with writing(home.engine) as conn:
        row = get(conn, batch_id)
        if row["state"] != BatchState.SAMPLED:
            raise OutOfOrder(f"Batch {batch_id} is not sampled.")
        if row["answers_root"] is None:
            evidence.write(home, conn, batch_id, "answers", table)
            b = schema.batch
            conn.execute(update(b).where(b.c.id == batch_id).values(answers=len(rows), answers_root=answers_root(texts, salts)))
    return len(rows)
