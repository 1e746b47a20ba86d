"""Damage: leaves exchanged, links, stray files. Both verifiers refuse. Flipped bits: test_flips.py."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ledger_attacks import entry_file, honest
from ledger_attacks_kept import ON_DISK
from ledger_story import START, Story, load_verifier, package, standalone, verdict
from portcullis.errors import PortcullisError
from portcullis.ledger.bundle import folder_files
from portcullis.ledger.verify import verify

NOW = START + 86_400.0


def test_random_damage_of_a_larger_bundle_gives_one_verdict() -> None:
    """Leaves are damaged and everything is hashed and signed again, so that only what they say can give it away."""
    story, rng = honest(), random.Random(3)
    good = list(story.leaves)
    refused = 0
    for _ in range(250):
        story.leaves = list(good)
        at = rng.randrange(len(good))
        match rng.randrange(4):
            case 0:
                place = rng.randrange(len(good[at]))
                story.leaves[at] = good[at][:place] + bytes([good[at][place] ^ 1 << rng.randrange(8)]) + good[at][place + 1 :]
            case 1:
                del story.leaves[at]
            case 2:
                story.leaves.insert(at, good[rng.randrange(len(good))])
            case _:
                other = rng.randrange(len(good))
                story.leaves[at], story.leaves[other] = good[other], good[at]
        refused += refused_by_both(story)
    assert refused > 180


def refused_by_both(story: Story) -> bool:
    """Whether the story's leaves, everything else made anew for them, are refused; the verifiers must agree on that."""
    try:
        files = story.files()
    except PortcullisError:
        return True  # keys.json cannot even be told from such leaves
    one, other = standalone(files, story.trust(), None, NOW), package(files, story.trust(), None, NOW)
    assert (one.step == 0) == (other.step == 0), (one, other)
    return one.step != 0


# ---------------------------------------------------------------- on disk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good bundle on disk."""
    path = tmp_path / "bundle"
    for name, data in honest().files().items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def both_refuse(folder: Path, says: str) -> None:
    v, trust = load_verifier(), honest().trust()
    with pytest.raises((v.Failed, OSError)) as failed:
        v.verify(*v.folder(folder), v.read_trust(trust), None, lambda _: None, NOW)
    found = verify(folder, trust, now=NOW)
    failure = found["first_failure"]
    assert isinstance(failure, dict)
    assert says in str(failed.value)
    assert says in f"{failure['what']} {failure['why']}"


def test_a_good_folder_verifies(folder: Path) -> None:
    assert verify(folder, honest().trust(), now=NOW)["verified"] is True


@pytest.mark.parametrize("trick", ON_DISK)
def test_a_trick_with_the_folder_is_refused(folder: Path, trick: str) -> None:
    bend, says = ON_DISK[trick]
    bend(folder)
    both_refuse(folder, says)


def test_an_unknown_file_is_refused_even_when_the_manifest_names_it() -> None:
    story = honest()
    assert verdict(story.signed(story.files() | {"notes.txt": b"x"}), story.trust()).step == 1


def test_a_path_that_leaves_the_bundle_is_refused_even_when_the_manifest_names_it() -> None:
    story = honest()
    files = story.files()
    assert verdict(story.signed(files | {"tile/../../secret": b"x"}), story.trust()).step == 1


def test_a_tile_too_many_is_refused() -> None:
    story = honest()
    files = story.files()
    name = entry_file(files)
    assert verdict(story.signed(files | {name.replace("000.p", "001.p"): files[name]}), story.trust()).step == 1


def test_folders_are_listed_by_their_files(folder: Path) -> None:
    names, fetch = folder_files(folder)
    assert names == set(honest().files())
    assert fetch("vkey") == honest().files()["vkey"]
