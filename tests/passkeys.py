"""A passkey in software for tests: it signs what a console asks, and can be told to lie about any part of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portcullis.crypto import Passkey, SigningKey, challenge_of, key_id_of
from portcullis.crypto.encoding import encode64, encode64url
from portcullis.crypto.webauthn import passkey_envelope
from portcullis.model import Act

ORIGIN, RP_ID = "https://gateway.example", "gateway.example"


class SoftPasskey:
    """One credential, the same in every run: ES256 unless `alg` says EdDSA."""

    def __init__(self, name: str, alg: str = "ES256") -> None:
        seed = hashlib.sha256(name.encode()).digest()
        self._ec = ec.derive_private_key(int.from_bytes(seed), ec.SECP256R1())
        self._ed = SigningKey.from_private_bytes(seed)
        point = self._ec.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.passkey = Passkey(point if alg == "ES256" else self._ed.public, alg, RP_ID, (ORIGIN,))
        self.public, self.key_id = self.passkey.public, key_id_of(self.passkey.public)

    def assertion(self, act: Act, *, flags: int = 0x05, rp_id: str = RP_ID, more: bytes = b"", **client: Any) -> tuple[bytes, bytes, bytes]:
        """Authenticator data, client data and signature over an act; `client` bends the client data."""
        said = {"type": "webauthn.get", "challenge": encode64url(challenge_of(act)), "origin": ORIGIN, "crossOrigin": False}
        data = hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + (7).to_bytes(4, "big") + more
        text = json.dumps(said | client, separators=(",", ":")).encode()
        message = data + hashlib.sha256(text).digest()
        signed = self._ec.sign(message, ec.ECDSA(SHA256())) if self.passkey.alg == "ES256" else self._ed.sign(message)
        return data, text, signed

    def sign(self, act: Act) -> dict[str, object]:
        """The envelope of an act, signed as it should be."""
        data, text, signed = self.assertion(act)
        return passkey_envelope(act, self.passkey, authenticator_data=data, client_data=text, signature=signed)

    def forge(self, act: Act, payload: bytes, *assertion: bytes) -> dict[str, object]:
        """An envelope with any assertion in it, checked by nobody."""
        data, text, signature = assertion
        one = {"authenticator_data": encode64(data), "client_data": encode64(text), "keyid": self.key_id, "sig": encode64(signature)}
        return {"payload": encode64(payload), "payloadType": "application/vnd.portcullis.act+json", "signatures": [one]}
