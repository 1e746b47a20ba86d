"""Documents, `documents.jsonl`: a court's order or a subject's consent that requests cite, each filed by an officer's signed statement.

A payload is a document only when
 1. it has exactly the members below, and `stated` no member but those of STATED, each of its form,
 2. days are calendar days, codes and ids are short, the form is a SHA-256 in hex, a subject has only the columns of a name,
 3. it is over the agreement, nonce and root of this envelope, so that it was filed with this batch and no other.
A file of them is read line by line, and no id stands in it twice.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portcullis.datafile.envelope import Envelope
from portcullis.datafile.read import open_plain
from portcullis.datafile.statement import CODE, HEX32, HEX64, agreement_of, malformed, members, text

__all__ = ["DOCUMENT_LIMIT", "DOCUMENT_TYPE", "STATED", "SUBJECT_COLUMNS", "Document", "read_documents"]

DOCUMENT_TYPE = "application/vnd.portcullis.document+json"
DOCUMENT_LIMIT = 1 << 20
"""The longest payload in bytes; a line may have twice as many."""
MAX_DOCUMENTS = 1_000_000
SUBJECT_COLUMNS = ("given_name", "middle_name", "family_name", "suffix", "date_of_birth", "taxpayer_number")

_WHAT = "document"
_MEMBERS = frozenset({"agreement", "nonce", "root", "officer", "kind", "id", "stated"})
_KIND = re.compile(r"[a-z][a-z_]{0,40}\Z")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{1,200}\Z")


@dataclass(frozen=True, slots=True)
class Document:
    """One document as an officer filed it. `stated` is what it says, by the members of STATED."""

    agreement_id: str
    agreement_version: int
    nonce: str
    root: str
    officer: str
    kind: str
    id: str
    stated: Mapping[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, object]:
        """The object that is signed, as canonical JSON."""
        return {
            "agreement": {"id": self.agreement_id, "version": self.agreement_version},
            "nonce": self.nonce,
            "root": self.root,
            "officer": self.officer,
            "kind": self.kind,
            "id": self.id,
            "stated": dict(self.stated),
        }

    @classmethod
    def parse(cls, payload: bytes) -> Document:
        """The document in a payload; checks 1 and 2. Raises Refused."""
        body = members(payload, _MEMBERS, _WHAT)  # 1
        agreement_id, version = agreement_of(body, _WHAT)
        return cls(
            agreement_id=agreement_id,
            agreement_version=version,
            nonce=text(body, "nonce", HEX32, _WHAT),
            root=text(body, "root", HEX64, _WHAT),
            officer=text(body, "officer", CODE, _WHAT),
            kind=text(body, "kind", _KIND, _WHAT),
            id=text(body, "id", CODE, _WHAT),
            stated=_stated(body["stated"]),  # 2
        )

    def check(self, envelope: Envelope) -> None:
        """Check 3. Raises Refused when it was filed with another batch."""
        theirs = (self.agreement_id, self.agreement_version, self.nonce, self.root)
        if theirs != (envelope.agreement_id, envelope.agreement_version, envelope.nonce, envelope.root):
            raise malformed(_WHAT, "It is over another agreement, nonce or file root.")


def read_documents(path: Path, envelope: Envelope, open_line: Callable[[bytes], bytes]) -> Iterator[tuple[bytes, Document]]:
    """Each line of the file with its document, checked against the envelope. Raises Refused. `open_line` gives a line's payload."""
    seen: set[str] = set()
    with open_plain(path, links=False) as file:
        while line := file.readline(2 * DOCUMENT_LIMIT + 1):
            if len(line) > 2 * DOCUMENT_LIMIT or len(seen) >= MAX_DOCUMENTS:
                raise malformed(_WHAT, f"A line has more than {2 * DOCUMENT_LIMIT} bytes, or there are more than {MAX_DOCUMENTS} lines.")
            document = Document.parse(open_line(line.removesuffix(b"\n")))
            document.check(envelope)
            if document.id in seen:
                raise malformed(_WHAT, "One id stands in the file twice.")
            seen.add(document.id)
            yield line, document


def _stated(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or not value.keys() <= STATED.keys():
        raise malformed(_WHAT, f"What it states is not made of {', '.join(STATED)}.")
    for name, member in value.items():
        if not STATED[name](member):
            raise malformed(_WHAT, f"Its member {name} is not of the form it must have.")
    return dict(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(_TEXT.match(value))


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_codes(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and CODE.match(item) for item in value)


def _is_subjects(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and one.keys() <= set(SUBJECT_COLUMNS) and all(_is_text(text) for text in one.values()) for one in value
    )


STATED: Mapping[str, Callable[[object], bool]] = {
    "issuer": lambda value: isinstance(value, str) and bool(CODE.match(value)),
    "signatory": _is_text,
    "docket": _is_text,
    "warrant": _is_text,
    "gate": _is_text,
    "purpose": _is_text,
    "statute": _is_text,
    "form": lambda value: isinstance(value, str) and bool(HEX64.match(value)),
    "signed_on": _is_day,
    "valid_until": _is_day,
    "kept_until": _is_day,
    "revoked_on": _is_day,
    "elements": _is_codes,
    "findings": _is_codes,
    "subjects": _is_subjects,
}
"""What a document may state, and the form of each member."""
