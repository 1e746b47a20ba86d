"""Every request and disclosure about one person (26 U.S.C. 6103(p)(3)(A); R42, R43).

The identity comes from standard input or a file, never from a command line. Looking is an `inspection`: its leaf comes first. Entries
are found by blind index (number, name with date of birth, person of the register), so nobody else's entry is listed. A request that
stated no number is found by the number all the same, when it was matched to the person who has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select

from portcullis import accounting
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.inspections import inspection, mark_own
from portcullis.intake.names import standardise_names
from portcullis.matching.kept import kept_register
from portcullis.matching.register import is_prepared
from portcullis.matching.shelf.names import as_number
from portcullis.store import reading, schema, writing

__all__ = ["Identity", "accounting_of", "blind_indices", "requests_of"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is meant: a taxpayer number, a name with date of birth, a person of the register; any of them."""

    taxpayer_number: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    date_of_birth: str | None = None
    person_id: str | None = None

    @classmethod
    def parse(cls, text: str | bytes) -> Identity:
        """From one JSON object in UTF-8. Raises Refused for unknown members or none."""
        try:
            stated = json.loads(text.decode("utf-8") if isinstance(text, bytes) else text)
            json.dumps(stated, ensure_ascii=False).encode("utf-8")  # half a character has no bytes
        except (ValueError, RecursionError) as error:
            raise Refused(
                "The identity cannot be read.", "It is not JSON in UTF-8.", 'Write {"taxpayer_number": "…"} on standard input.'
            ) from error
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
    key = _key(identity)
    with writing(home.engine) as conn:  # before the register or an entry is read
        index = inspection(home, conn, person=person, why="accounting", command="accounting")
    wanted = _blind(home, key, _registered(home, key) | ({identity.person_id} if identity.person_id else set()))
    with writing(home.engine) as conn:
        mark_own(conn, index, person, {blind for found in wanted.values() for blind in found})
    with reading(home.engine) as conn:
        return [_entry(conn, batch_id, row) for batch_id, row in accounting.rows_about(home, conn, wanted)]


def requests_of(home: Home, identity: Identity) -> dict[str, list[str]]:
    """Batch → ledger ids of the requests about that identity; the caller has put the search on record."""
    key = _key(identity)
    wanted = _blind(home, key, _registered(home, key) | ({identity.person_id} if identity.person_id else set()))
    found: dict[str, list[str]] = {}
    with reading(home.engine) as conn:
        for batch_id, row in accounting.rows_about(home, conn, wanted):
            found.setdefault(batch_id, []).append(str(row["log_request"]))
    return found


def _key(identity: Identity) -> dict[str, Any]:
    """The identity in standard form. Raises Refused when nobody can be found by it."""
    row = {name: [getattr(identity, name)] for name in ("given_name", "family_name", "date_of_birth", "taxpayer_number")}
    table = pa.table(
        {name: pa.array(value, pa.string()) for name, value in row.items()}
        | {name: pa.array([None], pa.string()) for name in ("middle_name", "suffix")}
    )
    key: dict[str, Any] = standardise_names(table).to_pylist()[0]
    if not (key["number"] or (key["given"] and key["family"]) or identity.person_id):
        raise Refused(
            "Nobody can be found by this identity.", "It needs a number, or given and family name, or a person's id.", "State one."
        )
    return key


def _blind(home: Home, key: Mapping[str, Any], persons: set[str]) -> dict[str, list[bytes]]:
    """Column of the accounting → the blind indices that are this person's."""
    wanted = {"blind_person": [accounting.blind_person(home, person) for person in sorted(persons)]}
    if key["number"]:
        wanted["blind_number"] = [accounting.blind_number(home, key["number"])]
    if key["given"] and key["family"]:
        wanted["blind_name"] = [accounting.blind_name(home, key["given"], key["family"], key["dob"])]
    return wanted


def blind_indices(home: Home, identity: Identity) -> set[bytes]:
    """Every blind index by which this identity's entries would be found. Raises Refused when nobody can be found by it."""
    key = _key(identity)
    persons = _registered(home, key) | ({identity.person_id} if identity.person_id else set())
    return {blind for found in _blind(home, key, persons).values() for blind in found}


def _registered(home: Home, key: Mapping[str, Any]) -> set[str]:
    """Who has this number, or this name and date of birth, on the register: a request about them may have stated neither."""
    folder = home.path / "register"
    if not is_prepared(folder):
        return set()
    register = kept_register(folder)
    found: set[int] = set()
    if key["number"]:
        number = as_number(pa.array([key["number"]], pa.string()))
        found |= set(register.holders(number, np.array([True]))[1].tolist())
    if key["given"] and key["family"] and key["dob"] is not None:
        found |= set(register.named(key["given"], key["family"], key["dob"]).tolist())
    return set(register.ids(np.array(sorted(found), np.int64)).to_pylist())


def _entry(conn: Connection, batch_id: str, row: Mapping[str, Any]) -> dict[str, object]:
    q = schema.request
    sent = conn.execute(select(q.c.answered).where(q.c.batch_id == batch_id, q.c.ordinal == row["ordinal"])).scalar_one_or_none()
    where = {"batch": batch_id, "request": f"{batch_id}/{row['ordinal']}", "log_request": row["log_request"], "disclosed": bool(sent)}
    entry: dict[str, object] = json.loads(row["entry"])
    return entry | where
