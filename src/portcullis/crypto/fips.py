"""The switch for FIPS-validated cryptography (R47, `S-CRYPTO`).

With PORTCULLIS_REQUIRE_FIPS=1 nothing starts unless
 1. the `cryptography` library reports that its OpenSSL runs in FIPS mode.

The published wheels bundle an OpenSSL without a validated provider, so the switch refuses there; build `cryptography` from
source against a validated OpenSSL 3 provider. Key files use scrypt, which no validated provider offers: under the switch keys
come from a hardware module or key service, not from key files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from cryptography.hazmat.bindings._rust import openssl

from portcullis.errors import Refused

__all__ = ["require_fips"]

FIPS_VARIABLE = "PORTCULLIS_REQUIRE_FIPS"


def require_fips(environment: Mapping[str, str] | None = None, enabled: Callable[[], bool] = openssl.is_fips_enabled) -> None:
    """Nothing unless the switch is set. Raises Refused when it is set and check 1 fails, or when it is neither 0 nor 1."""
    value = (os.environ if environment is None else environment).get(FIPS_VARIABLE, "0")
    if value not in {"", "0", "1"}:
        raise Refused(f"{FIPS_VARIABLE} is neither 0 nor 1.", "A misspelt switch would be ignored.", "Set it to 1, or leave it out.")
    if value == "1" and not enabled():
        raise Refused(
            "FIPS-validated cryptography is required and not there.",
            "OpenSSL does not run in FIPS mode (S-CRYPTO).",
            f"Build cryptography against a validated OpenSSL provider, or unset {FIPS_VARIABLE}.",
            code="S-CRYPTO",
        )
