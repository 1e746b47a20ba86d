"""Rows that the store's tests put in place before what they are about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from portcullis.store import append, schema, writing

AGREEMENT = "irs-ice-2025"
BATCH = "B-2026-000001"
BODY = b'{"type":"inspection","v":1}'


def batch_row(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A batch as received; `changes` replace its columns."""
    row: dict[str, Any] = {
        "id": f"B-2026-{number:06d}",
        "log_id": f"{number:032x}",
        "agreement_id": AGREEMENT,
        "agreement_version": 1,
        "agency": "ICE",
        "gate": "(i)(2)",
        "data_class": "address",
        "signer": "ICE-0001",
        "nonce": f"nonce-{number}",
        "file_root": "00" * 32,
        "count": 3,
        "state": "received",
        "held": 0,
        "received_at": 1_800_000_000,
        "rules_hash": "11" * 32,
    }
    return row | changes


def agreement_row(**changes: Any) -> dict[str, Any]:
    """An agreement in force."""
    row = {"id": AGREEMENT, "version": 1, "hash": "22" * 32, "state": "in_force", "valid_from": 20_000, "rules_hash": "11" * 32}
    return row | {"switches": "{}"} | changes


def furnish(engine: Engine) -> None:
    """Two parties, an agreement in force and one batch."""
    with writing(engine) as conn:
        conn.execute(
            insert(schema.party), [{"agency": a, "side": s, "root_public": "AA=="} for a, s in (("IRS", "source"), ("ICE", "recipient"))]
        )
        conn.execute(insert(schema.agreement), agreement_row())
        conn.execute(insert(schema.batch), batch_row())


def one_leaf(conn: Connection, kind: str = "inspection", batch_id: str | None = None) -> int:
    """Append one leaf."""
    return append(conn, [(kind, batch_id, BODY)])


def count(engine: Engine, table: Any) -> int:
    """How many rows a table has."""
    with engine.connect() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())
