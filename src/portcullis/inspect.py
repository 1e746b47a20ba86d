"""A person looks at one request: what was asked, what each rule said, and what the register holds.

Every look writes an `inspection` leaf first: who, why, through which command (26 U.S.C. 6103(b)(7) counts a look as an inspection).
No score is shown while somebody is to decide; the findings say in words what agreed and what did not. Who has decided may see the weights
(`show_evidence`).
"""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import Connection

from portcullis import evidence
from portcullis.batches import get
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.inspections import inspection, mark_own
from portcullis.matching.answers import on_file
from portcullis.matching.explain import explain
from portcullis.matching.kept import kept_register
from portcullis.matching.requests import prepare_requests
from portcullis.model import Verdict
from portcullis.oversight import Identity, blind_indices
from portcullis.steps.context import agreement_of, rules_of_day
from portcullis.store import writing

__all__ = ["show_evidence", "show_request"]

_MOST_MET = 5


def show_request(home: Home, batch_id: str, ordinal: int, person: str, command: str) -> dict[str, object]:
    """Everything a reviewer may see of one request. Raises Refused when there is no such request."""
    with writing(home.engine) as conn:
        row = get(conn, batch_id)
        if not 1 <= ordinal <= row["count"]:
            raise Refused(f"There is no request {batch_id}/{ordinal}.", f"The batch has {row['count']}.", "Name one of them.")
        index = inspection(home, conn, person=person, why="review", command=command, batch_id=batch_id)
        rules = rules_of_day(agreement_of(home, conn, row), row)
        asked = {name: value for name, value in _row(home, conn, batch_id, "raw", ordinal).items() if value is not None}
        mark_own(conn, index, person, _blind(home, asked))
        findings: list[dict[str, object]] = []
        for stage in ("checked_findings", "matched_findings"):
            if not evidence.has(conn, batch_id, stage):
                continue
            found = _row(home, conn, batch_id, stage, ordinal)
            for rule in (name for name in found if f"{name}_reason" in found):
                verdict = Verdict(int(str(found[rule])))
                if verdict >= Verdict.REFER:
                    stated = rules.rule(rule)
                    finding = {"rule": rule, "verdict": verdict.name.lower(), "reason": found[f"{rule}_reason"], "title": stated.title}
                    finding["says"] = stated.message
                    findings.append(finding | {"citation": stated.citation})
        register: list[dict[str, object]] = []
        if evidence.has(conn, batch_id, "matched_facts"):
            matched = _row(home, conn, batch_id, "matched_facts", ordinal)
            if matched.get("person_id") is not None:
                register = on_file(kept_register(home.path / "register"), str(matched["person_id"]))
    return {"batch": batch_id, "ordinal": ordinal, "asked": asked, "findings": findings, "on_file": register}


def show_evidence(home: Home, batch_id: str, ordinal: int, person: str, command: str) -> dict[str, object]:
    """How the people met at a request's address compare with it, in words and match weights, the heaviest first; no value of a row.

    For somebody who has decided: the caller asks for that. `same_register` is False when another register was loaded since the batch was
    matched. Raises Refused when there is no such request.
    """
    with writing(home.engine) as conn:
        row = get(conn, batch_id)
        if not 1 <= ordinal <= row["count"]:
            raise Refused(f"There is no request {batch_id}/{ordinal}.", f"The batch has {row['count']}.", "Name one of them.")
        index = inspection(home, conn, person=person, why="review", command=command, batch_id=batch_id)
        raw = _row(home, conn, batch_id, "raw", ordinal)
        mark_own(conn, index, person, _blind(home, {name: value for name, value in raw.items() if value is not None}))
    register = kept_register(home.path / "register")
    columns = {name: pa.array([value], pa.int64() if name == "ordinal" else pa.string()) for name, value in raw.items()}
    prepared = prepare_requests(pa.table(columns))
    met = sorted(explain(prepared, register), key=lambda one: -float(one["weight"]))
    told = [{name: value for name, value in one.items() if name != "person_id"} for one in met[:_MOST_MET]]
    same = row["register_version"] in (None, register.version)
    return {"batch": batch_id, "ordinal": ordinal, "met": told, "of": len(met), "same_register": same}


def _blind(home: Home, asked: dict[str, object]) -> set[bytes]:
    """By which indices the person asked about is known; none when the row states too little."""
    names = ("taxpayer_number", "given_name", "family_name", "date_of_birth")
    try:
        return blind_indices(home, Identity(**{name: str(asked[name]) for name in names if name in asked}))
    except Refused:
        return set()


def _row(home: Home, conn: Connection, batch_id: str, name: str, ordinal: int) -> dict[str, object]:
    return dict(evidence.row(home, conn, batch_id, name, ordinal, lambda _: True))
