"""Every attack of ledger.md is seen by both verifiers, with no more than the input its name asks for."""

from __future__ import annotations

import re

import pytest

from ledger_attacks import Attack, honest
from ledger_attacks_kept import ATTACKS, ONE, TWO, held, seen_by, witnessed
from ledger_attacks_more import compromised, passkey_story
from ledger_story import AGREEMENT, RULES, BatchStory, Story, digest, load_verifier, verdict
from portcullis.crypto import keys
from portcullis.model import Act


def keys_of_the_package() -> set[int]:
    return set(keys._SMALL_ORDER_Y)


def torsion(y: int) -> bool:
    """Whether eight times a point with this y is the neutral one."""
    p = 2**255 - 19
    d = -121665 * pow(121666, -1, p) % p
    square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    x = pow(square, (p + 3) // 8, p)
    x = x if (x * x - square) % p == 0 else x * pow(2, (p - 1) // 4, p) % p
    for _ in range(3):
        k = d * x * x * y * y % p
        x, y = 2 * x * y * pow(1 + k, -1, p) % p, (y * y + x * x) * pow(1 - k, -1, p) % p
    return (x, y) == (0, 1)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_an_attack_is_seen(attack: Attack) -> None:
    shown = attack.make()
    found = verdict(shown.files, shown.trust, shown.since)
    assert (found.step, attack.says in found.text) == (attack.step, True), found
    assert found.text.strip()
    if attack.needs == "bundle":
        assert (shown.trust, shown.since) == (None, None)


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a.needs == "--since"], ids=lambda a: a.name)
def test_without_the_older_checkpoint_it_would_not_be_seen(attack: Attack) -> None:
    """The need is stated truly: without it the same evidence holds together."""
    shown = attack.make()
    assert verdict(shown.files, shown.trust).step == 0


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a.needs == "--trust"], ids=lambda a: a.name)
def test_without_the_trust_file_it_would_not_be_seen(attack: Attack) -> None:
    assert verdict(attack.make().files).step == 0


def test_the_honest_log_verifies() -> None:
    story = honest()
    assert verdict(story.files(), story.trust()).step == 0


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_a_release_authorized_with_a_passkey_verifies(alg: str) -> None:
    story, key = passkey_story(alg)
    b = story.to_sampled()
    b.root = digest("release")
    act = Act(story.origin, "irs-ice-2025", "release.authorize", b.root, "IRS-0005", "a nonce", story.now + 7200)
    story.leaf("release.authorized", batch=b.name, agreement=AGREEMENT, rules=RULES, root=b.root, act=key.sign(act))
    story.authorize(b, "IRS-0006", release=b.root)
    story.commit(b)
    story.go(b)
    found = verdict(story.files(), story.trust())
    assert found.step == 0, found


def test_what_a_compromised_key_had_signed_is_listed() -> None:
    found = verdict(compromised().files(), compromised().trust())
    assert found.step == 0
    (listed,) = found.lists["Signed with a key after it was compromised, by whoever had it"]
    assert re.fullmatch(r"leaf \d+: release.authorized in the name of IRS-0005 \(authorizer\)", listed)
    (revoked,) = found.lists["Keys revoked from a date before it was recorded"]
    assert "IRS-0005 (authorizer) from 2025-11-21T10:00:00Z" in revoked


def test_what_was_held_may_be_destroyed_once_counsel_has_lifted_the_hold() -> None:
    """The other side: the lawful destruction verifies, and so does one beside a hold on something else."""
    story = held()
    story.hold("H-2", {"agencies": ["SSA"]})
    story.let_go()
    story.destroy(BatchStory(digest("batch one")[:32], [], 1))
    found = verdict(story.files(), story.trust())
    assert found.step == 0, found


def test_a_batch_that_its_sample_blocked_may_be_destroyed() -> None:
    story = Story().begin()
    b = story.receive()
    story.decide(b)
    story.reveal(b)
    story.draw(b)
    story.check(b, defects=1)
    story.destroy(b)
    found = verdict(story.files(), story.trust())
    assert found.step == 0, found


@pytest.mark.parametrize("named", [True, False])
def test_a_dispatch_that_as_many_witnesses_saw_as_asked_verifies(named: bool) -> None:
    """Where the agreement names no witnesses, those whom the trust file does not name either are listed: they are the gateway's word."""
    story, b = witnessed(2, (ONE, TWO) if named else ())
    story.dispatch(b, cosigned=[seen_by(story, ONE), seen_by(story, TWO, late=600)])
    story.disclose(b)
    story.close(b)
    title = "Witnesses that neither the agreement nor the trust file names"
    for known, unknown in (((), [ONE, TWO]), ((ONE,), [TWO]), ((ONE, TWO), [])):
        found = verdict(story.files(), story.trust(witnesses=[one.log for one in known]))
        assert found.step == 0, found
        names = [line.split(": ")[1] for line in found.lists.get(title, ())]
        assert names == ([] if named else [one.log.name for one in unknown])
    assert len(verdict(story.files()).lists.get(title, ())) == (0 if named else 2)


def test_the_eight_points_of_small_order_are_no_keys() -> None:
    """Both programs keep the list apart; here the points are found by arithmetic (RFC 8032 5.1)."""
    p = 2**255 - 19
    ys = {0, 1, p - 1}
    for y in ys | set(load_verifier().SMALL_ORDER) | {y for y in keys_of_the_package()}:
        assert torsion(y % p), y
    assert set(load_verifier().SMALL_ORDER) == keys_of_the_package()
    assert len(load_verifier().SMALL_ORDER) == 5
