"""One person's rows in the accounting of a batch, each compared with the ledger.

 1. The look-up gives rows (index.py); it must have as many rows as the batch has requests.
 2. Only those rows are decrypted, from a file whose footer is the one noted; everything read is authenticated under it.
 3. Each row bears one of the blind indices asked for; a look-up that says otherwise was exchanged.
 4. Each row of a request that was decided opens the commitments of its own `request.decided` leaf, and its entry tells the same.
A batch from before there were look-ups is read whole, as it always was. `reindex` makes missing or damaged look-ups again.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, select, update

from portcullis.accounting.entries import INDEX, NAME, hashes_of, path_of, read, write_index
from portcullis.accounting.index import BLIND, damaged, open_index, tail_hash
from portcullis.crypto import canonical, commit_text, read_rows
from portcullis.crypto.wrap import sync_folder
from portcullis.errors import Tampered
from portcullis.home import Home
from portcullis.ledger import decode
from portcullis.ledger.tree import leaf_hash
from portcullis.store import rehearsing, schema

__all__ = ["batches_with", "reindex", "rows_about"]

_SHOWN = ("ordinal", "log_request", *BLIND, "decision_salt", "subject_salt", "decision", "subject", "entry")


def batches_with(conn: Connection) -> list[str]:
    """The numbers of all batches that have an accounting, in order."""
    b = schema.batch
    return list(conn.execute(select(b.c.id).where(_has_one()).order_by(b.c.id)).scalars())


def _has_one() -> ColumnElement[bool]:
    return schema.batch.c.evidence_sha256s.like(f'%"{NAME}"%')


def rows_about(home: Home, conn: Connection, wanted: Mapping[str, Sequence[bytes]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(batch, row) of every entry that bears one of the blind indices in `wanted`, by column, in order. Raises Tampered (1-4)."""
    b = schema.batch
    query = select(b.c.id, b.c.count.label("requests"), b.c.agreement_id, b.c.evidence_sha256s)
    for batch in conn.execute(query.where(_has_one()).order_by(b.c.id)).all():
        noted = hashes_of(batch.evidence_sha256s)
        table = _looked_up(home, batch.id, batch.requests, noted, wanted) if INDEX in noted else read(home, conn, batch.id, _SHOWN)
        for row in table.filter(_bears(table, wanted)).to_pylist():
            _compare(conn, batch.id, batch.agreement_id, row)
            yield batch.id, row


def _looked_up(home: Home, batch_id: str, count: int, noted: Mapping[str, str], wanted: Mapping[str, Sequence[bytes]]) -> pa.Table:
    path = path_of(home, batch_id)
    index = open_index(path.with_suffix(".idx"), home.accounting_key, noted[NAME], noted[INDEX])
    if index.rows != count:  # 1
        raise damaged("It has another number of rows than the batch has requests.")
    places = index.find({blind for blinds in wanted.values() for blind in blinds})
    if not places:
        return pa.table({name: [] for name in _SHOWN}, pa.schema([(name, pa.binary() if name in BLIND else pa.null()) for name in _SHOWN]))
    if not hmac.compare_digest(tail_hash(path), index.tail):  # 2
        raise damaged("The accounting beside it has another footer.")
    table = read_rows(path, home.accounting_key, places, _SHOWN)
    if not all(_bears(table, wanted).to_pylist()):  # 3
        raise damaged("It names an entry about somebody else.")
    return table


def _bears(table: pa.Table, wanted: Mapping[str, Sequence[bytes]]) -> pa.ChunkedArray:
    hit = pa.chunked_array([pa.array([False] * table.num_rows, pa.bool_())])
    for column, values in wanted.items():
        hit = pc.or_(hit, pc.is_in(table[column], pa.array(list(values), pa.binary())))
    return hit


def _compare(conn: Connection, batch_id: str, agreement: str | None, row: Mapping[str, Any]) -> None:
    """(4) A refused batch has no leaf for each request, nor salts."""
    q, leaf = schema.request, schema.leaf
    query = select(leaf.c.hash, leaf.c.body).join(q, q.c.leaf_idx == leaf.c.idx)
    found = conn.execute(query.where(q.c.batch_id == batch_id, q.c.ordinal == row["ordinal"])).first()
    if found is None or agreement is None:
        return
    fields = decode(bytes(found.body)).fields
    stated = [commit_text(row[f"{name}_salt"], name, row["log_request"], agreement, row[name].encode()) for name in ("decision", "subject")]
    same = fields["id"] == row["log_request"] and [fields["decision"], fields["subject"]] == [each.hex() for each in stated]
    entry, decision = json.loads(row["entry"]), json.loads(row["decision"])
    same = same and (entry["outcome"], entry["subject"]) == (decision["decision"], json.loads(row["subject"]))
    if not same or leaf_hash(bytes(found.body)) != bytes(found.hash):
        raise Tampered(
            "An entry of the accounting is not the one the ledger commits to.",
            "Accounting and ledger do not agree.",
            "Keep everything as it is; type: portcullis ledger verify --help",
        )


def reindex(home: Home, conn: Connection, batch_id: str) -> str:
    """Make the look-up of a batch again from its accounting: `right`, `written`, or `mended`; in a rehearsal nothing is written.

    Raises Tampered when the accounting gives another look-up than the one that was noted with it.
    """
    b = schema.batch
    noted = hashes_of(conn.execute(select(b.c.evidence_sha256s).where(b.c.id == batch_id).with_for_update(key_share=True)).scalar_one())
    table, path = read(home, conn, batch_id, BLIND), path_of(home, batch_id)
    data, root = write_index(home, path, table, noted[NAME], dry=True)
    if noted.get(INDEX, root) != root:
        raise Tampered(
            f"The accounting of batch {batch_id} does not give the look-up noted with it.",
            "One of the two was exchanged.",
            "Compare with a backup.",
        )
    place = path.with_suffix(".idx")
    if INDEX in noted and place.is_file() and place.read_bytes() == data:
        return "right"
    if not rehearsing():
        write_index(home, path, table, noted[NAME])
        sync_folder(path.parent)
        conn.execute(update(b).where(b.c.id == batch_id).values(evidence_sha256s=canonical(noted | {INDEX: root}).decode()))
    return "mended" if INDEX in noted else "written"
