"""What is known of the requesting agency's people: who signs, and which officers may receive.

An officer is eligible (R28) who is an employee and not a contractor, active, cleared, enrolled with a second factor, and trained
within as many days as the agreement says. A signer is on the roster (R02) who holds a listed office on the day.

Each record is signed by the agency's root and is a leaf; the latest one counts. Source: 6103(i)(2)(A), (p)(4)(C), (p)(9); Pub. 1075 [K].
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, Select, bindparam, delete, insert, select

from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import LeafType
from portcullis.officers import check_root_act, content_hash
from portcullis.store import schema

__all__ = [
    "OfficerRecord",
    "cleared_employee",
    "eligible",
    "officer_content",
    "officer_record",
    "officer_records",
    "on_roster",
    "record_officer",
    "trained",
    "training",
]


@dataclass(frozen=True, slots=True)
class OfficerRecord:
    """One person of the requesting agency. `office` is empty unless the person may sign; days are epoch days.

    `office_from`/`office_to` bound the days in office; None is open. `salt` keeps the leaf's hash from being guessed.
    """

    agency: str
    person: str
    employee: int
    active: int
    cleared: int
    mfa: int
    trained_on: int | None
    office: str = ""
    office_from: int | None = None
    office_to: int | None = None
    salt: str = field(default_factory=lambda: secrets.token_hex(16))


def officer_content(officer: OfficerRecord) -> str:
    """What the agency's root signs."""
    return content_hash(asdict(officer))


def record_officer(home: Home, conn: Connection, officer: OfficerRecord, act: Mapping[str, object]) -> None:
    """Write or replace a person's record under the agency root's signature."""
    check_root_act(home, conn, officer.agency, act, "officer.record", officer_content(officer))
    index = record(
        home,
        conn,
        LeafType.ROSTER_CHANGED,
        {"agency": officer.agency, "person": officer.person, "content": officer_content(officer), "act": dict(act)},
    )
    o = schema.officer
    conn.execute(delete(o).where(o.c.agency == officer.agency, o.c.person == officer.person))
    conn.execute(insert(o).values(**asdict(officer), changed_at=home.now(), leaf_idx=index))


def officer_record(conn: Connection, agency: str, person: str) -> OfficerRecord | None:
    """The latest record of a person, or None."""
    row = conn.execute(_BY_PERSON, {"of_agency": agency, "of_person": person}).mappings().first()
    return None if row is None else OfficerRecord(**{name: row[name] for name in OfficerRecord.__slots__})


_O = schema.officer
_BY_PERSON = select(_O).where(_O.c.agency == bindparam("of_agency"), _O.c.person == bindparam("of_person"))


def officer_records(conn: Connection, agency: str, persons: Select[tuple[str]]) -> list[OfficerRecord]:
    """The latest records of all persons a query names, in one query."""
    o = schema.officer
    rows = conn.execute(select(o).where(o.c.agency == agency, o.c.person.in_(persons))).mappings()
    return [OfficerRecord(**{name: row[name] for name in OfficerRecord.__slots__}) for row in rows]


def trained(officer: OfficerRecord, today: int, training_days: int) -> bool:
    """Whether the yearly training is current on that day."""
    return officer.trained_on is not None and 0 <= today - officer.trained_on <= training_days


def training(conn: Connection, agency: str, today: int, training_days: int) -> list[dict[str, str | int | None]]:
    """Everybody of the agency on record: whether the yearly training is current on that day, and its last day."""
    o = schema.officer
    people = officer_records(conn, agency, select(o.c.person).where(o.c.agency == agency).order_by(o.c.person))
    return [
        {
            "person": each.person,
            "current": int(trained(each, today, training_days)),
            "until": None if each.trained_on is None else each.trained_on + training_days,
        }
        for each in sorted(people, key=lambda one: one.person)
    ]


def cleared_employee(officer: OfficerRecord | None) -> bool:
    """R28 but for the training: an employee, active, cleared, enrolled with a second factor."""
    return officer is not None and bool(officer.employee and officer.active and officer.cleared and officer.mfa)


def eligible(officer: OfficerRecord | None, today: int, training_days: int) -> bool:
    """Whether this officer may receive on that day (R28)."""
    return officer is not None and cleared_employee(officer) and trained(officer, today, training_days)


def on_roster(officer: OfficerRecord | None, offices: frozenset[str], today: int) -> bool:
    """Whether this person holds one of the agreement's signing offices on that day (R02)."""
    if officer is None or not officer.active or officer.office not in offices or officer.office_from is None:
        return False
    return officer.office_from <= today and (officer.office_to is None or today <= officer.office_to)
