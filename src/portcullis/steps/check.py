"""received → checked: rules over the request's own data, before the register is touched."""

from __future__ import annotations

from sqlalchemy import insert

from portcullis import asked, evidence, pipeline
from portcullis.batches import get, move
from portcullis.home import Home
from portcullis.inspections import inspection
from portcullis.intake.figures import figures
from portcullis.model import BatchState
from portcullis.steps.context import agreement_of, filing_of, rules_of_day, switches_of
from portcullis.store import reading, rehearse, rehearsing, schema, writing
from portcullis.store.steps import done, once

__all__ = ["check_batch"]


def check_batch(home: Home, batch_id: str) -> None:
    """Type the rows, evaluate stage check, and keep what it said (masked reasons are used and dropped) and what is asked about whom."""
    rehearsal = rehearsing()
    with rehearse(False), writing(home.engine) as conn:  # a rehearsal reads the rows too, and that it does is on record
        if rehearsal or not done(conn, batch_id, "looked"):
            index = inspection(home, conn, person=home.settings.operator, why="check", command="batch.check", batch_id=batch_id)
            if not rehearsal:
                once(conn, batch_id, "looked", index, at=home.now())
    with reading(home.engine) as conn:
        row = get(conn, batch_id)
        agreement = agreement_of(home, conn, row)
        raw = evidence.read(home, conn, batch_id, "raw")
        officers = evidence.read(home, conn, batch_id, "officers")
        filed = filing_of(home, conn, row, agreement)
    day = agreement.day(row["received_at"])
    checked = pipeline.check(raw, officers, day, rules_of_day(agreement, row), switches_of(row), filed)
    kept = [name for name in checked.facts.column_names if name not in agreement.rules.fields or agreement.rules.fields[name].keep]
    tables = {
        "names": checked.names,
        "addresses": checked.addresses,
        "facts": checked.facts.select(kept),
        "findings": checked.findings,
        "totals": checked.totals,
    }
    counted = figures(checked.facts, checked.totals)
    fingerprints = pipeline.asked_of(checked, asked.blinder(home))
    with writing(home.engine) as conn:
        for name, table in tables.items():
            evidence.write(home, conn, batch_id, f"checked_{name}", table)
        conn.execute(insert(schema.batch_figure), [{"batch_id": batch_id, "name": name, "value": value} for name, value in counted.items()])
        asked.write(home, conn, batch_id, row["received_at"], fingerprints)
        once(conn, batch_id, "checked", at=home.now())
        move(conn, batch_id, BatchState.RECEIVED, BatchState.CHECKED)
