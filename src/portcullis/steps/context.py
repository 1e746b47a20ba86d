"""What every step of a batch needs: the agreement it was received under, and what was kept of the steps before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pyarrow as pa
from sqlalchemy import Connection, RowMapping

from portcullis import evidence
from portcullis.agreement import Agreement, adopted, law_on
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.intake.batch.citations import earlier_asks, earlier_uses
from portcullis.intake.document_facts import Filing
from portcullis.model import ADDRESS_FIELDS, IDENTITY_FIELDS, Decision
from portcullis.pipeline import Checked
from portcullis.release.permitted import Permitted
from portcullis.rules import RuleSet

__all__ = [
    "agreement_of",
    "checked_of",
    "confirms",
    "disclosed_by",
    "filing_of",
    "matched_of",
    "receivers_of",
    "rules_of_day",
    "switches_of",
]


def agreement_of(home: Home, conn: Connection, row: RowMapping) -> Agreement:
    """The agreement in force, which must be the version the batch was received under."""
    if row["held"]:
        raise Refused(
            f"Batch {row['id']} is held.",
            "An order in force covers it (R07).",
            "It goes on when the order is lifted.",
            code="B-ENJOINED",
        )
    agreement = adopted(home, conn, row["agreement_id"])
    if agreement is None or agreement.version != row["agreement_version"] or agreement.rules.hash != row["rules_hash"]:
        raise Refused(
            f"Batch {row['id']} cannot go on.",
            "The agreement or the rule set it was received under is not in force any more.",
            "The recipient may send a new batch under the one in force.",
            code="B-NO-AGREEMENT",
        )
    return agreement


def rules_of_day(agreement: Agreement, row: RowMapping) -> RuleSet:
    """The rules of the day the batch was received, as known on it."""
    return law_on(agreement, agreement.day(row["received_at"]))


def switches_of(row: RowMapping) -> dict[str, bool]:
    """The positions of the switches when the batch was received."""
    stated: dict[str, bool] = json.loads(row["switches"])
    return stated


def confirms(row: RowMapping) -> bool:
    """Whether an address equal to the last-known one is answered by `confirm` (R37's switch)."""
    return switches_of(row).get("R37_confirm", True)


def disclosed_by(agreement: Agreement, permitted: Permitted) -> Callable[[int, str], tuple[str, ...]]:
    """Ordinal and decision → the data elements disclosed: those permitted for that request; a yes or a no discloses none beside itself."""
    order = {name: place for place, name in enumerate((*ADDRESS_FIELDS, *IDENTITY_FIELDS))}

    def disclosed(ordinal: int, decision: str) -> tuple[str, ...]:
        return tuple(sorted(permitted(ordinal), key=order.__getitem__)) if decision == Decision.DISCLOSE else ()

    return disclosed


def filing_of(home: Home, conn: Connection, row: RowMapping, agreement: Agreement) -> Filing | None:
    """The documents that came with a batch and what was cited before; None where the agreement asks for none."""
    terms = agreement.document
    if terms is None:
        return None
    documents = evidence.read(home, conn, row["id"], "documents")
    before = (row["id"], agreement.id)
    known = agreement.permitted | agreement.groups.keys()
    return Filing(terms.kind, terms.cited_by, documents, row["gate"], known, earlier_uses(conn, *before), earlier_asks(conn, *before))


def checked_of(home: Home, conn: Connection, batch_id: str) -> Checked:
    """Stage check as it was kept."""
    parts = {name: evidence.read(home, conn, batch_id, f"checked_{name}") for name in ("names", "addresses", "facts", "findings", "totals")}
    return Checked(**parts)


def matched_of(home: Home, conn: Connection, batch_id: str, name: str) -> pa.Table:
    """One table of stage match as it was kept: facts, findings or totals."""
    return evidence.read(home, conn, batch_id, f"matched_{name}")


def receivers_of(home: Home, conn: Connection, batch_id: str, ordinals: Iterable[int]) -> dict[int, list[str]]:
    """Ordinal → the officers who are engaged in that request and may receive its answer (R26, R28)."""
    wanted: dict[int, list[str]] = {ordinal: [] for ordinal in ordinals}
    for one in evidence.read(home, conn, batch_id, "engagements").to_pylist():
        if one["receives"]:
            for ordinal in range(one["start"], one["stop"] + 1):
                if ordinal in wanted:
                    wanted[ordinal].append(one["officer"])
    return wanted
