"""A key that somebody else had: what it signed meanwhile is undone where it can be, on record, and on a list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from journey_home import OFFICERS, Scene, truth_of
from portcullis import journey
from portcullis.compromise import Suspicious, revoke, suspicious
from portcullis.crypto import SigningKey
from portcullis.demo.play import authorize_all, check_sample, close_reviews
from portcullis.errors import OutOfOrder, Refused
from portcullis.export import export_bundle
from portcullis.journal import stamp
from portcullis.ledger.verify import verify
from portcullis.model import LeafType, Role
from portcullis.officers import revoke_content
from portcullis.orders import Scope, impose, order_content
from portcullis.publish import publish
from portcullis.release import commit_release, dispatch
from portcullis.review import authorize
from portcullis.synthetic import SIGNER

At = Callable[[str], Scene]
HOUR = 3600


def lost(scene: Scene, person: str, since: int | None, key: SigningKey | None = None) -> list[Suspicious]:
    """The agency revokes a person's key, from `since` on."""
    key_id = (key or scene.cast.keys[person]).key_id
    act = scene.cast.act(f"root:{person.split('-', maxsplit=1)[0]}", "key.revoke", revoke_content(key_id, since))
    return revoke(scene.home, key_id, since, act)


def became(found: list[Suspicious]) -> list[tuple[str, str]]:
    return [(one.type, one.became) for one in found]


def replaced(scene: Scene, person: str, *roles: Role) -> None:
    """The person has a new key, and uses it from now on."""
    scene.step(lambda conn: scene.cast.enrol(conn, person.split("-", maxsplit=1)[0], person, roles))


def verifies(scene: Scene, folder: Path) -> dict[str, object]:
    trust = folder / "trust.json"
    export_bundle(scene.home, folder / "bundle", trust=trust)
    found = verify(folder / "bundle", trust.read_bytes(), now=float(scene.clock() + 60))
    assert found["first_failure"] is None
    return found


def test_an_authorization_since_the_compromise_is_void_at_once(at: At, tmp_path: Path) -> None:
    scene = at("committed")
    thief = scene.person(Role.AUTHORIZER)
    found = lost(scene, thief, scene.clock() - HOUR)
    assert became(found) == [("release.authorized", "void")]
    assert [(one.person, one.roles, one.means) for one in found] == [(thief, "authorizer", "let a release go")]
    assert scene.state == "sampled"
    (voided,) = scene.leaves(LeafType.AUTHORIZATION_VOIDED, batch=scene.batch)
    (revoked,) = scene.leaves(LeafType.KEY_REVOKED)
    assert (voided["why"], revoked["from"]) == ("key-compromised", stamp(scene.clock() - HOUR))
    with pytest.raises(OutOfOrder, match="not committed"):
        dispatch(scene.home, scene.batch)
    replaced(scene, thief, Role.AUTHORIZER)
    authorize_all(scene.cast, scene.batch)
    commit_release(scene.home, scene.batch)
    publish(scene.home)
    assert dispatch(scene.home, scene.batch) == 4, "with a new key the lawful release goes"
    publish(scene.home)
    assert verifies(scene, tmp_path)["verified"]


def test_what_was_signed_before_the_compromise_is_not_suspicious(at: At) -> None:
    scene = at("authorized")
    scene.clock.forward(hours=2)
    assert lost(scene, scene.person(Role.COUNSEL), scene.clock() - HOUR) == []
    assert lost(scene, scene.person(Role.AUTHORIZER), scene.clock() - HOUR) == []
    with scene.read() as conn:
        assert suspicious(conn) == []


def test_a_review_that_nothing_rests_on_yet_is_open_again(at: At, tmp_path: Path) -> None:
    scene = at("matched")
    close_reviews(scene.cast, scene.batch)
    reviewer = scene.leaves(LeafType.REVIEW_RECORDED, batch=scene.batch)
    assert len(reviewer) == 2
    who = scene.person(Role.REVIEWER)
    assert became(lost(scene, who, scene.clock() - HOUR)) == [("review.recorded", "open again")]
    replaced(scene, who, Role.REVIEWER)
    assert close_reviews(scene.cast, scene.batch) == 1
    journey.run(scene.home, scene.batch)
    assert check_sample(scene.cast, scene.batch, truth_of())
    publish(scene.home)
    assert verifies(scene, tmp_path)["verified"]


