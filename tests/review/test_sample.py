"""The sample nobody can choose: numbers laid in stock beforehand, one draw, refusals too, and one defect blocks for good (R41)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey_home import AGREEMENT, ROWS, Scene, rows_of, truth_of
from portcullis import journey
from portcullis.demo.play import authorize_all, check_sample, dispatch_and_acknowledge, to_sampled
from portcullis.errors import OutOfOrder, Refused
from portcullis.ledger import leaf_hash
from portcullis.ledger import root as tree_root
from portcullis.model import LeafType, Role
from portcullis.review import (
    commit_stock,
    drawn_ordinals,
    record_sample,
    reveal_and_draw,
    sample_content,
    select_positions,
    stock_content,
)
from portcullis.review.sample import next_k
from portcullis.steps.sample import draw
from portcullis.store import schema

At = Callable[[str], Scene]
SEED = st.binary(min_size=32, max_size=32)


# ---- which positions a seed draws ------------------------------------------------------------
@given(SEED, st.integers(0, 200), st.integers(0, 300))
def test_a_seed_draws_each_position_at_most_once_and_as_many_as_asked(seed: bytes, count: int, size: int) -> None:
    drawn = select_positions(seed, count, size)
    assert drawn == sorted(set(drawn))
    assert len(drawn) == min(count, size)
    assert all(0 <= position < count for position in drawn)
    assert drawn == select_positions(seed, count, size)


@given(SEED, st.integers(1, 100), st.integers(0, 99))
def test_a_larger_sample_holds_the_smaller_one(seed: bytes, count: int, size: int) -> None:
    assert set(select_positions(seed, count, size)) <= set(select_positions(seed, count, size + 1))


def test_every_position_is_drawn_about_equally_often() -> None:
    """10 of 50 by 2,000 seeds: each position about 400 times; 5 standard deviations are 90."""
    times = [0] * 50
    for n in range(2_000):
        for position in select_positions(hashlib.sha256(b"seed %d" % n).digest(), 50, 10):
            times[position] += 1
    assert max(abs(found - 400) for found in times) < 90


# ---- the stock ------------------------------------------------------------
def lay(scene: Scene, k: int, person: str = "IRS-0008", signed_k: int | None = None) -> None:
    commitment = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
    content = stock_content(signed_k or k, commitment)
    commit_stock(scene.home, k, commitment, scene.cast.act(person, "sample.commit", content), apart=True)


def test_numbers_are_laid_in_stock_one_after_the_other(at: At) -> None:
    scene = at("ready")
    lay(scene, 3)
    for wrong in (3, 5, 0):
        with pytest.raises(Refused, match="next commitment in stock is number 4"):
            lay(scene, wrong)
    with pytest.raises(Refused, match="another content"):
        lay(scene, 4, signed_k=5)
    assert [leaf["k"] for leaf in scene.leaves(LeafType.SAMPLE_COMMITTED)] == [1, 2, 3]


@pytest.mark.parametrize("person", ["IRS-0001", "IRS-0002", "IRS-0004", "IRS-0006", "ICE-1001"])
def test_only_the_overseer_lays_numbers_in_stock(at: At, person: str) -> None:
    with pytest.raises(Refused, match="needs the role overseer"):
        lay(at("ready"), 3, person)


def test_with_an_empty_stock_a_batch_stops_before_its_decisions_and_goes_on_once_there_is_a_number(at_both: At) -> None:
    scene = at_both("ready")
    for _ in range(3):
        scene.send(rows_of(ROWS[:2]))
    with pytest.raises(Refused, match="no committed number in stock"):
        journey.run(scene.home, scene.batch)
    assert (scene.state, scene.leaves(LeafType.REQUEST_DECIDED)) == ("checked", [])
    scene.lay_stock()
    assert journey.run(scene.home, scene.batch) == "reviewed"
    assert scene.row()["sample_k"] == 3


# ---- the draw ------------------------------------------------------------
def test_the_draw_can_be_done_again_by_anybody_from_the_leaves_alone(at_both: At) -> None:
    scene = at_both("sampled")
    (revealed,), (drawn,) = scene.leaves(LeafType.SAMPLE_REVEALED), scene.leaves(LeafType.SAMPLE_DRAWN)
    with scene.read() as conn:
        bodies = [bytes(row.body) for row in conn.execute(schema.leaf.select().order_by(schema.leaf.c.idx))]
        ordinals = drawn_ordinals(conn, scene.batch)
    hashes = [leaf_hash(body) for body in bodies]
    decided = [leaf["index"] for leaf in scene.leaves(LeafType.REQUEST_DECIDED)]
    assert drawn["decisions_root"] == tree_root([hashes[index] for index in decided]).hex() == scene.row()["decisions_root"]
    assert drawn["checkpoint_root"] == tree_root(hashes[: drawn["checkpoint_size"]]).hex()
    assert max(decided) < drawn["checkpoint_size"] <= revealed["index"] < drawn["index"]
    number = bytes.fromhex(revealed["r"])
    laid = next(leaf for leaf in scene.leaves(LeafType.SAMPLE_COMMITTED) if leaf["k"] == revealed["k"])
    assert laid["commitment"] == hashlib.sha256(number).hexdigest()
    assert laid["index"] < min(decided)
    seed = hashlib.sha256(number + bytes.fromhex(drawn["decisions_root"]) + bytes.fromhex(drawn["checkpoint_root"])).digest()
    assert (drawn["seed"], drawn["of"]) == (seed.hex(), len(ROWS))
    q = schema.request
    with scene.read() as conn:
        by_leaf = {row.leaf_idx: row.ordinal for row in conn.execute(q.select().where(q.c.batch_id == scene.batch))}
    positions = select_positions(seed, drawn["of"], drawn["n"])
    assert sorted(by_leaf[decided[position]] for position in positions) == ordinals


def test_refusals_are_drawn_like_disclosures(at: At) -> None:
    """The batch is smaller than the sample, so all of it is drawn: what was refused, deficient, reviewed and answered."""
    scene = at("reviewed")
    assert sorted(draw(scene.home, scene.batch, scene.cast.numbers[0])) == list(range(1, len(ROWS) + 1))


@pytest.mark.parametrize("number", ["another one", "the next in stock", "cut short"])
def test_another_number_than_the_one_committed_draws_nothing(at: At, number: str) -> None:
    scene = at("reviewed")
    right, following = scene.cast.numbers[:2]
    wrong = {"another one": bytes(32), "the next in stock": following, "cut short": right[:31]}[number]
    with pytest.raises(Refused, match="not the number that was committed"):
        draw(scene.home, scene.batch, wrong)
    assert scene.leaves(LeafType.SAMPLE_REVEALED, LeafType.SAMPLE_DRAWN) == []
    assert len(draw(scene.home, scene.batch, right)) == len(ROWS)


def test_there_is_one_draw(at_both: At) -> None:
    scene = at_both("reviewed")
    draw(scene.home, scene.batch, scene.cast.numbers[0])
    with pytest.raises(OutOfOrder, match="was drawn"):
        draw(scene.home, scene.batch, scene.cast.numbers[0])
    assert len(scene.leaves(LeafType.SAMPLE_DRAWN)) == scene.count(schema.sample) == 1


@pytest.mark.parametrize("station", ["received", "matched", "sampled", "authorized"])
def test_a_sample_is_drawn_only_when_all_decisions_are_written(at: At, station: str) -> None:
    scene = at(station)
    with pytest.raises(OutOfOrder, match="no decisions to sample"):
        draw(scene.home, scene.batch, scene.cast.numbers[0])


def test_a_checkpoint_from_before_the_decisions_draws_nothing(at: At) -> None:
    """Otherwise whoever knows the number could choose among decisions not yet written."""
    scene = at("reviewed")
    decided = [(leaf["index"], n) for n, leaf in enumerate(scene.leaves(LeafType.REQUEST_DECIDED), 1)]
    with pytest.raises(OutOfOrder, match="does not cover the decisions"):
        reveal_and_draw(scene.home, scene.batch, scene.cast.numbers[0], (decided[-1][0], bytes(32)), decided, size=299)


# ---- the check by hand ------------------------------------------------------------
def record(scene: Scene, verdicts: Mapping[int, str], person: str = "IRS-0008", **signed: int) -> bool:
    stated = {"checked": len(ROWS), "defects": sum(v == "defect" for v in verdicts.values())} | signed
    content = sample_content(scene.row()["log_id"], scene.row()["decisions_root"], **stated)
    return record_sample(scene.home, scene.batch, verdicts, scene.cast.act(person, "sample.record", content, AGREEMENT))


def drawn(at: At) -> Scene:
    scene = at("reviewed")
    draw(scene.home, scene.batch, scene.cast.numbers[0])
    return scene


GOOD = dict.fromkeys(range(1, len(ROWS) + 1), "ok")


def test_a_sample_without_defect_lets_the_batch_go_on(at: At) -> None:
    scene = drawn(at)
    assert record(scene, GOOD)
    (leaf,) = scene.leaves(LeafType.SAMPLE_PASSED)
    assert (scene.state, leaf["checked"], leaf["defects"]) == ("sampled", len(ROWS), 0)


def test_one_defect_blocks_the_batch_for_good_and_the_recipient_may_send_a_new_one(at_both: At) -> None:
    scene = at_both("reviewed")
    draw(scene.home, scene.batch, scene.cast.numbers[0])
    assert record(scene, GOOD | {2: "defect"}) is False
    assert [leaf["why"] for leaf in scene.leaves(LeafType.BATCH_BLOCKED)] == ["B-SAMPLE-FAILED"]
    assert len(scene.leaves(LeafType.SAMPLE_FAILED)) == 1
    assert journey.run(scene.home, scene.batch) == "blocked"
    for again in (lambda: record(scene, GOOD), lambda: draw(scene.home, scene.batch, scene.cast.numbers[0])):
        with pytest.raises(OutOfOrder):
            again()
    with pytest.raises(OutOfOrder):
        authorize_all(scene.cast, scene.batch)
    assert scene.count(schema.outbox) == 0
    blocked = scene.batch
    scene.send(rows_of(ROWS[:2]))
    assert to_sampled(scene.cast, scene.batch, truth_of(ROWS[:2]))
    authorize_all(scene.cast, scene.batch)
    assert dispatch_and_acknowledge(scene.cast, scene.batch) == 2
    assert scene.row(blocked)["state"] == "blocked"


def test_a_hand_check_finds_what_the_program_got_wrong(at: At) -> None:
    """The demonstration's checker goes by the truth: were row 3 about nobody on the register, its disclosure is a defect."""
    scene = at("reviewed")
    assert check_sample(scene.cast, scene.batch, truth_of() | {3: (None, False)}) is False
    assert scene.state == "blocked"


