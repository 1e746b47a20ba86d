"""A key that somebody else had: what was signed with it between its compromise and its revocation, and what becomes of that.

`revoke` writes `key.revoked` with the time from which the key is not trusted (`from`), signed by the agency's root, and then, in the same
transaction under the release lock, for every act recorded with that key since:

  an authorization            void; what it let go already is for recall
  a review, not yet decided   open again, for another reviewer or a new key
  a review or a hand check    the batch is blocked unless it has left: its decisions rest on it, and are written once
  a signed batch, an officer's engagement in one   the batch is blocked unless it has left: nobody knows who asked
  an order, a hold            stands: it keeps back, and lets nothing go
  anything else               counsel judges it; it is on the list until then and after

The time of an act is the time of its leaf, since what is signed states no time but its end. `suspicious` is the list, from the store as it
is now; the offline verifiers list leaf, type, person and roles of each, and every signature stands in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from portcullis.batches import get, move, ref
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.journal import record, stamp
from portcullis.ledger import decode
from portcullis.model import BatchState, LeafType
from portcullis.officers import revoke_key
from portcullis.orders import withhold
from portcullis.store import release_exclusive, schema

__all__ = ["Suspicious", "revoke", "suspicious"]

WHY = "key-compromised"
L = LeafType
_BULK = [L.REQUEST_DECIDED.value, L.DISCLOSURE.value, L.KEY_ENROLLED.value, L.KEY_REVOKED.value]
_KEEPS_BACK = {L.ORDER_IMPOSED.value, L.HOLD_PLACED.value, L.AGREEMENT_SUSPENDED.value, L.AGREEMENT_ENDED.value, L.SAMPLE_FAILED.value}
_RESTED_ON = {L.REVIEW_RECORDED.value, L.SAMPLE_PASSED.value, L.BATCH_RECEIVED.value}
_MEANS = {
    L.RELEASE_AUTHORIZED.value: "let a release go",
    L.REVIEW_RECORDED.value: "decided a referred request",
    L.SAMPLE_PASSED.value: "passed a batch's sample by hand",
    L.SAMPLE_FAILED.value: "blocked a batch by its sample",
    L.SAMPLE_COMMITTED.value: "laid a number in stock that may be known",
    L.BATCH_RECEIVED.value: "asked about people",
    "engagement": "took requests upon an officer",
    L.ORDER_IMPOSED.value: "stopped a flow",
    L.ORDER_LIFTED.value: "let a stopped flow go on",
    L.HOLD_PLACED.value: "kept data from destruction",
    L.HOLD_LIFTED.value: "let data be destroyed",
    L.DISPOSAL.value: "destroyed a batch's working data",
    L.STANDING_CHANGED.value: "said whether an agency may receive at all",
    L.RULES_CHANGED.value: "turned a rule on or off",
    L.AGREEMENT_SUSPENDED.value: "stopped an agreement",
    L.AGREEMENT_ENDED.value: "ended an agreement",
    L.RECEIPT.value: "acknowledged what arrived",
    L.LEDGER_RECOVERED.value: "let a restored home sign again",
}
_LEFT = (BatchState.DISPATCHED.value, BatchState.ACKNOWLEDGED.value)


@dataclass(frozen=True, slots=True)
class Suspicious:
    """One act recorded with a key after its compromise: in whose name and roles, which leaf of which type, what that did, in which batch,
    and what became of it."""

    key_id: str
    person: str
    roles: str
    leaf: int
    type: str
    means: str
    recorded: str
    batch: str | None
    became: str

    def shown(self) -> dict[str, object]:
        """As JSON."""
        return asdict(self)


def revoke(home: Home, key_id: str, since: int | None, act: Mapping[str, object]) -> list[Suspicious]:
    """Revoke a key, and with `since` undo what can be undone of what it signed from then on; returns all of that.

    Raises Refused for a time to come, a key that is not enrolled or was revoked, and an act that is not the root's.
    """
    if since is not None and since > home.now():
        raise Refused("The time of the compromise lies in the future.", "It is found out after it happened.", "State when it happened.")
    with release_exclusive(home.engine) as conn:
        revoke_key(home, conn, key_id, act, since)
        if since is None:
            return []
        for leaf in _signed_since(conn, key_id, since):
            if leaf["batch_id"] is not None:
                _undo(home, conn, leaf)
        for batch_id in _engaged_since(conn, key_id, since):
            _block(home, conn, batch_id)
        return _listed(conn, key_id)


def suspicious(conn: Connection) -> list[Suspicious]:
    """Every act recorded with a compromised key after its compromise, as things stand now."""
    k = schema.key
    keys = conn.execute(select(k.c.key_id).where(k.c.compromised_since.is_not(None)).order_by(k.c.revoked_at, k.c.key_id)).scalars()
    return [one for key_id in list(keys) for one in _listed(conn, key_id)]


def _listed(conn: Connection, key_id: str) -> list[Suspicious]:
    k = schema.key
    key = conn.execute(select(k).where(k.c.key_id == key_id)).mappings().one()
    since, who = key["compromised_since"], (key_id, key["person"], key["roles"].replace(";", ","))
    acts = [
        Suspicious(*who, leaf["idx"], leaf["type"], _means(leaf["type"]), stamp(leaf["time"]), leaf["batch_id"], _became(conn, leaf))
        for leaf in _signed_since(conn, key_id, since)
    ]
    engaged = [
        Suspicious(*who, row["leaf"], "engagement", _means("engagement"), stamp(row["at"]), row["id"], _of_batch(row["state"]))
        for row in _engagements(conn, key_id, since)
    ]
    return acts + engaged


def _means(kind: str) -> str:
    """What such an act does, in words; of the rest, its family."""
    return _MEANS.get(kind, f"acted in a matter of {kind.partition('.')[0]}")


def _signed_since(conn: Connection, key_id: str, since: int) -> list[dict[str, Any]]:
    """The leaves with a signature of this key that were recorded from `since` on."""
    leaf = schema.leaf
    mark = b'"keyid":"%b"' % key_id.encode()
    rows = conn.execute(select(leaf.c.idx, leaf.c.type, leaf.c.batch_id, leaf.c.body).where(leaf.c.type.not_in(_BULK)).order_by(leaf.c.idx))
    found = [(row, bytes(row.body)) for row in rows if mark in bytes(row.body)]
    dated = [(row, decode(body).time) for row, body in found]
    return [{"idx": row.idx, "type": row.type, "batch_id": row.batch_id, "time": time} for row, time in dated if time >= since]


def _engagements(conn: Connection, key_id: str, since: int) -> list[RowMapping]:
    """The batches received since in which this key signed an engagement, with the leaf of their receipt."""
    e, b, leaf = schema.engagement, schema.batch, schema.leaf
    received = (leaf.c.batch_id == b.c.id) & (leaf.c.type == L.BATCH_RECEIVED.value)
    query = (
        select(b.c.id, b.c.state, b.c.received_at.label("at"), leaf.c.idx.label("leaf"))
        .join(e, e.c.batch_id == b.c.id)
        .join(leaf, received)
    )
    return list(conn.execute(query.where(e.c.key_id == key_id, b.c.received_at >= since).order_by(b.c.id)).mappings())


def _engaged_since(conn: Connection, key_id: str, since: int) -> list[str]:
    return [row["id"] for row in _engagements(conn, key_id, since)]


def _undo(home: Home, conn: Connection, leaf: Mapping[str, Any]) -> None:
    batch_id, kind = str(leaf["batch_id"]), leaf["type"]
    if kind == L.RELEASE_AUTHORIZED.value:
        withhold(home, conn, batch_id, WHY, held=False)
    elif kind == L.REVIEW_RECORDED.value and get(conn, batch_id)["state"] == BatchState.MATCHED:
        r, v = schema.referral, schema.review
        ordinal = conn.execute(select(v.c.ordinal).where(v.c.leaf_idx == leaf["idx"])).scalar_one()
        conn.execute(update(r).where(r.c.batch_id == batch_id, r.c.ordinal == ordinal).values(resolution=None))
    elif kind in _RESTED_ON:
        _block(home, conn, batch_id)


def _block(home: Home, conn: Connection, batch_id: str) -> None:
    """The end of a batch that has not left: what it rests on is not trusted."""
    state = BatchState(get(conn, batch_id)["state"])
    if state.value in _LEFT or state in (BatchState.BLOCKED, BatchState.REFUSED):
        return
    withhold(home, conn, batch_id, WHY, held=False)
    record(home, conn, L.BATCH_BLOCKED, {"why": WHY}, batch=ref(conn, batch_id))
    move(conn, batch_id, BatchState(get(conn, batch_id)["state"]), BatchState.BLOCKED)


def _became(conn: Connection, leaf: Mapping[str, Any]) -> str:
    if leaf["type"] in _KEEPS_BACK:
        return "stands: it keeps back"
    if leaf["batch_id"] is None or leaf["type"] not in {*_RESTED_ON, L.RELEASE_AUTHORIZED.value}:
        return "for counsel to judge"
    state = str(get(conn, str(leaf["batch_id"]))["state"])
    if state not in (*_LEFT, BatchState.BLOCKED.value):
        return "void" if leaf["type"] == L.RELEASE_AUTHORIZED.value else "open again"
    return _of_batch(state)


def _of_batch(state: str) -> str:
    return "the batch had left: for recall" if state in _LEFT else "the batch is blocked"
