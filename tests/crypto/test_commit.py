"""Commitments tell nothing without their salt, and fit one value in one place."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis.crypto import blind_index, commit, open_commitment
from portcullis.errors import OutOfOrder

SALT = bytes(range(32))
PLACE = ("decision", "00ff" * 8, "irs-ice-2025/1")


def test_the_formula_is_the_published_one() -> None:
    message = b'["portcullis/commitment/1","decision","00ff00ff00ff00ff00ff00ff00ff00ff","irs-ice-2025/1",{"outcome":"deny"}]'
    assert commit(SALT, *PLACE, {"outcome": "deny"}) == hmac.new(SALT, message, hashlib.sha256).digest()


@given(
    st.dictionaries(st.text(max_size=4), st.integers(0, 9), max_size=3), st.dictionaries(st.text(max_size=4), st.integers(0, 9), max_size=3)
)
def test_it_opens_to_its_own_value_and_to_no_other(value: dict[str, int], other: dict[str, int]) -> None:
    made = commit(SALT, *PLACE, value)
    assert open_commitment(made, SALT, *PLACE, value)
    assert open_commitment(made, SALT, *PLACE, other) == (value == other)


def test_it_cannot_be_moved_to_another_field_record_or_agreement() -> None:
    made = commit(SALT, *PLACE, "disclose")
    for place in (("subject", *PLACE[1:]), (PLACE[0], "11" * 16, PLACE[2]), (*PLACE[:2], "other/1")):
        assert not open_commitment(made, SALT, *place, "disclose")
    assert not open_commitment(made, bytes(32), *PLACE, "disclose")


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_salt_of_another_length_is_our_bug(length: int) -> None:
    with pytest.raises(OutOfOrder):
        commit(bytes(length), *PLACE, "x")
    with pytest.raises(OutOfOrder):
        blind_index(bytes(length), "number", "x")


def test_the_blind_index_is_equal_for_one_person_and_keyed() -> None:
    assert blind_index(SALT, "number", "000000001") == blind_index(SALT, "number", "000000001")
    assert blind_index(SALT, "number", "000000001") != blind_index(bytes(32), "number", "000000001")
    assert blind_index(SALT, "number", "000000001") != blind_index(SALT, "name", "000000001")
