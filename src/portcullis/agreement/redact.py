"""Publishing a version that this home keeps: its signatures, and every part but the hidden ones; that it was published is on record.

What is once shown cannot be hidden again. A clause is hidden by its number, a term by its key, a file by its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from portcullis.agreement.adopt import folder_of, of_version
from portcullis.agreement.content import document_of, parts_of, read_salts
from portcullis.agreement.public import public_version
from portcullis.crypto import encode64, strict_loads
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import AgreementRef, record
from portcullis.model import LeafType
from portcullis.officers import root_of
from portcullis.store import schema

__all__ = ["Bars", "latest_signed", "redact"]


@dataclass(frozen=True, slots=True)
class Bars:
    """What is to be hidden: clauses by number, terms by key, files by name."""

    clauses: Collection[str] = ()
    terms: Collection[str] = ()
    files: Collection[str] = ()

    def places(self, parts: Mapping[str, object]) -> set[str]:
        """Their places. Raises Refused for a clause that is not there, or a number that two clauses have."""
        hidden = {f"term/{name}" for name in self.terms} | {f"file/{name}" for name in self.files}
        for number in self.clauses:
            found = [place for place, value in parts.items() if place.startswith("clause/") and _number(value) == number]
            if len(found) != 1:
                known = ", ".join(_number(value) for place, value in parts.items() if place.startswith("clause/"))
                raise Refused(
                    f"There is no one clause {number}.", f"The clauses are numbered {known or 'not at all'}.", "Name one of them."
                )
            hidden |= set(found)
        return hidden


def _number(value: object) -> str:
    return str(value.get("number", "")) if isinstance(value, Mapping) else ""


def latest_signed(conn: Connection, agreement_id: str) -> int:
    """The highest version that both parties signed. Raises Refused when there is none."""
    s = schema.agreement_signature
    signed = select(s.c.version).where(s.c.agreement_id == agreement_id).group_by(s.c.version).having(func.count() >= 2)
    found: int | None = conn.execute(signed.order_by(s.c.version.desc()).limit(1)).scalar_one_or_none()
    if found is None:
        raise Refused(
            f"No version of {agreement_id} was signed by both parties.",
            "Only what is signed is published.",
            "Type: portcullis agreement list",
        )
    return found


def redact(home: Home, conn: Connection, agreement_id: str, version: int, bars: Bars) -> bytes:
    """The public version of a signed agreement, put on record. Raises Refused; Tampered when the home's copy is not what was signed."""
    checked, folder = of_version(home, conn, agreement_id, version), folder_of(home, agreement_id, version)
    salts, parts = read_salts(folder), parts_of(folder)
    s = schema.agreement_signature
    query = select(s.c.agency, s.c.act).where(s.c.agreement_id == agreement_id, s.c.version == version)
    acts = {row.agency: strict_loads(row.act.encode()) for row in conn.execute(query)}
    if acts.keys() != {checked.source, checked.recipient}:
        raise Refused(f"Not both parties have signed version {version}.", "Only what is signed is published.", "Have it signed first.")
    signatures = {agency: {"act": act, "root": encode64(root_of(conn, agency))} for agency, act in acts.items()}
    made = public_version(document_of(parts, salts), parts, salts, bars.places(parts), signatures)
    fields = {"report": "agreement", "period": f"{agreement_id}/{version}", "content": hashlib.sha256(made).hexdigest()}
    record(home, conn, LeafType.REPORT_PUBLISHED, fields, agreement=AgreementRef(checked.id, checked.version, checked.hash))
    return made
