"""Which filings of the recipient are taken in where: the same on the command line and over the HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from portcullis.errors import Refused
from portcullis.exchange.filing import Filing
from portcullis.home import Home
from portcullis.safeguards.disposal import certify_disposal, witness_disposal
from portcullis.safeguards.filing import take
from portcullis.safeguards.notices import file_notice, withdraw_notice
from portcullis.safeguards.recall import acknowledge_recall, certify_recall, witness_recall
from portcullis.safeguards.redisclosure import ask_redisclosure
from portcullis.safeguards.service import acknowledge_order

__all__ = ["DOORS", "take_at"]

Handler = Callable[[Home, Connection, Filing], object]
DOORS: Mapping[str, Mapping[str, Handler]] = {
    "notice": {"obligation.noticed": file_notice, "obligation.withdrawn": withdraw_notice},
    "recall": {"recall.acknowledged": acknowledge_recall, "recall.certified": certify_recall, "recall.witnessed": witness_recall},
    "dispose": {"obligation.certified": certify_disposal, "obligation.witnessed": witness_disposal},
    "redisclose": {"obligation.asked": ask_redisclosure},
    "order": {"order.acknowledged": acknowledge_order},
}


def take_at(home: Home, door: str, data: bytes) -> list[object]:
    """Take in one filing at its door; returns what it came to. Raises Refused for one of another kind."""
    kinds = DOORS[door]

    def handler(home: Home, conn: Connection, filing: Filing) -> object:
        if filing.kind not in kinds:
            raise Refused("This is a filing of another kind.", f"Taken in here: {', '.join(kinds)}.", "Name the right file.")
        return kinds[filing.kind](home, conn, filing)

    done = take(home, data, handler)
    return list(done) if isinstance(done, tuple) else [done]
