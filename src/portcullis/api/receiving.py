"""`POST /v1/batches`: a signed batch arrives.

1. The call carries an `Idempotency-Key`; one that is known answers as the first did, whatever came since (calls.py).
2. At most `PER_AGENCY` uploads of one agency run at once; the others are told to wait (503), so that nobody fills disk and memory.
3. The parts are streamed to a private folder (uploads.py); an envelope that names another agency is not taken from this caller (403).
4. The batch is received exactly as by `portcullis batch receive`: recorded whole, or refused whole and recorded.
5. A received batch answers 202; a refused one 422 with its number, rule and reason, which follow from the batch alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from sqlalchemy.exc import IntegrityError

from portcullis.api.calls import KeyHeader, earlier, fingerprint, keep
from portcullis.api.peers import Agency, HomeOf
from portcullis.api.problems import Problem, problem
from portcullis.api.uploads import PartLimits, store_parts
from portcullis.api.view import PROBLEMS, Received, refusal_of
from portcullis.batches import get
from portcullis.crypto import decode64, read_dsse, strict_loads
from portcullis.datafile.folder import ENVELOPE
from portcullis.engine.workdir import workdir
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.intake import batch as intake
from portcullis.model import BatchState
from portcullis.store import reading

__all__ = ["PER_AGENCY", "router"]

PER_AGENCY = 8
"""Uploads of one agency at once."""
_UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["envelope", "salts", "data"],
                "properties": {
                    "envelope": {"type": "string", "format": "binary", "description": "batch.json: the signed envelope (DSSE)."},
                    "salts": {"type": "string", "format": "binary", "description": "salts.bin: 32 bytes for each row."},
                    "engagements": {"type": "string", "format": "binary", "description": "engagements.jsonl: one DSSE for each officer."},
                    "documents": {
                        "type": "string",
                        "format": "binary",
                        "description": "documents.jsonl: one DSSE for each document that requests cite, where the agreement asks for it.",
                    },
                    "data": {
                        "type": "string",
                        "format": "binary",
                        "description": "The data file; its name ends in .csv, .parquet or .jsonl.",
                    },
                },
            }
        }
    },
}
router = APIRouter(tags=["batches"])


@router.post(
    "/batches",
    status_code=202,
    response_model=Received,
    responses=PROBLEMS,
    openapi_extra={"requestBody": _UPLOAD},
    operation_id="sendBatch",
    summary="Send a signed batch",
)
async def send_batch(request: Request, response: Response, home: HomeOf, agency: Agency, key: KeyHeader) -> Any:
    """Received whole (202), or refused whole and recorded (422). Nothing of a match is ever answered here."""
    async with _turn(request, agency), contextmanager_in_threadpool(_folder(home)) as folder:
        await store_parts(request, folder, PartLimits(home.settings.max_rows, home.settings.max_file_bytes))
        got = await run_in_threadpool(_receive, home, folder, agency, key)
    request.app.state.sequencer.ask()
    if got.reason is not None:
        detail = f"Batch {got.batch_id} is refused as a whole and on record. Correct it and send it as a new batch."
        return problem(422, detail, batch=got.batch_id, rule=got.rule, code=got.reason)
    response.headers["Location"] = f"/v1/batches/{got.batch_id}"
    return Received(batch=got.batch_id, state="received", count=got.count)


@contextmanager
def _folder(home: Home) -> Iterator[Path]:
    """A folder for the parts alone; what marks the working directory as in use lies beside it."""
    with workdir(home.tmp) as private:
        folder = private / "batch"
        folder.mkdir(mode=0o700)
        yield folder


@asynccontextmanager
async def _turn(request: Request, agency: str) -> AsyncIterator[None]:
    running: Counter[str] = request.app.state.uploads
    if running[agency] >= PER_AGENCY:  # 2
        raise Problem(503, "Other uploads of this agency are running.", headers={"Retry-After": "1"})
    running[agency] += 1
    try:
        yield
    finally:
        running[agency] -= 1


def _receive(home: Home, folder: Path, agency: str, key: str) -> intake.Received:
    envelope = (folder / ENVELOPE).read_bytes()
    if _stated_agency(envelope) not in (None, agency):  # 3
        raise Problem(403, "The envelope is another agency's.")
    mark = fingerprint(home, envelope)
    if (known := _earlier(home, agency, key, mark)) is not None:  # 1
        return known
    try:
        return intake.receive(home, folder, lambda conn, batch_id: keep(conn, agency, key, mark, batch_id, home.now()))
    except IntegrityError:  # the same call came twice at once, and the other was faster
        if (known := _earlier(home, agency, key, mark)) is None:
            raise
        return known


def _earlier(home: Home, agency: str, key: str, mark: str) -> intake.Received | None:
    """What became of the batch this key stands for. Raises Problem 422 when it stands for another envelope."""
    with reading(home.engine) as conn:
        row = earlier(conn, agency, key)
        if row is None:
            return None
        if row["fingerprint"] != mark:
            raise Problem(422, "This Idempotency-Key was used for another batch.", "", "Choose a new key for a new batch.")
        batch = get(conn, row["batch_id"])
        refused = refusal_of(conn, batch["id"]) if batch["state"] == BatchState.REFUSED else (None, None)
    return intake.Received(batch["id"], BatchState(batch["state"]), batch["count"], *refused)


def _stated_agency(envelope: bytes) -> str | None:
    """Which agency an envelope names, before anything is verified; None when it cannot be read, and will be refused for that."""
    try:
        payload = strict_loads(decode64(read_dsse(envelope)["payload"], "The payload"))
    except Refused:
        return None
    stated = payload.get("agency") if isinstance(payload, dict) else None
    return stated if isinstance(stated, str) else None
