"""Two reviewers on one request: which ones, who says the next word, which verdict holds, and how often they agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from journey_home import AGREEMENT, REFERRED, Scene
from portcullis import export, journey
from portcullis.compromise import revoke
from portcullis.demo.play import close_reviews
from portcullis.errors import Refused
from portcullis.ledger.verify import verify
from portcullis.model import LeafType, Role
from portcullis.officers import revoke_content, revoke_key
from portcullis.review import Closed, View, agreement_rate, offered, open_ordinals, pools, record_review, review_content
from portcullis.review.queue import new_salt
from portcullis.review.second import may_review, needs_second, settled

At = Callable[[str], Scene]
FIRST, OTHER = "IRS-0002", "IRS-0003"
ONE = REFERRED[0]


def twice(scene: Scene, every: int = 1) -> Scene:
    """The scene's home with two reviewers on every referral."""
    scene.cast.home = replace(scene.home, settings=replace(scene.home.settings, second_review_every=every))
    return scene


def review(scene: Scene, person: str, verdict: str, ordinal: int = ONE) -> str | None:
    closed, salt = Closed(ordinal, verdict, "permitted" if verdict == "accept" else "cannot-tell"), new_salt()
    content = review_content(scene.row()["log_id"], ordinal, closed.verdict, closed.code, salt)
    return record_review(scene.home, scene.batch, closed, salt, scene.cast.act(person, "review.record", content, AGREEMENT))


def waiting(scene: Scene, person: str = "") -> list[int]:
    with scene.read() as conn:
        return offered(conn, scene.batch, person) if person else open_ordinals(conn, scene.batch)


def test_two_who_agree_close_a_request_and_one_alone_does_not(at_both: At) -> None:
    scene = twice(at_both("matched"))
    assert review(scene, FIRST, "refuse") is None
    assert waiting(scene) == list(REFERRED)
    assert (waiting(scene, FIRST), waiting(scene, OTHER)) == ([REFERRED[1]], list(REFERRED))
    with pytest.raises(Refused, match="You have reviewed this request"):
        review(scene, FIRST, "refuse")
    assert review(scene, OTHER, "refuse") == "refuse"
    assert waiting(scene) == [REFERRED[1]]
    with scene.read() as conn:
        assert (agreement_rate(conn).both, agreement_rate(conn).share) == (1, 1.0)


@pytest.mark.parametrize("last", ["accept", "refuse"])
def test_a_disagreement_goes_to_the_other_reviewer_whose_word_holds(at: At, last: str) -> None:
    scene = twice(at("matched"))
    assert review(scene, FIRST, "accept") is None
    assert review(scene, OTHER, "refuse") is None
    assert (ONE in waiting(scene, FIRST), ONE in waiting(scene, OTHER)) == (True, False)
    with pytest.raises(Refused, match="You have reviewed this request"):
        review(scene, OTHER, "refuse")
    assert review(scene, FIRST, last) == last
    assert ONE not in waiting(scene)
    with scene.read() as conn:
        rate = agreement_rate(conn)
    assert (rate.both, rate.agreed, rate.share) == (1, 0, 0.0)


def test_a_third_reviewer_may_decide_between_two(at: At) -> None:
    scene = twice(at("matched"))
    third = scene.newcomer("IRS-0031", Role.REVIEWER)
    review(scene, FIRST, "accept")
    review(scene, OTHER, "refuse")
    assert review(scene, third, "refuse") == "refuse"


def test_where_one_reviewer_is_left_the_first_view_holds(at: At) -> None:
    scene = twice(at("matched"))
    key = scene.cast.keys[OTHER].key_id
    scene.step(lambda conn: revoke_key(scene.home, conn, key, scene.cast.act("root:IRS", "key.revoke", revoke_content(key))))
    assert review(scene, FIRST, "refuse") == "refuse"


def test_a_view_by_a_compromised_key_does_not_count(at: At) -> None:
    scene = twice(at("matched"))
    review(scene, FIRST, "accept")
    key, since = scene.cast.keys[FIRST].key_id, scene.clock() - 3600
    scene.newcomer("IRS-0031", Role.REVIEWER)
    revoke(scene.home, key, since, scene.cast.act("root:IRS", "key.revoke", revoke_content(key, since)))
    assert review(scene, OTHER, "refuse") is None, "the first view is nobody's"
    assert review(scene, "IRS-0031", "refuse") == "refuse"
    with scene.read() as conn:
        assert agreement_rate(conn).both == 0


def test_the_whole_batch_with_two_on_each_verifies(at: At, tmp_path: Path) -> None:
    scene = twice(at("matched"))
    assert close_reviews(scene.cast, scene.batch) == len(REFERRED)
    assert len(scene.leaves(LeafType.REVIEW_RECORDED)) == 2 * len(REFERRED)
    assert journey.run(scene.home, scene.batch) == "reviewed"
    export.export_bundle(scene.home, tmp_path / "bundle", trust=tmp_path / "trust.json")
    assert verify(tmp_path / "bundle", (tmp_path / "trust.json").read_bytes())["verified"] is True


def test_workpools_are_what_waits_by_its_reasons(at: At) -> None:
    scene = twice(at("matched"))
    with scene.read() as conn:
        found = dict(pools(conn, scene.batch, FIRST))
        assert sum(found.values()) == len(REFERRED)
        for codes, count in found.items():
            assert len(offered(conn, scene.batch, FIRST, codes)) == count
    review(scene, FIRST, "refuse")
    with scene.read() as conn:
        assert sum(dict(pools(conn, scene.batch, FIRST)).values()) == len(REFERRED) - 1


def test_which_requests_two_people_review_follows_from_their_number_alone() -> None:
    chosen = [ordinal for ordinal in range(1, 2001) if needs_second("B-2026-000001", ordinal, 10)]
    assert chosen == [ordinal for ordinal in range(1, 2001) if needs_second("B-2026-000001", ordinal, 10)]
    assert 150 < len(chosen) < 250
    assert not any(needs_second("B-2026-000001", ordinal, 0) for ordinal in range(100))


A, R = View("a", "accept", "permitted", 1), View("b", "refuse", "cannot-tell", 2)


@pytest.mark.parametrize(
    ("views", "both", "holds"),
    [
        ([], True, None),
        ([A], False, "accept"),
        ([A], True, None),
        ([A, A], True, "accept"),
        ([A, R], True, None),
        ([A, R, A], True, "accept"),
    ],
)
def test_which_verdict_holds(views: list[View], both: bool, holds: str | None) -> None:
    assert settled(views, both) == holds
    assert may_review(views, "c")
    assert not views or not may_review(views, views[-1].person)
