"""The envelope of a batch, `batch.json`: what the signer signs (R01, R05, R08, R10).

A payload is an envelope only when
 1. it has exactly the members below,
 2. agreement is {id, version}; gate, data_class, agency and signer are short codes; delegation is one or null,
 3. count is from 1 to the most rows read, so that a declared billion is refused before anything is counted,
 4. root is 32 bytes and nonce 16 bytes in hex, time is RFC 3339 in UTC in whole seconds and a day of the calendar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from portcullis.datafile.limits import DEFAULT
from portcullis.datafile.statement import CODE, HEX32, HEX64, agreement_of, malformed, members, text, whole

__all__ = ["ENVELOPE_TYPE", "Envelope"]

ENVELOPE_TYPE = "application/vnd.portcullis.batch+json"

_WHAT = "envelope"
_MEMBERS = frozenset({"agreement", "gate", "data_class", "agency", "signer", "count", "root", "nonce", "time", "delegation"})
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One signed data file. `root` and `nonce` are hex; `time` is UTC in whole seconds; `delegation` an id or None."""

    agreement_id: str
    agreement_version: int
    gate: str
    data_class: str
    agency: str
    signer: str
    count: int
    root: str
    nonce: str
    time: str
    delegation: str | None = None

    def payload(self) -> dict[str, object]:
        """The object that is signed, as canonical JSON."""
        return {
            "agreement": {"id": self.agreement_id, "version": self.agreement_version},
            "gate": self.gate,
            "data_class": self.data_class,
            "agency": self.agency,
            "signer": self.signer,
            "count": self.count,
            "root": self.root,
            "nonce": self.nonce,
            "time": self.time,
            "delegation": self.delegation,
        }

    @classmethod
    def parse(cls, payload: bytes, *, max_rows: int = DEFAULT.rows) -> Envelope:
        """The envelope in a verified payload; checks 1 to 4. Raises Refused."""
        body = members(payload, _MEMBERS, _WHAT)  # 1
        agreement_id, version = agreement_of(body, _WHAT)  # 2
        return cls(
            agreement_id=agreement_id,
            agreement_version=version,
            gate=text(body, "gate", CODE, _WHAT),
            data_class=text(body, "data_class", CODE, _WHAT),
            agency=text(body, "agency", CODE, _WHAT),
            signer=text(body, "signer", CODE, _WHAT),
            count=whole(body["count"], "count", 1, max_rows, _WHAT),  # 3
            root=text(body, "root", HEX64, _WHAT),  # 4
            nonce=text(body, "nonce", HEX32, _WHAT),
            time=_time(text(body, "time", _TIME, _WHAT)),
            delegation=None if body["delegation"] is None else text(body, "delegation", CODE, _WHAT),
        )


def _time(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise malformed(_WHAT, "Its time is no day or hour of the calendar.") from None
    return value
