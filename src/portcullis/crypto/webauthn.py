"""Acts signed with a passkey (W3C Web Authentication Level 3, section 7.2, as far as a signature kept for years can be checked).

The envelope is that of every act; its one signature has two members more: `authenticator_data` and `client_data`, both base64. What the
passkey signed is `authenticator_data || SHA-256(client_data)`. It counts only when
 1. the client data is JSON of type `webauthn.get`, no member twice, not from a frame of another origin,
 2. its challenge is the SHA-256 of the act's payload, so that it can be used for nothing else,
 3. its origin is one the passkey was enrolled for,
 4. the authenticator data begins with the SHA-256 of the relying party the passkey was enrolled for,
 5. its flags say that the person was present and was verified (PIN, finger, face),
 6. the signature verifies: ES256 (ECDSA on P-256 with SHA-256) or EdDSA (Ed25519).

Which passkey is whose, and for which relying party and origins, an agency's root signs at enrolment. Counters are not checked: they are
the signing server's to compare at the time, and synchronised passkeys have none.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from portcullis.crypto.canonical import canonical
from portcullis.crypto.encoding import decode64, encode64, encode64url
from portcullis.crypto.keys import check_public, key_id_of, verify
from portcullis.errors import PortcullisError, Refused
from portcullis.model import Act

__all__ = ["PASSKEY_MEMBERS", "Passkey", "challenge_of", "passkey_envelope", "verify_assertion"]

PASSKEY_MEMBERS = frozenset({"authenticator_data", "client_data", "keyid", "sig"})
"""The members of a passkey's signature in an envelope."""
_ACT_TYPE = "application/vnd.portcullis.act+json"
_PRESENT, _VERIFIED = 0x01, 0x04
_EXTRAS = 0xC0  # attested credential data, extensions: something follows the 37 bytes
_ALGORITHMS = {"ES256": 65, "EdDSA": 32}
_RP_ID = re.compile(r"[a-z0-9.-]{1,253}")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as an agency's root enrolled it. `public`: 32 bytes (EdDSA) or the uncompressed point of 65 bytes (ES256)."""

    public: bytes
    alg: str
    rp_id: str
    origins: tuple[str, ...]

    def member(self) -> dict[str, object]:
        """The member `webauthn` of a `key.enrolled` leaf, which the root's act is over as well."""
        return {"alg": self.alg, "origins": list(self.origins), "rp_id": self.rp_id}

    @classmethod
    def read(cls, public: bytes, member: object) -> Passkey:
        """The passkey of a public key and a `webauthn` member. Raises Refused when they are none."""
        if not isinstance(member, Mapping) or set(member) != {"alg", "origins", "rp_id"}:
            raise _not_enrolled("Its member webauthn has exactly alg, origins, rp_id.")
        alg, rp_id, origins = member["alg"], member["rp_id"], member["origins"]
        if alg not in _ALGORITHMS or len(public) != _ALGORITHMS[alg]:
            raise _not_enrolled("Its algorithm is ES256 with a point of 65 bytes, or EdDSA with 32.")
        if not isinstance(rp_id, str) or not _RP_ID.fullmatch(rp_id) or not isinstance(origins, list) or not origins:
            raise _not_enrolled("Its relying party is a domain, and its origins are a list.")
        if not all(isinstance(origin, str) and _ORIGIN.fullmatch(origin) for origin in origins):
            raise _not_enrolled("An origin is a scheme, a host and at most a port.")
        if alg == "EdDSA":
            check_public(public)
        elif _point(public) is None:
            raise _not_enrolled("Its point is not on the curve.")
        return cls(public, alg, rp_id, tuple(origins))


def challenge_of(act: Act) -> bytes:
    """The challenge a console gives to the passkey for this act: SHA-256 of its canonical payload."""
    return hashlib.sha256(canonical(act.payload())).digest()


def passkey_envelope(act: Act, passkey: Passkey, *, authenticator_data: bytes, client_data: bytes, signature: bytes) -> dict[str, object]:
    """The envelope of an act that a passkey signed. Raises Refused when the assertion is not good for it."""
    payload = canonical(act.payload())
    signed = {
        "authenticator_data": encode64(authenticator_data),
        "client_data": encode64(client_data),
        "keyid": key_id_of(passkey.public),
        "sig": encode64(signature),
    }
    verify_assertion(passkey, payload, signed)
    return {"payload": encode64(payload), "payloadType": _ACT_TYPE, "signatures": [signed]}


def verify_assertion(passkey: Passkey, payload: bytes, signed: Mapping[str, str]) -> None:
    """Checks 1 to 6 of one signature of an envelope over `payload`. Raises Refused."""
    try:
        data, client = decode64(signed["authenticator_data"], "The data"), decode64(signed["client_data"], "The client data")
        signature = decode64(signed["sig"], "The signature")
        said = _client(client)
    except (PortcullisError, ValueError, KeyError, RecursionError):
        raise _refused("its client data cannot be read") from None  # 1
    if not isinstance(said, dict) or said.get("type") != "webauthn.get" or said.get("crossOrigin", False) is not False:
        raise _refused("its client data is not of an assertion in a page of its own")  # 1
    if said.get("challenge") != encode64url(hashlib.sha256(payload).digest()):
        raise _refused("its challenge is not the hash of the act")  # 2
    if said.get("origin") not in passkey.origins:
        raise _refused("it was made at another origin than the passkey was enrolled for")  # 3
    if len(data) < 37 or data[:32] != hashlib.sha256(passkey.rp_id.encode()).digest() or (len(data) > 37) != bool(data[32] & _EXTRAS):
        raise _refused("its authenticator data is of another relying party")  # 4
    if data[32] & (_PRESENT | _VERIFIED) != _PRESENT | _VERIFIED:
        raise _refused("the person was not verified by the passkey")  # 5
    if not _signed(passkey, data + hashlib.sha256(client).digest(), signature):
        raise _refused("its signature does not verify")  # 6


def _client(data: bytes) -> object:
    """Client data in any spelling, as browsers write it, but no member twice."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a member twice")
        return dict(pairs)

    return json.loads(data.decode("utf-8"), object_pairs_hook=once)


def _signed(passkey: Passkey, message: bytes, signature: bytes) -> bool:
    if passkey.alg == "EdDSA":
        return verify(passkey.public, message, signature)
    point = _point(passkey.public)
    try:
        if point is not None:
            point.verify(signature, message, ec.ECDSA(SHA256()))
            return True
    except InvalidSignature:
        pass
    return False


def _point(public: bytes) -> ec.EllipticCurvePublicKey | None:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public) if len(public) == 65 else None
    except ValueError:
        return None


def _refused(why: str) -> Refused:
    return Refused("The passkey's signature is not accepted.", why[0].upper() + why[1:] + ".", "Sign again with the passkey.")


def _not_enrolled(why: str) -> Refused:
    return Refused("This is not a passkey that can be enrolled.", why, "Enrol it again from the console.")
