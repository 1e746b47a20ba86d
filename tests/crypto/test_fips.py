"""The FIPS switch refuses where it cannot be kept, and is silent where it is not set."""

from __future__ import annotations

import pytest

from portcullis.crypto import require_fips
from portcullis.errors import Refused


def test_without_the_switch_nothing_is_asked() -> None:
    require_fips({})
    require_fips({"PORTCULLIS_REQUIRE_FIPS": "0"}, lambda: False)


def test_with_the_switch_and_no_validated_provider_nothing_starts() -> None:
    with pytest.raises(Refused) as refusal:
        require_fips({"PORTCULLIS_REQUIRE_FIPS": "1"}, lambda: False)
    assert refusal.value.code == "S-CRYPTO"


def test_with_the_switch_and_a_validated_provider_it_starts() -> None:
    require_fips({"PORTCULLIS_REQUIRE_FIPS": "1"}, lambda: True)


def test_a_misspelt_switch_is_not_ignored() -> None:
    with pytest.raises(Refused):
        require_fips({"PORTCULLIS_REQUIRE_FIPS": "yes"}, lambda: True)
