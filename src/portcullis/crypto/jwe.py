"""What sealing and opening of answers share: the one algorithm, the limits, the header, the padding.

JWE compact (RFC 7516), `ECDH-ES+A256KW` on P-256 with `A256GCM`. The protected header has exactly `alg`, `enc`, `epk`, `kid`
(thumbprint of the vault key) and the members that bind an answer to its place: `batch` and `request` always, `agreement` and
`vault` (the vault's id) where they are given.
"""

from __future__ import annotations

from collections.abc import Mapping

from joserfc.jwe import JWERegistry
from joserfc.registry import HeaderParameter

from portcullis.crypto.canonical import canonical
from portcullis.errors import OutOfOrder

__all__ = ["ALGORITHM", "BINDING", "ENCRYPTION", "MAX_SIZE", "OPTIONAL", "SIZE", "pad", "registry"]

ALGORITHM, ENCRYPTION = "ECDH-ES+A256KW", "A256GCM"
BINDING = ("batch", "request")
OPTIONAL = ("agreement", "vault")
SIZE = 2048
MAX_SIZE = 16 << 10


def registry() -> JWERegistry:
    """The only algorithms and header members that are written or accepted, with explicit limits."""
    extra = {name: HeaderParameter(f"answer binding: {name}", _text, name in BINDING) for name in (*BINDING, *OPTIONAL)}
    made = JWERegistry(header_registry=extra, algorithms=[ALGORITHM, ENCRYPTION])
    made.max_protected_header_length = 2048
    made.max_ciphertext_length = MAX_SIZE * 4 // 3 + 4
    return made


def pad(answer: Mapping[str, object], size: int) -> bytes:
    """Canonical JSON of `answer` with a member `pad` that makes it exactly `size` bytes, so that length tells nothing.

    Raises OutOfOrder when the answer is longer: sealing it would tell its length.
    """
    if "pad" in answer or size > MAX_SIZE:
        raise OutOfOrder("This answer cannot be padded.", f"It has a member pad, or more than {MAX_SIZE} bytes are asked for.")
    room = size - len(canonical({**answer, "pad": ""}))
    if room < 0:
        raise OutOfOrder(
            "An answer is longer than the one size of all answers.",
            f"It has {-room} bytes too many for {size}.",
            "Seal with a larger size.",
        )
    return canonical({**answer, "pad": "0" * room})


def _text(value: object) -> None:
    if not isinstance(value, str):
        raise TypeError("a binding is text")
