"""Clerical review: what rules referred is decided by a person, blind, once, in one role (R31, R34; journey.md step 5)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from journey_home import AGREEMENT, REFERRED, Scene
from portcullis import journey
from portcullis.demo.play import close_reviews
from portcullis.errors import OutOfOrder, Refused
from portcullis.inspect import show_request
from portcullis.model import LeafType, Role
from portcullis.review import Closed, open_ordinals, record_review, review_content
from portcullis.review.queue import new_salt
from portcullis.steps import write_decisions
from portcullis.store import schema

At = Callable[[str], Scene]
EXCLUDED, AMBIGUOUS = REFERRED


def review(scene: Scene, closed: Closed, person: str = "IRS-0002", **how: object) -> None:
    """One signed review; `how` replaces parts of what is signed."""
    salt = new_salt()
    signed = {"ordinal": closed.ordinal, "verdict": closed.verdict, "code": closed.code, "salt": salt} | how
    content = review_content(scene.row()["log_id"], **signed)  # type: ignore[arg-type]
    record_review(scene.home, scene.batch, closed, salt, scene.cast.act(person, "review.record", content, AGREEMENT))


def waiting(scene: Scene) -> list[int]:
    with scene.read() as conn:
        return open_ordinals(conn, scene.batch)


def decisions(scene: Scene) -> dict[int, str]:
    q = schema.request
    with scene.read() as conn:
        return {row.ordinal: row.decision for row in conn.execute(q.select().where(q.c.batch_id == scene.batch))}


REFUSE = Closed(EXCLUDED, "refuse", "not-permitted")
ACCEPT = Closed(EXCLUDED, "accept", "permitted")


def test_what_was_referred_waits_for_a_person_and_nothing_is_decided_before(at_both: At) -> None:
    scene = at_both("matched")
    assert waiting(scene) == list(REFERRED)
    assert journey.run(scene.home, scene.batch) == "matched"
    with pytest.raises(OutOfOrder, match="cannot be decided yet"):
        write_decisions(scene.home, scene.batch)
    assert scene.leaves(LeafType.REQUEST_DECIDED) == []


def test_what_a_reviewer_accepts_is_answered_and_what_a_reviewer_refuses_is_not(at_both: At) -> None:
    for verdict, decision in (("accept", "confirm"), ("refuse", "no_disclosure")):
        scene = at_both("matched")
        close_reviews(scene.cast, scene.batch, {EXCLUDED: verdict})
        assert journey.run(scene.home, scene.batch) == "reviewed"
        found = decisions(scene)
        assert found[EXCLUDED] in ({decision, "disclose"} if verdict == "accept" else {decision})
        assert (found[AMBIGUOUS], found[1], found[2]) == ("no_disclosure", "confirm", "disclose")


def test_where_several_people_could_be_meant_nobody_can_accept(at: At) -> None:
    scene = at("matched")
    with pytest.raises(Refused, match="Several people could be meant"):
        review(scene, Closed(AMBIGUOUS, "accept", "same-person"))
    assert waiting(scene) == list(REFERRED)
    review(scene, Closed(AMBIGUOUS, "refuse", "cannot-tell"))
    assert waiting(scene) == [EXCLUDED]


def test_a_closed_review_stays_closed(at: At) -> None:
    scene = at("matched")
    review(scene, REFUSE)
    for again in (ACCEPT, REFUSE):
        with pytest.raises(Refused, match="does not wait for a review"):
            review(scene, again, "IRS-0003")
    assert len(scene.leaves(LeafType.REVIEW_RECORDED)) == 1


@pytest.mark.parametrize("ordinal", [1, 6, 99])
def test_only_what_was_referred_can_be_reviewed(at: At, ordinal: int) -> None:
    scene = at("matched")
    with pytest.raises(Refused, match="does not wait for a review"):
        review(scene, Closed(ordinal, "accept", "permitted"))


@pytest.mark.parametrize(("verdict", "code"), [("maybe", "permitted"), ("accept", "I know this man"), ("", "permitted")])
def test_a_verdict_is_one_of_two_words_and_a_reason_one_of_the_listed(at: At, verdict: str, code: str) -> None:
    scene = at("matched")
    with pytest.raises(Refused, match="accept or refuse"):
        review(scene, Closed(EXCLUDED, verdict, code))
    assert scene.count(schema.review) == 0


@pytest.mark.parametrize("station", ["received", "reviewed", "sampled"])
def test_reviews_are_recorded_only_while_the_batch_waits_for_them(at: At, station: str) -> None:
    with pytest.raises(OutOfOrder, match="not waiting for reviews"):
        review(at(station), REFUSE)


# ---- who ------------------------------------------------------------
@pytest.mark.parametrize(
    "changed", [{"ordinal": AMBIGUOUS}, {"verdict": "accept"}, {"code": "permitted"}, {"salt": "00" * 32}], ids=lambda c: next(iter(c))
)
def test_a_signature_over_another_review_does_not_count(at: At, changed: dict[str, object]) -> None:
    scene = at("matched")
    with pytest.raises(Refused, match="another content"):
        review(scene, REFUSE, **changed)
    assert waiting(scene) == list(REFERRED)


@pytest.mark.parametrize("person", ["IRS-0001", "IRS-0004", "IRS-0008", "ICE-1001"])
def test_only_a_reviewer_of_the_source_agency_reviews(at: At, person: str) -> None:
    scene = at("matched")
    with pytest.raises(Refused, match="needs the role reviewer"):
        review(scene, REFUSE, person)


def test_who_operates_the_batch_does_not_review_it(at: At) -> None:
    scene = at("matched")
    operator = scene.newcomer(scene.home.settings.operator, Role.OPERATOR, Role.REVIEWER)
    with pytest.raises(Refused, match="already operator"):
        review(scene, REFUSE, operator)
    review(scene, REFUSE)


def test_a_signed_review_counts_once(at: At) -> None:
    scene = at("matched")
    salt = new_salt()
    content = review_content(scene.row()["log_id"], EXCLUDED, "refuse", "not-permitted", salt)
    act = scene.cast.act("IRS-0002", "review.record", content, AGREEMENT)
    record_review(scene.home, scene.batch, REFUSE, salt, act)
    scene.step(lambda conn: conn.execute(schema.referral.update().values(resolution=None)))  # even if the queue were reopened
    with pytest.raises(Refused, match="used before"):
        record_review(scene.home, scene.batch, REFUSE, salt, act)


# ---- blind ------------------------------------------------------------
def test_the_reviewer_sees_both_sides_and_the_rules_words_and_no_score(at: At) -> None:
    scene = at("matched")
    shown = show_request(scene.home, scene.batch, EXCLUDED, "IRS-0002", "review.show")
    assert set(shown) == {"batch", "ordinal", "asked", "findings", "on_file"}
    assert [(one["rule"], one["verdict"], one["reason"]) for one in shown["findings"]] == [("R31", "refer", "N-REVIEW")]  # type: ignore[attr-defined]
    assert {name for one in shown["on_file"] for name in one} <= {  # type: ignore[attr-defined]
        "address_line", "unit", "city", "state", "postal_code", "period_from", "period_to", "last_known",
    }  # fmt: skip
    text = json.dumps(shown).lower()
    assert not [word for word in ("score", "weight", "probab", "rank", "confidence", "likel") if word in text]


def test_looking_at_a_request_is_on_record_before_anything_is_shown(at: At) -> None:
    scene = at("matched")
    before = len(scene.leaves(LeafType.INSPECTION))
    show_request(scene.home, scene.batch, 2, "IRS-0002", "review.show")
    last = scene.leaves(LeafType.INSPECTION)[-1]
    assert len(scene.leaves(LeafType.INSPECTION)) == before + 1
    assert (last["who"], last["why"], last["command"], last["batch"]) == ("IRS-0002", "review", "review.show", scene.row()["log_id"])


def test_what_is_recorded_of_a_review_tells_neither_row_nor_verdict(at: At) -> None:
    """Two verdicts on two rows in two homes give leaves that differ only in what is random."""
    found = []
    for closed in (REFUSE, ACCEPT, Closed(AMBIGUOUS, "refuse", "cannot-tell")):
        scene = at("matched")
        review(scene, closed)
        (leaf,) = scene.leaves(LeafType.REVIEW_RECORDED)
        assert leaf["act"]["payloadType"] == "application/vnd.portcullis.act+json"
        found.append((leaf["size"], sorted(leaf), len(leaf["request"])))
        with scene.read() as conn:
            body = bytes(conn.execute(schema.leaf.select().where(schema.leaf.c.idx == leaf["index"])).mappings().one()["body"])
        assert not [word for word in (closed.verdict, closed.code) if word.encode() in body]
    assert len({str(one) for one in found}) == 1
