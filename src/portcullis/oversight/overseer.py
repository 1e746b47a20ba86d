"""The overseer's export (R60): requests, disclosures, refusals, systems of records and audit trail, without taxpayer data by default.

1. Without an authority nothing in it names a person: batches and requests by their random ledger ids, outcomes only in totals.
2. With taxpayer data only under an authority of the agreement's closed list, on the signed act of an overseer; each such opening is an
   `inspection` leaf that bears the act, written before anything is read.
3. The figures are reconciled with the ledger before a file is written (counts.py).
"""

from __future__ import annotations

import base64
import csv
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Connection, select

from portcullis import accounting
from portcullis.agreement import adopted
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

HEADS: Mapping[str, Sequence[str]] = {
    "requests": ("leaf", "time", "batch", "request"),
    "disclosures": ("leaf", "time", "batch", "request", "agency", "purpose", "elements"),
    "refusals": ("leaf", "time", "batch", "rule", "reason", "requests"),
    "orders": ("leaf", "time", "event", "order"),
    "matters": ("matter", "kind", "agency", "state", "opened", "closed"),
    "audit": ("leaf", "time", "event", "who", "why", "command", "batch"),
    "systems": ("system", "which"),
}
"""Each file and its columns: ledger ids, pseudonymous ids, codes, counts and times."""


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
    try:
        out.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:  # another made it meanwhile: it is not ours to remove
        raise _taken(out) from error
    try:
        with ExitStack() as stack, reading(home.engine) as conn:
            files = _Files(out, stack)
            _of_leaves(home, conn, files)
            _of_store(home, conn, files)
            if authority is not None:
                files.lines("accounting.jsonl", _entries(home, conn))
            return files.counts
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise


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


class _Files:
    """The files of one export, for the owner only, written a row at a time: a long history is not held in memory."""

    def __init__(self, out: Path, stack: ExitStack) -> None:
        self._out, self._stack, self.counts = out, stack, dict.fromkeys(HEADS, 0)
        self._writers = {name: csv.writer(self._open(f"{name}.csv"), lineterminator="\n") for name in HEADS}
        for name, writer in self._writers.items():
            writer.writerow(HEADS[name])

    def _open(self, name: str) -> TextIO:
        descriptor = os.open(self._out / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        return self._stack.enter_context(os.fdopen(descriptor, "w", encoding="utf-8", newline=""))

    def row(self, name: str, *values: object) -> None:
        """One row of one table."""
        self._writers[name].writerow(values)
        self.counts[name] += 1

    def lines(self, name: str, items: Iterable[Mapping[str, Any]]) -> None:
        """A file of JSON lines."""
        file, count = self._open(name), 0
        for item in items:
            file.write(json.dumps(item, sort_keys=True) + "\n")
            count += 1
        self.counts[name.partition(".")[0]] = count


def _of_leaves(home: Home, conn: Connection, files: _Files) -> None:
    """What stands in the ledger, from its own members only (1)."""
    for index, body in iterate(home.engine, 0, size(conn)):
        found = decode(bytes(body))
        _sort(files, index, stamp(found.time), found.type, found.fields)


def _of_store(home: Home, conn: Connection, files: _Files) -> None:
    """Matters and systems of records, by ids and codes (1)."""
    for m in listed(conn):
        files.row("matters", m.id, m.kind, m.agency, m.state, stamp(m.opened_at), "" if m.closed_at is None else stamp(m.closed_at))
    b = schema.batch
    versions = conn.execute(select(b.c.register_version).where(b.c.register_version.is_not(None)).distinct().order_by(b.c.register_version))
    systems = [("register", version) for version in versions.scalars()]
    for system in [*systems, ("accounting", "permanent"), ("ledger", home.settings.origin), ("evidence", "per-batch-key")]:
        files.row("systems", *system)


def _sort(files: _Files, index: int, time: str, kind: str, f: Mapping[str, Any]) -> None:
    """One leaf to the file it belongs to; what is neither request nor disclosure is in the audit trail, whatever else it is in."""
    if kind == LeafType.REQUEST_DECIDED:
        files.row("requests", index, time, f["batch"], f["id"])
        return
    if kind == LeafType.DISCLOSURE:
        files.row("disclosures", index, time, f["batch"], f["request"], f["agency"], f["purpose"], f["elements"])
        return
    if kind == LeafType.BATCH_REFUSED:
        files.row("refusals", index, time, f["batch"], f["rule"], f["reason"], f["entries"])
    elif kind.startswith("order."):
        files.row("orders", index, time, kind, f["order"])
    files.row("audit", index, time, kind, _who(f), f.get("why") or f.get("reason") or "", f.get("command") or "", f.get("batch") or "")


def _who(f: Mapping[str, Any]) -> str:
    """Who did it, by pseudonymous ids: as the leaf says, or whoever signed the acts it bears."""
    if f.get("who") or f.get("person"):
        return str(f.get("who") or f["person"])
    acts = [act for act in (f.get("act"), *(f.get("acts") or ())) if act]
    return ";".join(str(json.loads(base64.b64decode(act["payload"])).get("officer", "")) for act in acts)


def _entries(home: Home, conn: Connection) -> Iterable[dict[str, Any]]:
    b = schema.batch
    for batch in conn.execute(select(b.c.id).where(b.c.evidence_sha256s.like('%"accounting"%')).order_by(b.c.id)).scalars():
        for request, entry in accounting.entries(home, conn, batch).items():
            yield {"batch": batch, "log_request": request} | dict(entry.value)
