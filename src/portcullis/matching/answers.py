"""What may be read of a prepared register beside matching, and nothing more: the answer's elements, vetoes, one person's own file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from portcullis.errors import OutOfOrder
from portcullis.matching.register import Register
from portcullis.model import ADDRESS_FIELDS, IDENTITY_FIELDS

__all__ = ["identities", "last_known", "on_file", "vetoed"]

_FILED = "as_filed_"


def last_known(register: Register, rows: Sequence[int], fields: Collection[str]) -> dict[int, dict[str, str | None]]:
    """Address row → the permitted fields of that address as it was filed. Raises OutOfOrder for any other field."""
    if outside := set(fields) - set(ADDRESS_FIELDS):
        raise OutOfOrder(f"{sorted(outside)[0]!r} is not part of a mailing address.")
    wanted = np.unique(np.asarray(rows, dtype=np.int64))
    table = register.take("addresses", wanted, tuple(_FILED + name for name in fields))
    return {
        int(row): {name.removeprefix(_FILED): value for name, value in one.items()}
        for row, one in zip(wanted, table.to_pylist(), strict=True)
    }


def identities(register: Register, persons: Collection[str], fields: Collection[str]) -> dict[str, dict[str, str | None]]:
    """Person → the permitted identity elements, every value on file once; several are joined by `; `. Raises OutOfOrder for any other."""
    if outside := set(fields) - set(IDENTITY_FIELDS):
        raise OutOfOrder(f"{sorted(outside)[0]!r} is no identity element.")
    asked = sorted(persons)
    at = register.find_ids(asked)
    asked, at = [person for person, place in zip(asked, at, strict=True) if place >= 0], at[at >= 0]
    owner, row = register.names_of(at)
    filed = register.take("names", row, tuple(_IDENTITY[name] for name in fields)).to_pylist()
    found: dict[str, dict[str, str | None]] = {person: dict.fromkeys(fields) for person in persons}
    for name in fields:
        for place, person in enumerate(asked):
            values = {_in_text(filed[i][_IDENTITY[name]]) for i in np.flatnonzero(owner == place)} - {None}
            found[person][name] = "; ".join(sorted(str(value) for value in values)) or None
    return found


_IDENTITY = {"date_of_birth": "dob", "taxpayer_number": "number"}
"""Identity element → the column of a register's names."""


def _in_text(value: int | str | None) -> str | None:
    """A day as a date; a number is text already."""
    return str(dt.date(1970, 1, 1) + dt.timedelta(days=value)) if isinstance(value, int) else value


def vetoed(register: Register, persons: Collection[str]) -> int:
    """How many of these persons the source agency has vetoed (R30). Somebody who is not there counts too: nothing is known of them."""
    at = register.find_ids(sorted(persons))
    known = at[at >= 0]
    return int(len(at) - len(known) + np.count_nonzero(register.against("veto", known)))


def on_file(register: Register, person_id: str) -> list[dict[str, Any]]:
    """The addresses on file of one person with their years, for the reviewer of a request that names them; never a co-filer's."""
    at = register.find_ids([person_id])
    _, row = register.addresses_of(at[at >= 0])
    rows = register.take("addresses", row, (*(_FILED + name for name in ADDRESS_FIELDS), "period_from", "period_to", "last_known"))
    return [{name.removeprefix(_FILED): value for name, value in row.items() if value is not None} for row in rows.to_pylist()]
