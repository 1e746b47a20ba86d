"""The other side of every refusal: lawful logs of all kinds verify, and what a person should look at is listed."""

from __future__ import annotations

import pytest

from ledger_attacks import witness
from ledger_story import AGREEMENT, HOUR, RULES, START, BatchStory, Story, digest, seed_key, verdict
from portcullis.ledger import add_cosignature
from portcullis.ledger.acts import content_of


def verified(story: Story, since: bytes | None = None) -> None:
    found = verdict(story.files(), story.trust(), since)
    assert found.step == 0, found


def begun() -> tuple[Story, BatchStory]:
    story = Story().begin()
    return story, story.to_committed()


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257])
def test_logs_of_sizes_at_the_edges_of_tiles_verify(size: int) -> None:
    story = Story()
    story.begin().decide(story.receive(count=300))
    story.leaves = story.leaves[:size]
    verified(story)


def test_a_log_beyond_a_full_tile_of_level_one_verifies() -> None:
    size = 65_537
    story = Story().begin()
    b = story.receive(count=65_600)
    story.decide(b, b.ids[: size - len(story.leaves)])
    assert len(story.leaves) == size
    verified(story, since=story.checkpoint(256))


def test_two_batches_one_after_the_other_and_interleaved() -> None:
    story = Story().begin()
    one, two = story.receive("one", 4, 1), story.receive("two", 3, 2)
    story.decide(two)
    story.decide(one)
    for b in (two, one):
        story.sample(b)
        story.authorize_twice(b)
        story.commit(b, answers=1)
    for b in (one, two):
        story.go(b)
    verified(story)


def test_an_older_checkpoint_of_the_same_log_is_a_prefix() -> None:
    story, b = begun()
    since = story.checkpoint()
    story.go(b)
    verified(story, since)
    verified(story, story.checkpoint(0))


def test_a_witnessed_checkpoint_satisfies_its_quorum() -> None:
    story, b = begun()
    story.go(b)
    note = story.checkpoint()
    note = add_cosignature(note, witness().sign(note, story.now + 60))
    trust = story.trust(witnesses=[witness().log, witness("w2.example").log], quorum=1)
    assert verdict(story.files(checkpoint=note), trust).step == 0


def test_a_signature_of_an_unknown_kind_on_the_checkpoint_is_skipped() -> None:
    story, b = begun()
    story.go(b)
    note = story.checkpoint() + "— somebody.example/else AAAAAAAAAAAAAA==\n".encode()
    assert verdict(story.files(checkpoint=note), story.trust()).step == 0


def test_a_stay_of_another_agency_does_not_hold_the_batch() -> None:
    story, b = begun()
    story.impose(scope={"agencies": ["FBI"], "agreements": None, "batches": None, "gates": None})
    story.go(b)
    verified(story)


def test_a_stay_that_was_lifted_lets_the_batch_be_authorized_and_committed_anew() -> None:
    story, b = begun()
    story.impose()
    story.leaf("release.withheld", batch=b.name, agreement=AGREEMENT, rules=RULES, root=b.root, why="order")
    story.lift()
    for person in ("IRS-0005", "IRS-0006"):
        story.authorize(b, person, release=digest("a second attempt"))
    story.commit(b)
    story.go(b)
    verified(story)


def test_what_left_between_the_courts_time_and_the_stay_is_listed() -> None:
    story, b = begun()
    court = story.now
    story.go(b)
    story.impose(court_time=court)
    assert verdict(story.files(), story.trust()).lists == {
        "Dispatched between the court's time and the imposing of an order": [f"leaf {b.committed + 1}, order D-1"]
    }


def test_authorizations_renewed_after_a_change_of_the_roster_stand() -> None:
    story, b = begun()
    story.roster()
    for person in ("IRS-0005", "IRS-0006"):
        story.authorize(b, person, release=digest("with the new roster"))
    story.commit(b)
    story.go(b)
    verified(story)


def test_a_change_at_another_agency_voids_nothing() -> None:
    story, b = begun()
    story.enrol("IRS-0010", ["operator"], seed_key("IRS-0010"))
    body = {"agency": "IRS", "field": "suspended", "value": 0}
    story.leaf("standing.changed", **body, act=story.by("IRS-0002", "standing.set", content_of(body)))
    story.go(b)
    verified(story)


def test_a_key_can_be_rotated_by_its_holder() -> None:
    story = Story().begin()
    story.revoke(story.keys["IRS-0005"], "IRS", since=START - HOUR)
    story.keys["IRS-0005"] = seed_key("IRS-0005, the second")
    story.enrol("IRS-0005", ["authorizer"])
    story.whole()
    found = verdict(story.files(), story.trust())
    assert found.step == 0, found
    assert list(found.lists) == ["Keys revoked from a date before it was recorded"]


def test_a_blocked_batch_can_be_closed_and_nothing_left() -> None:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.draw(b)
    story.check(b, defects=1)
    story.leaf("batch.blocked", batch=b.name, agreement=AGREEMENT, rules=RULES, why="B-SAMPLE-FAILED")
    story.close(b)
    verified(story)


def test_a_refused_batch_is_one_leaf() -> None:
    story = Story().begin()
    story.leaf("batch.refused", batch=digest("refused")[:32], envelope=None, rule="R01", reason="B-SIG-BAD", entries=12)
    verified(story)


def test_a_batch_without_a_single_answer_is_dispatched_and_accounted() -> None:
    story = Story().begin()
    b = story.to_sampled()
    story.authorize_twice(b)
    story.commit(b, answers=0)
    story.go(b)
    verified(story)


def test_an_aborted_sample_is_listed_and_the_next_number_taken() -> None:
    story = Story().begin(stock=2)
    b = story.receive()
    story.decide(b)
    story.leaf("sample.aborted", batch=b.name, agreement=AGREEMENT, rules=RULES, k=1, why="number-lost")
    b.k = 2
    story.sample(b)
    found = verdict(story.files(), story.trust())
    assert found.step == 0, found
    assert "Samples aborted" in found.lists


def test_an_inspection_may_carry_an_act_or_none() -> None:
    story = Story().begin()
    story.leaf("inspection", who="IRS-0004", why="clerical-review", command="review-show", batch=digest("b")[:32])
    story.leaf("inspection", who="IRS-0004", why="clerical-review", command="review-show", act=story.by("IRS-0004", "inspect", digest("x")))
    verified(story)


def test_a_clock_may_be_wrong_by_a_little() -> None:
    story, b = begun()
    story.now -= 20 * 60
    story.go(b)
    verified(story)


def test_openings_that_open_are_counted() -> None:
    story, b = begun()
    story.go(b)
    story.opened = [story.open_decision(b, i) for i in range(2)]
    verified(story)


def test_a_batch_that_is_still_open_verifies_at_every_leaf() -> None:
    """At no place in a lawful log, but inside a dispatch (one transaction), does the evidence look broken."""
    story = Story().begin()
    b = story.whole()
    leaves, sent = story.leaves, story.leaves[b.committed + 1 : b.committed + 3]
    for size in range(len(leaves) + 1):
        if leaves[size - 1 : size] and leaves[size - 1] in sent:
            continue
        story.leaves = leaves[:size]
        verified(story)