@pytest.mark.parametrize(
    ("station", "who"), [("reviewed", Role.REVIEWER), ("committed", Role.REVIEWER), ("committed", SIGNER), ("received", OFFICERS[0])]
)
def test_a_batch_that_rests_on_it_is_blocked_for_good(at: At, tmp_path: Path, station: str, who: Role | str) -> None:
    scene = at(station)
    found = lost(scene, scene.person(who) if isinstance(who, Role) else who, scene.clock() - HOUR)
    assert {one.became for one in found} == {"the batch is blocked"}
    assert {one.batch for one in found} == {scene.batch}
    assert scene.state == "blocked"
    (leaf,) = scene.leaves(LeafType.BATCH_BLOCKED)
    assert leaf["why"] == "key-compromised"
    publish(scene.home)
    assert verifies(scene, tmp_path)["verified"]


def test_what_has_left_is_for_recall(at: At) -> None:
    scene = at("dispatched")
    found = lost(scene, scene.person(Role.AUTHORIZER), scene.clock() - HOUR)
    assert became(found) == [("release.authorized", "the batch had left: for recall")]
    assert scene.state == "dispatched"


def test_an_order_stands_and_all_else_is_for_counsel_to_judge(at: At) -> None:
    scene = at("ready")
    counsel, overseer = scene.person(Role.COUNSEL), scene.person(Role.OVERSEER)
    now = scene.clock()
    impose(scene.home, "O-1", Scope(), now, scene.cast.act(counsel, "order.impose", order_content("O-1", Scope(), now)))
    assert became(lost(scene, counsel, now)) == [("order.imposed", "stands: it keeps back")]
    assert set(became(lost(scene, overseer, 0))) == {("sample.committed", "for counsel to judge")}


def test_the_list_says_it_again_as_things_stand(at: At) -> None:
    scene = at("committed")
    found = lost(scene, scene.person(Role.AUTHORIZER), scene.clock() - HOUR)
    with scene.read() as conn:
        assert suspicious(conn) == found
    assert (found[0].person, found[0].batch) == (scene.person(Role.AUTHORIZER), scene.batch)


def test_a_key_is_revoked_once_by_its_root_and_not_for_a_time_to_come(at: At) -> None:
    scene = at("ready")
    who = scene.person(Role.REVIEWER)
    with pytest.raises(Refused, match="future"):
        lost(scene, who, scene.clock() + 1)
    key_id = scene.cast.keys[who].key_id
    for signer, since in (("root:ICE", 5), ("root:IRS", 6)):  # another root; the right one over another time
        with pytest.raises(Refused):
            revoke(scene.home, key_id, 5, scene.cast.act(signer, "key.revoke", revoke_content(key_id, since)))
    lost(scene, who, None)
    with pytest.raises(Refused, match="already"):
        lost(scene, who, scene.clock())


def test_two_keys_of_one_person_are_one_authorizer(at: At) -> None:
    scene = at("sampled")
    who = scene.person(Role.AUTHORIZER)
    second = scene.another_key(who, Role.AUTHORIZER)
    authorize_all_but_one(scene, who, second)
    assert scene.state == "sampled"
    with pytest.raises(OutOfOrder):
        commit_release(scene.home, scene.batch)


def authorize_all_but_one(scene: Scene, who: str, second: SigningKey) -> None:
    from portcullis.review import release_content, release_root  # noqa: PLC0415

    with scene.read() as conn:
        content = release_root(release_content(conn, scene.batch))
    authorize(scene.home, scene.batch, scene.signed(scene.cast.keys[who], who, "release.authorize", content))
    with pytest.raises(Refused):
        authorize(scene.home, scene.batch, scene.signed(second, who, "release.authorize", content))
