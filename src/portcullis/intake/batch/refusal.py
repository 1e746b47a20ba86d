"""The accounting of a refused batch: "all requests" are recorded, also those that were never judged (R43, 6103(p)(3)(A))."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from portcullis import accounting
from portcullis.crypto import canonical
from portcullis.home import Home
from portcullis.intake.batch.opened import Opened
from portcullis.intake.names import standardise_names
from portcullis.journal import stamp
from portcullis.model import DATA_COLUMNS

__all__ = ["refused_entries"]


def refused_entries(home: Home, opened: Opened, reason: str) -> Iterator[pa.RecordBatch]:
    """One entry per readable row: the request as it stood, the batch's reason, and the blind indices to find it by; a part at a time."""
    agency = opened.envelope.agency if opened.envelope else None
    for part in opened.rows.parts():
        rows = _entries(home, part, agency, reason)
        yield pa.record_batch({name: pa.array(rows[name], kind) for name, kind in accounting.COLUMNS.items()})


def _entries(home: Home, part: pa.Table, agency: str | None, reason: str) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [] for name in accounting.COLUMNS}
    keys = standardise_names(part).select(["given", "family", "dob", "number"]).to_pylist()
    for row, key in zip(part.to_pylist(), keys, strict=True):
        stated = {name: row[name] for name in DATA_COLUMNS if row[name] is not None}
        entry = {
            "subject": stated,
            "reason": row["reason"],
            "requested_on": stamp(home.now()),
            "outcome": "refused",
            "why": reason,
            "agency": agency,
        }
        for values in columns.values():
            values.append(None)
        columns["ordinal"][-1] = row["ordinal"]
        columns["entry"][-1] = canonical(entry).decode()
        columns["blind_number"][-1] = accounting.blind_number(home, key["number"]) if key["number"] else None
        columns["blind_name"][-1] = accounting.blind_name(home, key["given"] or "", key["family"] or "", key["dob"])
    return columns
