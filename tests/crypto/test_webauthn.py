"""Acts signed with a passkey: a good one counts, and each of the six checks refuses by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from passkeys import ORIGIN, RP_ID, SoftPasskey
from portcullis.crypto import Passkey, SigningKey, canonical, open_act, open_dsse, sign_act, sign_dsse
from portcullis.errors import Refused
from portcullis.model import Act

ACT = Act("ledger.example/irs", "irs-ice-2025", "release.authorize", "ab" * 32, "IRS-0005", "n" * 32, 1_800_000_000)


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_an_act_signed_with_a_passkey_comes_back(alg: str) -> None:
    key = SoftPasskey("one", alg)
    assert open_act(key.sign(ACT), lambda key_id: key.passkey if key_id == key.key_id else None) == ACT


def test_extensions_may_follow_when_the_flags_say_so() -> None:
    key = SoftPasskey("one")
    envelope = key.forge(ACT, canonical(ACT.payload()), *key.assertion(ACT, flags=0x85, more=b"\xa0"))
    assert open_act(envelope, lambda _: key.passkey) == ACT


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
@pytest.mark.parametrize(
    ("bent", "says"),
    [
        ({"type": "webauthn.create"}, "a page of its own"),
        ({"crossOrigin": True}, "a page of its own"),
        ({"crossOrigin": 0}, "a page of its own"),
        ({"challenge": "AAAA"}, "hash of the act"),
        ({"origin": "https://gateway.example.evil"}, "another origin"),
        ({"rp_id": "evil.example"}, "relying party"),
        ({"more": b"\xa0"}, "relying party"),
        ({"flags": 0x45}, "relying party"),
        ({"flags": 0x01}, "not verified"),
        ({"flags": 0x04}, "not verified"),
    ],
)
def test_an_assertion_for_anything_else_is_refused(alg: str, bent: dict[str, Any], says: str) -> None:
    """Each is signed by the passkey itself, so the signature is good."""
    key = SoftPasskey("one", alg)
    envelope = key.forge(ACT, canonical(ACT.payload()), *key.assertion(ACT, **bent))
    with pytest.raises(Refused, match=says):
        open_act(envelope, lambda _: key.passkey)


def test_an_assertion_over_one_act_does_not_carry_another() -> None:
    key, other = SoftPasskey("one"), replace(ACT, content="cd" * 32)
    with pytest.raises(Refused, match="hash of the act"):
        open_act(key.forge(ACT, canonical(other.payload()), *key.assertion(ACT)), lambda _: key.passkey)


def test_client_data_with_a_member_twice_is_refused() -> None:
    key = SoftPasskey("one")
    data, text, signature = key.assertion(ACT)
    twice = text[:-1] + b',"origin":"%b"}' % ORIGIN.encode()
    with pytest.raises(Refused, match="cannot be read"):
        open_act(key.forge(ACT, canonical(ACT.payload()), data, twice, signature), lambda _: key.passkey)


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_a_flipped_bit_of_any_part_is_refused(alg: str) -> None:
    key = SoftPasskey("one", alg)
    good = key.assertion(ACT)
    for part in range(3):
        for at in range(len(good[part])):
            bad = list(good)
            bad[part] = good[part][:at] + bytes([good[part][at] ^ 0x10]) + good[part][at + 1 :]
            with pytest.raises(Refused):
                open_act(key.forge(ACT, canonical(ACT.payload()), *bad), lambda _: key.passkey)


def test_a_passkey_signs_acts_only_and_a_key_file_never_as_a_passkey() -> None:
    key, plain = SoftPasskey("one", "EdDSA"), SigningKey.generate()
    envelope = key.sign(ACT)
    with pytest.raises(Refused, match="another way"):
        open_act(envelope, lambda _: key.public)
    with pytest.raises(Refused, match="another way"):
        open_act(sign_act(plain, ACT), lambda _: Passkey(plain.public, "EdDSA", RP_ID, (ORIGIN,)))
    kind = "application/vnd.portcullis.batch+json"
    with pytest.raises(Refused, match="another way"):
        open_dsse({**envelope, "payloadType": kind}, lambda _: key.passkey, kind)
    assert open_dsse(sign_dsse(plain, kind, b"{}"), lambda _: plain.public, kind) == b"{}"


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "RS256"},
        {"alg": "EdDSA"},
        {"origins": []},
        {"origins": "https://gateway.example"},
        {"origins": ["https://gateway.example/path"]},
        {"rp_id": "Gateway Example"},
        {"rp_id": None},
        {"more": 1},
    ],
)
def test_what_is_no_passkey_is_not_enrolled(change: dict[str, object]) -> None:
    key = SoftPasskey("one").passkey
    assert Passkey.read(key.public, key.member()) == key
    with pytest.raises(Refused, match="not a passkey"):
        Passkey.read(key.public, key.member() | change)


def test_a_point_off_the_curve_is_not_enrolled() -> None:
    key = SoftPasskey("one").passkey
    with pytest.raises(Refused, match="not on the curve"):
        Passkey.read(key.public[:-1] + bytes([key.public[-1] ^ 1]), key.member())
