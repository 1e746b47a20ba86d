"""The transparency report for the public: what was asked and answered, per quarter, and nothing about anybody.

 1. Every figure is counted from the ledger and reconciled with it (counts.py); the same ledger gives the same bytes.
 2. Small cells are suppressed together with enough others that differences do not reveal them (suppress.py).
 3. The bound on errors of matching is computed from the samples checked by hand: with n checked and d defective, the exact upper 95 % limit
    for none, else the Clopper-Pearson limit by bisection.
 4. Only quarters that are over are told, and outcomes only of those whose every batch was answered, refused or blocked for good: a figure
    that was published does not change afterwards by a few people, whom the difference would show.
 5. Where the number asked is suppressed, so is the number checked by hand, which for a small batch is the same.
 6. Withheld by a stay is the number of requests in the batches whose sealed release an order took back, not of the answers in it: how many
    those are nobody was told, and who sent a batch of one would learn whether that person was found. It is suppressed as the rest.
Recalls and incidents are events of agencies, not of people, and are given as they are.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from portcullis.agreement.adopt import of_version
from portcullis.agreement.after import After
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.model import LeafType
from portcullis.oversight.counts import Counted, count_ledger, quarter
from portcullis.oversight.page import page, table
from portcullis.oversight.suppress import suppress
from portcullis.store import schema

__all__ = ["OUTCOMES", "bars", "error_bound", "threshold", "transparency", "transparency_page"]

OUTCOMES = ("deficient", "disclosed", "confirmed", "denied", "other")


def threshold(home: Home, conn: Connection, asked: int | None) -> int:
    """Below which figure a cell is suppressed: the highest that an agreement ever in force states, which `asked` can only raise.

    Raises Refused for a lower one.
    """
    a = schema.agreement
    versions = conn.execute(select(a.c.id, a.c.version).where(a.c.state != "proposed").order_by(a.c.id, a.c.version)).all()
    stated = [of_version(home, conn, row.id, row.version).after.number["reports.small_cell"] for row in versions]
    least = max(stated, default=After().number["reports.small_cell"])
    if asked is not None and asked < least:
        raise Refused(
            f"Figures below {least} are suppressed.", "So the agreement says; it can only be raised.", "Name a higher figure, or none."
        )
    return max(least, asked or 0)


def transparency(conn: Connection, small_cell: int, now: int) -> dict[str, Any]:
    """The report as one JSON document, of the quarters that are over at `now`. Raises Tampered when the ledger does not reconcile."""
    counted = count_ledger(conn)
    split = _answers(conn)
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for name, batch in counted.batches.items():
        if batch.received_at:
            at = rows[quarter(batch.received_at)]
            at["asked"] += batch.received
            at["refused_batches"] += batch.refused
            at["withheld_by_stay"] += batch.withheld
            if batch.closed:
                at["deficient"] += batch.deficient
                for outcome, count in split.get(name, {}).items():
                    at[outcome] += count
            at["checked"] += batch.sample
            at["defects"] += batch.defects
            at["open"] += not batch.final
    _events(counted, rows)
    rows = {name: row for name, row in rows.items() if name < quarter(now)}  # 4
    for each in rows.values():
        each["other"] = each["asked"] - sum(each[name] for name in OUTCOMES if name != "other")
    quarters = sorted(rows)
    final = [name for name in quarters if not rows[name]["open"]]
    shown = suppress([[rows[q][name] for name in OUTCOMES] for q in final], small_cell) if final else []
    cells = {q: [None] * len(OUTCOMES) for q in quarters} | dict(zip(final, shown, strict=True))
    asked = _totals([rows[q]["asked"] for q in quarters], small_cell)
    if final and all(cell is None for line in shown for cell in line):  # then a total could give away what stands beneath it
        asked = [None if q in final else total for q, total in zip(quarters, asked, strict=True)]
    return {
        "small_cell": small_cell,
        "quarters": [
            {"quarter": q, "final": q in final, "asked": total, **dict(zip(OUTCOMES, cells[q], strict=True))}
            | _plain(rows[q], total, small_cell)
            for q, total in zip(quarters, asked, strict=True)
        ],
    }


def _plain(row: Mapping[str, int], asked: int | None, small_cell: int) -> dict[str, Any]:
    names = ("refused_batches", "recalls", "records_recalled", "incidents")
    withheld = row["withheld_by_stay"]
    hidden = asked is None or 0 < withheld < small_cell  # 6
    checked, bound = row["checked"], error_bound(row["checked"], row["defects"])
    by_hand = (None, None) if asked is None else (checked, bound)  # 5
    told = {name: row[name] for name in names} | {"withheld_by_stay": None if hidden else withheld}
    return told | {"checked_by_hand": by_hand[0], "error_upper_95_ppm": by_hand[1]}


def _totals(values: Sequence[int], small_cell: int) -> list[int | None]:
    """A quarter in which very few were asked about is not told; nor is then the next smallest, which a yearly total would give away."""
    hidden = {n for n, value in enumerate(values) if 0 < value < small_cell}
    others = sorted((value, n) for n, value in enumerate(values) if n not in hidden)
    while hidden and others and (len(hidden) == 1 or sum(values[n] for n in hidden) < small_cell):
        hidden.add(others.pop(0)[1])
    return [None if n in hidden else value for n, value in enumerate(values)]


def _answers(conn: Connection) -> dict[str, dict[str, int]]:
    """Ledger id of a batch → how its answers divide; the ledger holds only their sum, with which this is reconciled."""
    q, b = schema.request, schema.batch
    named = {"disclose": "disclosed", "confirm": "confirmed", "deny": "denied"}
    query = select(b.c.log_id, q.c.decision, func.count()).join(b, b.c.id == q.c.batch_id)
    query = query.where(q.c.decision.in_(named), q.c.answered == 1).group_by(b.c.log_id, q.c.decision)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for log_id, decision, count in conn.execute(query):
        found[log_id][named[decision]] = count
    return found


def _events(counted: Counted, rows: dict[str, Counter[str]]) -> None:
    for time, kind, fields in counted.others:
        if kind == LeafType.RECALL_OPENED:
            rows[quarter(time)]["recalls"] += 1
            rows[quarter(time)]["records_recalled"] += fields["about"]["records"]
        elif kind == LeafType.INCIDENT_IDENTIFIED:
            rows[quarter(time)]["incidents"] += 1


def error_bound(checked: int, defects: int) -> int | None:
    """The upper 95 % limit of the share of wrong decisions, in parts per million; None when nothing was checked."""
    if checked == 0:
        return None
    low, high = defects / checked, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        below = sum(math.comb(checked, k) * middle**k * (1 - middle) ** (checked - k) for k in range(defects + 1))
        low, high = (middle, high) if below > 0.05 else (low, middle)
    return math.ceil(high * 1_000_000)


_HEAD = ("Quarter", "Asked", "Deficient", "Disclosed", "Confirmed", "Denied", "All else", "Withheld by a stay", "Recalls", "Incidents")
_ROW = ("quarter", "asked", *OUTCOMES, "withheld_by_stay", "recalls", "incidents")


def transparency_page(found: Mapping[str, Any]) -> str:
    """As one print-ready page with its picture; what is suppressed says so."""
    lines = found["quarters"]
    note = (
        f"<p>Figures from 1 to {found['small_cell'] - 1} are suppressed, and with them as many others as keep them from being computed. "
        "Outcomes of a quarter are told once every batch of it is settled.</p>"
    )
    bounds = [[each["quarter"], each["checked_by_hand"], each["error_upper_95_ppm"]] for each in lines]
    return page(
        "Disclosures, per quarter",
        [
            note,
            bars([(each["quarter"], each["asked"]) for each in lines]),
            table(_HEAD, [[each[name] for name in _ROW] for each in lines]),
            "<h2>Errors of matching</h2><p>The upper 95 % limit of the share of wrong decisions, in parts per million.</p>",
            table(("Quarter", "Checked by hand", "At most"), bounds),
        ],
    )


def bars(values: Sequence[tuple[str, int | None]]) -> str:
    """A bar for each quarter, as SVG with its numbers as text; a suppressed one has no bar."""
    most = max([value for _, value in values if value is not None], default=0) or 1
    parts = []
    for row, (name, value) in enumerate(values):
        width = 0 if value is None else round(400 * value / most)
        said = "suppressed" if value is None else f"{value:,}"
        parts.append(
            f'<text x="0" y="{row * 24 + 16}">{name}</text><rect x="90" y="{row * 24 + 4}" width="{width}" height="16" fill="#205493"/>'
            f'<text x="{96 + width}" y="{row * 24 + 16}">{said}</text>'
        )
    size = f'width="600" height="{len(values) * 24 + 8}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="Requests per quarter">{"".join(parts)}</svg>'
