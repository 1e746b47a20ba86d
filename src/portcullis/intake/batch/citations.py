"""What each request of a batch cites and asks about, noted as keyed blind indices when the batch is accepted.

So that a consent that was given once is not used twice, and a person who is asked about again and again is seen (R39), although neither
an id nor a number stands in the store. Noted at receipt: of two batches that cite one document the later one sees the earlier,
in whatever order they are then worked on.

A citation counts while its request was answered or is still undecided; a request that was refused has used nothing up, so that it can be
perfected and sent again. Batches that were blocked count for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
from sqlalchemy import Connection, and_, func, or_, select

from portcullis import accounting
from portcullis.crypto import blind_index
from portcullis.home import Home
from portcullis.intake.document_facts import document_keys
from portcullis.intake.names import standardise_names
from portcullis.model import BatchState, Decision
from portcullis.store import schema
from portcullis.store.bulk import insert_many

__all__ = ["Citation", "citations_of", "earlier_asks", "earlier_uses", "note_citations"]

Citation = tuple[int, bytes | None, bytes | None]
"""Ordinal, blind index of the document cited, blind index of the number given."""

_ANSWERED = (Decision.DISCLOSE.value, Decision.CONFIRM.value, Decision.DENY.value)
_YEAR = 365 * 86_400


def citations_of(home: Home, rows: pa.Table, column: str) -> list[Citation]:
    """The citations of these rows, which cite documents in `column`."""
    numbers = standardise_names(rows)["number"].to_pylist()
    cited = document_keys(rows, column).to_pylist()
    return [
        (
            ordinal,
            None if name is None else blind_index(home.accounting_key, "document", name),
            None if number is None else accounting.blind_number(home, number),
        )
        for ordinal, name, number in zip(rows["ordinal"].to_pylist(), cited, numbers, strict=True)
    ]


def note_citations(conn: Connection, batch_id: str, agreement_id: str, citations: Sequence[Citation]) -> None:
    """Write them, in the transaction that accepts the batch."""
    rows = ((batch_id, ordinal, agreement_id, document, subject) for ordinal, document, subject in citations)
    insert_many(conn, schema.citation, ("batch_id", "ordinal", "agreement_id", "document", "subject"), rows)


def earlier_uses(conn: Connection, batch_id: str, agreement_id: str) -> Mapping[int, int]:
    """Ordinal → how many requests of earlier batches cited the same document and were answered or are undecided."""
    mine, other, b, q = schema.citation.alias("mine"), schema.citation.alias("other"), schema.batch, schema.request
    standing = or_(q.c.decision.is_(None), q.c.decision.in_(_ANSWERED))
    query = (
        select(mine.c.ordinal, func.count())
        .join(other, and_(other.c.agreement_id == mine.c.agreement_id, other.c.document == mine.c.document))
        .join(b, b.c.id == other.c.batch_id)
        .join(q, and_(q.c.batch_id == other.c.batch_id, q.c.ordinal == other.c.ordinal), isouter=True)
        .where(mine.c.batch_id == batch_id, mine.c.agreement_id == agreement_id, other.c.batch_id < batch_id, standing)
        .where(b.c.state.not_in([BatchState.REFUSED.value, BatchState.BLOCKED.value]))
        .group_by(mine.c.ordinal)
    )
    return {ordinal: count for ordinal, count in conn.execute(query)}


def earlier_asks(conn: Connection, batch_id: str, agreement_id: str) -> Mapping[int, int]:
    """Ordinal → how many requests of earlier batches, within a year of this one's receipt, asked about the same number; all count."""
    mine, other, b, own = schema.citation.alias("mine"), schema.citation.alias("other"), schema.batch, schema.batch.alias("own")
    query = (
        select(mine.c.ordinal, func.count(b.c.id))
        .join(own, own.c.id == mine.c.batch_id)
        .join(
            other,
            and_(other.c.agreement_id == mine.c.agreement_id, other.c.subject == mine.c.subject, other.c.batch_id < mine.c.batch_id),
            isouter=True,
        )
        .join(b, and_(b.c.id == other.c.batch_id, b.c.received_at > own.c.received_at - _YEAR), isouter=True)
        .where(mine.c.batch_id == batch_id, mine.c.agreement_id == agreement_id, mine.c.subject.is_not(None))
        .group_by(mine.c.ordinal)
    )
    return {ordinal: count for ordinal, count in conn.execute(query)}
