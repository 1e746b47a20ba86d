"""Taking one key out of a keyring: that one is gone, every other is the same."""

from __future__ import annotations

import hmac
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portcullis.crypto import Keyring, load_keyring, load_secret, new_data_key, replace_keyring, save_keyring, save_secret
from portcullis.crypto.keyring import DEPTH
from portcullis.errors import OutOfOrder, Refused

SECRET = b"sixteen bytes at least"
NUMBER = st.integers(0, (1 << DEPTH) - 1)


@given(st.sets(NUMBER, max_size=6), st.sets(NUMBER, min_size=1, max_size=6))
@settings(max_examples=30)
def test_only_what_was_taken_out_is_gone(taken: set[int], asked: set[int]) -> None:
    whole = left = Keyring.generate()
    for number in taken:
        left = left.without(number)
    again = Keyring.from_material(left.material())
    for number in asked | taken | {n ^ 1 for n in taken}:
        assert again.holds(number) == (number not in taken)
        if number in taken:
            with pytest.raises(Refused, match="destroyed"):
                again.key_of(number)
        else:
            assert again.key_of(number) == whole.key_of(number)


def test_what_is_left_does_not_hold_the_key_or_anything_above_it() -> None:
    """The secrets on the way down to the leaf, any of which would give the key, are in no node that is left."""
    whole = Keyring.generate()
    left = whole.without(5)
    on_the_way = [whole.material()[-32:]]
    for level in range(DEPTH - 1, -1, -1):
        on_the_way.append(hmac.digest(on_the_way[-1], b"portcullis/keyring/1" + bytes([5 >> level & 1]), "sha256"))
    assert not any(seed in left.material() for seed in on_the_way)
    assert whole.key_of(5) not in left.material()


def test_keys_of_different_numbers_differ() -> None:
    ring = Keyring.generate()
    assert len({ring.key_of(number) for number in range(100)}) == 100


def test_taking_out_in_order_keeps_the_file_small() -> None:
    ring = Keyring.generate()
    for number in range(300):
        ring = ring.without(number)
    assert len(ring.material()) <= 37 * DEPTH


def test_a_malformed_keyring_is_refused() -> None:
    seed = bytes(32)
    for nodes in ([(31, 0, seed)], [(1, 2, seed)], [(0, 0, seed), (3, 1, seed)]):
        with pytest.raises(OutOfOrder):
            Keyring(nodes)
    for material in (b"", b"x" * 36, b"x" * 38):
        with pytest.raises(OutOfOrder):
            Keyring.from_material(material)
    with pytest.raises(OutOfOrder):
        Keyring.generate().key_of(1 << DEPTH)


def test_a_keyring_is_neither_shown_nor_pickled() -> None:
    ring = Keyring.generate()
    assert ring.material()[-32:].hex() not in repr(ring)
    with pytest.raises(OutOfOrder):
        pickle.dumps(ring)


def test_the_old_file_is_overwritten_before_it_goes(tmp_path: Path) -> None:
    path, kept = tmp_path / "wrapping.json", tmp_path / "somebody-holds-it-open"
    ring = Keyring.generate()
    save_keyring(path, ring, SECRET, n=2)
    os.link(path, kept)  # the same bytes on disk, under a name that is not unlinked
    before = kept.read_bytes()
    replace_keyring(path, ring.without(7), SECRET)
    assert not load_keyring(path, SECRET).holds(7)
    assert len(kept.read_bytes()) == len(before)
    assert before[:64] not in kept.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == [kept.name, path.name]


@pytest.mark.parametrize("left_over", ["wrapping.json.new", "wrapping.json.old"])
def test_what_a_kill_left_is_cleared_away(tmp_path: Path, left_over: str) -> None:
    path, ring = tmp_path / "wrapping.json", Keyring.generate()
    save_keyring(path, ring, SECRET, n=2)
    save_keyring(tmp_path / left_over, ring, SECRET, n=2)
    replace_keyring(path, ring.without(7), SECRET)
    assert [each.name for each in tmp_path.iterdir()] == ["wrapping.json"]


def test_a_file_of_another_kind_is_no_keyring(tmp_path: Path) -> None:
    save_secret(tmp_path / "accounting.json", new_data_key(), SECRET, n=2)
    save_keyring(tmp_path / "wrapping.json", Keyring.generate(), SECRET, n=2)
    with pytest.raises(Refused, match="no wrapping keys"):
        load_keyring(tmp_path / "accounting.json", SECRET)
    with pytest.raises(Refused, match="no symmetric key"):
        load_secret(tmp_path / "wrapping.json", SECRET)
