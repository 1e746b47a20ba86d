"""An honest batch of the recipient, packed for sending."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

import pyarrow.csv as pacsv

from api_server import Answer, Served
from journey_home import AGREEMENT, OFFICERS, Row, rows_of, table_of
from portcullis.datafile import Engagement, ranges_of
from portcullis.recipient import Asking, pack, sign_engagement
from portcullis.synthetic import SIGNER

__all__ = ["Parts", "form", "nothing_left", "packed", "parts_of", "post"]

Parts = list[tuple[str, str, bytes]]


def packed(served: Served, folder: Path, rows: Sequence[Row] | None = None) -> Path:
    """The batch in a new folder."""
    keys, table = served.scene.cast.keys, table_of(rows or rows_of())
    data = folder.with_suffix(".csv")
    pacsv.write_csv(table, data)
    asking = Asking(AGREEMENT, 1, "6103(i)(2)", "mailing_address", "ICE", SIGNER, secrets.token_hex(16), "2025-06-28T14:00:00Z")
    envelope = pack(data, folder, keys[SIGNER], asking)
    statement = Engagement(AGREEMENT, 1, envelope.nonce, envelope.root, OFFICERS[0], ranges_of(range(1, table.num_rows + 1)))
    (folder / "engagements.jsonl").write_bytes(sign_engagement(keys[OFFICERS[0]], statement))
    return folder


def parts_of(folder: Path) -> Parts:
    """The parts of a packed batch: name, file name, bytes."""
    names = {"envelope": "batch.json", "salts": "salts.bin", "engagements": "engagements.jsonl", "data": "data.csv"}
    return [(name, file, (folder / file).read_bytes()) for name, file in names.items()]


def form(parts: Parts, boundary: str = "b0undary") -> bytes:
    """The parts as multipart/form-data."""
    one = '--{}\r\nContent-Disposition: form-data; name="{}"; filename="{}"\r\n\r\n'
    return (
        b"".join(one.format(boundary, name, file).encode() + data + b"\r\n" for name, file, data in parts) + f"--{boundary}--\r\n".encode()
    )


def post(served: Served, body: bytes, key: str = "", kind: str = "multipart/form-data; boundary=b0undary") -> Answer:
    return served.call("POST", "/v1/batches", body, Content_Type=kind, Idempotency_Key=key or secrets.token_hex(8))


def nothing_left(served: Served) -> bool:
    return not list((served.scene.home.path / "tmp").iterdir())
