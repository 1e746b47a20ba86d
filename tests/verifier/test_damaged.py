"""Both verifiers over the same damaged bundles: what one refuses the other refuses. The long run is `make faults`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice

import pytest

from ledger_damage import Damage, Held, by_keyholder, by_stranger
from ledger_story import START, Story, package, standalone

NOW = START + 90 * 86_400.0
_MAY_HOLD = (
    "is everything's end",
    "is dropped",
    "changes places",
    "says another value",
    "moves to the end",
    "stands twice",
    "rules.json",
    "tables.json",
    "opened.jsonl is emptied",
)
"""What may be lawful after all: a log that ends earlier, two requests in another order, a code in a leaf that nobody signs."""


@pytest.fixture(scope="module")
def held() -> Held:
    """Two batches, one of them with openings, an order, a revoked key."""
    story = Story().begin()
    b = story.whole("one", 1)
    story.impose()
    story.lift()
    story.revoke(story.keys["IRS-0004"], "IRS")
    story.opened = [story.open_decision(b, i) for i in range(2)]
    return Held.of(story.files(), story.log_key)


def trust() -> bytes:
    return Story().trust()


def compared(damaged: Iterable[Damage]) -> Counter[bool]:
    """How many were refused, when both agree on each."""
    seen: Counter[bool] = Counter()
    for damage in damaged:
        one, other = standalone(damage.files, trust(), None, NOW), package(damage.files, trust(), None, NOW)
        assert (one.step == 0) == (other.step == 0), (damage.words, one, other)
        assert one.step or any(words in damage.words for words in _MAY_HOLD), damage.words
        seen[one.step != 0] += 1
    return seen


def test_the_bundle_itself_verifies(held: Held) -> None:
    assert compared([Damage("is everything's end", held.files())])[False] == 1


def test_what_a_stranger_does_to_any_file_is_refused_by_both(held: Held) -> None:
    found = compared(by_stranger(held.files(), random.Random(1)))
    assert found[False] == 0
    assert found[True] > 50


def test_some_of_what_the_holder_of_the_logs_key_does_is_refused_by_both(held: Held) -> None:
    rng = random.Random(2)
    chosen = [d for d in by_keyholder(held, rng) if rng.random() < 0.15]
    found = compared(chosen)
    assert found[True] > 0.7 * len(chosen)


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_thousands_of_bundles_damaged_with_the_logs_key_get_one_verdict(held: Held, said: Callable[[str], None]) -> None:
    """Every leaf in every way, several times."""
    found = compared(islice(by_keyholder(held, random.Random(3), each=8), 5_000))
    assert found[True] > 0.7 * sum(found.values())
    assert sum(found.values()) > 2_000
    said(f"damaged: {sum(found.values()):,} bundles, signed anew; both refuse {found[True]:,}; to both {found[False]:,} are lawful")
