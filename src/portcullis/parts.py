"""Which leaves, and which openings, belong to one agreement, one batch or one person (ledger.md, "Bundle").

1. Every part has the leaves that its own rest on: keys, the agreement, orders, vaults, roster, standing, switches, register, sample stock.
2. An agreement's part has every leaf of its batches and every leaf that names it; a batch's part every leaf of the batch; a person's part
   of each batch only the batch's own leaves and those of the requests about that person.
3. Openings are given to one named authority only. Each batch whose openings are given has an `inspection` leaf first: who, why, for whom.
   So has a search for a person, found or not (26 U.S.C. 6103(p)(3)(A); R56). The leaf stands in the part.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from portcullis import accounting
from portcullis.batches import get
from portcullis.crypto import encode64
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.inspections import inspection
from portcullis.ledger.leaf import decode
from portcullis.ledger.part import Part, places_of
from portcullis.model import LeafType
from portcullis.oversight import Identity, requests_of
from portcullis.store import reading, schema, writing

__all__ = ["MOST_OPENINGS", "Asked", "Given", "Scope", "given", "openings", "part_of"]

L = LeafType
MOST_OPENINGS = 50_000
"""Openings in one bundle: `opened.jsonl` is read whole by whoever checks it."""
_CONTEXT = tuple(
    kind.value
    for kind in L
    if kind.value.startswith(("key.", "agreement.", "order.", "vault.", "roster.", "standing.", "rules.", "register.", "hold."))
    or kind is L.SAMPLE_COMMITTED
)
_OF_PERSON = tuple(
    kind.value
    for kind in L
    if kind.value.startswith(("batch.", "sample.", "release.", "authorization.", "receipt", "order.reached"))
    and kind is not L.SAMPLE_COMMITTED
)
_OF_REQUEST = {L.REQUEST_DECIDED.value: "id", L.DISCLOSURE.value: "request"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is given openings or searched for a person, why (a code), and which authority it is for (a code)."""

    person: str
    why: str
    authority: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a bundle is of: the whole log, or an agreement's id, a batch's number, a person's identity."""

    agreement: str | None = None
    batch: str | None = None
    person: Identity | None = None

    @property
    def kind(self) -> str:
        """`agreement`, `batch`, `person`, or empty for the whole log."""
        return next((name for name in ("agreement", "batch", "person") if getattr(self, name) is not None), "")


@dataclass(frozen=True, slots=True)
class Given:
    """What a scope comes to: batch → the ledger ids of the requests in it (None: all), and the `inspection` leaves that say so."""

    requests: dict[str, list[str] | None]
    inspections: tuple[int, ...]


def given(home: Home, scope: Scope, asked: Asked | None) -> Given:
    """Find the scope's batches and requests, and put on record that openings are given (3).

    Raises Refused for an unknown agreement or batch, and for a person without anybody who asks.
    """
    if scope.person is not None and asked is None:
        raise Refused("Nobody asks for this person's part.", "The search is an inspection.", "Name --as, --why and --for.")
    if scope.person is not None and asked is not None:
        with writing(home.engine) as conn:  # before the accounting is searched
            searched = _inspected(home, conn, asked, None)
        found: dict[str, list[str] | None] = dict(requests_of(home, scope.person))
    else:
        searched = None
        with reading(home.engine) as conn:
            found = dict.fromkeys(_batches(conn, scope))
    if asked is None:
        return Given(found, ())
    with writing(home.engine) as conn:
        opened = [_inspected(home, conn, asked, batch_id) for batch_id in found]
    return Given(found, tuple(([searched] if searched is not None else []) + opened))


def _inspected(home: Home, conn: Connection, asked: Asked, batch_id: str | None) -> int:
    more = {"authority": asked.authority}
    return inspection(home, conn, person=asked.person, why=asked.why, command="ledger-export", batch_id=batch_id, more=more)


def _batches(conn: Connection, scope: Scope) -> list[str]:
    b, a = schema.batch, schema.agreement
    if scope.batch is not None:
        return [str(get(conn, scope.batch)["id"])]
    if scope.agreement is not None and conn.execute(select(a.c.id).where(a.c.id == scope.agreement)).first() is None:
        raise Refused(f"There is no agreement {scope.agreement}.", "The store does not know it.", "Type: portcullis agreement list")
    where = [b.c.agreement_id == scope.agreement] if scope.agreement is not None else []
    return list(conn.execute(select(b.c.id).where(*where).order_by(b.c.id)).scalars())


