"""The annual report (R44; 26 U.S.C. 6103(p)(3)(B), (C)): requests, instances, taxpayers and purposes, by agency and year.

Requests and instances are counted from the ledger (counts.py); taxpayers are the different persons among the disclosed, by the keyed blind
index of the accounting, so that nobody is named; that the accounting was read is an `inspection`. It is due as many days after the year's
end as the agreement says; a year without its report is a gap (`A-REPORT-GAP`).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from portcullis import accounting
from portcullis.agreement import adopted
from portcullis.agreement.after import After
from portcullis.crypto import canonical
from portcullis.errors import Tampered
from portcullis.home import Home
from portcullis.inspections import inspection
from portcullis.journal import record, stamp
from portcullis.model import LeafType
from portcullis.oversight.counts import Counted, count_ledger, year
from portcullis.oversight.page import page, table
from portcullis.store import reading, schema, writing

__all__ = ["annual", "annual_csv", "annual_page", "gaps", "publish_report"]

_DAY = 86_400


def annual(home: Home, wanted: int, person: str) -> dict[str, Any]:
    """The figures of one calendar year. Raises Tampered when ledger, store and accounting do not reconcile."""
    with writing(home.engine) as conn:
        inspection(home, conn, person=person, why="annual-report", command="report.annual")
    with reading(home.engine) as conn:
        counted = count_ledger(conn)
        agencies = sorted({name for name in _agencies(conn).values() if name is not None})
        return {
            "year": wanted,
            "due": stamp(_due(home, conn, wanted)),
            "agencies": [_agency(home, conn, counted, wanted, agency) for agency in agencies],
        }


def _agencies(conn: Connection) -> dict[str, str | None]:
    b = schema.batch
    return {row.log_id: row.agency for row in conn.execute(select(b.c.log_id, b.c.agency))}


def _agency(home: Home, conn: Connection, counted: Counted, wanted: int, agency: str) -> dict[str, Any]:
    mine = {name for name, owner in _agencies(conn).items() if owner == agency}
    batches = {name: each for name, each in counted.batches.items() if name in mine}
    asked = [each for each in batches.values() if each.received_at and year(each.received_at) == wanted]
    sent = {name: each for name, each in batches.items() if each.dispatched_at and year(each.dispatched_at) == wanted}
    purposes: Counter[str] = Counter()
    for each in sent.values():
        for (_, purpose), count in each.disclosures.items():
            purposes[purpose] += count
    return {
        "agency": agency,
        "requests": sum(each.received for each in asked),
        "refused_batches": sum(each.refused for each in asked),
        "deficient": sum(each.deficient for each in sent.values()),
        "instances": sum(purposes.values()),
        "taxpayers": _taxpayers(home, conn, {name: each.requests for name, each in sent.items()}),
        "purposes": dict(sorted(purposes.items())),
    }


def _taxpayers(home: Home, conn: Connection, disclosed: dict[str, list[str]]) -> int:
    """How many different persons: by blind index, which names nobody."""
    b = schema.batch
    numbers = {row.log_id: row.id for row in conn.execute(select(b.c.log_id, b.c.id).where(b.c.log_id.in_(disclosed)))}
    persons: set[bytes] = set()
    for name, requests in disclosed.items():
        table = accounting.read(home, conn, numbers[name], ["log_request", "blind_person"])
        found = table.filter(pc.is_in(table["log_request"], pa.array(requests, pa.string())))["blind_person"]
        if len(found) != len(requests) or found.null_count:
            raise Tampered("A disclosure has no person in the accounting.", "The two do not reconcile.", "Keep everything as it is.")
        persons.update(found.to_pylist())
    return len(persons)


def _due(home: Home, conn: Connection, wanted: int) -> int:
    return int(datetime(wanted + 1, 1, 1, tzinfo=UTC).timestamp()) - 1 + _terms(home, conn).days("reports.annual_days")


def _terms(home: Home, conn: Connection) -> After:
    a = schema.agreement
    for name in conn.execute(select(a.c.id).where(a.c.state == "in_force").order_by(a.c.id)).scalars():
        if (found := adopted(home, conn, name)) is not None:
            return found.after
    return After()


def gaps(home: Home, conn: Connection) -> list[dict[str, Any]]:
    """The years that are over, had requests, and have no annual report on record: due when, and overdue or not (A-REPORT-GAP)."""
    counted = count_ledger(conn)
    years = {year(each.received_at) for each in counted.batches.values() if each.received_at}
    made = {f.get("period") for _, kind, f in counted.others if kind == LeafType.REPORT_PUBLISHED and f.get("report") == "annual"}
    open_years = sorted(y for y in years if y < year(home.now()) and str(y) not in made)
    dues = {y: _due(home, conn, y) for y in open_years}
    return [{"year": y, "due": stamp(due), "overdue": int(home.now() > due)} for y, due in dues.items()]


def publish_report(home: Home, report: str, period: str, content: object) -> str:
    """Put on record that a report was made, by the hash of its canonical JSON; returns the hash."""
    digest = hashlib.sha256(canonical(content)).hexdigest()
    with writing(home.engine) as conn:
        record(home, conn, LeafType.REPORT_PUBLISHED, {"report": report, "period": period, "content": digest})
    return digest


_COLUMNS = ("agency", "requests", "refused_batches", "deficient", "instances", "taxpayers")


def annual_csv(found: dict[str, Any]) -> str:
    """As CSV: one line for each agency, and one for each of its purposes."""
    file = io.StringIO(newline="")
    write = csv.writer(file, lineterminator="\n")
    write.writerow(("year", *_COLUMNS, "purpose", "purpose_instances"))
    for each in found["agencies"]:
        write.writerow((found["year"], *(each[name] for name in _COLUMNS), "", ""))
        for purpose, count in each["purposes"].items():
            write.writerow((found["year"], each["agency"], "", "", "", "", "", purpose, count))
    return file.getvalue()


def annual_page(found: dict[str, Any]) -> str:
    """As one print-ready page."""
    head = ("Agency", "Requests", "Batches refused", "Deficient", "Instances of disclosure", "Taxpayers")
    rows = [[each[name] for name in _COLUMNS] for each in found["agencies"]]
    purposes = [[each["agency"], purpose, count] for each in found["agencies"] for purpose, count in each["purposes"].items()]
    body = [f"<p>Due {found['due'][:10]}. Counted from the ledger and reconciled with it.</p>", table(head, rows)]
    return page(f"Disclosures in {found['year']}", [*body, "<h2>By purpose</h2>", table(("Agency", "Purpose", "Instances"), purposes)])
