"""An honest batch of the recipient, packed for sending."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

import pyarrow.csv as pacsv

from api_server import Served
from journey_home import AGREEMENT, OFFICERS, Row, rows_of, table_of
from portcullis.datafile import Engagement, ranges_of
from portcullis.recipient import Asking, pack, sign_engagement
from portcullis.synthetic import SIGNER

__all__ = ["packed"]


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
