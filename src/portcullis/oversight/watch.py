"""Alarms over what became of batches, over probing, and over looks at night (R57): told to the overseer, deciding nothing.

Each compares counts on record with a figure of the agreement (`after: alarms:`), never anything about one request:
 1. `match_rate_drift`: the share answered of a settled batch lies more than so many points from that of the same agency's settled batches
    before it, once there are enough of them to compare with;
 2. `probing`: of one batch a larger share was referred because its subject had been asked for at other addresses before
    (`D-ASKED-AGAIN`, R39);
 3. `after_hours`: one person looked at personal data outside the hours of the day more often than so, on one day of the agreement's
    zone; what the gateway reads by itself is not counted.
The first tells the source agency's own overseer what was found on the register: it is never shown to a recipient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from portcullis.agreement.after import After
from portcullis.journal import stamp
from portcullis.model import BatchState
from portcullis.oversight.looks import COMPUTED
from portcullis.store import schema

__all__ = ["Look", "Told", "Worked", "after_hours", "looks", "told", "worked"]

ASKED_AGAIN = "D-ASKED-AGAIN"
_HOUR, _DAY = 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Worked:
    """One batch that was checked: its requests, how many were referred as asked again, how many answered; None before it is settled."""

    batch: str
    agency: str
    agreement: str
    requests: int
    asked_again: int
    answered: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """One look at personal data by a person, in POSIX seconds."""

    person: str
    at: int


@dataclass(frozen=True, slots=True)
class Told:
    """One figure beyond its bound; `value` and `limit` are in per cent, or looks."""

    agency: str
    about: str
    figure: str
    value: float
    limit: float
    says: str


def told(batches: Sequence[Worked], after: After) -> Iterator[Told]:
    """What is to be asked about the batches of one agreement (1, 2)."""
    settled: dict[str, list[Worked]] = {}
    for one in sorted(batches, key=lambda each: each.batch):
        again, bound = 100 * one.asked_again / max(one.requests, 1), after.number["alarms.probed_percent"]
        if again > bound:
            says = f"{again:.1f}% of the requests ask again for somebody at another address; more than {bound}% is not plausible."
            yield Told(one.agency, one.batch, "probing", again, bound, says)
        if one.answered is None:
            continue
        before = settled.setdefault(one.agency, [])
        if len(before) >= after.number["alarms.drift_batches"]:
            yield from _drift(one, before, after.number["alarms.drift_percent"])
        before.append(one)


def _drift(one: Worked, before: Sequence[Worked], bound: int) -> Iterator[Told]:
    """(1) The figure is how far the share lies from that of all before, in points of a hundred."""
    earlier = 100 * sum(each.answered or 0 for each in before) / max(sum(each.requests for each in before), 1)
    share = 100 * (one.answered or 0) / max(one.requests, 1)
    if abs(share - earlier) > bound:
        says = f"{share:.1f}% were answered, {earlier:.1f}% of the {len(before)} batches before; more than {bound} points apart."
        yield Told(one.agency, one.batch, "match_rate_drift", abs(share - earlier), bound, says)


def after_hours(seen: Iterable[Look], after: After, zone: int, agency: str) -> Iterator[Told]:
    """Who looked at night, by day (3); `zone` is in seconds east of UTC."""
    begin, end, bound = (after.number[f"alarms.{name}"] for name in ("day_from", "day_to", "after_hours"))
    counted: Counter[tuple[str, int]] = Counter()
    for look in seen:
        if not begin <= (look.at + zone) % _DAY // _HOUR < end:
            counted[look.person, (look.at + zone) // _DAY] += 1
    for (person, day), looks in sorted(counted.items(), key=lambda each: (-each[0][1], each[0][0])):
        if looks > bound:
            when = stamp(day * _DAY)[:10]
            says = f"{looks} looks on {when} outside {begin:02d}:00 to {end:02d}:00; more than {bound} is to be asked about."
            yield Told(agency, person, "after_hours", looks, bound, says)


def worked(conn: Connection) -> list[Worked]:
    """Every batch that was checked, as the store has it."""
    b, q, r, f = schema.batch, schema.request, schema.referral, schema.batch_figure
    again = _by_batch(conn, select(r.c.batch_id, func.count()).where(r.c.codes.like(f"%{ASKED_AGAIN}%")).group_by(r.c.batch_id))
    answered = _by_batch(conn, select(q.c.batch_id, func.sum(q.c.answered)).group_by(q.c.batch_id))
    checked = set(conn.execute(select(f.c.batch_id).distinct()).scalars())
    rows = conn.execute(select(b.c.id, b.c.agency, b.c.agreement_id, b.c.count.label("requests"), b.c.state))
    done = (BatchState.DISPATCHED.value, BatchState.ACKNOWLEDGED.value)
    return [
        Worked(
            row.id,
            row.agency,
            row.agreement_id,
            row.requests,
            again.get(row.id, 0),
            answered.get(row.id, 0) if row.state in done else None,
        )
        for row in rows
        if row.id in checked
    ]


def _by_batch(conn: Connection, query: object) -> Mapping[str, int]:
    return {batch: int(count) for batch, count in conn.execute(query)}  # type: ignore[call-overload]


def looks(conn: Connection) -> list[Look]:
    """Every look in which a person was shown something."""
    i = schema.inspection
    return [Look(row.person, row.at) for row in conn.execute(select(i.c.person, i.c.at).where(i.c.why.not_in(COMPUTED)))]
