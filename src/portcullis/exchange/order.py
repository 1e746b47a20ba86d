"""A recall order as it goes to one custodian: a statement signed by the gateway, and sealed parts that list the records.

A file is an order only when
 1. it is canonical JSON with exactly `order` and `sealed`, and `order` is signed by the gateway's log key,
 2. the statement has exactly the members below,
 3. its sealed parts are those whose hashes it states, in that order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from portcullis.crypto import Lookup, open_dsse, strict_loads
from portcullis.errors import Refused

__all__ = ["ORDER_TYPE", "PART", "Order", "read_order"]

ORDER_TYPE = "application/vnd.portcullis.order+json"
PART = 600
"""Ranges of records in one sealed part: with the largest numbers they fit its one size."""
LIMIT = 64 << 20


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of whom: stop using `records` records now, acknowledge and dispose by the given times (RFC 3339)."""

    matter: str
    agency: str
    agreement: str
    custodian: str
    reason: str
    records: int
    ordered_at: str
    acknowledge_by: str
    dispose_by: str

    def payload(self, parts: list[str]) -> dict[str, Any]:
        """What the gateway signs."""
        return asdict(self) | {"parts": parts}


def read_order(data: bytes, gateway: Lookup) -> tuple[Order, list[str]]:
    """The order in a file, and its sealed parts; checks 1 to 3. Raises Refused."""
    body = strict_loads(data.removesuffix(b"\n")) if len(data) <= LIMIT else None
    if not isinstance(body, dict) or set(body) != {"order", "sealed"} or not isinstance(body["sealed"], list):  # 1
        raise _refused("It has not the members of one.")
    stated: Any = strict_loads(open_dsse(body["order"], gateway, ORDER_TYPE))
    texts: Mapping[str, type] = Order.__annotations__
    if not isinstance(stated, dict) or set(stated) != {*texts, "parts"}:  # 2
        raise _refused("Its statement has other members.")
    fields = {name: stated[name] for name in texts}
    whole = isinstance(fields["records"], int) and not isinstance(fields["records"], bool)
    if not whole or not all(isinstance(value, str) for name, value in fields.items() if name != "records"):
        raise _refused("A member of its statement is of another type.")
    parts = [part for part in body["sealed"] if isinstance(part, str)]
    if [hashlib.sha256(part.encode()).hexdigest() for part in parts] != stated["parts"] or len(parts) != len(body["sealed"]):  # 3
        raise _refused("Its sealed parts are not those the gateway signed for.")
    return Order(**fields), parts


def _refused(why: str) -> Refused:
    return Refused("This is no recall order.", why, "Ask the source agency for it again.")
