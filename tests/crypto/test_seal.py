"""Sealed answers: one size, one vault, one place."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwe import JWERegistry
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

import portcullis
from portcullis.crypto import AgreementKey, open_sealed, sealed_header
from portcullis.crypto.jwe import pad, registry
from portcullis.crypto.seal import seal
from portcullis.errors import OutOfOrder, Refused

VAULT = AgreementKey.from_private_bytes(b"\x05" * 32)
PLACE = {"agreement": "irs-ice-2025/1", "batch": "B-2026-000001", "request": "ab" * 16}
ANSWER = {"ordinal": 7, "decision": "disclose", "address": {"address_line": "12 CANARY WAY", "city": "Exampleville"}}
SEALED = seal(ANSWER, VAULT.public_jwk, PLACE)


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_an_answer_comes_back() -> None:
    assert open_sealed(SEALED, VAULT, expect=PLACE) == ANSWER
    assert sealed_header(SEALED) == {**PLACE, "kid": VAULT.key_id}


def test_another_program_opens_it_by_the_text_of_the_rfcs() -> None:
    """RFC 7516 and 7518 4.6, without our library: so other agencies' vaults can."""
    header64, wrapped, iv, ciphertext, tag = SEALED.split(".")
    header = json.loads(_bytes(header64))
    x, y = (int.from_bytes(_bytes(header["epk"][c]), "big") for c in "xy")
    shared = ec.derive_private_key(int.from_bytes(b"\x05" * 32, "big"), ec.SECP256R1()).exchange(
        ec.ECDH(), ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    )
    name = b"ECDH-ES+A256KW"
    info = len(name).to_bytes(4, "big") + name + bytes(4) + bytes(4) + (256).to_bytes(4, "big")
    key = aes_key_unwrap(ConcatKDFHash(SHA256(), 32, info).derive(shared), _bytes(wrapped))
    plaintext = AESGCM(key).decrypt(_bytes(iv), _bytes(ciphertext) + _bytes(tag), header64.encode())
    assert json.loads(plaintext)["address"] == ANSWER["address"]


@given(
    st.dictionaries(st.sampled_from(["decision", "address", "officers"]), st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
)
@settings(max_examples=40)
def test_every_answer_has_one_length(answer: dict[str, str]) -> None:
    sealed = seal(answer, VAULT.public_jwk, PLACE)
    assert len(sealed) == len(SEALED)
    assert open_sealed(sealed, VAULT, expect=PLACE) == answer


def test_an_answer_that_is_too_long_is_not_sealed_in_another_size() -> None:
    with pytest.raises(OutOfOrder, match="longer"):
        seal({"address": "x" * 3000}, VAULT.public_jwk, PLACE)
    assert open_sealed(seal({"address": "x" * 3000}, VAULT.public_jwk, PLACE, size=4096), VAULT)
    with pytest.raises(OutOfOrder):
        seal({"pad": "0"}, VAULT.public_jwk, PLACE)


def test_an_answer_cannot_be_moved_to_another_place() -> None:
    for name in PLACE:
        with pytest.raises(Refused, match="belongs to another"):
            open_sealed(SEALED, VAULT, expect={**PLACE, name: "other"})
    header64, *rest = SEALED.split(".")
    moved = json.dumps({**json.loads(_bytes(header64)), "request": "cd" * 16}, separators=(",", ":")).encode()
    with pytest.raises(Refused, match="does not decrypt"):
        open_sealed(".".join([base64.urlsafe_b64encode(moved).rstrip(b"=").decode(), *rest]), VAULT, expect={**PLACE, "request": "cd" * 16})


def test_a_header_binds_batch_and_request_and_says_nothing_else() -> None:
    for header in ({}, {**PLACE, "note": "x"}, {**PLACE, "batch": ""}, {"batch": "B", "agreement": "a"}, {**PLACE, "alg": "none"}):
        with pytest.raises(OutOfOrder):
            seal(ANSWER, VAULT.public_jwk, header)
    least = {"batch": "B-2026-000001", "request": "ab" * 16}
    assert open_sealed(seal(ANSWER, VAULT.public_jwk, least), VAULT, expect=least) == ANSWER
    assert sealed_header(seal(ANSWER, VAULT.public_jwk, {**least, "vault": "ICE-1"}))["vault"] == "ICE-1"


def test_another_vault_does_not_open_it() -> None:
    with pytest.raises(Refused, match="another vault"):
        open_sealed(SEALED, AgreementKey.generate())


def test_only_a_real_vault_key_is_sealed_to() -> None:
    with pytest.raises(Refused):
        seal(ANSWER, {**VAULT.public_jwk, "y": AgreementKey.generate().public_jwk["y"]}, PLACE)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(SEALED) * 8 - 1))
