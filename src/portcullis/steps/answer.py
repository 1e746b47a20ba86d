"""sampled: what would leave is read from the register, once, for the answered requests and the permitted fields only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from portcullis import evidence
from portcullis.agreement import Agreement
from portcullis.batches import get
from portcullis.home import Home
from portcullis.inspections import inspection
from portcullis.matching.answers import last_known
from portcullis.matching.register import Register, open_register
from portcullis.model import Decision
from portcullis.release import answer_body, prepare_answers
from portcullis.release.answers import ANSWERED
from portcullis.steps.context import agreement_of, receivers_of
from portcullis.store import reading, writing

__all__ = ["answers"]


def answers(home: Home, batch_id: str) -> int:
    """Prepare the answers of a sampled batch; returns how many. Doing it again changes nothing."""
    with reading(home.engine) as conn:
        row = get(conn, batch_id)
        if row["answers_root"] is not None:
            return int(row["answers"])
        agreement = agreement_of(home, conn, row)
        decisions = evidence.read(home, conn, batch_id, "decisions", columns=["ordinal", "decision", "answer_row", "log_request"])
        answered = decisions.filter(pc.is_in(decisions["decision"], pa.array(ANSWERED)))
        purposes = evidence.read(home, conn, batch_id, "checked_facts", columns=["ordinal", "purpose_code"])
        receivers = receivers_of(home, conn, batch_id, answered["ordinal"].to_pylist())
    until = datetime.fromtimestamp(home.now() + agreement.use_days * 86_400, UTC).strftime("%Y-%m-%d")
    with writing(home.engine) as conn:
        inspection(home, conn, person=home.settings.operator, why="answers", command="batch.run", batch_id=batch_id)
    register = open_register(home.path / "register")
    purpose = dict(zip(purposes["ordinal"].to_pylist(), purposes["purpose_code"].to_pylist(), strict=True))
    return prepare_answers(home, batch_id, _bodies(batch_id, agreement, register, answered, purpose, receivers, until))


def _bodies(
    batch_id: str,
    agreement: Agreement,
    register: Register,
    answered: pa.Table,
    purpose: dict[int, str],
    receivers: dict[int, list[str]],
    until: str,
) -> Iterator[tuple[int, str, dict[str, object]]]:
    rows = answered.to_pylist()
    wanted = [row["answer_row"] for row in rows if row["decision"] == Decision.DISCLOSE]
    addresses = last_known(register, wanted, sorted(agreement.permitted))
    for row in rows:
        address = addresses[row["answer_row"]] if row["decision"] == Decision.DISCLOSE else None
        body = answer_body(
            batch_id=batch_id,
            agreement=agreement.id,
            ordinal=row["ordinal"],
            decision=row["decision"],
            address=address,
            officers=receivers.get(row["ordinal"], []),
            purpose=purpose[row["ordinal"]] or "",
            use_until=until,
        )
        yield row["ordinal"], row["log_request"], body
