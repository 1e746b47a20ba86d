"""The overseer's export (R60): requests, disclosures, refusals, systems of records and audit trail, without taxpayer data by default.

1. Without an authority nothing in it names a person: batches and requests by their random ledger ids, outcomes only in totals.
2. With taxpayer data only under an authority of the agreement's closed list, on the signed act of an overseer; each such opening is an
   `inspection` leaf that bears the act, written before anything is read.
3. The figures are reconciled with the ledger before a file is written (counts.py).
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from portcullis import accounting
from portcullis.agreement import adopted
from portcullis.crypto import write_private
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.inspections import inspection
from portcullis.journal import stamp
from portcullis.ledger import decode
from portcullis.matters import listed
from portcullis.model import LeafType, Role
from portcullis.officers import accept_act, content_hash
from portcullis.oversight.counts import count_ledger
from portcullis.store import iterate, reading, schema, size, writing

__all__ = ["authorities", "export_content", "export_to"]

FILES = ("requests", "disclosures", "refusals", "orders", "matters", "audit", "systems")
_AUDIT = frozenset({"inspection", "report.published", "filing.refused", "key.enrolled", "key.revoked", "standing.changed", "disposal"})


def export_content(authority: str) -> str:
    """What an overseer signs to see taxpayer data."""
    return content_hash({"authority": authority, "export": "taxpayer-data"})


def authorities(home: Home, conn: Connection) -> dict[str, str]:
    """Code → citation: who may see taxpayer data, by the agreements in force."""
    a, found = schema.agreement, dict[str, str]()
    for name in conn.execute(select(a.c.id).where(a.c.state == "in_force").order_by(a.c.id)).scalars():
        if (agreement := adopted(home, conn, name)) is not None:
            found |= agreement.after.authorities
    return found


def export_to(home: Home, out: Path, *, authority: str | None = None, act: Mapping[str, Any] | None = None) -> dict[str, int]:
    """Write the export into the absent folder `out`; returns rows per file. Raises Refused, Tampered."""
    if out.exists():
        raise _taken(out)
    if authority is not None:
        _opened(home, authority, act)  # 2
    with reading(home.engine) as conn:
        count_ledger(conn)  # 3
        tables = _tables(home, conn)
        with_data = list(_entries(home, conn)) if authority is not None else None
    try:
        out.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:  # another made it meanwhile: it is not ours to remove
        raise _taken(out) from error
    try:
        for name, (head, rows) in tables.items():
            write_private(out / f"{name}.csv", _csv(head, rows))
        if with_data is not None:
            write_private(out / "accounting.jsonl", "".join(json.dumps(each, sort_keys=True) + "\n" for each in with_data).encode())
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    counts = {name: len(rows) for name, (_, rows) in tables.items()}
    return counts | ({} if with_data is None else {"accounting": len(with_data)})


def _taken(out: Path) -> Refused:
    return Refused(f"{out.name} exists.", "An export is never written over anything.", "Name an absent folder.")


def _opened(home: Home, authority: str, act: Mapping[str, Any] | None) -> None:
    with writing(home.engine) as conn:
        if authority not in authorities(home, conn) or act is None:
            raise Refused(
                "Taxpayer data goes to nobody under this authority.",
                f"The closed list is {', '.join(sorted(authorities(home, conn))) or 'empty'}, and an overseer signs.",
                "Name one of them, or export without taxpayer data.",
            )
        content = export_content(authority)
        officer, _ = accept_act(home, conn, act, action="report.export", content=content, agreement="", roles=[Role.OVERSEER])
        why = f"export:{authority}"
        inspection(home, conn, person=officer.person, why=why, command="report.export", more={"act": dict(act)})


Table = tuple[Sequence[str], list[Sequence[object]]]


def _tables(home: Home, conn: Connection) -> dict[str, Table]:
    """Each file: its columns and rows, from leaves and ids only (1)."""
    rows: dict[str, list[Sequence[object]]] = {name: [] for name in FILES}
    for index, body in iterate(home.engine, 0, size(conn)):
        found = decode(bytes(body))
        _sort(rows, index, stamp(found.time), found.type, found.fields)
    rows["matters"] = [
        (m.id, m.kind, m.agency, m.state, stamp(m.opened_at), "" if m.closed_at is None else stamp(m.closed_at)) for m in listed(conn)
    ]
    b = schema.batch
    versions = conn.execute(select(b.c.register_version).where(b.c.register_version.is_not(None)).distinct().order_by(b.c.register_version))
    rows["systems"] = [("register", version) for version in versions.scalars()]
    rows["systems"] += [("accounting", "permanent"), ("ledger", home.settings.origin), ("evidence", "per-batch-key")]
    heads = {
        "requests": ("leaf", "time", "batch", "request"),
        "disclosures": ("leaf", "time", "batch", "request", "agency", "purpose", "elements"),
        "refusals": ("leaf", "time", "batch", "rule", "reason", "requests"),
        "orders": ("leaf", "time", "event", "order"),
        "matters": ("matter", "kind", "agency", "state", "opened", "closed"),
        "audit": ("leaf", "time", "event", "who", "why", "command"),
        "systems": ("system", "which"),
    }
    return {name: (heads[name], rows[name]) for name in FILES}


def _sort(rows: dict[str, list[Sequence[object]]], index: int, time: str, kind: str, f: Mapping[str, Any]) -> None:
    """One leaf to the file it belongs to."""
    if kind == LeafType.REQUEST_DECIDED:
        rows["requests"].append((index, time, f["batch"], f["id"]))
    elif kind == LeafType.DISCLOSURE:
        rows["disclosures"].append((index, time, f["batch"], f["request"], f["agency"], f["purpose"], f["elements"]))
    elif kind == LeafType.BATCH_REFUSED:
        rows["refusals"].append((index, time, f["batch"], f["rule"], f["reason"], f["entries"]))
    elif kind.startswith("order."):
        rows["orders"].append((index, time, kind, f["order"]))
    elif kind in _AUDIT:
        rows["audit"].append(
            (index, time, kind, f.get("who") or f.get("person") or "", f.get("why") or f.get("reason") or "", f.get("command") or "")
        )


def _entries(home: Home, conn: Connection) -> Iterable[dict[str, Any]]:
    b = schema.batch
    for batch in conn.execute(select(b.c.id).where(b.c.evidence_sha256s.like('%"accounting"%')).order_by(b.c.id)).scalars():
        for request, entry in accounting.entries(home, conn, batch).items():
            yield {"batch": batch, "log_request": request} | dict(entry.value)


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    file = io.StringIO(newline="")
    write = csv.writer(file, lineterminator="\n")
    write.writerow(head)
    write.writerows(rows)
    return file.getvalue().encode()