def test_a_flipped_bit_anywhere_is_refused_without_a_personal_value(bit: int) -> None:
    raw = bytearray(SEALED.encode())
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Refused) as refusal:
        open_sealed(raw.decode("latin-1"), VAULT, expect=PLACE)
    assert "CANARY" not in str(refusal.value) and refusal.value.__cause__ is None


@given(st.text(max_size=80) | st.integers(0, len(SEALED) - 1).map(lambda n: SEALED[:n]))
def test_what_is_no_sealed_answer_is_refused(token: str) -> None:
    with pytest.raises(Refused):
        open_sealed(token, VAULT)


def test_a_second_spelling_of_the_same_answer_is_refused() -> None:
    """Its hash stands in the ledger; slack bits in base64 would give another hash for the same content."""
    *head, tag = SEALED.split(".")
    slack = tag[:-1] + chr(ord(tag[-1]) + 1)
    if base64.urlsafe_b64decode(slack + "==") == base64.urlsafe_b64decode(tag + "=="):
        with pytest.raises(Refused, match="base64"):
            open_sealed(".".join([*head, slack]), VAULT)
    with pytest.raises(Refused, match="base64"):
        open_sealed(".".join([*head, tag + "=="]), VAULT)


def test_weaker_or_other_algorithms_are_not_opened() -> None:

    loose = JWERegistry(
        {name: HeaderParameter(name, lambda _v: None) for name in PLACE},
        algorithms=["ECDH-ES", "ECDH-ES+A128KW", "A128GCM", "A256GCM", "DEF"],
    )
    for header in (
        {"alg": "ECDH-ES", "enc": "A256GCM"},
        {"alg": "ECDH-ES+A128KW", "enc": "A256GCM"},
        {"alg": "ECDH-ES+A128KW", "enc": "A128GCM"},
        {"alg": "ECDH-ES+A128KW", "enc": "A256GCM", "zip": "DEF"},
    ):
        token = jwe.encrypt_compact(
            {**header, "kid": VAULT.key_id, **PLACE}, pad(ANSWER, 2048), ECKey.import_key(dict(VAULT.public_jwk)), registry=loose
        )
        with pytest.raises(Refused, match="algorithm"):
            open_sealed(token, VAULT)


@pytest.mark.parametrize("plaintext", [b'{"a":1}', b'{"a":1,"pad":"0x0"}', b'{"a":1, "pad":"0"}', b"[]", b"\xff", b""])
def test_a_content_that_is_not_a_padded_answer_is_refused(plaintext: bytes) -> None:
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": VAULT.key_id, **PLACE}
    token = jwe.encrypt_compact(header, plaintext, ECKey.import_key(dict(VAULT.public_jwk)), registry=registry())
    with pytest.raises(Refused):
        open_sealed(token, VAULT)


def test_the_package_offers_no_seal_and_does_not_load_it() -> None:
    """Only release/ may reach it: importing the package must not bring it in."""
    code = "import sys, portcullis.crypto as c; print('portcullis.crypto.seal' in sys.modules, hasattr(c, 'seal'))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False", "False"]


def test_nobody_but_release_imports_the_seal() -> None:

    source = Path(str(portcullis.__file__)).parent
    wanted = re.compile(r"crypto\.seal\b|crypto import .*\bseal\b")
    found = {path.relative_to(source).parts[0] for path in source.rglob("*.py") if wanted.search(path.read_text().split('"""', 2)[-1])}
    assert found <= {"release"}
