"""Every attack of ledger.md is seen by both verifiers, with no more than the input its name asks for."""

from __future__ import annotations

import pytest

from ledger_attacks import Attack, honest
from ledger_attacks_more import ATTACKS, compromised, passkey_story
from ledger_story import AGREEMENT, RULES, digest, load_verifier, verdict
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
    assert len(found.lists["Signed with a key that was compromised by then"]) == 1


def test_the_eight_points_of_small_order_are_no_keys() -> None:
    """Both programs keep the list apart; here the points are found by arithmetic (RFC 8032 5.1)."""
    p = 2**255 - 19
    ys = {0, 1, p - 1}
    for y in ys | set(load_verifier().SMALL_ORDER) | {y for y in keys_of_the_package()}:
        assert torsion(y % p), y
    assert set(load_verifier().SMALL_ORDER) == keys_of_the_package()
    assert len(load_verifier().SMALL_ORDER) == 5
