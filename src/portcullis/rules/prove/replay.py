"""A model of Z3 as a concrete batch, run again through the rules on DuckDB and through `decide`: the check on the proof itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from portcullis import decision
from portcullis.decision import RequestFacts
from portcullis.errors import OutOfOrder
from portcullis.model import Decision, Verdict
from portcullis.rules.cases import facts_table
from portcullis.rules.findings import rules_of, summarise
from portcullis.rules.prove.invariant import Invariant
from portcullis.rules.prove.outcome import CONFIRM_SWITCH, NEVER_ACCEPTED
from portcullis.rules.prove.space import OTHER, Key, Row
from portcullis.rules.reference import truth
from portcullis.rules.ruleset import RuleSet
from portcullis.rules.run import evaluate, evaluate_batch

__all__ = ["Replayed", "Request", "kept", "replay"]

LARGEST_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a batch: its facts, those of the other rows, the switches, and whether a reviewer accepts what is referred."""

    row: Row
    others: tuple[Row, ...]
    switches: Mapping[str, bool]
    accepts: bool

    @property
    def rows(self) -> tuple[Row, ...]:
        """The whole batch, this request first."""
        return (self.row, *self.others)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the gateway's own code makes of a request; `referred` the reason codes a person had to close; `accepted` whether one did."""

    decision: Decision
    referred: tuple[str, ...]
    accepted: bool


def others_of(row: Row, counts: Mapping[Key, int], total: int) -> tuple[Row, ...]:
    """Further rows, so that the counts within the batch come out as Z3 chose them. Raises OutOfOrder when there would be too many."""
    if total > LARGEST_BATCH:
        raise OutOfOrder("The counterexample needs a batch too large to be replayed.", f"More than {LARGEST_BATCH} rows.")
    rows: list[Row] = []
    for (by, of), wanted in sorted(counts.items(), key=lambda item: item[0][1] is None):
        key = {name: row[name] for name in by}
        same = [each for each in (row, *rows) if all(each.get(name) == value for name, value in key.items())]
        have = len(same) if of is None else len({each.get(of) for each in same} - {None})
        for number in range(max(0, wanted - have)):
            rows.append({**key, **({} if of is None else {of: _different(row[of], number)})})
    return (*rows, *({} for _ in range(max(0, total - 1 - len(rows)))))


def _different(value: int | str | None, number: int) -> int | str:
    return number + 1 + value if isinstance(value, int) else f"{OTHER} {number + 1}"


def replay(ruleset: RuleSet, request: Request, answer: str, con: Any = None) -> Replayed:
    """Batch rules, stage check, stage match if nothing failed, `decide`, the reviewer, `decide` again."""
    con = con or duckdb.connect(":memory:")
    batch = {name: request.row.get(name) for name, field in ruleset.fields.items() if field.scope == "batch"}
    if any(found.verdict >= Verdict.REFER for found in evaluate_batch(ruleset, batch, switches=request.switches)):
        return Replayed(Decision.NO_DISCLOSURE, (), False)
    facts = facts_table(ruleset, [{**row, "ordinal": place} for place, row in enumerate(request.rows, 1)])
    totals, reasons = _stage(ruleset, "check", facts, request, con)
    persons: int | None = 0
    same: Any = None
    if totals["fail_deficient"] + totals["fail_uniform"] == 0:
        more, later = _stage(ruleset, "match", facts, request, con)
        totals["fail_uniform"] += more["fail_deficient"] + more["fail_uniform"]
        totals["refer"] += more["refer"]
        reasons += later
        candidates, same = request.row["candidates"], request.row["same_as_last_known"]
        persons = None if candidates is None else int(candidates)
        if same == 1 and not request.switches.get(CONFIRM_SWITCH, True):
            same = 0
    return _decided(totals, reasons, persons, same, answer, request.accepts)


def _decided(totals: Mapping[str, int], reasons: Sequence[str], persons: int | None, same: Any, answer: str, accepts: bool) -> Replayed:
    persons = None if persons is None else min(persons, 2)
    deficient, refused, opened = (min(totals[name], 1) for name in ("fail_deficient", "fail_uniform", "refer"))
    first = decision.decide(RequestFacts(deficient, refused, opened, persons, same, answer))
    if first != Decision.REFER:
        return Replayed(first, (), False)
    accepted = accepts and NEVER_ACCEPTED not in reasons
    refused += not accepted
    return Replayed(decision.decide(RequestFacts(deficient, refused, 0, persons, same, answer)), tuple(reasons), accepted)


def _stage(ruleset: RuleSet, stage: str, facts: Any, request: Request, con: Any) -> tuple[dict[str, int], list[str]]:
    """The totals of the first row, and the reason codes of what failed or referred."""
    findings = evaluate(ruleset, stage, facts, switches=request.switches, con=con, engine="duckdb").slice(0, 1)
    line = findings.to_pylist()[0]
    reasons = [f"{line[f'{rule}_reason']}" for rule in rules_of(findings) if line[rule] >= Verdict.REFER]
    return dict(summarise(findings, ruleset, stage).to_pylist()[0]), reasons


def kept(invariant: Invariant, request: Request, replayed: Replayed) -> bool:
    """Whether the outcome of a request keeps an invariant, by the plain meaning of rules.reference."""
    switch = invariant.switch
    if replayed.decision not in invariant.of or (switch and request.switches[switch.name] != switch.when_on):
        return True
    names = {name for row in request.rows for name in row}
    rows = [{**dict.fromkeys(names), **row} for row in request.rows]
    if invariant.when is not None and truth(invariant.when, rows[0], rows) is False:
        return True
    met = truth(invariant.require, rows[0], rows)
    if met is True or not replayed.accepted:
        return met is True
    return invariant.person == "decides" or (invariant.person == "unknown" and met is None)
