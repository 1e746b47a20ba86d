"""`/v1/batches/{id}`: its state, its answers, the receipt.

1. `POST …/dispatch` is the dispatch: published, checked and recorded as by `portcullis release dispatch`; called again it changes nothing.
2. A release that may not go answers 409 and says no reason: what withheld it is the source agency's, and may tell of a person.
3. Every later download of the answers asks again whether they may be handed over: a stay, a suspension or a lost vault stops it.
4. A receipt counts only signed by an officer of the agency that asked, over exactly what was dispatched.
"""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response

from portcullis.api.bodies import small_body
from portcullis.api.calls import KeyHeader
from portcullis.api.peers import Agency, HomeOf
from portcullis.api.problems import Problem
from portcullis.api.view import PROBLEMS, BatchView, batch_view, own_batch
from portcullis.crypto import read_dsse
from portcullis.home import Home
from portcullis.model import BatchState
from portcullis.publish import publish
from portcullis.release import Withheld, dispatch, hand_over, record_receipt
from portcullis.store import reading

__all__ = ["router"]

router = APIRouter(tags=["batches"])
BatchId = Annotated[str, Path(pattern=r"^B-[0-9]{4}-[0-9]{6,9}$", examples=["B-2026-000001"])]
_log = logging.getLogger("portcullis.api")
_DSSE = {"type": "object", "required": ["payload", "payloadType", "signatures"]}
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The signed batch answer (DSSE).", "content": {"application/json": {"schema": _DSSE}}},
    **PROBLEMS,
}
_SEALED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One JSON object a line: request and jwe.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    },
    **PROBLEMS,
}
_RECEIPT = {"required": True, "content": {"application/json": {"schema": _DSSE}}}


@router.get("/batches/{batch}", response_model=BatchView, response_model_exclude_none=True, responses=PROBLEMS, operation_id="batchState")
def batch_state(batch: BatchId, home: HomeOf, agency: Agency) -> BatchView:
    """State and count; after the dispatch the deficient rows."""
    with reading(home.engine) as conn:
        return batch_view(home, conn, own_batch(conn, agency, batch))


@router.post(
    "/batches/{batch}/dispatch", responses=_ANSWER, response_class=Response, operation_id="dispatchBatch", summary="Take the answers"
)
def dispatch_batch(batch: BatchId, home: HomeOf, agency: Agency, _key: KeyHeader) -> Response:
    """Dispatch a committed batch, and answer what the gateway signed; of a dispatched one, that again."""
    if _state(home, agency, batch) == BatchState.COMMITTED:
        publish(home)
        sent = dispatch(home, batch)
        publish(home)
        if isinstance(sent, Withheld):
            _log.warning("a release was withheld: %s", batch)
            raise _not_ready()
    return _file(home, agency, batch, "batch_answer.json", "application/json")


@router.get("/batches/{batch}/answer", responses=_ANSWER, response_class=Response, operation_id="batchAnswer", summary="The batch answer")
def batch_answer(batch: BatchId, home: HomeOf, agency: Agency) -> Response:
    """What the gateway signed about a dispatched batch."""
    return _file(home, agency, batch, "batch_answer.json", "application/json")


@router.get("/batches/{batch}/answers", responses=_SEALED, response_class=Response, operation_id="sealedAnswers", summary="Sealed answers")
def sealed_answers(batch: BatchId, home: HomeOf, agency: Agency) -> Response:
    """The sealed answers of a dispatched batch."""
    return _file(home, agency, batch, "answers.jsonl", "application/x-ndjson")


@router.post(
    "/batches/{batch}/receipt",
    status_code=204,
    response_class=Response,
    responses=PROBLEMS,
    operation_id="acknowledgeBatch",
    summary="Acknowledge the answers",
    openapi_extra={"requestBody": _RECEIPT},
)
async def acknowledge_batch(batch: BatchId, request: Request, home: HomeOf, agency: Agency) -> Response:
    """Record the officer's signed receipt."""
    body = await small_body(request)

    def record() -> None:
        _state(home, agency, batch)
        record_receipt(home, batch, read_dsse(body))
        publish(home)

    await run_in_threadpool(record)
    return Response(status_code=204)


def _state(home: Home, agency: str, batch: str) -> str:
    with reading(home.engine) as conn:
        return str(own_batch(conn, agency, batch)["state"])


def _file(home: Home, agency: str, batch: str, name: str, kind: str) -> Response:
    if _state(home, agency, batch) not in (BatchState.DISPATCHED, BatchState.ACKNOWLEDGED):
        raise _not_ready()
    found = hand_over(home, batch)
    if found is None:
        _log.warning("a download was stopped: %s", batch)
        raise _not_ready()
    return FileResponse(found / name, media_type=kind)


def _not_ready() -> Problem:
    return Problem(409, "The answers of this batch are not to be had now.", "", "Ask for its state, and call again later.")
