"""The keys of people, agencies and vaults.

`SigningKey`    Ed25519 (RFC 8032): acts of people and agency roots, and the ledger's checkpoints.
`AgreementKey`  P-256 ECDH: the vault of a recipient agency, which answers are sealed to (R46).

A signature counts only when
 1. the public key is 32 bytes and not one of the points of small order, under which one signature fits any message,
 2. the signature is 64 bytes and verifies (RFC 8032 5.1.7).

Neither key shows its private part in `repr`, and neither can be pickled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portcullis.crypto.canonical import canonical
from portcullis.crypto.encoding import decode64url, encode64url
from portcullis.errors import OutOfOrder, Refused

__all__ = ["AgreementKey", "SigningKey", "can_sign", "check_jwk", "check_public", "jwk_thumbprint", "key_id_of", "verify"]

_JWK_MEMBERS = {"crv", "kty", "x", "y"}
_P = 2**255 - 19
_Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER_Y = {0, 1, _P - 1, _Y8, _P - _Y8}
"""The y coordinates of the eight points of small order of edwards25519."""


class SigningKey:
    """An Ed25519 signing key. `public` is 32 bytes; `key_id` names it in envelopes."""

    __slots__ = ("_private", "key_id", "public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        """From a private key of the `cryptography` library."""
        self._private = private
        self.public: bytes = private.public_key().public_bytes_raw()
        self.key_id: str = key_id_of(self.public)

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_private_bytes(cls, private: bytes) -> SigningKey:
        """The key whose RFC 8032 seed is `private` (32 bytes)."""
        if len(private) != 32:
            raise OutOfOrder("An Ed25519 private key has 32 bytes.", f"These are {len(private)}.")
        return cls(Ed25519PrivateKey.from_private_bytes(private))

    def private_bytes(self) -> bytes:
        """The seed, for the encrypted key file only."""
        return self._private.private_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over `message`."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        """The key id; never the private part."""
        return f"SigningKey({self.key_id})"

    def __reduce__(self) -> NoReturn:
        """Raises OutOfOrder: a private key is not pickled."""
        raise OutOfOrder("A private key is not serialised.", "Only save_key writes one, encrypted.")


class AgreementKey:
    """A P-256 key for ECDH-ES: the recipient's vault. `public_jwk` is what is enrolled; `key_id` is its RFC 7638 thumbprint."""

    __slots__ = ("_private", "key_id", "public_jwk")

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        """From a private key of the `cryptography` library, on P-256."""
        numbers = private.public_key().public_numbers()
        self._private = private
        self.public_jwk: dict[str, str] = {
            "crv": "P-256",
            "kty": "EC",
            "x": encode64url(numbers.x.to_bytes(32, "big")),
            "y": encode64url(numbers.y.to_bytes(32, "big")),
        }
        self.key_id: str = jwk_thumbprint(self.public_jwk)

    @classmethod
    def generate(cls) -> AgreementKey:
        """A new key from the operating system's randomness."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_private_bytes(cls, private: bytes) -> AgreementKey:
        """The key whose private scalar is `private` (32 bytes, big endian)."""
        try:
            return cls(ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1()))
        except ValueError:
            raise OutOfOrder("A P-256 private key is a number between 1 and the order of the curve.") from None

    def private_bytes(self) -> bytes:
        """The private scalar, for the encrypted key file and for opening answers only."""
        return self._private.private_numbers().private_value.to_bytes(32, "big")

    def __repr__(self) -> str:
        """The key id; never the private part."""
        return f"AgreementKey({self.key_id})"

    def __reduce__(self) -> NoReturn:
        """Raises OutOfOrder: a private key is not pickled."""
        raise OutOfOrder("A private key is not serialised.", "Only save_key writes one, encrypted.")


def key_id_of(public: bytes) -> str:
    """How envelopes name an Ed25519 key: 16 hex digits of SHA-256 over a label and the public key."""
    return hashlib.sha256(b"portcullis/key/1" + public).hexdigest()[:16]


def can_sign(public: bytes, alg: str = "EdDSA") -> bool:
    """Whether signatures may be checked with it: 32 bytes not of small order, or for ES256 the 65 bytes of a point."""
    return len(public) == (65 if alg == "ES256" else 32) and not _has_small_order(public)


def check_public(public: bytes) -> bytes:
    """Check 1 for a key about to be enrolled. Raises Refused."""
    if len(public) != 32 or _has_small_order(public):
        raise Refused(
            "This is not an Ed25519 public key.",
            "It has another length or is a point of small order.",
            "Enrol a key made by a key generator.",
        )
    return public


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is that key's over `message`; checks 1 and 2."""
    if len(public) != 32 or len(signature) != 64 or _has_small_order(public):  # 1, 2
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)  # 2
    except (InvalidSignature, ValueError):
        return False
    return True


def check_jwk(jwk: Mapping[str, object]) -> dict[str, str]:
    """The public vault key, exactly the four members of an EC P-256 JWK with a point on the curve. Raises Refused."""
    if set(jwk) != _JWK_MEMBERS or jwk["kty"] != "EC" or jwk["crv"] != "P-256":
        raise _bad_vault("It must have exactly the members crv, kty, x, y of a P-256 public key.")
    x, y = decode64url(jwk["x"], "The vault key"), decode64url(jwk["y"], "The vault key")
    if len(x) != 32 or len(y) != 32:
        raise _bad_vault("Its coordinates are not 32 bytes each.")
    try:
        ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()).public_key()
    except ValueError:
        raise _bad_vault("Its point is not on the curve.") from None
    return {"crv": "P-256", "kty": "EC", "x": str(jwk["x"]), "y": str(jwk["y"])}


def jwk_thumbprint(jwk: Mapping[str, object]) -> str:
    """RFC 7638 SHA-256 thumbprint of a vault key, base64url. Raises Refused when it is not a P-256 public key."""
    return encode64url(hashlib.sha256(canonical(check_jwk(jwk))).digest())


def _bad_vault(why: str) -> Refused:
    return Refused("This is not a vault key.", why, "Enrol the public JWK that the vault printed.")


def _has_small_order(public: bytes) -> bool:
    return int.from_bytes(public, "little") % 2**255 % _P in _SMALL_ORDER_Y
