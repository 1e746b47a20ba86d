"""Decisions made again from what was kept, under the rules they rest on or under others, with no second look at the register (R59).

1. The ledger says under what a batch was decided: the agreement's version and hash, the rule-set hash, the day of receipt, and how every
   switch stood at that place in the log.
2. The home's copy of that version must have that hash, and its rules that one; else `Tampered`.
3. Facts are those that were typed and kept. What is never kept (masked reasons) is typed again from the rows as they were received.
4. What the register said is in the kept facts of stage match. A request that other rules would let pass, and that was never matched, is
   `not_matched`: nobody looks it up for a comparison.
5. People's reviews stand as they were recorded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from portcullis import evidence, pipeline
from portcullis.agreement import Agreement, kept_version, law_on
from portcullis.batches import get
from portcullis.errors import Refused, Tampered
from portcullis.home import Home
from portcullis.ledger import decode
from portcullis.ledger.members import seconds
from portcullis.model import LeafType
from portcullis.pipeline import Checked, Matched
from portcullis.review import resolutions
from portcullis.rules import RuleSet, evaluate, summarise
from portcullis.steps.context import filing_of
from portcullis.store import schema

__all__ = ["NOT_MATCHED", "Basis", "Kept", "basis_of", "decide_again", "decide_under", "kept_of", "switches_on"]

NOT_MATCHED = "not_matched"
"""The outcome of a request that other rules let pass, and that the register was never asked about."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Under what a batch was received, as the ledger says: the agreement, the epoch day, the rules of that day, the switches."""

    agreement: Agreement
    day: int
    rules: RuleSet
    switches: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Kept:
    """The facts of both stages, by ordinal, and how each referral was resolved."""

    facts: pa.Table
    matched: pa.Table
    resolved: Mapping[int, str]

    @property
    def joined(self) -> pa.Table:
        """The facts of stage match beside those of stage check, for the requests that were matched."""
        rows = pc.index_in(self.matched["ordinal"], self.facts["ordinal"].combine_chunks())
        return pipeline.beside(self.facts.take(rows), self.matched)


def basis_of(home: Home, conn: Connection, batch_id: str) -> Basis:
    """What the ledger says (1, 2). Raises Tampered when this home keeps another text, OutOfOrder for an unknown batch."""
    get(conn, batch_id)
    leaf = schema.leaf
    query = select(leaf.c.idx, leaf.c.body).where(leaf.c.batch_id == batch_id, leaf.c.type == LeafType.BATCH_RECEIVED.value)
    received = conn.execute(query).one_or_none()
    if received is None:
        raise Refused(f"Batch {batch_id} was refused at receipt.", "No request of it was decided.", "Name another batch.")
    fields: Mapping[str, Any] = decode(bytes(received.body)).fields
    named = fields["agreement"]
    agreement = kept_version(home, conn, named["id"], named["version"], named["hash"])
    if agreement.rules.hash != fields["rules"]:
        raise Tampered(f"The rules of {agreement.id} are not those the ledger names for batch {batch_id}.", "A rule set was exchanged.")
    day = agreement.day(seconds(fields["time"]))
    return Basis(agreement, day, law_on(agreement, day), _switches_at(conn, agreement, received.idx))


def _switches_at(conn: Connection, agreement: Agreement, index: int) -> dict[str, bool]:
    """How every switch of that version stood at a place in the log."""
    return _turned(agreement, [fields for at, fields in _turns(conn) if at < index])


def switches_on(conn: Connection, agreement: Agreement, valid: dt.date, known: dt.date) -> dict[str, bool]:
    """How every switch of that version stood on a day, by what was recorded until another."""
    until = (known - dt.date(1970, 1, 1)).days
    told = [fields for _, fields in _turns(conn) if agreement.day(seconds(fields["time"])) <= until]
    return _turned(agreement, [fields for fields in told if fields["dated"] <= valid.isoformat()])


