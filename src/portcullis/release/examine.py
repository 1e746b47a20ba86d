"""The slow half of what `may_release` needs, read from files before the release lock is taken.

Sealed files, evidence and register do not change by themselves: they are hashed, and the hashes stand in the store. So they are
examined without the lock, and inside it `gather` only makes sure that the store still names exactly what was examined. A stay
never waits for a file to be read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection, RowMapping, select

from portcullis import evidence
from portcullis.agreement import Agreement, adopted
from portcullis.batches import get
from portcullis.errors import Refused, Tampered
from portcullis.home import Home
from portcullis.inspections import inspection
from portcullis.ledger import root
from portcullis.matching.answers import vetoed
from portcullis.matching.register import Register, open_register
from portcullis.model import LeafType
from portcullis.release.answers import answers_root, outside_whitelist
from portcullis.release.permitted import permitted_in
from portcullis.store import reading, rehearse, schema, writing

__all__ = ["Examined", "decisions_root_now", "examine"]


@dataclass(frozen=True, slots=True)
class Examined:
    """What the files said, and the names under which the store held them then (`seen`)."""

    seen: tuple[object, ...]
    decisions_unchanged: int
    answers_unchanged: int
    fields_outside_whitelist: int | None
    register: str
    vetoes_since: int | None


def names_of(row: RowMapping, outbox: list[tuple[str, str]]) -> tuple[object, ...]:
    """Everything by which the store names the files of a batch."""
    return (row["evidence_sha256s"], row["decisions_root"], row["answers_root"], row["register_version"], tuple(outbox))


def pending(conn: Connection, batch_id: str) -> list[tuple[str, str]]:
    """Path and SHA-256 of what waits in the outbox."""
    o = schema.outbox
    rows = conn.execute(select(o.c.path, o.c.sha256).where(o.c.batch_id == batch_id, o.c.state == "pending").order_by(o.c.id))
    return [(row.path, row.sha256) for row in rows]


def examine(home: Home, batch_id: str) -> Examined:
    """Read and hash everything the release rests on. What cannot be read is unknown, and refuses."""
    with rehearse(False), writing(home.engine) as conn:  # also when only rehearsed: the register is read
        inspection(home, conn, person=home.settings.operator, why="vetoes", command="release", batch_id=batch_id)
    with reading(home.engine) as conn:
        row = get(conn, batch_id)
        waiting = pending(conn, batch_id)
        agreement = adopted(home, conn, row["agreement_id"])
        same, outside = _answers(home, conn, row, agreement)
        register, vetoes = _register(home, conn, row)
        return Examined(
            seen=names_of(row, waiting),
            decisions_unchanged=int(decisions_root_now(conn, batch_id) == row["decisions_root"]),
            answers_unchanged=int(same and all(_file_is(home, path, digest) for path, digest in waiting)),
            fields_outside_whitelist=outside,
            register=register,
            vetoes_since=vetoes,
        )


def decisions_root_now(conn: Connection, batch_id: str) -> str:
    """RFC 6962 root (hex) over the hashes of the batch's `request.decided` leaves, in log order."""
    leaf = schema.leaf
    query = select(leaf.c.hash).where(leaf.c.batch_id == batch_id, leaf.c.type == LeafType.REQUEST_DECIDED.value).order_by(leaf.c.idx)
    return root([bytes(h) for h in conn.execute(query).scalars()]).hex()


def _answers(home: Home, conn: Connection, row: RowMapping, agreement: Agreement | None) -> tuple[bool, int | None]:
    try:
        table = evidence.read(home, conn, row["id"], "answers")
        permitted = permitted_in(home, conn, row["id"], agreement) if agreement else lambda _: frozenset[str]()
    except (Tampered, Refused):
        return False, None
    texts = table["body"].to_pylist()
    same = answers_root(texts, table["salt"].to_pylist()) == row["answers_root"]
    ordinals = table["ordinal"].to_pylist()
    return same, sum(outside_whitelist(json.loads(text), permitted(ordinal)) for ordinal, text in zip(ordinals, texts, strict=True))


def _file_is(home: Home, path: str, digest: str) -> bool:
    file = home.path / "outbox" / path
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest


def _register(home: Home, conn: Connection, row: RowMapping) -> tuple[str, int | None]:
    try:
        register = open_register(home.path / "register")
        decisions = evidence.read(home, conn, row["id"], "decisions", columns=["person_id", "decision"])
    except (Tampered, Refused):
        return "", None
    return register.version, _vetoes(register, decisions)


def _vetoes(register: Register, decisions: pa.Table) -> int:
    pairs = zip(decisions["person_id"].to_pylist(), decisions["decision"].to_pylist(), strict=True)
    return vetoed(register, {person for person, decision in pairs if decision in ("disclose", "confirm") and person is not None})
