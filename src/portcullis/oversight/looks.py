"""Who looked at personal data, and which looks an overseer should ask about (26 U.S.C. 6103(b)(7), 7213A).

Every look is an `inspection` leaf before it happens. Listed here, from the store's rows of those leaves:
 1. looks that belong to no batch: nothing says for which case,
 2. looks at a batch by somebody who has no part in it (neither operator nor anybody who acted in it),
 3. more than so many looks by one person on one day; what the gateway reads by itself while it computes is not counted,
 4. looks at one's own record. For that a person's own identity is kept as keyed blind indices only (`note_own`); nobody can read from
    them who it is, and a look is compared with them when it happens.
A list accuses nobody: it says what to ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import Connection, RowMapping, delete, insert, select

from portcullis.batches import assigned
from portcullis.home import Home
from portcullis.journal import stamp
from portcullis.oversight.person import Identity, blind_indices
from portcullis.store import schema, writing

__all__ = ["COMPUTED", "MANY", "anomalies", "note_own"]

MANY = 50
COMPUTED = frozenset({"check", "match", "answers", "vetoes", "redecide", "diff"})
"""Reasons of looks in which no person is shown anything: a batch is computed, or examined before it leaves."""
_DAY = 86_400


def note_own(home: Home, person: str, identity: Identity) -> int:
    """Keep whose record is this person's own, as blind indices; returns how many. Replaces what was kept. Raises Refused as `Identity`."""
    found = blind_indices(home, identity)
    o = schema.own_record
    with writing(home.engine) as conn:
        conn.execute(delete(o).where(o.c.person == person))
        conn.execute(insert(o), [{"person": person, "blind": blind.hex()} for blind in sorted(found)])
    return len(found)


def anomalies(home: Home, conn: Connection, more_than: int = MANY) -> dict[str, list[dict[str, object]]]:
    """The four lists; each entry says who, why, through which command, when, and the leaf."""
    i = schema.inspection
    rows = conn.execute(select(i).order_by(i.c.id)).mappings().all()
    shown = [row for row in rows if row["why"] not in COMPUTED]
    return {
        "without_case": [_told(row) for row in shown if row["batch_id"] is None],
        "no_part_in_batch": [_told(row) for row in shown if row["batch_id"] is not None and not _has_part(home, conn, row)],
        "many": _many(shown, more_than),
        "own_record": [_told(row) for row in rows if row["own"]],
    }


def _told(row: RowMapping) -> dict[str, object]:
    names = ("person", "why", "command")
    return {name: row[name] for name in names} | {"batch": row["batch_id"], "at": stamp(row["at"]), "leaf": row["leaf_idx"]}


def _has_part(home: Home, conn: Connection, row: RowMapping) -> bool:
    person = str(row["person"])
    return person == home.settings.operator or person in assigned(conn, str(row["batch_id"]))


def _many(rows: Collection[RowMapping], more_than: int) -> list[dict[str, object]]:
    counted = Counter((row["person"], row["at"] // _DAY) for row in rows)
    return [
        {"person": person, "day": stamp(day * _DAY)[:10], "looks": looks}
        for (person, day), looks in sorted(counted.items())
        if looks > more_than
    ]
