"""A counterexample is replayed as the gateway runs: the same decision as the pipeline's, the same reviewers as record_review."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from portcullis import decision, pipeline
from portcullis.model import Decision
from portcullis.pipeline import Checked, Matched
from portcullis.review import queue
from portcullis.rules import evaluate, summarise
from portcullis.rules.prove.outcome import NEVER_ACCEPTED
from portcullis.rules.prove.replay import Request, others_of, replay
from rules_lawful import lawful_batch_facts, lawful_facts, ruleset, table

REQUESTS: list[tuple[dict[str, Any], dict[str, bool], bool, Decision]] = [
    ({}, {}, False, Decision.DISCLOSE),
    ({"same_as_last_known": 1}, {}, False, Decision.CONFIRM),
    ({"same_as_last_known": 1}, {"R37_confirm": False}, False, Decision.DISCLOSE),
    ({"same_as_last_known": None}, {"R37_confirm": False}, True, Decision.NO_DISCLOSURE),
    ({"address_deliverable": 0}, {}, True, Decision.DEFICIENT),
    ({"name_personal": None}, {}, True, Decision.DISCLOSE),
    ({"name_personal": None}, {}, False, Decision.NO_DISCLOSURE),
    ({"name_personal": None, "veto": 1}, {}, True, Decision.NO_DISCLOSURE),
    ({"rivals": 1, "joint": None}, {}, True, Decision.NO_DISCLOSURE),
    ({"candidates": None}, {}, True, Decision.NO_DISCLOSURE),
    ({"exclusions": 1, "engaged_min_load": 500}, {"R27_load": False}, True, Decision.DISCLOSE),
]
"""What differs from the lawful request, which switches are turned, whether a reviewer accepts, and what is decided."""


def by_the_pipeline(row: dict[str, Any], switches: dict[str, bool], accepts: bool) -> Decision:
    """What pipeline.decide_all writes, once a reviewer has closed the referral as record_review lets them."""
    facts = table(row)
    findings = evaluate(ruleset(), "check", facts, switches=switches)
    empty = pa.table({})
    checked = Checked(empty, empty, facts, findings, summarise(findings, ruleset(), "check"))
    there = facts.append_column("person_id", pa.array(["p"])).append_column("answer_row", pa.array([0], pa.int64()))
    there = there.take(pipeline.passed(checked))
    found = evaluate(ruleset(), "match", there, switches=switches)
    matched = Matched(there, found, summarise(found, ruleset(), "match"))
    confirm = switches["R37_confirm"]
    first = pipeline.decide_all(checked, matched, {}, "address", confirm=confirm).to_pylist()[0]
    if first["decision"] != Decision.REFER:
        return Decision(first["decision"])
    verdict = "accept" if accepts and "M-AMBIGUOUS" not in first["reasons"].split(";") else "refuse"
    return Decision(pipeline.decide_all(checked, matched, {1: verdict}, "address", confirm=confirm)["decision"][0].as_py())


@pytest.mark.parametrize(("changed", "turned", "accepts", "decision"), REQUESTS)
def test_the_replay_decides_as_the_pipeline_does(
    changed: dict[str, Any], turned: dict[str, bool], accepts: bool, decision: Decision
) -> None:
    row, switches = lawful_facts(**changed), ruleset().positions(turned)
    replayed = replay(ruleset(), Request({**row, **lawful_batch_facts()}, (), switches, accepts), "address")
    assert replayed.decision == by_the_pipeline(row, switches, accepts) == decision


def test_a_batch_that_its_own_rules_refuse_answers_nothing() -> None:
    row = {**lawful_facts(), **lawful_batch_facts(stay_active=1)}
    assert replay(ruleset(), Request(row, (), ruleset().positions(), True), "address").decision == Decision.NO_DISCLOSURE


def test_the_reason_for_which_nobody_may_accept_is_the_one_that_reviews_know() -> None:
    """One constant, beside the tables; the refusal itself is tried in tests/review/test_queue.py."""
    assert NEVER_ACCEPTED is decision.NEVER_ACCEPTED is queue.NEVER_ACCEPTED


@pytest.mark.parametrize(("rows", "decision"), [(3, Decision.DISCLOSE), (30, Decision.NO_DISCLOSURE)])
def test_other_rows_of_the_batch_are_made_as_z3_counted_them(rows: int, decision: Decision) -> None:
    """Thirty rows with one masked reason are boilerplate, three are not (R24)."""
    row = {**lawful_facts(), **lawful_batch_facts()}
    others = others_of(row, {(("masked_reason",), None): rows, (("case_key",), "subject_key"): 1}, 40)
    assert len(others) == 39
    assert replay(ruleset(), Request(row, others, ruleset().positions(), False), "address").decision == decision
