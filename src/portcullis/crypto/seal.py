"""Sealing an answer to a vault. Only `release/` may import this module (import-linter and a hostile-module test hold it).

An answer is sealed only when
 1. the vault key is a P-256 public key, on the curve (R46),
 2. the header names batch and request, and nothing else but agreement and vault, so that an answer cannot be moved elsewhere,
 3. the padded answer has exactly the one size of all answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from joserfc import jwe
from joserfc.jwk import ECKey

from portcullis.crypto.canonical import canonical, strict_loads
from portcullis.crypto.jwe import ALGORITHM, BINDING, ENCRYPTION, OPTIONAL, SIZE, pad, registry
from portcullis.crypto.keys import check_jwk, jwk_thumbprint
from portcullis.errors import OutOfOrder

__all__ = ["seal"]

_REGISTRY = registry()


def seal(answer: Mapping[str, object], vault_jwk: Mapping[str, object], header: Mapping[str, str], size: int = SIZE) -> str:
    """The compact JWE of `answer` for the vault `vault_jwk`, its plaintext exactly `size` bytes.

    `header` has the members batch and request, and may have agreement and vault, all text. Raises Refused for a bad vault key,
    OutOfOrder for an answer that is too long or a header with other members.
    """
    key, key_id = _vault(canonical(vault_jwk))  # 1
    if set(header) - set(OPTIONAL) != set(BINDING) or not all(isinstance(value, str) and value for value in header.values()):  # 2
        raise OutOfOrder("An answer is bound to its batch and request.", "The header has other members.")
    protected: dict[str, object] = {"alg": ALGORITHM, "enc": ENCRYPTION, "kid": key_id}
    protected.update(header)
    return jwe.encrypt_compact(protected, pad(answer, size), key, registry=_REGISTRY)  # 3


@lru_cache(maxsize=64)
def _vault(jwk: bytes) -> tuple[ECKey, str]:
    """A vault's public key, checked and parsed once for all answers of a batch, and its thumbprint."""
    members = strict_loads(jwk)
    if not isinstance(members, dict):
        raise OutOfOrder("A vault key is a JSON object.")
    key = check_jwk(members)
    return ECKey.import_key(dict(key)), jwk_thumbprint(key)
