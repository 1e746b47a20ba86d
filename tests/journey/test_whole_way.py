"""A batch goes the whole way on each store: what may be answered is, what may not is not, and the evidence verifies offline."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from journey_home import ANSWERED, OFFICERS, ROWS, STATIONS, Scene, small, truth_of
from portcullis import evidence, journey, synthetic
from portcullis.demo.play import authorize_all, close_reviews, dispatch_and_acknowledge, to_sampled
from portcullis.demo.run import truth_by_ordinal
from portcullis.export import export_bundle
from portcullis.model import LeafType
from portcullis.release import deliver, dispatch
from portcullis.store import schema

At = Callable[[str], Scene]
VERIFIER = Path(__file__).parents[2] / "verifier" / "verify.py"


def outcome(scene: Scene) -> dict[int, tuple[str, str | None]]:
    """Ordinal → decision and first reason, from the evidence."""
    with scene.read() as conn:
        table = evidence.read(scene.home, conn, scene.batch, "decisions", columns=["ordinal", "decision", "reason"])
    return {row["ordinal"]: (row["decision"], row["reason"]) for row in table.to_pylist()}


def test_a_batch_with_a_row_of_every_kind_goes_from_receipt_to_receipt(at_both: At) -> None:
    scene = at_both("received")
    assert journey.status(scene.home, scene.batch)["awaiting"] == ["batch run"]
    assert journey.run(scene.home, scene.batch) == "matched"
    assert journey.status(scene.home, scene.batch)["awaiting"] == ["2 reviews"]
    assert to_sampled(scene.cast, scene.batch, truth_of())
    found = journey.status(scene.home, scene.batch)
    assert (found["state"], found["awaiting"]) == ("sampled", ["2 authorizations"])
    authorize_all(scene.cast, scene.batch)
    assert dispatch_and_acknowledge(scene.cast, scene.batch) == len(ANSWERED)
    assert outcome(scene) == {n: (kind.decision, kind.reason) for n, kind in enumerate(ROWS, 1)}
    found = journey.status(scene.home, scene.batch)
    assert (found["state"], found["awaiting"], found["held"], found["received"]) == ("acknowledged", [], False, len(ROWS))
    assert found["by_decision"] == dict(Counter(kind.decision for kind in ROWS))
    assert found["by_reason"] == dict(Counter(kind.reason for kind in ROWS if kind.reason))


def test_every_request_has_exactly_one_decision_in_store_and_ledger(at_both: At) -> None:
    scene = at_both("dispatched")
    leaves = scene.leaves(LeafType.REQUEST_DECIDED, batch=scene.batch)
    q = schema.request
    with scene.read() as conn:
        rows = {row.log_request: row for row in conn.execute(q.select().where(q.c.batch_id == scene.batch))}
    assert len(leaves) == len(rows) == len(ROWS)
    assert {leaf["id"]: leaf["index"] for leaf in leaves} == {request: row.leaf_idx for request, row in rows.items()}
    assert sorted(row.ordinal for row in rows.values()) == list(range(1, len(ROWS) + 1))
    assert {row.ordinal for row in rows.values() if row.answered} == set(ANSWERED)


def test_the_evidence_of_the_whole_way_verifies_offline(at_both: At, tmp_path: Path) -> None:
    scene = at_both("committed")
    dispatch(scene.home, scene.batch)
    deliver(scene.home, scene.batch)
    bundle, trust = tmp_path / "bundle", tmp_path / "trust.json"
    export_bundle(scene.home, bundle, trust=trust)
    done = subprocess.run([sys.executable, VERIFIER, bundle, "--trust", trust], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("station", STATIONS[1:])
def test_running_again_changes_nothing(at: At, station: str) -> None:
    scene = at(station)
    if station == "received":
        journey.run(scene.home, scene.batch)
    before = (scene.state, scene.row()["evidence_sha256s"], len(scene.leaves()))
    assert journey.run(scene.home, scene.batch) == before[0]
    assert (scene.state, scene.row()["evidence_sha256s"], len(scene.leaves())) == before


def test_each_hostile_request_is_not_answered_and_each_for_its_own_reason(at: At) -> None:
    """One row per defect and per person who must not be disclosed; nobody accepts anything in review."""
    scene = at("ready")
    hostile = small().hostile
    scene.send(hostile.requests.to_pylist(), {officer: range(1 + n * 14, 15 + n * 14) for n, officer in enumerate(OFFICERS)})
    journey.run(scene.home, scene.batch)
    close_reviews(scene.cast, scene.batch)
    journey.run(scene.home, scene.batch)
    found = outcome(scene)
    hidden = dict(enumerate(hostile.truth.to_pylist(), 1))
    assert {n: decision for n, (decision, _) in found.items()} == {n: truth["outcome"] for n, truth in hidden.items()}
    assert all(reason for _, reason in found.values())
    by_rule = {truth["rule"]: set[str | None]() for truth in hidden.values()}
    for n, truth in hidden.items():
        by_rule[truth["rule"]].add(found[n][1])
    assert by_rule["R30"] == {"D-VETO"}
    assert by_rule["R31"] == {"N-REVIEW"}
    assert by_rule["R14"] == {"P-ADDR-PLACEHOLDER"}


def test_every_lawful_request_of_a_clean_batch_is_answered(at: At) -> None:
    scene = at("ready")
    clean = small().clean
    scene.send(clean.requests.to_pylist())
    assert to_sampled(scene.cast, scene.batch, truth_by_ordinal(clean))
    assert clean.truth["lawful_matchable"].to_pylist() == [True] * clean.requests.num_rows
    assert Counter(outcome(scene).values()).keys() == {("confirm", None), ("disclose", None)}
    authorize_all(scene.cast, scene.batch)
    assert dispatch_and_acknowledge(scene.cast, scene.batch) == clean.requests.num_rows


# ---- the file of June 2025 -----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def june() -> list[dict[str, str | None]]:
    """A hundred and fifty rows shaped like the file of 27 June 2025: one engaged officer, no criminal case, addresses of every sort."""
    made = synthetic.register(0.0005)
    rows: list[dict[str, str | None]] = synthetic.june_2025(made, 0.0005).requests.slice(0, 150).to_pylist()
    return rows


def test_the_june_file_is_refused_row_by_row_and_nothing_of_it_leaves(at_both: At, june: list[dict[str, str | None]]) -> None:
    scene = at_both("ready")
    scene.send(june)
    assert journey.run(scene.home, scene.batch) == "reviewed"
    found = outcome(scene)
    assert {decision for decision, _ in found.values()} == {"deficient"}
    assert len({reason for _, reason in found.values()}) > 1, "each row is judged by itself"
    with scene.read() as conn:
        assert evidence.read(scene.home, conn, scene.batch, "matched_facts").num_rows == 0, "the register was read for none of them"
    assert to_sampled(scene.cast, scene.batch, {})
    authorize_all(scene.cast, scene.batch)
    assert dispatch_and_acknowledge(scene.cast, scene.batch) == 0
    assert scene.leaves(LeafType.DISCLOSURE) == []
    (closed,) = scene.leaves(LeafType.BATCH_CLOSED)
    assert (closed["received"], closed["answered"]) == (len(june), 0)
