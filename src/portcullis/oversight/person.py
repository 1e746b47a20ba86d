"""Every request and disclosure about one person (26 U.S.C. 6103(p)(3)(A); R42, R43).

The identity comes from standard input or a file, never from a command line. Looking is an `inspection`: its leaf comes first. Entries
are found by blind index (number, name with date of birth, person of the register), so nobody else's entry is listed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from portcullis import accounting
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.inspections import inspection
from portcullis.intake.names import standardise_names
from portcullis.store import reading, schema, writing

__all__ = ["Identity", "accounting_of"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is meant: a taxpayer number, a name with date of birth, a person of the register; any of them."""

    taxpayer_number: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    date_of_birth: str | None = None
    person_id: str | None = None

    @classmethod
    def parse(cls, text: str) -> Identity:
        """From one JSON object. Raises Refused for unknown members or none."""
        try:
            stated = json.loads(text)
        except ValueError as error:
            raise Refused("The identity cannot be read.", "It is not JSON.", 'Write {"taxpayer_number": "…"} on standard input.') from error
        if (
            not isinstance(stated, dict)
            or not stated
            or not set(stated) <= set(cls.__slots__)
            or not all(isinstance(v, str) for v in stated.values())
        ):
            raise Refused(
                "The identity cannot be read.", "Its members are " + ", ".join(cls.__slots__) + ", as text.", "Write at least one."
            )
        return cls(**stated)


def accounting_of(home: Home, identity: Identity, person: str) -> list[dict[str, object]]:
    """Every entry about that identity, oldest batch first; `person` is who asks."""
    with writing(home.engine) as conn:
        inspection(home, conn, person=person, why="accounting", command="accounting")
    wanted = _blind(home, identity)
    with reading(home.engine) as conn:
        b = schema.batch
        batches = conn.execute(select(b.c.id).where(b.c.evidence_sha256s.like('%"accounting"%')).order_by(b.c.id)).scalars().all()
        return [entry for batch_id in batches for entry in _entries(home, conn, batch_id, wanted)]


def _blind(home: Home, identity: Identity) -> dict[str, bytes]:
    row = {name: [getattr(identity, name)] for name in ("given_name", "family_name", "date_of_birth", "taxpayer_number")}
    table = pa.table(
        {name: pa.array(value, pa.string()) for name, value in row.items()}
        | {name: pa.array([None], pa.string()) for name in ("middle_name", "suffix")}
    )
    key = standardise_names(table).to_pylist()[0]
    wanted: dict[str, bytes] = {}
    if key["number"]:
        wanted["blind_number"] = accounting.blind_number(home, key["number"])
    if key["given"] and key["family"]:
        wanted["blind_name"] = accounting.blind_name(home, key["given"], key["family"], key["dob"])
    if identity.person_id:
        wanted["blind_person"] = accounting.blind_person(home, identity.person_id)
    if not wanted:
        raise Refused(
            "Nobody can be found by this identity.", "It needs a number, or given and family name, or a person's id.", "State one."
        )
    return wanted


def _entries(home: Home, conn: Connection, batch_id: str, wanted: dict[str, bytes]) -> list[dict[str, object]]:
    table = accounting.read(home, conn, batch_id)
    hit = pc.equal(table["ordinal"], -1)
    for column, value in wanted.items():
        hit = pc.or_(hit, pc.fill_null(pc.equal(table[column], pa.scalar(value, pa.binary())), False))
    q = schema.request
    found = []
    for row in table.filter(hit).select(["ordinal", "log_request", "entry"]).to_pylist():
        sent = conn.execute(select(q.c.answered).where(q.c.batch_id == batch_id, q.c.ordinal == row["ordinal"])).scalar_one_or_none()
        found.append({"batch": batch_id, "request": f"{batch_id}/{row['ordinal']}", "disclosed": bool(sent), **json.loads(row["entry"])})
    return found
