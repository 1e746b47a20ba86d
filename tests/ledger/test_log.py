"""Publishing: at every size at the edges of tiles, bit by bit, after kills, and never beside what was published."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger_source import Leaves
from ledger_story import ORIGIN, seed_key
from portcullis.errors import OutOfOrder, PortcullisError, Tampered
from portcullis.ledger import NoteKey, Publisher, read_published
from portcullis.ledger.tiles import tiles_of

KEY = seed_key("log")
LOG = NoteKey(ORIGIN, KEY.public)
SIZES = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537]


def published_files(directory: Path) -> set[str]:
    return {p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file()} - {"checkpoint", ".publishing"}


@pytest.mark.parametrize("size", SIZES)
def test_a_log_of_any_size_is_published_whole(size: int, tmp_path: Path) -> None:
    source = Leaves(size)
    head = Publisher(tmp_path).publish(source, KEY, ORIGIN)
    assert (head.size, head.root) == (size, source.root())
    assert published_files(tmp_path) == set(tiles_of(size))
    assert read_published(tmp_path, LOG) == head


@pytest.mark.parametrize("steps", [[1, 2, 3], [255, 256, 257], [200, 300, 513], [0, 0, 70_000], [65_535, 65_536, 65_537], [256, 512, 768]])
def test_publishing_in_steps_gives_the_same_files_as_at_once(steps: list[int], tmp_path: Path) -> None:
    source = Leaves(0)
    for size in steps:
        source.leaves = Leaves(size).leaves
        Publisher(tmp_path / "steps").publish(source, KEY, ORIGIN)
    Publisher(tmp_path / "once").publish(Leaves(steps[-1]), KEY, ORIGIN)
    needed = set(tiles_of(steps[-1]))
    assert needed <= published_files(tmp_path / "steps")
    for name in needed | {"checkpoint"}:
        assert (tmp_path / "steps" / name).read_bytes() == (tmp_path / "once" / name).read_bytes()


def test_parts_that_a_full_tile_replaced_are_taken_away(tmp_path: Path) -> None:
    for size in (3, 5, 256, 300):
        Publisher(tmp_path).publish(Leaves(size), KEY, ORIGIN)
    assert published_files(tmp_path) == set(tiles_of(300)) | {"tile/1/000.p/1"}


def test_nothing_new_changes_nothing_not_even_a_witnesss_line(tmp_path: Path) -> None:
    source = Leaves(10)
    Publisher(tmp_path).publish(source, KEY, ORIGIN)
    marked = (tmp_path / "checkpoint").read_bytes() + "— witness.example AAAAAAAAAAA=\n".encode()
    (tmp_path / "checkpoint").write_bytes(marked)
    Publisher(tmp_path).publish(source, KEY, ORIGIN)
    assert (tmp_path / "checkpoint").read_bytes() == marked


def test_a_smaller_source_is_refused_with_how_to_recover(tmp_path: Path) -> None:
    Publisher(tmp_path).publish(Leaves(300), KEY, ORIGIN)
    before = (tmp_path / "checkpoint").read_bytes()
    with pytest.raises(Tampered, match="Restore a newer backup"):
        Publisher(tmp_path).publish(Leaves(299), KEY, ORIGIN)
    assert (tmp_path / "checkpoint").read_bytes() == before


def test_another_root_at_the_same_size_is_refused(tmp_path: Path) -> None:
    Publisher(tmp_path).publish(Leaves(300), KEY, ORIGIN)
    forked = Leaves(300)
    forked.leaves[299] = b"another"
    with pytest.raises(Tampered, match="parted"):
        Publisher(tmp_path).publish(forked, KEY, ORIGIN)


def test_a_fork_further_back_is_found_by_a_recheck(tmp_path: Path) -> None:
    Publisher(tmp_path).publish(Leaves(900), KEY, ORIGIN)
    forked = Leaves(901)
    forked.leaves[100] = b"another"
    with pytest.raises(Tampered, match="Leaf 100"):
        Publisher(tmp_path).publish(forked, KEY, ORIGIN, recheck=True)
    assert Publisher(tmp_path).publish(Leaves(901), KEY, ORIGIN, recheck=True).size == 901


def test_nothing_is_signed_below_or_beside_a_floor_known_from_elsewhere(tmp_path: Path) -> None:
    source = Leaves(10)
    with pytest.raises(Tampered, match="older"):
        Publisher(tmp_path / "gone").publish(source, KEY, ORIGIN, floor=(5, source.root(5).hex()))
    Publisher(tmp_path).publish(source, KEY, ORIGIN)
    with pytest.raises(Tampered, match="older"):
        Publisher(tmp_path).publish(Leaves(20), KEY, ORIGIN, floor=(11, None))
    with pytest.raises(Tampered, match="forked"):
        Publisher(tmp_path).publish(source, KEY, ORIGIN, floor=(10, "00" * 32))
    assert Publisher(tmp_path).publish(source, KEY, ORIGIN, floor=(10, source.root().hex())).size == 10


@pytest.mark.parametrize("name", ["tile/0/001.p/44", "tile/1/000.p/1"])
def test_changed_or_missing_tiles_stop_publishing(name: str, tmp_path: Path) -> None:
    Publisher(tmp_path).publish(Leaves(300), KEY, ORIGIN)
    good = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(bytes([good[0] ^ 1]) + good[1:])
    with pytest.raises(Tampered):
        Publisher(tmp_path).publish(Leaves(301), KEY, ORIGIN)
    (tmp_path / name).unlink()
    with pytest.raises(Tampered):
        Publisher(tmp_path).publish(Leaves(301), KEY, ORIGIN)
    (tmp_path / name).write_bytes(good)
    assert Publisher(tmp_path).publish(Leaves(301), KEY, ORIGIN).size == 301


def test_a_checkpoint_of_another_key_or_log_is_never_signed_over(tmp_path: Path) -> None:
    Publisher(tmp_path).publish(Leaves(3), KEY, ORIGIN)
    with pytest.raises(Tampered, match="never sign over"):
        Publisher(tmp_path).publish(Leaves(4), seed_key("other"), ORIGIN)
    with pytest.raises(Tampered):
        Publisher(tmp_path).publish(Leaves(4), KEY, "ledger.example/other")


@pytest.mark.parametrize("killed_after", [0, 1, 2, 3, 5, 8])
def test_killed_anywhere_the_old_log_stands_and_the_next_run_completes(
    killed_after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    Publisher(tmp_path).publish(Leaves(200), KEY, ORIGIN)
    written = 0
    real = Path.write_bytes

    def write(self: Path, data: bytes) -> int:
        nonlocal written
        written += 1
        if written > killed_after:
            real(self, data[: len(data) // 2])
            raise Killed
        return real(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write)
        with pytest.raises(Killed):
            Publisher(tmp_path).publish(Leaves(1100), KEY, ORIGIN)
    found = read_published(tmp_path, LOG)
    assert found is not None
    assert found.size == 200
    assert Publisher(tmp_path).publish(Leaves(1100), KEY, ORIGIN).root == Leaves(1100).root()
    for name in tiles_of(1100):
        assert (tmp_path / name).is_file()


class Gaps(Leaves):
    """A source with something wrong in it."""

    def __init__(self, size: int, order: list[int]) -> None:
        super().__init__(size)
        self.order = order

    def iterate(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        return iter([(i, b"x") for i in self.order if start <= i < stop])


@pytest.mark.parametrize("order", [[0, 1, 3], [0, 1, 1, 2], [0, 2, 1, 3], [1, 2, 3], []])
def test_a_source_with_gaps_repetitions_or_disorder_is_refused(order: list[int], tmp_path: Path) -> None:
    with pytest.raises(Tampered, match="missing"):
        Publisher(tmp_path).publish(Gaps(4, order), KEY, ORIGIN)
    assert read_published(tmp_path, LOG) is None


def test_there_is_one_sequencer_at_a_time(tmp_path: Path) -> None:
    with (tmp_path / ".publishing").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OutOfOrder):
            Publisher(tmp_path).publish(Leaves(1), KEY, ORIGIN)
    assert Publisher(tmp_path).publish(Leaves(1), KEY, ORIGIN).size == 1


def test_a_damaged_checkpoint_is_not_read(tmp_path: Path) -> None:
    Publisher(tmp_path).publish(Leaves(1), KEY, ORIGIN)
    (tmp_path / "checkpoint").write_bytes(b"nonsense")
    with pytest.raises(PortcullisError):
        read_published(tmp_path, LOG)
