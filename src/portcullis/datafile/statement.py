"""Strict members of the signed statements: what envelope and engagement share.

The signature, the encoding and the canonical spelling are checked by `crypto.open_dsse`; here it is checked that the payload has
exactly its members, each of its form. Ids are short ASCII codes: they will stand in the ledger.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from portcullis.errors import Refused

__all__ = ["AGREEMENT_ID", "CODE", "HEX32", "HEX64", "agreement_of", "members", "text", "whole"]

CODE = re.compile(r"[!-~](?:[ -~]{0,126}[!-~])?\Z")
AGREEMENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
HEX64 = re.compile(r"[0-9a-f]{64}\Z")
HEX32 = re.compile(r"[0-9a-f]{32}\Z")
_MAX_VERSION = 1_000_000


def members(payload: bytes, names: frozenset[str], what: str) -> dict[str, Any]:
    """The object in `payload`, with exactly these members. Raises Refused."""
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or body.keys() != names:
        raise malformed(what, f"It must have exactly the members {', '.join(sorted(names))}.")
    return body


def text(body: Mapping[str, Any], name: str, pattern: re.Pattern[str], what: str) -> str:
    """A text member of the given form. Raises Refused."""
    value = body[name]
    if not isinstance(value, str) or not pattern.match(value):
        raise malformed(what, f"Its member {name} is not of the form it must have.")
    return value


def whole(value: object, name: str, low: int, high: int, what: str) -> int:
    """A whole number within bounds. Raises Refused."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise malformed(what, f"Its {name} is not a whole number from {low} to {high}.")
    return value


def agreement_of(body: Mapping[str, Any], what: str) -> tuple[str, int]:
    """The agreement's id and version. Raises Refused."""
    named = body["agreement"]
    if not isinstance(named, dict) or named.keys() != {"id", "version"}:
        raise malformed(what, "Its member agreement must have exactly id and version.")
    return text(named, "id", AGREEMENT_ID, what), whole(named["version"], "agreement version", 1, _MAX_VERSION, what)


def malformed(what: str, why: str) -> Refused:
    """A statement that is not in the form it must have (R01)."""
    return Refused(f"The {what} is not accepted.", why, "Write and sign it anew.", code="B-NOT-WRITTEN")
