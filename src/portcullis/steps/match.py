"""checked → matched: the register is read for the requests no rule refused, and for nothing else.

An `inspection` leaf is written before the first record is read. What a person must decide is queued as a referral.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import insert, update

from portcullis import asked, evidence, pipeline, registers
from portcullis.batches import get, move, take_stock
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.inspections import inspection
from portcullis.model import BatchState, Decision
from portcullis.pipeline import Checked, Matched
from portcullis.steps.context import agreement_of, checked_of, confirms, rules_of_day, switches_of
from portcullis.store import reading, rehearse, rehearsing, schema, writing
from portcullis.store.steps import done, once

__all__ = ["match_step"]


def match_step(home: Home, batch_id: str) -> None:
    """Match a checked batch and queue its referrals. Raises Refused when no register is loaded."""
    register, rehearsal = registers.loaded(home), rehearsing()
    with rehearse(False), writing(home.engine) as conn:  # a rehearsal reads the register too, and that it does is on record
        row = get(conn, batch_id)
        agreement = agreement_of(home, conn, row)
        if rehearsal or not done(conn, batch_id, "inspected"):
            index = inspection(home, conn, person=home.settings.operator, why="match", command="batch.match", batch_id=batch_id)
            if not rehearsal:
                once(conn, batch_id, "inspected", index, at=home.now())
    with reading(home.engine) as conn:
        checked = checked_of(home, conn, batch_id)
        own, earlier = asked.own(home, conn, batch_id), asked.earlier(home, conn, batch_id, row["received_at"])
    terms = (agreement.agree, agreement.closed)
    matched = pipeline.match(checked, register, rules_of_day(agreement, row), switches_of(row), own, earlier, *terms, home.settings.memory)
    with writing(home.engine) as conn:
        for name, table in (("facts", matched.facts), ("findings", matched.findings), ("totals", matched.totals)):
            evidence.write(home, conn, batch_id, f"matched_{name}", table)
        waiting = [
            {"batch_id": batch_id, "ordinal": o, "codes": codes}
            for o, codes in _referrals(checked, matched, agreement.answer, confirms(row))
        ]
        if waiting:
            conn.execute(insert(schema.referral), waiting)
        if row["sample_k"] is None and take_stock(conn, batch_id) is None:
            raise Refused(
                "There is no committed number in stock for the sample.",
                "It must be laid there before decisions are written, so that nobody can choose the sample (R41).",
                "The overseer types: portcullis review sample commit --key FILE",
            )
        conn.execute(update(schema.batch).where(schema.batch.c.id == batch_id).values(register_version=register.version))
        once(conn, batch_id, "matched", at=home.now())
        move(conn, batch_id, BatchState.CHECKED, BatchState.MATCHED)


def _referrals(checked: Checked, matched: Matched, answer: str, confirm: bool) -> Iterator[tuple[int, str]]:
    """Ordinal and reason codes of everything only a person can decide."""
    outcome = pipeline.decide_all(checked, matched, {}, answer, confirm=confirm)
    for ordinal, decision, reasons in zip(*(outcome[name].to_pylist() for name in ("ordinal", "decision", "reasons")), strict=True):
        if decision == Decision.REFER:
            yield ordinal, reasons
