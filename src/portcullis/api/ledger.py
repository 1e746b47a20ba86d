"""`/ledger/`: checkpoint and tiles as C2SP tlog-tiles serves them, so that other people's programs read them (ledger.serve).

Entry bundles are for entitled roles only; over this API nobody is entitled yet: the overseer and the agencies get bundles by export.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from fastapi.responses import Response

from portcullis.api.peers import HomeOf
from portcullis.api.problems import Problem
from portcullis.api.view import PROBLEMS
from portcullis.ledger.serve import reply

__all__ = ["router"]

router = APIRouter(tags=["ledger"], responses=PROBLEMS)
_NOTE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A signed note.", "content": {"text/plain": {"schema": {"type": "string"}}}},
    304: {"description": "It is the one you have."},
}
_TILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "Hashes of 32 bytes.", "content": {"application/octet-stream": {}}},
    304: {"description": "It is the one you have."},
}
_OK = (200, 304)
Known = Annotated[str | None, Header(alias="If-None-Match", max_length=128)]


@router.get("/checkpoint", operation_id="checkpoint", summary="The latest checkpoint", response_class=Response, responses=_NOTE)
def checkpoint(home: HomeOf, known: Known = None) -> Response:
    """The latest signed checkpoint (C2SP tlog-checkpoint)."""
    return _served(home, "checkpoint", known)


@router.get("/tile/{path:path}", operation_id="tile", summary="A tile", response_class=Response, responses=_TILE)
def tile(path: Annotated[str, Path(max_length=128)], home: HomeOf, known: Known = None) -> Response:
    """A tile of hashes, `<L>/<N>` whole or `<L>/<N>.p/<W>` in part; entry bundles (`entries/<N>`) are not for everybody."""
    return _served(home, f"tile/{path}", known)


def _served(home: HomeOf, path: str, known: str | None) -> Response:
    found = reply(home.ledger, path, entitled=False, if_none_match=known)
    if found.status not in _OK:
        raise Problem(found.status, found.body.decode().strip(), headers={"Cache-Control": found.headers["Cache-Control"]})
    return Response(found.body, found.status, dict(found.headers))
