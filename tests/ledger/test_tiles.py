"""Tile paths, widths and bundles as C2SP tlog-tiles defines them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_story import load_verifier
from portcullis.errors import OutOfOrder, Tampered
from portcullis.ledger.tiles import MAX_ENTRY, bundle, entries, entries_path, hashes, index_path, tile_path, tiles_of

SIZES = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000, 1_280_000]


def test_the_specifications_example_paths() -> None:
    assert index_path(1_234_067) == "x001/x234/067"
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert entries_path(1_234_067, 5) == "tile/entries/x001/x234/067.p/5"
    assert tile_path(4, 0, 1) == "tile/4/000.p/1"
    assert index_path(999) == "999"
    assert index_path(1000) == "x001/000"


def test_the_specifications_example_of_70_000_leaves() -> None:
    """273 full level 0 tiles, one part of 112, one full level 1 tile, one part of 17, one level 2 part of 1."""
    paths = list(tiles_of(70_000))
    level0 = [p for p in paths if p.startswith("tile/0/")]
    assert (len(level0), level0[-1]) == (274, "tile/0/273.p/112")
    assert [p for p in paths if p.startswith("tile/1/")] == ["tile/1/000", "tile/1/001.p/17"]
    assert [p for p in paths if p.startswith("tile/2/")] == ["tile/2/000.p/1"]


def test_a_log_of_256_leaves_has_a_full_tile_and_a_part_above_it() -> None:
    assert list(tiles_of(256)) == ["tile/0/000", "tile/entries/000", "tile/1/000.p/1"]


@pytest.mark.parametrize("size", SIZES)
def test_both_verifiers_expect_the_same_files(size: int) -> None:
    log = load_verifier().Log(SimpleNamespace(listed=()), SimpleNamespace(size=size))
    assert set(tiles_of(size)) == set(log.names())


@given(st.integers(0, 10**12))
def test_index_paths_can_be_read_back(index: int) -> None:
    parts = index_path(index).split("/")
    assert int("".join(p.removeprefix("x") for p in parts)) == index
    assert all(p.startswith("x") for p in parts[:-1])
    assert all(len(p.removeprefix("x")) == 3 for p in parts)


@given(st.lists(st.binary(max_size=700), min_size=1, max_size=256))
def test_entries_come_back_and_no_byte_too_many_or_too_few(items: list[bytes]) -> None:
    data = bundle(items)
    assert entries(data, len(items)) == items
    for damaged in (data + b"\0", data[:-1], data + b"\0\0"):
        with pytest.raises(Tampered):
            entries(damaged, len(items))
    with pytest.raises(Tampered):
        entries(data, len(items) + 1)


def test_an_entry_that_is_too_long_is_not_written() -> None:
    assert len(bundle([b"x" * MAX_ENTRY])) == MAX_ENTRY + 2
    with pytest.raises(OutOfOrder):
        bundle([b"x" * (MAX_ENTRY + 1)])


def test_widths_and_indices_that_cannot_be_are_our_mistake() -> None:
    for level, index, width in ((0, 0, 0), (0, 0, 257), (0, -1, 256)):
        with pytest.raises(OutOfOrder):
            tile_path(level, index, width)
    with pytest.raises(Tampered):
        hashes(bytes(33), 1)
