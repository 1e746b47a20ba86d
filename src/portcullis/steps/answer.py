"""sampled: what would leave is read from the register, once, for the answered requests and the permitted fields only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from portcullis import evidence
from portcullis.agreement import Agreement
from portcullis.batches import get
from portcullis.home import Home
from portcullis.inspections import inspection
from portcullis.matching.answers import identities, last_known
from portcullis.matching.register import Register, open_register
from portcullis.model import ADDRESS_FIELDS, IDENTITY_FIELDS, Decision
from portcullis.release import answer_body, permitted_in, prepare_answers
from portcullis.release.answers import ANSWERED
from portcullis.release.permitted import Permitted
from portcullis.steps.context import agreement_of, receivers_of
from portcullis.store import reading, writing

__all__ = ["answers"]

Values = Mapping[str, str | None]


def answers(home: Home, batch_id: str) -> int:
    """Prepare the answers of a sampled batch; returns how many. Doing it again changes nothing."""
    with reading(home.engine) as conn:
        row = get(conn, batch_id)
        if row["answers_root"] is not None:
            return int(row["answers"])
        agreement = agreement_of(home, conn, row)
        decisions = evidence.read(
            home, conn, batch_id, "decisions", columns=["ordinal", "decision", "answer_row", "person_id", "log_request"]
        )
        answered = decisions.filter(pc.is_in(decisions["decision"], pa.array(ANSWERED)))
        purposes = evidence.read(home, conn, batch_id, "checked_facts", columns=["ordinal", "purpose_code"])
        receivers = receivers_of(home, conn, batch_id, answered["ordinal"].to_pylist())
        permitted = permitted_in(home, conn, batch_id, agreement)
    until = datetime.fromtimestamp(home.now() + agreement.use_days * 86_400, UTC).strftime("%Y-%m-%d")
    with writing(home.engine) as conn:
        inspection(home, conn, person=home.settings.operator, why="answers", command="batch.run", batch_id=batch_id)
    register = open_register(home.path / "register")
    purpose = dict(zip(purposes["ordinal"].to_pylist(), purposes["purpose_code"].to_pylist(), strict=True))
    return prepare_answers(home, batch_id, _bodies(batch_id, agreement, register, answered, purpose, receivers, permitted, until))


def _bodies(
    batch_id: str,
    agreement: Agreement,
    register: Register,
    answered: pa.Table,
    purpose: dict[int, str],
    receivers: dict[int, list[str]],
    permitted: Permitted,
    until: str,
) -> Iterator[tuple[int, str, dict[str, object]]]:
    rows = answered.to_pylist()
    read = _read(register, [row for row in rows if row["decision"] == Decision.DISCLOSE], permitted)
    for row in rows:
        address, identity = read.get(row["ordinal"], (None, None))
        body = answer_body(
            batch_id=batch_id,
            agreement=agreement.id,
            ordinal=row["ordinal"],
            decision=row["decision"],
            address=address,
            officers=receivers.get(row["ordinal"], []),
            purpose=purpose[row["ordinal"]] or "",
            use_until=until,
            identity=identity,
        )
        yield row["ordinal"], row["log_request"], body


def _read(register: Register, rows: Sequence[Mapping[str, Any]], permitted: Permitted) -> dict[int, tuple[Values, Values]]:
    """Ordinal → address and identity elements; of each person exactly the fields that may leave are read."""
    found: dict[int, tuple[Values, Values]] = {}
    alike: dict[frozenset[str], list[Mapping[str, Any]]] = {}
    for row in rows:
        alike.setdefault(permitted(row["ordinal"]), []).append(row)
    for elements, some in alike.items():
        parts = sorted(elements & set(ADDRESS_FIELDS))
        places = last_known(register, [r["answer_row"] for r in some if r["answer_row"] is not None], parts) if parts else {}
        wanted = sorted(elements & set(IDENTITY_FIELDS))
        people = identities(register, {r["person_id"] for r in some}, wanted) if wanted else {}
        found |= {r["ordinal"]: (places.get(r["answer_row"], {}), people.get(r["person_id"], {})) for r in some}
    return found
