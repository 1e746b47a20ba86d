"""Filing documents: an officer's own signature over the court's order or the consent that requests of a batch cite.

1. The folder is whole, and its envelope has the form of one.
2. Each document has a kind, an id and what it states, in the form that the gateway will read (datafile.document).
3. No id stands there twice, whoever filed it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portcullis.crypto import SigningKey, canonical, decode64, read_dsse, sign_dsse
from portcullis.datafile import BatchFolder
from portcullis.datafile.document import DOCUMENT_LIMIT, DOCUMENT_TYPE, Document, read_documents
from portcullis.datafile.folder import DOCUMENTS
from portcullis.datafile.read import open_plain
from portcullis.errors import Refused
from portcullis.recipient.engage import packed_envelope, replace_file

__all__ = ["attest", "read_drafts", "sign_document"]

_DRAFT = {"id", "kind", "stated"}
_MAX_DRAFTS = 64 << 20


def read_drafts(path: Path) -> list[dict[str, Any]]:
    """Documents not yet signed, as JSON Lines with `id`, `kind` and `stated`. Raises Refused."""
    with open_plain(path) as file:
        lines = file.read(_MAX_DRAFTS + 1).splitlines()
    drafts = []
    for number, line in enumerate(lines, 1):
        try:
            draft = json.loads(line)
        except (ValueError, RecursionError):
            draft = None
        if not isinstance(draft, dict) or draft.keys() != _DRAFT:
            raise Refused(f"Line {number} of {path.name} is no document.", "It must have exactly id, kind and stated.", "Correct the line.")
        drafts.append(draft)
    return drafts


def attest(folder: Path, key: SigningKey, officer: str, drafts: Sequence[Mapping[str, Any]], *, write: bool = True) -> tuple[Document, ...]:
    """File `drafts` (`id`, `kind`, `stated`) with the batch in `folder`, signed by `officer`; checks 1 to 3. Raises Refused."""
    envelope = packed_envelope(BatchFolder.find(folder), None)  # 1
    named = (envelope.agreement_id, envelope.agreement_version, envelope.nonce, envelope.root)
    documents = tuple(Document(*named, officer, one["kind"], one["id"], one["stated"]) for one in drafts)
    signed = b"".join(sign_document(key, document) for document in documents)  # 2
    path = folder / DOCUMENTS
    before = b"".join(line for line, _ in read_documents(path, envelope, _unverified)) if path.exists() else b""
    kept = {document.id for _, document in read_documents(path, envelope, _unverified)} if before else set()
    if len(kept | {one.id for one in documents}) < len(kept) + len(documents):  # 3
        raise Refused("Two documents of this batch have one id.", "Which one a request cites could not be told.", "Give each its own id.")
    if write:
        replace_file(path, before + signed)
    return documents


def sign_document(key: SigningKey, document: Document) -> bytes:
    """One line of `documents.jsonl`. Raises Refused when a member has not the form it must have."""
    payload = canonical(document.payload())
    Document.parse(payload)
    if len(payload) > DOCUMENT_LIMIT:
        raise Refused("The document is too long.", f"It has more than {DOCUMENT_LIMIT} bytes.", "State less of it.")
    return canonical(sign_dsse(key, DOCUMENT_TYPE, payload)) + b"\n"


def _unverified(line: bytes) -> bytes:
    """Other officers' lines are only read here; the gateway verifies them."""
    return decode64(read_dsse(line, limit=2 * DOCUMENT_LIMIT)["payload"], "The payload")
