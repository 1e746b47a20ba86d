"""The document by which an order is served: what the court ordered, as far as the agency is bound by it, signed by the gateway's log key.

A file is one only when it is a canonical DSSE statement of the log key with exactly the members below. It names persons by how many they
are: whom an order is about is for the court and counsel.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from portcullis.crypto import Lookup, open_dsse, strict_loads
from portcullis.errors import Refused

__all__ = ["SERVICE_LIMIT", "SERVICE_TYPE", "Service", "read_service"]

SERVICE_TYPE = "application/vnd.portcullis.service+json"
SERVICE_LIMIT = 1 << 20
_LISTS = ("agreements", "agencies", "gates", "batches", "statutes")
_TEXTS = ("order", "matter", "agency", "court_time", "imposed", "acknowledge_by")


@dataclass(frozen=True, slots=True)
class Service:
    """Which order binds which agency; lists are empty where the order does not limit, `batches` are numbers; times RFC 3339."""

    order: str
    matter: str
    agency: str
    court_time: str
    imposed: str
    acknowledge_by: str
    persons: int
    agreements: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    statutes: tuple[str, ...] = ()

    def payload(self) -> dict[str, Any]:
        """What the gateway signs."""
        stated = asdict(self)
        return stated | {name: list(stated[name]) for name in _LISTS}


def read_service(data: bytes, gateway: Lookup) -> Service:
    """The statement in a file. Raises Refused when it is none of this gateway's."""
    body = strict_loads(data.removesuffix(b"\n")) if len(data) <= SERVICE_LIMIT else None
    stated: Any = strict_loads(open_dsse(body, gateway, SERVICE_TYPE)) if isinstance(body, dict) else None
    if not isinstance(stated, dict) or set(stated) != set(Service.__slots__):
        raise _refused("It has not the members of one.")
    lists = [stated[name] for name in _LISTS]
    fine = all(isinstance(stated[name], str) for name in _TEXTS) and type(stated["persons"]) is int
    if not fine or not all(isinstance(each, list) and all(isinstance(one, str) for one in each) for each in lists):
        raise _refused("A member of it is of another type.")
    return Service(**stated | {name: tuple(stated[name]) for name in _LISTS})


def _refused(why: str) -> Refused:
    return Refused("This serves no order.", why, "Ask the source agency for it again.")
