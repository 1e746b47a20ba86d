"""Acting on a recall order: which records it names, and that they are not used any more.

1. The order is the gateway's, and its sealed parts are those it signed for (exchange/order.py).
2. The parts open in the agency's vault, are of this matter and custodian, and name as many records as the order says.
3. The records go to the no-use list, synced, before the order is acknowledged; what stands on it is never opened again (opening.py).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from portcullis.crypto import AgreementKey, Lookup, open_sealed
from portcullis.errors import Refused
from portcullis.exchange.order import Order, read_order

__all__ = ["flag", "flagged", "open_order"]

Rows = list[tuple[str, int]]


def open_order(data: bytes, gateway: Lookup, vault_key: AgreementKey) -> tuple[Order, Rows]:
    """The order and the records it names; checks 1 and 2. Raises Refused."""
    order, parts = read_order(data, gateway)  # 1
    found: Rows = []
    for part in parts:
        body: Any = open_sealed(part, vault_key, expect={"batch": order.matter})  # 2
        records = body.get("records")
        if body.get("custodian") != order.custodian or not isinstance(records, dict):
            raise _refused("A part of it is for somebody else.")
        try:
            found += [(batch, n) for batch, spans in records.items() for first, last in spans for n in range(first, last + 1)]
        except (TypeError, ValueError) as error:
            raise _refused("A part of it names no records.") from error
    if len(set(found)) != order.records:
        raise _refused("It names another number of records than it says.")
    return order, found


def flag(path: Path, rows: Rows) -> None:
    """Put records on the no-use list (3). Raises Refused when it cannot be written."""
    known = flagged(path)
    text = "".join(f"{batch}/{ordinal}\n" for batch, ordinal in rows if (batch, ordinal) not in known)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Refused("The no-use list cannot be written.", f"{error.strerror}.", "Name a file you may write to.") from error


def flagged(path: Path | None) -> frozenset[tuple[str, int]]:
    """What stands on the no-use list. Raises Refused when a line of it cannot be read: then nothing may be opened."""
    if path is None or not path.exists():
        return frozenset()
    found = set()
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        batch, _, ordinal = line.partition("/")
        if not (batch and ordinal.isascii() and ordinal.isdecimal()):
            raise Refused("The no-use list cannot be read.", "A line of it names no record.", "Restore it; nothing is opened without it.")
        found.add((batch, int(ordinal)))
    return frozenset(found)


def _refused(why: str) -> Refused:
    return Refused("This recall order cannot be followed.", why, "Ask the source agency, naming the matter.")
