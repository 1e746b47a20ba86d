"""Opening a sealed answer: the recipient's side of `seal.py`.

An answer is opened only when
 1. it is a compact JWE of five parts, each strict base64url, within the limits,
 2. its header is JSON with exactly our members and our one algorithm, and names this vault key,
 3. the header binds it to the batch and request where it was found,
 4. it decrypts and authenticates,
 5. the plaintext is a canonical object padded as `pad` pads, with nothing but zeros in the padding.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from portcullis.crypto.canonical import strict_loads
from portcullis.crypto.encoding import decode64url, encode64url
from portcullis.crypto.jwe import ALGORITHM, BINDING, ENCRYPTION, MAX_SIZE, OPTIONAL, registry
from portcullis.crypto.keys import AgreementKey
from portcullis.errors import Refused

__all__ = ["open_sealed", "sealed_header"]

_REGISTRY = registry()
_TECHNICAL = {"alg", "enc", "epk"}
_HEADER = {*_TECHNICAL, "kid", *BINDING}
_MAX_TOKEN = 4096 + 2 * MAX_SIZE


def sealed_header(token: str) -> dict[str, str]:
    """The binding of a sealed answer and its `kid`, as stated and not yet authenticated; checks 1 and 2. Raises Refused."""
    if not isinstance(token, str) or len(token) > _MAX_TOKEN or token.count(".") != 4:  # 1
        raise _refused("It is not a compact JWE.")
    parts = [decode64url(part, "The sealed answer") for part in token.split(".")]  # 1
    header = _object(parts[0])
    if set(header) - set(OPTIONAL) != _HEADER or (header["alg"], header["enc"]) != (ALGORITHM, ENCRYPTION):  # 2
        raise _refused("Its header has other members or another algorithm.")
    texts = {name: value for name, value in header.items() if name not in _TECHNICAL and isinstance(value, str)}
    if len(texts) != len(header) - len(_TECHNICAL):
        raise _refused("Its header is not made of texts.")
    return texts


def open_sealed(token: str, vault_key: AgreementKey, *, expect: Mapping[str, str] | None = None) -> dict[str, object]:
    """The answer inside `token`, without its padding; checks 1 to 5.

    `expect` gives the members of the header (batch, request, agreement, vault) that must stand there. Raises Refused.
    """
    header = sealed_header(token)
    if header["kid"] != vault_key.key_id:  # 2
        raise _refused("It is sealed to another vault key.")
    if expect is not None and any(header.get(name) != value for name, value in expect.items()):  # 3
        raise _refused("It belongs to another batch, request or agreement.")
    private = ECKey.import_key({**vault_key.public_jwk, "d": encode64url(vault_key.private_bytes())})
    try:
        plaintext = jwe.decrypt_compact(token, private, registry=_REGISTRY).plaintext  # 4
    except (JoseError, ValueError, TypeError, AssertionError, KeyError):
        raise _refused("It does not decrypt: it was changed or damaged.") from None
    return _unpad(plaintext or b"")


def _unpad(plaintext: bytes) -> dict[str, object]:
    answer = strict_loads(plaintext)  # 5
    padding = answer.pop("pad", None) if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(padding, str) or padding.strip("0"):  # 5
        raise _refused("Its content is not a padded answer.")
    return answer


def _object(data: bytes) -> dict[str, object]:
    try:
        header = json.loads(data)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise _refused("Its header is not a JSON object.")
    return header


def _refused(why: str) -> Refused:
    return Refused("A sealed answer cannot be opened.", why, "Ask the source agency, naming the batch.")
