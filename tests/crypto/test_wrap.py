"""Data keys can be wrapped, not exchanged, and destroyed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis.crypto import destroy, new_data_key, unwrap, wrap
from portcullis.errors import OutOfOrder, Tampered

WRAPPING = bytes(range(32))


def test_a_wrapped_key_comes_back() -> None:
    key = new_data_key()
    assert unwrap(WRAPPING, wrap(WRAPPING, key, "B-2026-000001"), "B-2026-000001") == key


def test_one_batch_s_key_cannot_stand_in_another_s_place() -> None:
    wrapped = wrap(WRAPPING, new_data_key(), "B-2026-000001")
    with pytest.raises(Tampered):
        unwrap(WRAPPING, wrapped, "B-2026-000002")
    with pytest.raises(Tampered):
        unwrap(bytes(32), wrapped, "B-2026-000001")


@given(st.integers(0, 60 * 8 - 1))
def test_a_flipped_bit_is_tampering(bit: int) -> None:
    wrapped = bytearray(wrap(WRAPPING, bytes(32), "x"))
    wrapped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Tampered):
        unwrap(WRAPPING, bytes(wrapped), "x")


def test_a_wrapped_key_of_another_length_is_tampering() -> None:
    wrapped = wrap(WRAPPING, bytes(32), "x")
    for bad in (b"", wrapped[:-1], wrapped + b"\0"):
        with pytest.raises(Tampered):
            unwrap(WRAPPING, bad, "x")


def test_keys_of_another_length_are_our_bug() -> None:
    with pytest.raises(OutOfOrder):
        wrap(WRAPPING, b"short", "x")


def test_a_destroyed_key_is_gone_and_its_bytes_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "batch.key"
    path.write_bytes(b"K" * 5000)
    (tmp_path / "second name").hardlink_to(path)
    assert destroy(path)
    assert not path.exists()
    left = (tmp_path / "second name").read_bytes()
    assert len(left) == 5000 and b"KKKK" not in left


def test_destroying_again_after_a_kill_is_no_error(tmp_path: Path) -> None:
    assert not destroy(tmp_path / "batch.key")
