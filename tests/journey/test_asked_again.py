"""R39: whoever tries one address after another for the same person is stopped by a person, over batches, agreements and destroyed keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from sqlalchemy import insert, select, update

from journey_home import ROWS, Scene, row_of, small
from portcullis import asked, evidence, journey
from portcullis.crypto import read_parquet
from portcullis.demo.play import close_reviews
from portcullis.errors import Tampered
from portcullis.store import schema, writing

At = Callable[[str], Scene]
PLACE = ("address_line", "unit", "city", "state", "postal_code")
MINE, OTHERS = row_of(ROWS[0]), [small().clean.requests.slice(at, 1).to_pylist()[0] for at in range(3, 8)]


def probing(addresses: Iterable[int]) -> list[dict[str, str | None]]:
    """Requests about the person of the first row, each at somebody else's address, otherwise lawful."""
    return [
        MINE | {name: OTHERS[at][name] for name in PLACE} | {name: f"{MINE[name]}-{at}" for name in ("request_id", "case_id", "order_id")}
        for at in addresses
    ]


def run(scene: Scene, rows: list[dict[str, str | None]]) -> list[tuple[str, str | None]]:
    """Decision (or refer) and first reason of every row, once the batch was matched."""
    scene.lay_stock()
    scene.send(rows)
    journey.run(scene.home, scene.batch)
    with scene.read() as conn:
        r = schema.referral
        waiting = {row.ordinal: row.codes for row in conn.execute(select(r.c.ordinal, r.c.codes).where(r.c.batch_id == scene.batch))}
        if waiting:
            return [("refer", waiting[n]) if n in waiting else ("closed", None) for n in range(1, len(rows) + 1)]
        found = evidence.read(scene.home, conn, scene.batch, "decisions", columns=["decision", "reason"]).to_pylist()
    return [(row["decision"], row["reason"]) for row in found]


def test_the_fourth_address_waits_for_a_person_in_whichever_batch_it_comes(at_both: At) -> None:
    scene = at_both("ready")
    for batch in ([0, 1], [2]):
        assert {decision for decision, _ in run(scene, probing(batch))} == {"no_disclosure"}
    assert run(scene, [MINE]) == [("refer", "D-ASKED-AGAIN")]


def test_three_addresses_are_lawful_and_the_right_one_is_answered(at: At) -> None:
    scene = at("ready")
    run(scene, probing([0, 1]))
    assert run(scene, [MINE]) == [("confirm", None)]


def test_asking_for_many_people_once_each_is_no_probing(at: At) -> None:
    scene = at("ready")
    assert {decision for decision, _ in run(scene, OTHERS)} <= {"confirm", "disclose"}
    assert run(scene, [MINE]) == [("confirm", None)]


def test_what_was_asked_outlives_the_batchs_key_and_counts_for_every_agreement(at: At) -> None:
    scene = at("ready")
    run(scene, probing([0, 1, 2]))
    a, b = schema.agreement, schema.batch
    with writing(scene.home.engine) as conn:
        first = dict(conn.execute(select(a)).mappings().one())
        conn.execute(insert(a).values(first | {"id": "another"}))
        gone = {"agreement_id": "another", "wrapped_key": None, "key_destroyed_at": scene.clock()}
        conn.execute(update(b).where(b.c.id == scene.batch).values(gone))
    assert run(scene, [MINE]) == [("refer", "D-ASKED-AGAIN")]


def test_after_twelve_months_it_counts_no_more(at: At) -> None:
    scene = at("ready")
    run(scene, probing([0]))
    day = 86_400
    with scene.read() as conn:
        assert len(asked.earlier(scene.home, conn, "B-2026-000099", scene.clock() + 364 * day)) == 1
        assert asked.earlier(scene.home, conn, "B-2026-000099", scene.clock() + asked.MEMORY_DAYS * day) == []


def test_what_a_rule_refused_is_not_held_against_anybody(at: At) -> None:
    """A request sent without a reason was never looked up: perfecting it, with the address put right, is no second try."""
    scene = at("ready")
    run(scene, [row | {"reason": None} for row in probing([0, 1, 2])])
    assert run(scene, [MINE]) == [("confirm", None)]


def test_a_person_decides_and_a_refusal_is_the_same_as_any_other(at: At) -> None:
    scene = at("ready")
    run(scene, probing([0, 1, 2]))
    run(scene, [MINE])
    close_reviews(scene.cast, scene.batch)
    journey.run(scene.home, scene.batch)
    with scene.read() as conn:
        (row,) = evidence.read(scene.home, conn, scene.batch, "decisions", columns=["decision", "reason"]).to_pylist()
    assert row == {"decision": "no_disclosure", "reason": "D-ASKED-AGAIN"}
    assert scene.count(schema.request, batch_id=scene.batch, answered=1) == 0


def test_a_person_may_accept_a_fourth_address(at: At) -> None:
    scene = at("ready")
    run(scene, probing([0, 1, 2]))
    run(scene, [MINE])
    close_reviews(scene.cast, scene.batch, {1: "accept"})
    journey.run(scene.home, scene.batch)
    assert scene.count(schema.request, batch_id=scene.batch, decision="confirm") == 1


def test_the_file_says_nothing_of_anybody_and_its_loss_is_noticed(at: At) -> None:
    scene = at("ready")
    run(scene, [MINE, *OTHERS])
    with scene.read() as conn:
        digest = conn.execute(select(schema.asked.c.sha256)).scalar_one()
    path = scene.home.path / "accounting" / f"{scene.batch}.asked.parquet"
    kept = read_parquet(path, scene.home.accounting_key, expected_sha256=digest)
    assert {str(kind) for kind in kept.schema.types} == {"int64"} and kept.num_rows == len(OTHERS) + 1
    assert kept["name"][0].as_py() != asked.blinder(at("ready").home)("name", "x"), "a fingerprint of another value"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(Tampered), scene.read() as conn:
        asked.own(scene.home, conn, scene.batch)
