"""One flipped bit: in every byte of a bundle, or every bit of it, or twenty thousand anywhere in a larger one. Both verifiers refuse each.

A bundle in memory is judged in half a millisecond, and nothing of it is kept from one flip to the next: every flip is a whole run of all
steps by both programs. Those of some seconds are ordinary tests, the long ones are run by `make faults`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

import pytest

from ledger_damage import flip
from ledger_story import AGREEMENT, ELEMENTS, PEOPLE, RULES, START, Story, load_verifier, verdict
from portcullis.ledger.trust import read_trust
from portcullis.ledger.verify import verify_files

NOW = START + 86_400.0
Files = dict[str, bytes]
Flip = tuple[str, int, Files]
Say = Callable[[str], None]


def every_byte(files: Files, rng: random.Random) -> Iterator[Flip]:
    """One bit, drawn anew for each, of every byte of every file."""
    for name, data in files.items():
        for at in range(len(data)):
            yield name, at, files | {name: data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]}


def every_bit(files: Files) -> Iterator[Flip]:
    """Every bit of every byte of every file."""
    for name, data in files.items():
        for at in range(len(data)):
            for bit in range(8):
                yield name, at, files | {name: data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]}


def anywhere(files: Files, count: int, rng: random.Random) -> Iterator[Flip]:
    """So many bits anywhere; a file is hit as often as it is long."""
    names = sorted(files)
    for name in rng.choices(names, [len(files[name]) for name in names], k=count):
        yield name, -1, files | {name: flip(files[name], rng)}


def refused(flipped: Iterable[Flip]) -> int:
    """How many there were; each was refused by both verifiers."""
    v, trust, count = load_verifier(), Story().trust(), 0
    known, own = v.read_trust(trust), read_trust(trust)
    for name, at, bad in flipped:
        with pytest.raises(v.Failed):
            v.verify(set(bad), bad.__getitem__, known, None, lambda _: None, NOW)
        found = verify_files(lambda bad=bad: (set(bad), bad.__getitem__), own, now=NOW)  # type: ignore[misc]
        assert found["first_failure"] is not None, (name, at)
        count += 1
    return count


def size_of(files: Files) -> int:
    return sum(map(len, files.values()))


@pytest.fixture(scope="module")
def small() -> Story:
    """Two keys enrolled: small, but with every kind of file."""
    story = Story()
    for person in ("IRS-0001", "ICE-0001"):
        story.enrol(person, ["counsel"])
    return story


def whole_way() -> Files:
    """People, an agreement in force, one batch from its envelope to its receipt, one opening; just short of 64 kB."""
    story = Story()
    for person, roles in PEOPLE.items():
        story.enrol(person, roles)
    story.sign_agreement("IRS", "ICE")
    story.leaf("agreement.in_force", agreement=AGREEMENT, rules=RULES, elements=ELEMENTS, answer="address", sample=3)
    story.stock(1)
    b = story.receive(count=3)
    story.decide(b)
    story.sample(b)
    story.authorize_twice(b)
    story.commit(b, answers=1)
    story.go(b)
    story.opened = [story.open_decision(b)]
    return story.files()


def test_one_flipped_bit_in_every_byte_is_refused_by_both(small: Story) -> None:
    files = small.files()
    assert refused(every_byte(files, random.Random(1))) == size_of(files) <= 64_000


def test_somebody_with_the_logs_key_cannot_hide_a_flipped_bit_of_the_log(small: Story) -> None:
    """The manifest is signed anew after each flip: now tiles, entries, checkpoint and keys must refuse by themselves."""
    files, rng = small.files(), random.Random(2)
    own = {name: files[name] for name in files if name not in ("manifest", "rules.json", "tables.json")}
    for name, _, damaged in list(every_byte(own, rng))[::7]:
        bad = small.signed(files | {name: damaged[name]})
        assert verdict(bad, small.trust(), now=NOW).step in (1, 2, 3, 6), name


def test_the_bundles_that_are_flipped_verify(small: Story) -> None:
    for files in (small.files(), whole_way()):
        assert verdict(files, small.trust(), now=NOW).step == 0


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_every_single_bit_of_a_small_bundle(small: Story, said: Say) -> None:
    files = small.files()
    count = refused(every_bit(files))
    assert count == 8 * size_of(files)
    said(f"flips: every bit of a bundle of {size_of(files):,} bytes: {count:,} flips, all refused by both verifiers")


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_one_bit_in_every_byte_of_a_batchs_whole_way(said: Say) -> None:
    files = whole_way()
    assert 60_000 < size_of(files) <= 64_000
    count = refused(every_byte(files, random.Random(3)))
    assert count == size_of(files)
    said(f"flips: one bit in every byte of a bundle of {size_of(files):,} bytes: {count:,} flips, all refused by both verifiers")


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_twenty_thousand_bits_anywhere_in_a_larger_bundle(said: Say) -> None:
    story = Story().begin()
    story.decide(story.receive(count=600))
    files = story.files()
    assert size_of(files) > 300_000
    count = refused(anywhere(files, 20_000, random.Random(4)))
    assert count == 20_000
    said(f"flips: anywhere in a bundle of {size_of(files):,} bytes: {count:,} flips, all refused by both verifiers")
