"""Figures that are not plausible go to the overseer (R57, `B-PLAUSIBILITY-ALERT`). They refuse nothing: a person asks why they are so.

The record is the store's: `batch_figure`, written when a batch is checked, and `engagement`. Counts only, about what was sent, and nothing
about any one request. Each of these compares a figure with a threshold of the agreement:

1. `departures_a_year`: in one fiscal year more requests assert a failure to depart than the threshold. Reported for 2024 are two
   prosecutions with that as lead charge [R].
2. `deficient_share`: of one batch a larger share lacks an element of the statute.
3. `boilerplate_share`: of one batch a larger share states one and the same reason.
4. `load_cap`: one officer is named for more requests of one batch.

What became of batches, probing, and looks at night are compared in watch.py, and listed with these.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import Connection, func, select

from portcullis.agreement import Agreement, find, load_agreement
from portcullis.agreement.adopt import folder_of
from portcullis.home import Home
from portcullis.model import BatchState
from portcullis.oversight.watch import Told, after_hours, looks, told, worked
from portcullis.store import schema

__all__ = ["CODE", "Alarm", "Sent", "alarms", "implausible"]

CODE = "B-PLAUSIBILITY-ALERT"
Limits = Mapping[str, int | Decimal]


@dataclass(frozen=True, slots=True)
class Sent:
    """One checked batch: who sent it when, its figures, and the most requests one officer is named for."""

    batch: str
    agency: str
    agreement: str
    day: dt.date
    figures: Mapping[str, int]
    most_for_one: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """One figure above its threshold, in words."""

    agency: str
    about: str
    figure: str
    value: int | float
    limit: float
    says: str
    code: str = CODE


def alarms(home: Home, conn: Connection) -> list[Alarm]:
    """Every alarm over everything on record, by agreement, the latest first."""
    by_agreement: dict[str, list[Sent]] = {}
    for one in _sent(conn):
        by_agreement.setdefault(one.agreement, []).append(one)
    found = [alarm for name, sent in sorted(by_agreement.items()) for alarm in implausible(sent, _terms(home, conn, name).rules.thresholds)]
    return found + [Alarm(*astuple(each)) for each in _watched(home, conn)]


def _watched(home: Home, conn: Connection) -> Iterator[Told]:
    """The alarms of watch.py: by agreement, then the looks by the hours of the first agreement in force."""
    batches = worked(conn)
    for name in sorted({one.agreement for one in batches}):
        yield from told([one for one in batches if one.agreement == name], _terms(home, conn, name).after)
    a = schema.agreement
    names = conn.execute(select(a.c.id).where(a.c.state == "in_force").order_by(a.c.id)).scalars().all()
    if names:
        terms = _terms(home, conn, names[0])
        yield from after_hours(looks(conn), terms.after, terms.zone, home.settings.source_agency)


def implausible(sent: Sequence[Sent], limits: Limits) -> Iterator[Alarm]:
    """What is above a threshold, over the batches of one agreement. A threshold that the agreement lacks raises no alarm."""
    years: dict[tuple[int, str], int] = {}
    for one in sent:
        year = one.day.year + (one.day.month >= 10)  # the fiscal year of the United States
        years[year, one.agency] = years.get((year, one.agency), 0) + one.figures.get("departures", 0)
    for (year, agency), count in sorted(years.items(), reverse=True):
        yield from _above(limits, "departures_a_year", agency, f"fiscal year {year}", count, "requests that assert a failure to depart")
    for one in sorted(sent, key=lambda each: each.batch, reverse=True):
        whole = max(one.figures.get("requests", 0), 1)
        deficient, same = (Fraction(one.figures.get(name, 0), whole) for name in ("deficient", "same_reason"))
        yield from _above(limits, "deficient_share", one.agency, one.batch, deficient, "of the requests lack an element of the statute")
        if one.figures.get("same_reason", 0) > int(limits.get("boilerplate_rows", 0)):
            yield from _above(limits, "boilerplate_share", one.agency, one.batch, same, "of the requests state one and the same reason")
        yield from _above(limits, "load_cap", one.agency, one.batch, one.most_for_one, "requests name one and the same officer")


def _above(limits: Limits, name: str, agency: str, about: str, value: int | Fraction, says: str) -> Iterator[Alarm]:
    limit = limits.get(name)
    if limit is not None and value > Fraction(limit):
        shown, against = (f"{float(each):.1%}" if isinstance(limit, Decimal) else f"{int(each):,}" for each in (value, limit))
        figure = value if isinstance(value, int) else float(value)
        yield Alarm(agency, about, name, figure, float(limit), f"{shown} {says}; more than {against} is not plausible.")


def _terms(home: Home, conn: Connection, agreement: str) -> Agreement:
    """The latest version of an agreement that this home knows."""
    a = schema.agreement
    version = conn.execute(select(func.max(a.c.version)).where(a.c.id == agreement)).scalar_one()
    return load_agreement(find(str(folder_of(home, agreement, version))))


def _sent(conn: Connection) -> list[Sent]:
    b, f, e = schema.batch, schema.batch_figure, schema.engagement
    figures: dict[str, dict[str, int]] = {}
    for row in conn.execute(select(f.c.batch_id, f.c.name, f.c.value)):
        figures.setdefault(row.batch_id, {})[row.name] = row.value
    most = {row.batch_id: row.most for row in conn.execute(select(e.c.batch_id, func.max(e.c.count).label("most")).group_by(e.c.batch_id))}
    rows = conn.execute(select(b.c.id, b.c.agency, b.c.agreement_id, b.c.received_at).where(b.c.state != BatchState.REFUSED.value))
    return [
        Sent(
            row.id,
            row.agency,
            row.agreement_id,
            dt.datetime.fromtimestamp(row.received_at, dt.UTC).date(),
            figures[row.id],
            most.get(row.id, 0),
        )
        for row in rows
        if row.id in figures
    ]
