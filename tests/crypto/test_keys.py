"""Keys sign, and only what they signed verifies."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from portcullis.crypto import AgreementKey, SigningKey, check_jwk, check_public, jwk_thumbprint, key_id_of, verify
from portcullis.errors import OutOfOrder, Refused

# RFC 8032, 7.1, test 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def test_the_vector_of_rfc_8032() -> None:
    key = SigningKey.from_private_bytes(SEED)
    assert key.public == PUBLIC
    assert key.sign(b"\x72") == SIGNATURE
    assert verify(PUBLIC, b"\x72", SIGNATURE)


@given(st.integers(0, 511), st.binary(max_size=40))
def test_a_flipped_bit_in_the_signature_never_verifies(bit: int, message: bytes) -> None:
    key = SigningKey.from_private_bytes(SEED)
    signature = bytearray(key.sign(message))
    assert verify(key.public, message, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8
    assert not verify(key.public, message, bytes(signature))


def test_a_signature_over_another_message_or_by_another_key_does_not_verify() -> None:
    key = SigningKey.generate()
    assert not verify(key.public, b"other", key.sign(b"this"))
    assert not verify(SigningKey.generate().public, b"this", key.sign(b"this"))
    assert not verify(key.public[:31], b"this", key.sign(b"this"))
    assert not verify(key.public, b"this", b"")


def _points_of_small_order() -> list[bytes]:
    """Every encoding of a point P with 8 P = 0, found from the curve equation and not from our own list."""

    def add(p: tuple[int, int], q: tuple[int, int]) -> tuple[int, int]:
        k = D * p[0] * q[0] * p[1] * q[1] % P
        return (p[0] * q[1] + q[0] * p[1]) * pow(1 + k, -1, P) % P, (p[1] * q[1] + p[0] * q[0]) * pow(1 - k, -1, P) % P

    def lift(y: int) -> tuple[int, int] | None:
        square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
        x = pow(square, (P + 3) // 8, P)
        x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
        return (x, y) if (x * x - square) % P == 0 else None

    order = 2**252 + 27742317777372353535851937790883648493
    points, y = {(0, 1)}, 2
    while len(points) < 8:
        found = lift(y)
        y += 1
        if found is None:
            continue
        torsion, base, k = (0, 1), found, order
        while k:
            torsion = add(torsion, base) if k & 1 else torsion
            base, k = add(base, base), k >> 1
        multiple = torsion
        for _ in range(8):
            points.add(multiple)
            multiple = add(multiple, torsion)
    ys = {y for _, y in points} | {y + P for _, y in points if y + P < 2**255}
    return [(y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)]


def test_a_key_of_small_order_is_never_a_signer() -> None:
    """Under such a key one signature fits many messages: two 'authorizations' could be made without any private key."""
    forged = (1).to_bytes(32, "little") + bytes(32)
    encodings = _points_of_small_order()
    assert len(encodings) >= 10
    for public in encodings:
        assert not any(verify(public, b"message %d" % n, forged) for n in range(16))
        with pytest.raises(Refused):
            check_public(public)
    assert check_public(SigningKey.generate().public)


def test_key_ids_are_derived_from_the_public_key() -> None:
    key = SigningKey.generate()
    assert key.key_id == key_id_of(key.public) and len(key.key_id) == 16


def test_private_parts_are_neither_shown_nor_pickled() -> None:
    for key in (SigningKey.generate(), AgreementKey.generate()):
        assert key.private_bytes().hex() not in repr(key)
        with pytest.raises(OutOfOrder):
            pickle.dumps(key)


def test_a_vault_key_is_a_point_on_the_curve() -> None:
    jwk = AgreementKey.generate().public_jwk
    assert check_jwk(jwk) == jwk
    other = AgreementKey.generate().public_jwk
    for bad in (
        {**jwk, "y": other["y"]},
        {**jwk, "d": "AA"},
        {**jwk, "crv": "P-384"},
        {**jwk, "x": jwk["x"][:-2]},
        {**jwk, "x": jwk["x"] + "="},
        {**jwk, "x": 5},
        {},
    ):
        with pytest.raises(Refused):
            check_jwk(bad)


def test_the_thumbprint_is_that_of_rfc_7638() -> None:

    key = AgreementKey.generate()
    assert jwk_thumbprint(key.public_jwk) == key.key_id == ECKey.import_key(dict(key.public_jwk)).thumbprint()
