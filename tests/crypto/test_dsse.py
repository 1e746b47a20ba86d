"""Signed statements: exactly one spelling, one signature, one kind."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis.crypto import ACT_TYPE, SigningKey, canonical, open_act, open_dsse, pae, read_dsse, sign_act, sign_dsse, signer_of
from portcullis.errors import OutOfOrder, Refused
from portcullis.model import Act

KEY = SigningKey.from_private_bytes(b"\x01" * 32)
OTHER = SigningKey.from_private_bytes(b"\x02" * 32)
ACT = Act("portcullis.invalid/test", "irs-ice-2025/1", "release.authorize", "ab" * 32, "IRS-0007", "cd" * 16, 1_800_000_000)


def known(key_id: str) -> bytes | None:
    return KEY.public if key_id == KEY.key_id else None


def test_the_pre_authentication_encoding_is_that_of_the_dsse_text() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_an_act_comes_back_as_it_was_signed() -> None:
    assert open_act(sign_act(KEY, ACT), known) == ACT
    detailed = replace(ACT, detail={"count": 3})
    assert open_act(sign_act(KEY, detailed), known) == detailed
    assert signer_of(sign_act(KEY, ACT)) == KEY.key_id


def test_an_envelope_comes_back_from_its_file() -> None:
    envelope = sign_act(KEY, ACT)
    assert read_dsse(canonical(envelope) + b"\n") == envelope
    with pytest.raises(Refused):
        read_dsse(json.dumps(envelope).encode())


def test_a_key_that_is_not_enrolled_signs_nothing() -> None:
    with pytest.raises(Refused, match="not enrolled"):
        open_act(sign_act(OTHER, ACT), known)


def test_a_roster_that_gives_another_key_for_an_id_is_not_believed() -> None:
    """A signature by OTHER under KEY's id would else count as KEY's."""
    forged = sign_act(OTHER, ACT)
    forged["signatures"] = [{**forged["signatures"][0], "keyid": KEY.key_id}]
    with pytest.raises(Refused, match="does not verify"):
        open_act(forged, lambda _key_id: OTHER.public)


def test_a_statement_of_another_kind_is_refused_though_its_signature_is_good() -> None:
    envelope = sign_dsse(KEY, "application/vnd.portcullis.batch+json", canonical(ACT.payload()))
    with pytest.raises(Refused, match="another kind"):
        open_act(envelope, known)
    renamed = {**envelope, "payloadType": ACT_TYPE}
    with pytest.raises(Refused, match="does not verify"):
        open_act(renamed, known)


def test_more_than_one_signature_or_another_member_is_refused() -> None:
    envelope = sign_act(KEY, ACT)
    one = envelope["signatures"][0]
    for bad in (
        {**envelope, "signatures": []},
        {**envelope, "signatures": [one, one]},
        {**envelope, "signatures": [{**one, "cert": ""}]},
        {**envelope, "signatures": one},
        {**envelope, "note": ""},
        {**envelope, "payload": 5},
        {**envelope, "signatures": [{**one, "sig": 5}]},
        {**envelope, "signatures": [{**one, "keyid": one["keyid"].upper() + "g"}]},
        [envelope],
        None,
        "text",
    ):
        with pytest.raises(Refused):
            open_act(bad, known)


def test_slack_bits_and_line_breaks_in_base64_are_refused() -> None:
    envelope = sign_act(KEY, ACT)
    signature = envelope["signatures"][0]["sig"]
    assert signature.endswith("==")
    slack = signature[:-3] + chr(ord(signature[-3]) + 1) + "=="
    assert base64.b64decode(slack) == base64.b64decode(signature)
    for spelling in (slack, signature.rstrip("="), signature[:20] + "\n" + signature[20:], signature + "\n"):
        with pytest.raises(Refused):
            open_act({**envelope, "signatures": [{"keyid": KEY.key_id, "sig": spelling}]}, known)


def test_a_payload_in_another_spelling_is_refused_though_its_signature_is_good() -> None:
    envelope = sign_dsse(KEY, ACT_TYPE, json.dumps(ACT.payload()).encode())
    with pytest.raises(Refused, match="not canonical"):
        open_act(envelope, known)
    for payload in (b'{"a":1,"a":1}', b'{"a": 1}', b"not JSON"):
        with pytest.raises(Refused, match="not canonical"):
            open_dsse(sign_dsse(KEY, "application/x", payload), known, "application/x")


def test_an_act_with_a_member_more_less_or_of_another_type_is_refused() -> None:
    body = ACT.payload()
    for bad in (
        {**body, "role": "authorizer"},
        {name: value for name, value in body.items() if name != "nonce"},
        {**body, "expires": "1800000000"},
        {**body, "expires": -1},
        {**body, "expires": True},
        {**body, "officer": 7},
        {**body, "officer": "IRS\n0007"},
        {**body, "nonce": ""},
        {**body, "content": "AB" * 32},
        {**body, "content": "ab" * 32 + "\n"},
        {**body, "detail": {}},
        {**body, "detail": "x"},
        {**body, "officer": "x" * 1000},
        [],
    ):
        with pytest.raises(Refused):
            open_act(sign_dsse(KEY, ACT_TYPE, canonical(bad)), known)


def test_we_do_not_sign_an_act_that_could_not_be_opened() -> None:
    with pytest.raises(OutOfOrder):
        sign_act(KEY, replace(ACT, content="not a hash"))


def test_a_payload_over_the_limit_is_refused_before_it_is_verified() -> None:
    envelope = sign_dsse(KEY, ACT_TYPE, canonical({"x": "y" * 1000}))
    with pytest.raises(Refused, match="too long"):
        open_dsse(envelope, known, ACT_TYPE, limit=100)
    assert open_dsse(envelope, known, ACT_TYPE)


@given(st.data())
def test_a_flipped_bit_anywhere_in_an_envelope_is_refused(data: st.DataObject) -> None:
    raw = bytearray(canonical(sign_act(KEY, replace(ACT, officer="CANARY"))))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Refused) as refusal:
        open_act(read_dsse(bytes(raw)), known)
    assert "CANARY" not in str(refusal.value)


@given(st.data())
def test_a_truncated_envelope_is_refused(data: st.DataObject) -> None:
    raw = canonical(sign_act(KEY, ACT))
    with pytest.raises(Refused):
        open_act(read_dsse(raw[: data.draw(st.integers(0, len(raw) - 1))]), known)