@pytest.mark.parametrize(
    "verdicts",
    [
        {n: v for n, v in GOOD.items() if n != 4},
        GOOD | {11: "ok"},
        GOOD | {4: "fine"},
        {},
    ],
    ids=["one left out", "one too many", "another word", "none"],
)
def test_the_check_is_of_exactly_the_drawn_requests(at: At, verdicts: dict[int, str]) -> None:
    scene = drawn(at)
    with pytest.raises(Refused, match="not of exactly the drawn"):
        record(scene, verdicts)
    assert scene.state == "reviewed"


def test_a_signature_over_fewer_defects_than_recorded_does_not_count(at: At) -> None:
    scene = drawn(at)
    with pytest.raises(Refused, match="another content"):
        record(scene, GOOD | {2: "defect"}, defects=0)
    with pytest.raises(Refused, match="another content"):
        record(scene, GOOD, checked=5)
    assert scene.state == "reviewed"


@pytest.mark.parametrize("person", ["IRS-0001", "IRS-0004", "IRS-0006", "ICE-1001"])
def test_only_a_reviewer_or_the_overseer_checks(at: At, person: str) -> None:
    with pytest.raises(Refused, match="needs the role"):
        record(drawn(at), GOOD, person)


def test_who_operates_does_not_check_and_who_checks_does_not_authorize(at: At) -> None:
    scene = drawn(at)
    with pytest.raises(Refused, match="already operator"):
        record(scene, GOOD, scene.newcomer(scene.home.settings.operator, Role.OVERSEER))
    both = scene.newcomer("IRS-0011", Role.OVERSEER, Role.AUTHORIZER)
    assert record(scene, GOOD, both)
    journey.run(scene.home, scene.batch)
    scene.cast.keys["IRS-0004"], scene.cast.keys["IRS-0005"] = scene.cast.keys[both], scene.cast.keys["IRS-0005"]
    with pytest.raises(Refused, match="another person"):
        authorize_all(scene.cast, scene.batch)


def test_nothing_is_checked_before_it_is_drawn(at: At) -> None:
    with pytest.raises(OutOfOrder, match="no open sample"):
        record(at("reviewed"), GOOD)


def test_the_overseers_signature_stands_in_the_ledger(at: At) -> None:
    (leaf,) = at("sampled").leaves(LeafType.SAMPLE_PASSED)
    payload = base64.b64decode(leaf["act"]["payload"])
    assert b'"officer":"IRS-0008"' in payload
    assert b'"action":"sample.record"' in payload


def test_the_next_number_is_one_more_than_the_last(at: At) -> None:
    with at("ready").read() as conn:
        assert next_k(conn) == 3
