"""What happened to one request, in order, as the ledger and the store tell it; and what was lost of a batch at each step.

A review is told without its verdict and its reviewer: whoever reviews next must not read here what the first one said.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, select

from portcullis.journal import stamp
from portcullis.ledger import decode
from portcullis.model import BatchState, LeafType
from portcullis.rules import RuleSet
from portcullis.store import schema

__all__ = ["by_rule", "events", "funnel", "giving"]

L = LeafType
_OF_BATCH: Mapping[str, str] = {
    L.BATCH_RECEIVED.value: "Received",
    L.BATCH_REFUSED.value: "Refused with its whole batch",
    L.BATCH_CLOSED.value: "The batch is closed",
    L.SAMPLE_DRAWN.value: "The sample was drawn",
    L.SAMPLE_PASSED.value: "The sample passed",
    L.SAMPLE_FAILED.value: "The sample failed",
    L.BATCH_BLOCKED.value: "Blocked: nothing leaves",
    L.RELEASE_AUTHORIZED.value: "Authorized by an officer",
    L.AUTHORIZATION_VOIDED.value: "What was authorized is void",
    L.RELEASE_COMMITTED.value: "The release was sealed",
    L.RELEASE_WITHHELD.value: "The release was withheld",
    L.RELEASE_DISPATCHED.value: "The release was dispatched",
    L.RECEIPT.value: "The recipient signed the receipt",
}
_LEFT = (BatchState.DISPATCHED.value, BatchState.ACKNOWLEDGED.value)
_MOST = 200


def events(conn: Connection, number: str, ordinal: int) -> list[tuple[str, str, int | None]]:
    """When (RFC 3339), what, and which leaf says so, of one request."""
    leaf, v, q, i = schema.leaf, schema.review, schema.request, schema.sample_item
    query = select(leaf.c.idx, leaf.c.type, leaf.c.body).where(leaf.c.batch_id == number, leaf.c.type.in_(list(_OF_BATCH)))
    drawn = conn.execute(select(i.c.position).where(i.c.batch_id == number, i.c.ordinal == ordinal)).first() is not None
    found = [(row.idx, _time(row.body), _said(row.type, drawn)) for row in conn.execute(query.order_by(leaf.c.idx).limit(_MOST))]
    reviews = conn.execute(select(v.c.leaf_idx, v.c.at).where(v.c.batch_id == number, v.c.ordinal == ordinal))
    found += [(row.leaf_idx, stamp(row.at), "Reviewed by a person") for row in reviews]
    decided = select(leaf.c.idx, leaf.c.body).join(q, q.c.leaf_idx == leaf.c.idx).where(q.c.batch_id == number, q.c.ordinal == ordinal)
    found += [(row.idx, _time(row.body), "Decided") for row in conn.execute(decided)]
    return [(when, what, index) for index, when, what in sorted(found)]


def _time(body: bytes) -> str:
    return str(decode(bytes(body)).fields.get("time") or stamp(0))


def _said(kind: str, drawn: bool) -> str:
    more = (", with this request in it" if drawn else ", without this request") if kind == L.SAMPLE_DRAWN.value else ""
    return _OF_BATCH[kind] + more


def funnel(row: RowMapping, by_decision: Mapping[str, int]) -> list[tuple[str, int]]:
    """What was left of a batch after each step it has taken; only its receipt while nothing is decided."""
    received = int(row["count"] or 0)
    steps = [("received", received)] if received else []
    if by_decision:
        answers = sum(by_decision.get(name, 0) for name in ("confirm", "disclose", "deny"))
        steps += [("complete in themselves", received - by_decision.get("deficient", 0)), ("to be answered", answers)]
        steps += [("left", answers)] if row["state"] in _LEFT else [("left", 0)] if row["state"] == BatchState.BLOCKED else []
    return steps


def giving(law: RuleSet) -> dict[str, str]:
    """Reason code → the rules that give it; a code that several rules give names all of them."""
    found: dict[str, list[str]] = {}
    for rule in law.rules:
        for reason in rule.reasons:
            found.setdefault(reason, []).append(rule.id)
    return {reason: ", ".join(rules) for reason, rules in found.items()}


def by_rule(rules: Mapping[str, str], by_reason: Mapping[str, int]) -> dict[str, int]:
    """Requests not answered by the rule whose reason they were given, the most first; `rules` as `giving` tells them."""
    found: dict[str, int] = {}
    for code, count in by_reason.items():
        name = rules.get(code) or "matching"
        found[name] = found.get(name, 0) + count
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))
