"""Why one request of a real batch stands as it does, for somebody at the source agency; what its sender may know is a part by itself.

1. A look is an `inspection` leaf before anything is read: who, why, through which command (26 U.S.C. 6103(b)(7)).
2. Rules and switches are those the ledger names for the batch, whatever holds today (R58, R59).
3. Findings are those that were kept. No value of a row is repeated.
4. What the sender may know follows from its own data alone: it is the same for a request that is answered and for one that the register
   refused (R39).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from portcullis import evidence
from portcullis.batches import get
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.inspections import inspection
from portcullis.model import Finding, Verdict
from portcullis.rules import RuleSet
from portcullis.rules.because import because, for_requester
from portcullis.steps.again import basis_of
from portcullis.store import reading, writing

__all__ = ["why"]

_STAGES = ("check", "match")
_FILES = {"check": ("checked_findings", "checked_facts"), "match": ("matched_findings", "matched_facts")}


def why(home: Home, batch_id: str, ordinal: int, person: str, only: str | None = None) -> dict[str, Any]:
    """Every finding of one request that fails or refers (of one rule or reason, if `only`), explained; and what its sender may know.

    Raises Refused when there is no such request, or none of it was judged yet.
    """
    with writing(home.engine) as conn:
        count = get(conn, batch_id)["count"]
        if not 1 <= ordinal <= count:
            raise Refused(f"There is no request {batch_id}/{ordinal}.", f"The batch has {count}.", "Name one of them.")
        inspection(home, conn, person=person, why="explain", command="rules.explain", batch_id=batch_id)
    with reading(home.engine) as conn:
        basis = basis_of(home, conn, batch_id)
        stages = [stage for stage in _STAGES if evidence.has(conn, batch_id, _FILES[stage][0])]
        if not stages:
            raise Refused(f"Batch {batch_id} was not checked yet.", "No rule has judged it.", f"Type: portcullis batch run {batch_id}")
        facts: dict[str, int | str | None] = {}
        found: list[tuple[str, Finding]] = []
        for stage in stages:
            bad = _bad(home, conn, batch_id, _FILES[stage][0], ordinal, basis.rules)
            found += [(stage, finding) for finding in bad]
            if read := {name for finding in bad for check in basis.rules.rule(finding.rule).checks for name in check.fields}:
                facts |= _facts(home, conn, batch_id, ordinal, read)
    told = [(stage, one) for stage, one in found if only is None or only in (one.rule, one.reason)]
    return {
        "batch": batch_id,
        "ordinal": ordinal,
        "rules": basis.agreement.rules.hash,
        "stages": stages,
        "findings": [{"stage": stage, **because(basis.rules, one, facts, basis.switches)} for stage, one in told],
        "sender_may_know": for_requester(basis.rules, found),
    }


def _facts(home: Home, conn: Connection, batch_id: str, ordinal: int, names: set[str]) -> dict[str, int | str | None]:
    """The facts of those names, of both stages as far as they were kept."""
    files = [facts for _, facts in _FILES.values() if evidence.has(conn, batch_id, facts)]
    return {name: value for file in files for name, value in evidence.row(home, conn, batch_id, file, ordinal, names.__contains__).items()}


def _bad(home: Home, conn: Connection, batch_id: str, file: str, ordinal: int, rules: RuleSet) -> list[Finding]:
    """What a stage said of the request against it; nothing where the stage did not reach it."""
    verdicts = evidence.row(home, conn, batch_id, file, ordinal, lambda name: name != "ordinal" and not name.endswith("_reason"))
    bad = {rule: Verdict(verdict) for rule, verdict in verdicts.items() if verdict >= Verdict.REFER}
    reasons = evidence.row(home, conn, batch_id, file, ordinal, {f"{rule}_reason" for rule in bad}.__contains__) if bad else {}
    stated = {rule: rules.rule(rule) for rule in bad}
    return [Finding(rule, bad[rule], reasons[f"{rule}_reason"], one.citation, one.message) for rule, one in stated.items()]