def part_of(home: Home, scope: Scope, what: Given, size: int, since: int | None) -> Part:
    """The part of a published log of `size` leaves; it is cut where its leaves name an older root, and at `since` (1, 2)."""
    places, cuts = list[int](), {since} if since else set[int]()
    with reading(home.engine) as conn:
        for index, kind, body in _candidates(conn, scope, what, size):
            fields = decode(body).fields if kind in _NAMING or kind in _CONTEXT or scope.kind == "person" else {}
            if not _belongs(scope, what, kind, fields, _agreements(conn, what) if scope.kind != "agreement" else {scope.agreement}):
                continue
            places.append(index)
            if kind == L.SAMPLE_DRAWN and isinstance(cut := fields["checkpoint_size"], int):
                cuts.add(cut)
            if kind == L.RELEASE_DISPATCHED and isinstance(head := fields["checkpoint"], dict):
                cuts.add(int(head["size"]))
                cuts |= {int(one["size"]) for one in fields.get("cosigned") or ()}  # type: ignore[attr-defined]
    return Part(scope.kind, sorted(cuts - {0}), places_of(places))


_NAMING = {L.SAMPLE_DRAWN.value, L.RELEASE_DISPATCHED.value}


def _candidates(conn: Connection, scope: Scope, what: Given, size: int) -> Iterator[tuple[int, str, bytes]]:
    leaf = schema.leaf
    of_batches = leaf.c.batch_id.in_(list(what.requests))
    wanted: list[ColumnElement[bool]] = [and_(leaf.c.batch_id.is_(None), leaf.c.type.in_(_CONTEXT)), leaf.c.idx.in_(what.inspections)]
    if scope.kind == "agreement":
        wanted = [leaf.c.batch_id.is_(None), of_batches]
    elif scope.kind == "batch":
        wanted.append(of_batches)
    else:
        wanted.append(and_(of_batches, leaf.c.type.in_([*_OF_PERSON, *_OF_REQUEST])))
    rows = conn.execution_options(yield_per=2_000).execute(
        select(leaf.c.idx, leaf.c.type, leaf.c.body).where(leaf.c.idx < size, or_(*wanted)).order_by(leaf.c.idx)
    )
    for row in rows:
        yield row.idx, row.type, bytes(row.body)


def _agreements(conn: Connection, what: Given) -> set[str | None]:
    b = schema.batch
    return set(conn.execute(select(b.c.agreement_id).where(b.c.id.in_(list(what.requests)))).scalars())


def _belongs(scope: Scope, what: Given, kind: str, fields: object, agreements: Iterable[str | None]) -> bool:
    """Whether a candidate belongs: no context of another agreement, no request of another person."""
    members = fields if isinstance(fields, dict) else {}
    named = members.get("agreement")
    if kind in _CONTEXT and isinstance(named, dict) and named["id"] not in agreements:
        return False
    if scope.kind != "person" or kind not in _OF_REQUEST:
        return True
    return any(members[_OF_REQUEST[kind]] in (ids or ()) for ids in what.requests.values())


def openings(home: Home, what: Given, size: int) -> list[dict[str, object]]:
    """The openings of every request in `what`, in the order of the leaves. Raises Refused when there are too many for one bundle."""
    found: list[dict[str, object]] = []
    with reading(home.engine) as conn:
        for batch_id, wanted in what.requests.items():
            agreement = get(conn, batch_id)["agreement_id"]
            leaves = _leaves_of(conn, batch_id, size)
            if not leaves:
                continue
            for row in accounting.read(home, conn, batch_id).to_pylist():
                if wanted is None or row["log_request"] in wanted:
                    found += _opened(row, agreement, leaves.get(row["log_request"], {}))
            if len(found) > MOST_OPENINGS:
                raise Refused(
                    f"More than {MOST_OPENINGS} openings do not fit one bundle.", "Whoever checks it reads them whole.", "Export a batch."
                )
    return sorted(found, key=lambda opening: (int(str(opening["leaf"])), str(opening["field"])))


def _leaves_of(conn: Connection, batch_id: str, size: int) -> dict[str, dict[str, int]]:
    """Ledger id of each request → its leaves by type."""
    leaf, found = schema.leaf, dict[str, dict[str, int]]()
    where = (leaf.c.batch_id == batch_id, leaf.c.type.in_(list(_OF_REQUEST)), leaf.c.idx < size)
    for row in conn.execution_options(yield_per=2_000).execute(select(leaf.c.idx, leaf.c.type, leaf.c.body).where(*where)):
        request = decode(bytes(row.body)).fields[_OF_REQUEST[row.type]]
        found.setdefault(str(request), {})[row.type] = row.idx
    return found


def _opened(row: dict[str, object], agreement: str, leaves: dict[str, int]) -> Iterator[dict[str, object]]:
    """What opens the leaves of one request."""
    kinds = ((L.REQUEST_DECIDED, "decision", "decision"), (L.REQUEST_DECIDED, "subject", "subject"), (L.DISCLOSURE, "accounting", "entry"))
    for kind, field, column in kinds:
        salt = row[f"{field}_salt"]
        if kind.value in leaves and isinstance(salt, bytes):
            yield {
                "agreement": agreement,
                "field": field,
                "leaf": leaves[kind.value],
                "record": row["log_request"],
                "salt": encode64(salt),
                "value": json.loads(str(row[column])),
            }
