"""A filing: what the recipient agency states after a release, and its signed act, as one canonical JSON document.

`{"about": {…codes and counts…}, "act": DSSE, "kind": "recall.acknowledged"}`. The act's action is the kind and its content the hash of
`about`. Both agencies read and write it; it names records by number and people by id, and holds no personal value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portcullis.crypto import canonical, strict_loads
from portcullis.errors import Refused

__all__ = ["FILING_LIMIT", "Filing", "about_hash", "instant_of", "read_filing"]

FILING_LIMIT = 1 << 20
"""Bytes a filing may have."""


@dataclass(frozen=True, slots=True)
class Filing:
    """One statement: of which kind, about what, and the envelope that signs it."""

    kind: str
    about: Mapping[str, Any]
    act: Mapping[str, Any]

    def text(self) -> bytes:
        """As it is written to a file."""
        return canonical({"about": dict(self.about), "act": dict(self.act), "kind": self.kind}) + b"\n"


def about_hash(about: Mapping[str, Any]) -> str:
    """What the act is over: SHA-256 (hex) of the canonical JSON of `{"about": …}`, as the leaf has it."""
    return hashlib.sha256(canonical({"about": dict(about)})).hexdigest()


def read_filing(data: bytes) -> Filing:
    """A filing from its file. Raises Refused when it is none."""
    try:
        body = strict_loads(data.removesuffix(b"\n")) if len(data) <= FILING_LIMIT else None
    except Refused as error:
        raise _refused("It is not canonical JSON.") from error
    if not isinstance(body, dict) or set(body) != {"about", "act", "kind"}:
        raise _refused("It does not have the members about, act and kind.")
    kind, about, act = body["kind"], body["about"], body["act"]
    if not isinstance(kind, str) or not isinstance(about, dict) or not about or not isinstance(act, dict):
        raise _refused("A member is of another type.")
    return Filing(kind, about, act)


def instant_of(stated: object) -> int:
    """An RFC 3339 time in UTC, whole seconds, as POSIX seconds. Raises Refused for anything else."""
    try:
        when = datetime.strptime(stated if isinstance(stated, str) else "", "%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        raise _refused("Its time is not written as 2026-11-21T10:00:00Z.") from error
    return int(when.replace(tzinfo=UTC).timestamp())


def _refused(why: str) -> Refused:
    return Refused("This is no filing.", why, "Write it with: portcullis recipient notice, redisclose, recall or dispose.")
