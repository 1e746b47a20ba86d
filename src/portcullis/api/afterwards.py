"""After a release: the recipient's filings (notices, recalls, disposals, redisclosures), and the recall orders it must follow.

1. A filing is the signed document that `portcullis recipient notice` and its like write; the transport adds nothing to it.
2. A filing that names another agency than the caller's is not taken from this caller (403); whatever else is wrong is refused and recorded.
3. A recall order is sealed to the agency's vault; it is handed to the agency it is about, and to no other (404). So is the statement by
   which a court's order was served on it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel

from portcullis.api.bodies import small_body
from portcullis.api.peers import Agency, HomeOf
from portcullis.api.problems import Problem
from portcullis.api.view import PROBLEMS
from portcullis.errors import Refused
from portcullis.exchange.filing import read_filing
from portcullis.matters import Matter, listed
from portcullis.safeguards import take_at
from portcullis.store import reading

__all__ = ["router"]

router = APIRouter(tags=["after the release"], responses=PROBLEMS)
MatterId = Annotated[str, Path(pattern=r"^M-[0-9]{4}-[0-9]{6,9}$", examples=["M-2026-000001"])]
_DOORS = {"notices": "notice", "recalls": "recall", "disposals": "dispose", "redisclosures": "redisclose", "orders": "order"}
_DOCUMENT = {"type": "object", "required": ["about", "act", "kind"]}
_FILING = {"required": True, "content": {"application/json": {"schema": _DOCUMENT}}}
_ORDER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The sealed and signed recall order.", "content": {"application/json": {"schema": {"type": "object"}}}},
    **PROBLEMS,
}

_SERVICE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The signed statement.", "content": {"application/json": {"schema": {"type": "object"}}}},
    **PROBLEMS,
}


class Taken(BaseModel):
    """What a filing came to: the matter's number, a state, or the hash that a witness signs."""

    result: list[str]


class Served(BaseModel):
    """A court's order that was served on this agency; times are whole seconds UTC."""

    matter: str
    order: str
    state: str
    due_at: int | None


class Recall(BaseModel):
    """A recall this agency must follow; times are whole seconds UTC."""

    matter: str
    state: str
    due_at: int | None
    orders: list[str]


def _door(command: str) -> Callable[..., Awaitable[Taken]]:
    async def file(request: Request, home: HomeOf, agency: Agency) -> Taken:
        """Take in one filing; of one that is refused, that it was refused is in the ledger."""
        body = await small_body(request)
        if _stated_agency(body) not in (None, agency):  # 2
            raise Problem(403, "The filing is another agency's.")
        done = await run_in_threadpool(take_at, home, command, body)
        return Taken(result=[str(one) for one in done])

    return file


for _path, _command in _DOORS.items():  # five addresses, not one with a name in it: another name is nothing here, for every method
    router.post(
        f"/{_path}",
        response_model=Taken,
        operation_id=f"file{_path.capitalize()}",
        summary=f"File a signed document: {_path}",
        openapi_extra={"requestBody": _FILING},
    )(_door(_command))


def _stated_agency(body: bytes) -> str | None:
    try:
        stated = read_filing(body).about.get("agency")
    except Refused:
        return None
    return stated if isinstance(stated, str) else None


@router.get("/recalls", response_model=list[Recall], operation_id="recalls", summary="Recalls to follow")
def recalls(home: HomeOf, agency: Agency) -> list[Recall]:
    """Every recall about this agency's records, with the custodians whose orders can be fetched."""
    with reading(home.engine) as conn:
        found = listed(conn, ("recall",), agency=agency)
    return [Recall(matter=one.id, state=one.state, due_at=one.due_at, orders=_orders(home, one)) for one in found]


@router.get(
    "/recalls/{matter}/{custodian}",
    responses=_ORDER,
    response_class=Response,
    operation_id="recallOrder",
    summary="A custodian's recall order",
)
def recall_order(matter: MatterId, custodian: Annotated[str, Path(max_length=128)], home: HomeOf, agency: Agency) -> Response:
    """The order of one custodian, sealed to the agency's vault."""
    with reading(home.engine) as conn:
        mine = {one.id: one for one in listed(conn, ("recall",), agency=agency)}
    if matter not in mine or custodian not in _orders(home, mine[matter]):  # 3
        raise Problem(404, "This agency has no such recall order.")
    return FileResponse(home.path / "outbox" / matter / f"{custodian}.json", media_type="application/json")


def _orders(home: HomeOf, matter: Matter) -> list[str]:
    folder = home.path / "outbox" / matter.id
    return sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []


@router.get("/orders", response_model=list[Served], operation_id="orders", summary="Orders served")
def orders(home: HomeOf, agency: Agency) -> list[Served]:
    """Every order of a court that was served on this agency, and whether it is acknowledged."""
    with reading(home.engine) as conn:
        found = listed(conn, ("service",), agency=agency)
    return [Served(matter=one.id, order=str(one.detail["order"]), state=one.state, due_at=one.due_at) for one in found]


@router.get("/orders/{matter}", responses=_SERVICE, response_class=Response, operation_id="service", summary="The statement of a service")
def service(matter: MatterId, home: HomeOf, agency: Agency) -> Response:
    """The signed statement by which an order was served, to be acknowledged at `POST /v1/orders`."""
    with reading(home.engine) as conn:
        mine = {one.id for one in listed(conn, ("service",), agency=agency)}
    path = home.path / "outbox" / matter / "service.json"
    if matter not in mine or not path.is_file():  # 3
        raise Problem(404, "No order was served on this agency under this number.")
    return FileResponse(path, media_type="application/json")