def _turns(conn: Connection) -> list[tuple[int, Mapping[str, Any]]]:
    """Every turn of a switch, with its place in the log."""
    leaf = schema.leaf
    rows = conn.execute(select(leaf.c.idx, leaf.c.body).where(leaf.c.type == LeafType.RULES_CHANGED.value).order_by(leaf.c.idx)).all()
    return [(row.idx, decode(bytes(row.body)).fields) for row in rows]


def _turned(agreement: Agreement, turns: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    own = [one for one in turns if one["agreement"]["hash"] == agreement.hash]
    return agreement.rules.positions() | {one["switch"]: one["position"] == "on" for one in own}


def kept_of(home: Home, conn: Connection, batch_id: str, basis: Basis) -> Kept:
    """What was kept of a batch that was matched (3, 4, 5). Raises Refused before that, and when its working data was destroyed."""
    if not evidence.has(conn, batch_id, "matched_facts"):
        raise Refused(f"Batch {batch_id} was not matched yet.", "It has no outcome to compare.", f"Type: portcullis batch run {batch_id}")
    raw, officers = (evidence.read(home, conn, batch_id, name) for name in ("raw", "officers"))
    filed = filing_of(home, conn, get(conn, batch_id), basis.agreement)
    facts = pipeline.check(raw, officers, basis.day, basis.rules, basis.switches, filed).facts
    facts = pipeline.beside(facts, evidence.read(home, conn, batch_id, "checked_facts"))
    return Kept(facts, evidence.read(home, conn, batch_id, "matched_facts"), resolutions(conn, batch_id))


def decide_under(kept: Kept, rules: RuleSet, switches: Mapping[str, bool], answer: str) -> pa.Table:
    """`decide` for every request under these rules: `ordinal`, `decision` (or `refer`, or `not_matched`), `reason`, `reasons`."""
    findings = evaluate(rules, "check", kept.facts, switches=switches)
    nothing = pa.table({})
    checked = Checked(nothing, nothing, kept.facts, findings, summarise(findings, rules, "check"))
    passed = kept.facts["ordinal"].take(pipeline.passed(checked)).combine_chunks()
    looked_up = kept.matched.filter(pc.is_in(kept.matched["ordinal"], passed))
    joined = Kept(kept.facts, looked_up, {}).joined
    found = evaluate(rules, "match", joined, switches=switches)
    matched = Matched(looked_up, found, summarise(found, rules, "match"))
    outcome = pipeline.decide_all(checked, matched, kept.resolved, answer, confirm=switches.get("R37_confirm", True))
    never = pc.and_(pc.is_in(outcome["ordinal"], passed), pc.invert(pc.is_in(outcome["ordinal"], kept.matched["ordinal"].combine_chunks())))
    decisions = pc.if_else(never, pa.scalar(NOT_MATCHED), outcome["decision"])
    return outcome.select(["ordinal", "reason", "reasons"]).append_column("decision", decisions)


def decide_again(home: Home, conn: Connection, batch_id: str) -> dict[str, Any]:
    """The decisions of a batch made again and held against those that were written: counts, and the ordinals that differ."""
    basis = basis_of(home, conn, batch_id)
    if not evidence.has(conn, batch_id, "decisions"):
        raise Refused(f"Batch {batch_id} is not decided yet.", "There is nothing to compare.", f"Type: portcullis batch run {batch_id}")
    written = evidence.read(home, conn, batch_id, "decisions", columns=["ordinal", "decision", "reasons"])
    again = decide_under(kept_of(home, conn, batch_id, basis), basis.rules, basis.switches, basis.agreement.answer)
    differ = np.zeros(written.num_rows, np.bool_)
    for name in ("ordinal", "decision", "reasons"):
        differ |= np.asarray(pc.fill_null(pc.not_equal(written[name], again[name]), True).to_numpy(zero_copy_only=False), np.bool_)
    ordinals = written["ordinal"].filter(pa.array(differ)).to_pylist()
    return {
        "batch": batch_id,
        "agreement": f"{basis.agreement.id}:{basis.agreement.version}",
        "rules": basis.agreement.rules.hash,
        "day": str(np.datetime64(basis.day, "D")),
        "switches": dict(basis.switches),
        "decided": written.num_rows,
        "same": written.num_rows - len(ordinals),
        "different": ordinals,
    }
