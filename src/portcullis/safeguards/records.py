"""Records by number: reading a list of them from a file, and finding who holds them.

A list has one record a line, as `B-2026-000001/17`; a first line `record` is a heading. It names numbers and nobody.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from portcullis import accounting
from portcullis.batches import get
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.model import BatchState
from portcullis.store import schema

__all__ = ["Records", "by_batch", "check_disclosed", "holders", "numbered", "ranges", "read_records", "records_root"]

Records = tuple[tuple[str, int], ...]
MOST = 256 << 20
_LINE = re.compile(r"(B-\d{4}-\d{6,9})/([1-9]\d{0,8})", re.ASCII)


def read_records(path: Path) -> Records:
    """The records of a list, each once, in order. Raises Refused naming the first line that is none."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except OSError as error:
        raise Refused("The list of records cannot be read.", f"{error.strerror}.", "Name an ordinary file.") from error
    if len(data) > MOST:
        raise Refused("The list of records is too long.", f"It has more than {MOST} bytes.", "Split it.")
    found: set[tuple[str, int]] = set()
    for line, text in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        if not text.strip() or (line == 1 and text.strip() == "record"):
            continue
        match = _LINE.fullmatch(text.strip())
        if match is None:
            raise Refused(f"Line {line} names no record.", "A record is written B-2026-000001/17.", "Mend the list; nothing was done.")
        found.add((match[1], int(match[2])))
    if not found:
        raise Refused("The list names no record.", "It is empty.", "Write one record a line.")
    return tuple(sorted(found))


def numbered(batch: str, ordinals: Iterable[int]) -> Records:
    """Some rows of one batch."""
    return tuple((batch, ordinal) for ordinal in sorted(set(ordinals)))


def by_batch(records: Records) -> dict[str, list[int]]:
    """Batch → its ordinals, in order."""
    found: dict[str, list[int]] = defaultdict(list)
    for batch, ordinal in records:
        found[batch].append(ordinal)
    return dict(found)


def check_disclosed(conn: Connection, records: Records, agency: str, known: Sequence[str] = ()) -> str | None:
    """Every record was disclosed to this agency; returns the agreement they were asked under.

    Raises Refused, with how many were not: a list that is wrong in part is wrong, and nobody may guess which part was meant.
    """
    unknown, agreements, q = 0, set[str | None](), schema.request
    for batch, ordinals in by_batch(records).items():
        try:
            row = get(conn, batch)
        except Refused:
            unknown += len(ordinals)
            continue
        sent = set(conn.execute(select(q.c.ordinal).where(q.c.batch_id == batch, q.c.answered == 1)).scalars())
        if row["agency"] != agency or row["state"] not in (BatchState.DISPATCHED, BatchState.ACKNOWLEDGED):
            sent = set()
        unknown += len(set(ordinals) - sent)
        agreements.add(row["agreement_id"])
    if unknown:
        raise Refused(
            f"{unknown} of {len(records)} records were never disclosed to {agency}.",
            "They are of no batch of its, or no answer to them left.",
            "Compare the list with: portcullis report export",
        )
    if len(agreements) != 1:
        raise Refused("The records were disclosed under several agreements.", "Each has its own terms.", "Make one list for each.")
    return agreements.pop()


def holders(home: Home, conn: Connection, records: Records) -> dict[str, Records]:
    """Custodian → the records it has: the officers named in each answer, and whoever may have it by a redisclosure since."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    i, m = schema.matter_item, schema.matter
    for batch, ordinals in by_batch(records).items():
        table = accounting.read(home, conn, batch, ["ordinal", "entry"])
        wanted = table.filter(pc.is_in(table["ordinal"], pa.array(ordinals, pa.int64())))
        for ordinal, text in zip(wanted["ordinal"].to_pylist(), wanted["entry"].to_pylist(), strict=True):
            for officer in json.loads(text)["recipient"] or ["agency"]:
                found[officer].append((batch, ordinal))
        onward = select(i.c.custodian, i.c.ordinal).join(m, m.c.id == i.c.matter)
        onward = onward.where(i.c.batch_id == batch, m.c.kind == "redisclosure", m.c.state == "granted")
        asked = set(ordinals)
        for row in conn.execute(onward):
            if row.ordinal in asked:
                found[row.custodian].append((batch, row.ordinal))
    return {custodian: tuple(sorted(rows)) for custodian, rows in sorted(found.items())}


def records_root(records: Records, salt: bytes) -> str:
    """A salted hash (hex) of a list of records, so that a leaf binds it and tells nothing of it."""
    text = "\n".join(f"{batch}/{ordinal}" for batch, ordinal in records)
    return hashlib.sha256(salt + text.encode("ascii")).hexdigest()


def ranges(ordinals: Sequence[int]) -> list[list[int]]:
    """Ordinals as ranges: [[1, 40], [52, 52]]."""
    found: list[list[int]] = []
    for ordinal in ordinals:
        if found and found[-1][1] == ordinal - 1:
            found[-1][1] = ordinal
        else:
            found.append([ordinal, ordinal])
    return found


def listed(stated: Mapping[str, list[list[int]]]) -> Records:
    """The records of `{batch: ranges}`."""
    return tuple(sorted((batch, n) for batch, spans in stated.items() for first, last in spans for n in range(first, last + 1)))
