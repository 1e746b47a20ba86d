"""The documents that came with a batch: who filed each, and whether that officer may.

 1. Each line is one officer's signed statement over this agreement, nonce and file root, with what the document says.
 2. A statement whose signature is not good files nothing: it counts as given and not signed.
 3. It is signed only when its officer is enrolled, is the one it names, and could receive an answer (R28).
Where the agreement asks for no document, a file of them is refused: what nobody reads must not look as if it had been read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from portcullis.agreement import Agreement
from portcullis.crypto import canonical, decode64, open_dsse, read_dsse, signer_of
from portcullis.datafile import Envelope
from portcullis.datafile.document import DOCUMENT_LIMIT, DOCUMENT_TYPE, Document, read_documents
from portcullis.datafile.folder import DOCUMENTS
from portcullis.errors import Refused
from portcullis.model import Role
from portcullis.officers import officer_of_key
from portcullis.standing import eligible, officer_record

__all__ = ["read_filed"]


def read_filed(conn: Connection, folder: Path, envelope: Envelope, agreement: Agreement, today: int) -> list[dict[str, Any]]:
    """Every document of the folder (see document_facts.filed_table). Raises Refused for a file that is malformed or not asked for."""
    path = folder / DOCUMENTS
    if not os.path.lexists(path):
        return []
    if agreement.document is None:
        raise Refused(
            f"{DOCUMENTS} came with the batch.",
            f"{agreement.id} asks for no documents.",
            "Send the batch without it.",
            code="B-NOT-WRITTEN",
        )
    good: set[str] = set()

    def open_line(line: bytes) -> bytes:
        stated = read_dsse(line, limit=2 * DOCUMENT_LIMIT)
        try:
            payload = open_dsse(stated, lambda key_id: _officer_key(conn, envelope.agency, key_id), DOCUMENT_TYPE, limit=DOCUMENT_LIMIT)
        except Refused:
            return decode64(stated["payload"], "payload")
        if _filed_by(conn, signer_of(stated), Document.parse(payload), envelope.agency, today, agreement.training_days):
            good.add(hashlib.sha256(payload).hexdigest())
        return payload

    return list(_filed(path, envelope, open_line, good))


def _filed(path: Path, envelope: Envelope, open_line: Any, good: set[str]) -> Iterator[dict[str, Any]]:
    for line, document in read_documents(path, envelope, open_line):
        yield {
            "id": document.id,
            "kind": document.kind,
            "officer": document.officer,
            "signed": int(hashlib.sha256(canonical(document.payload())).hexdigest() in good),
            "stated": canonical(dict(document.stated)).decode(),
            "sha256": hashlib.sha256(line.removesuffix(b"\n")).hexdigest(),
        }


def _filed_by(conn: Connection, key_id: str, document: Document, agency: str, today: int, training_days: int) -> bool:
    officer = officer_of_key(conn, key_id)
    if officer is None or officer.person != document.officer:
        return False
    return eligible(officer_record(conn, agency, document.officer), today, training_days)


def _officer_key(conn: Connection, agency: str, key_id: str) -> bytes | None:
    officer = officer_of_key(conn, key_id)
    return officer.public if officer and officer.agency == agency and Role.OFFICER in officer.roles else None
