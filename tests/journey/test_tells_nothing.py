"""What a reader of the entries sees tells neither which row, nor what became of it: sizes are equal, order is drawn, hashes are salted."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import numpy as np

from journey_home import ANSWERED, ROWS, Scene, rows_of, small, truth_of
from portcullis import accounting, evidence, journey
from portcullis.crypto import commit
from portcullis.demo.play import check_sample
from portcullis.model import LeafType
from portcullis.release import dispatch
from portcullis.steps.decide import _order as drawn_order
from portcullis.store import schema

At = Callable[[str], Scene]


def by_leaf(scene: Scene) -> dict[str, int]:
    """Ledger request id → ordinal: what only the source agency's store knows."""
    q = schema.request
    with scene.read() as conn:
        return {row.log_request: row.ordinal for row in conn.execute(q.select().where(q.c.batch_id == scene.batch))}


def decided_order(scene: Scene) -> list[int]:
    rows = by_leaf(scene)
    return [rows[leaf["id"]] for leaf in scene.leaves(LeafType.REQUEST_DECIDED, batch=scene.batch)]


def disclosed_order(scene: Scene) -> list[int]:
    rows = by_leaf(scene)
    return [rows[leaf["request"]] for leaf in scene.leaves(LeafType.DISCLOSURE, batch=scene.batch)]


def test_all_leaves_of_a_kind_have_one_size_whatever_was_decided(at: At) -> None:
    scene = at("dispatched")
    for kind in (LeafType.REQUEST_DECIDED, LeafType.DISCLOSURE, LeafType.REVIEW_RECORDED):
        leaves = scene.leaves(kind)
        assert len(leaves) > 1
        assert len({leaf["size"] for leaf in leaves}) == 1
        assert len({str(sorted(leaf)) for leaf in leaves}) == 1


def test_the_decided_leaves_hold_nothing_but_an_id_two_commitments_and_what_is_common_to_all(at: At) -> None:
    scene = at("dispatched")
    leaves = scene.leaves(LeafType.REQUEST_DECIDED)
    varying = {name for name in leaves[0] if len({str(leaf[name]) for leaf in leaves}) > 1}
    assert varying == {"index", "id", "decision", "subject"}
    assert all(len(leaf["id"]) == 32 and len(leaf["decision"]) == len(leaf["subject"]) == 64 for leaf in leaves)


def test_a_commitment_opens_only_with_its_own_salt_and_no_guess_finds_it(at: At) -> None:
    """There are few decisions: were the salt missing or shared, a reader could try them all."""
    scene = at("dispatched")
    with scene.read() as conn:
        rows = {row["log_request"]: row for row in accounting.read(scene.home, conn, scene.batch).to_pylist()}
    salts = [row[name] for row in rows.values() for name in ("decision_salt", "subject_salt", "accounting_salt")]
    assert len(set(salts)) == len(salts) == 3 * len(ROWS)
    assert {len(salt) for salt in salts} == {32}
    for leaf in scene.leaves(LeafType.REQUEST_DECIDED):
        row = rows[leaf["id"]]
        agreement = leaf["agreement"]["id"]
        for name in ("decision", "subject"):
            value = json.loads(row[name])
            assert leaf[name] == commit(row[f"{name}_salt"], name, leaf["id"], agreement, value).hex()
            for other in (bytes(32), row["accounting_salt"]):
                assert leaf[name] != commit(other, name, leaf["id"], agreement, value).hex()


def test_the_order_of_decisions_in_the_log_is_the_one_that_was_drawn(at: At) -> None:
    scene = at("reviewed")
    with scene.read() as conn:
        drawn = evidence.read(scene.home, conn, scene.batch, "decisions", columns=["order"])["order"].to_pylist()
    assert decided_order(scene) == [place + 1 for place in drawn]


def test_every_row_is_drawn_into_every_place_about_equally_often() -> None:
    """2,000 draws of six rows: each row in each place about 333 times; five standard deviations are 83."""
    times = np.zeros((6, 6), np.int64)
    for _ in range(2_000):
        times[np.arange(6), drawn_order(6)] += 1
    assert np.abs(times - 2_000 / 6).max() < 83


def test_the_draw_is_another_each_time(at: At) -> None:
    """The same batch from the same state: three orders, none of them the file's. By chance alike: once in a million million."""
    orders = []
    for _ in range(3):
        scene = at("ready")
        scene.send(small().clean.requests.to_pylist()[:20])
        journey.run(scene.home, scene.batch)
        orders.append(decided_order(scene))
    assert all(sorted(order) == list(range(1, 21)) for order in orders)
    assert len({tuple(order) for order in [*orders, list(range(1, 21))]}) == 4


def test_disclosures_stand_in_an_order_drawn_anew(at: At) -> None:
    """Sixteen dispatches from one state: always the same answers, and not always in one order (24 are possible)."""
    orders = []
    for _ in range(16):
        scene = at("committed")
        dispatch(scene.home, scene.batch)
        orders.append(tuple(disclosed_order(scene)))
    assert {tuple(sorted(order)) for order in orders} == {ANSWERED}
    assert len(set(orders)) >= 4


def test_two_batches_that_differ_in_one_outcome_leave_the_same_trace_until_they_are_dispatched(at: At) -> None:
    """Types and sizes, leaf by leaf: a disclosed request, one refused for a veto, one for nobody there."""
    traces = []
    for kind in (ROWS[1], ROWS[3], ROWS[4]):
        scene = at("ready")
        scene.send(rows_of([ROWS[0], kind]))
        journey.run(scene.home, scene.batch)
        check_sample(scene.cast, scene.batch, truth_of([ROWS[0], kind]))
        traces.append([(leaf["type"], leaf["size"]) for leaf in scene.leaves(batch=scene.batch)])
    for one, other in itertools.pairwise(traces):
        assert one == other


def test_a_batch_is_named_in_the_log_by_a_random_id_and_never_by_its_number(at: At) -> None:
    scene = at("dispatched")
    leaf = schema.leaf
    with scene.read() as conn:
        bodies = [bytes(row.body) for row in conn.execute(leaf.select())]
    assert not [body for body in bodies if scene.batch.encode() in body]
    assert not [body for body in bodies if b'"ordinal"' in body]
