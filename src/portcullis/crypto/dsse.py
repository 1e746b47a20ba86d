"""Signed statements: DSSE envelopes (Dead Simple Signing Envelope 1.0) with one Ed25519 signature.

An envelope is opened only when
 1. it has exactly the members payload, payloadType, signatures, and its one signature exactly keyid, sig,
 2. its payload type is the one asked for (an act cannot pass as a batch envelope),
 3. payload and signature are strict base64,
 4. the key id is known to the caller, and is the id of the key the caller gives for it,
 5. the signature verifies over the pre-authentication encoding (PAE) of type and payload (R01),
 6. the payload is canonical JSON, in its only spelling.

An act may be signed with a passkey instead: check 5 is then that of webauthn.py, for a key that was enrolled as one.
An act (journey.md, "People who act") further has exactly the members of `model.Act`, of their types. Whether it is over the
right origin, agreement, action and content, not expired and not used before, is the caller's to check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from portcullis.crypto.canonical import canonical, strict_loads
from portcullis.crypto.encoding import decode64, encode64
from portcullis.crypto.keys import SigningKey, key_id_of, verify
from portcullis.crypto.webauthn import PASSKEY_MEMBERS, Passkey, verify_assertion
from portcullis.errors import OutOfOrder, Refused
from portcullis.model import Act

__all__ = ["ACT_TYPE", "Lookup", "open_act", "open_dsse", "pae", "read_dsse", "sign_act", "sign_dsse", "signer_of"]

ACT_TYPE = "application/vnd.portcullis.act+json"
Lookup = Callable[[str], bytes | Passkey | None]
"""Gives the public key, or the passkey, of a key id; None when it is not enrolled or revoked."""

_MEMBERS = {"payload", "payloadType", "signatures"}
_LIMIT = 1 << 20
_ACT_TEXTS = ("origin", "agreement", "action", "content", "officer", "nonce")
_MAX_TEXT = 512
_MAX_EXPIRES = 253_402_300_799  # the last second of the year 9999
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]*\Z")


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: DSSE v1 pre-authentication encoding."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_dsse(key: SigningKey, payload_type: str, payload: bytes) -> dict[str, object]:
    """The envelope of `payload` (canonical JSON) under `key`."""
    signature = key.sign(pae(payload_type, payload))
    return {
        "payload": encode64(payload),
        "payloadType": payload_type,
        "signatures": [{"keyid": key.key_id, "sig": encode64(signature)}],
    }


def sign_act(key: SigningKey, act: Act) -> dict[str, object]:
    """The envelope of one act."""
    payload = canonical(act.payload())
    try:
        _act(strict_loads(payload))
    except Refused as error:
        raise OutOfOrder("This act cannot be signed.", error.why) from error
    return sign_dsse(key, ACT_TYPE, payload)


def read_dsse(data: bytes, *, limit: int = 2 * _LIMIT) -> dict[str, object]:
    """The envelope in a file or line: canonical JSON, with or without the newline at its end. Raises Refused. Nothing is verified yet."""
    return _envelope(strict_loads(data.removesuffix(b"\n"), limit=limit))


def signer_of(envelope: object) -> str:
    """The key id an envelope claims, before anything is verified. Raises Refused when it has not the form of one."""
    return _signature(_envelope(envelope))["keyid"]


def open_dsse(envelope: object, lookup: Lookup, payload_type: str, *, limit: int = _LIMIT) -> bytes:
    """The payload of a verified envelope; checks 1 to 6. Raises Refused; `limit` is the longest payload in bytes."""
    members = _envelope(envelope)  # 1
    signed = _signature(members)  # 1
    key_id = signed["keyid"]
    if members["payloadType"] != payload_type:  # 2
        raise _refused("It is a statement of another kind", f"one of type {payload_type} is needed here")
    if len(str(members["payload"])) > limit * 4 // 3 + 4:
        raise _refused("It is too long", f"at most {limit} bytes are read")
    payload, signature = decode64(members["payload"], "The payload"), decode64(signed["sig"], "The signature")  # 3
    key = lookup(key_id)
    if key is None:  # 4
        raise _refused("Its key is not enrolled, or is revoked", "nobody answers for it")
    public = key.public if isinstance(key, Passkey) else key
    if isinstance(key, Passkey) != (len(signed) > 2) or (isinstance(key, Passkey) and payload_type != ACT_TYPE):
        raise _refused("It is signed in another way than its key was enrolled for", "a passkey signs acts, and as a passkey")
    if key_id_of(public) != key_id or not (isinstance(key, Passkey) or verify(key, pae(payload_type, payload), signature)):  # 4, 5
        raise _refused("Its signature does not verify", "what was signed is not what stands here")
    if isinstance(key, Passkey):
        verify_assertion(key, payload, signed)  # 5
    strict_loads(payload, limit=limit)  # 6
    return payload


def open_act(envelope: object, lookup: Lookup) -> Act:
    """The act in a verified envelope. Raises Refused."""
    return _act(strict_loads(open_dsse(envelope, lookup, ACT_TYPE)))


def _envelope(envelope: object) -> dict[str, object]:
    if (
        not isinstance(envelope, Mapping)
        or set(envelope) != _MEMBERS
        or not all(isinstance(envelope[m], str) for m in ("payload", "payloadType"))
    ):
        raise _refused("It is not a DSSE envelope", "exactly the members payload, payloadType, signatures are allowed")
    return dict(envelope)


def _signature(envelope: Mapping[str, object]) -> dict[str, str]:
    signatures = envelope["signatures"]
    one = signatures[0] if isinstance(signatures, list) and len(signatures) == 1 else None
    if not isinstance(one, Mapping) or set(one) not in ({"keyid", "sig"}, PASSKEY_MEMBERS):
        raise _refused("It does not have exactly one signature", "each has exactly the members keyid, sig, or those of a passkey")
    if not all(isinstance(text, str) for text in one.values()) or not re.fullmatch(r"[0-9a-f]{16}", one["keyid"]):
        raise _refused("Its signature has not the form of one", "a key id has 16 hex digits and a signature is base64")
    return dict(one)


def _act(body: object) -> Act:
    if not isinstance(body, dict) or set(body) - {"detail"} != {*_ACT_TEXTS, "expires"} or body.get("detail", {"": 0}) == {}:
        raise _refused("It is not an act", "a member is missing, unknown or empty")
    texts = [body[name] for name in _ACT_TEXTS]
    if not all(isinstance(text, str) and len(text) <= _MAX_TEXT and _PRINTABLE.match(text) for text in texts):
        raise _refused("It is not an act", "a member is not a short text")
    expires, detail = body["expires"], body.get("detail", {})
    if not isinstance(expires, int) or isinstance(expires, bool) or not 0 <= expires <= _MAX_EXPIRES or not isinstance(detail, dict):
        raise _refused("It is not an act", "its expiry or its detail is of the wrong type")
    if not re.fullmatch(r"[0-9a-f]{64}", body["content"]) or not body["nonce"]:
        raise _refused("It is not an act", "its content is not a SHA-256 in hex, or it has no nonce")
    return Act(**{name: body[name] for name in _ACT_TEXTS}, expires=expires, detail=detail)


def _refused(what: str, why: str) -> Refused:
    return Refused(f"The signed statement is not accepted. {what}.", why[0].upper() + why[1:] + ".", "Ask its author to sign it again.")
