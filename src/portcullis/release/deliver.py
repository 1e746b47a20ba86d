"""Deliver: hand over what was dispatched, and only that.

The folder `outbox/<batch>/release/` is what the recipient agency fetches: `answers.jsonl` (sealed) and `batch_answer.json` (signed).
Making it again gives the same bytes, so a kill between dispatch and delivery loses nothing and repeats nothing.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from sqlalchemy import select

from portcullis import evidence
from portcullis.batches import get
from portcullis.crypto import canonical, sign_dsse
from portcullis.datafile import ANSWER_TYPE, BatchAnswer
from portcullis.errors import OutOfOrder, Tampered
from portcullis.home import Home
from portcullis.store import outbox, reading, schema

__all__ = ["deliver"]


def deliver(home: Home, batch_id: str) -> Path:
    """Write the release folder of a dispatched batch and return it. Raises OutOfOrder when nothing was dispatched."""
    with reading(home.engine) as conn:
        row = get(conn, batch_id)
        sent = outbox.items(conn, batch_id, "sent")
        if not sent:
            raise OutOfOrder(f"Nothing of batch {batch_id} was dispatched.", "", "Type: portcullis release list")
        release = (
            conn.execute(select(schema.release).where(schema.release.c.batch_id == batch_id, schema.release.c.state == "dispatched"))
            .mappings()
            .one()
        )
        decisions = evidence.read(home, conn, batch_id, "decisions", columns=["ordinal", "decision", "elements"])
    content = (home.path / "outbox" / sent[0].path).read_bytes()
    if hashlib.sha256(content).hexdigest() != sent[0].sha256:
        raise Tampered(
            f"The sealed answers of batch {batch_id} differ from those dispatched.", "The file was changed.", "Keep everything as it is."
        )
    columns = (decisions[name].to_pylist() for name in ("ordinal", "decision", "elements"))
    deficient = tuple(
        (ordinal, tuple(elements.split(";"))) for ordinal, decision, elements in zip(*columns, strict=True) if decision == "deficient"
    )
    answer = BatchAnswer(batch_id, row["nonce"], "dispatched", row["count"], deficient, release["answers"], release["sealed_root"])
    folder = home.path / "outbox" / batch_id / "release"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _put(folder / "answers.jsonl", content)
    _put(folder / "batch_answer.json", canonical(sign_dsse(home.log_key, ANSWER_TYPE, canonical(answer.payload()))))
    return folder


def _put(path: Path, content: bytes) -> None:
    part = path.with_suffix(path.suffix + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
