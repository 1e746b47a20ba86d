"""Parts of a log: proved to be in it, told to be no more than that, and refused when anything in them is moved."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from ledger_story import START, Story, Verdict, digest, tiles, verdict
from portcullis.crypto import strict_loads
from portcullis.ledger.leaf import decode
from portcullis.ledger.part import Part, hashes_of, places_of
from portcullis.ledger.proof import tile_nodes
from portcullis.ledger.tiles import WIDTH, bundle

CONTEXT = ("key.", "agreement.", "order.", "vault.", "roster.", "standing.", "rules.", "register.", "sample.committed")


def part_of(story: Story, kind: str, chosen: Sequence[int], cuts: Sequence[int]) -> dict[str, bytes]:
    """The bundle of some leaves, put together by hand."""
    whole, size = story.files(), len(story.leaves)
    part = Part(kind, cuts, places_of(chosen))
    leaves = [story.leaves[i] for i in chosen]
    files = {name: data for name, data in whole.items() if not name.startswith("tile/")}
    pieces = zip(part.entry_files(), range(0, len(leaves), WIDTH), strict=True)
    files |= {name: bundle(leaves[first : first + width]) for (name, width), first in pieces}
    files["hashes"] = b"".join(hashes_of(part, size, tile_nodes(tiles(story.leaves).__getitem__, size)))
    return story.signed(files | {"part.json": part.text()})


def leaves_of(story: Story, batch: str, *, without: Sequence[str] = ()) -> list[int]:
    """The context, and the batch's leaves but those of some requests."""
    chosen = []
    for i, entry in enumerate(story.leaves):
        leaf = decode(entry)
        of_batch = leaf.fields.get("batch") == batch and not {leaf.fields.get("id"), leaf.fields.get("request")} & set(without)
        chosen += [i] if of_batch or leaf.type.startswith(CONTEXT) else []
    return chosen


def cuts_of(story: Story, chosen: Sequence[int]) -> list[int]:
    found: set[int] = set()
    for i in chosen:
        f = strict_loads(story.leaves[i])
        assert isinstance(f, dict)
        found |= {f["checkpoint_size"]} if "checkpoint_size" in f else set()
        found |= {f["checkpoint"]["size"]} if "checkpoint" in f else set()
    return sorted(found)


@pytest.fixture(scope="module")
def two() -> tuple[Story, str, list[str]]:
    """Two batches, and much of another kind between them."""
    story = Story().begin()
    one = story.whole("one", 1)
    for _ in range(300):
        story.leaf("inspection", who="IRS-0004", why="clerical-review", command="review-show")
    other = story.whole("two", 2)
    story.opened = []
    return story, other.name, one.ids + other.ids[1:]


def checked(story: Story, files: dict[str, bytes], since: bytes | None = None) -> Verdict:
    return verdict(files, story.trust(), since, START + 90 * 86_400.0)


@pytest.mark.parametrize("kind", ["batch", "agreement"])
def test_one_batch_without_the_rest_verifies_in_part(two: tuple[Story, str, list[str]], kind: str) -> None:
    story, batch, _ = two
    chosen = leaves_of(story, batch)
    assert len(chosen) < len(story.leaves) - 300
    assert checked(story, part_of(story, kind, chosen, cuts_of(story, chosen))).step == 0


def test_one_persons_leaves_verify_and_nobody_elses_request_is_there(two: tuple[Story, str, list[str]]) -> None:
    story, batch, others = two
    chosen = leaves_of(story, batch, without=others)
    files = part_of(story, "person", chosen, cuts_of(story, chosen))
    assert checked(story, files).step == 0
    assert not any(other.encode() in data for other in others for data in files.values())
    assert not verdict(files).step


def test_what_lacks_requests_is_no_batch(two: tuple[Story, str, list[str]]) -> None:
    """Called a batch, the same leaves are refused: only a part for one person may lack the others' requests."""
    story, batch, others = two
    chosen = leaves_of(story, batch, without=others)
    found = checked(story, part_of(story, "batch", chosen, cuts_of(story, chosen)))
    assert (found.step, "before all decisions" in found.text) == (4, True)


def test_an_older_checkpoint_is_compared_where_the_part_is_cut_and_refused_elsewhere(two: tuple[Story, str, list[str]]) -> None:
    story, batch, _ = two
    chosen = leaves_of(story, batch)
    since, cuts = story.checkpoint(100), cuts_of(story, chosen)
    assert checked(story, part_of(story, "batch", chosen, sorted({*cuts, 100})), since).step == 0
    found = checked(story, part_of(story, "batch", chosen, cuts), since)
    assert (found.step, "cut there" in found.text) == (2, True)
    forked = Story().begin()
    forked.roster()
    for _ in range(100):
        forked.leaf("inspection", who="IRS-0004", why="clerical-review", command="review-show")
    found = checked(story, part_of(story, "batch", chosen, sorted({*cuts, 100})), forked.checkpoint(100))
    assert (found.step, "not a prefix" in found.text) == (2, True)


def test_whoever_holds_the_logs_key_cannot_put_a_leaf_into_a_part(two: tuple[Story, str, list[str]]) -> None:
    """Everything is signed anew; hashes and checkpoint stay. A leaf exchanged, moved, cut or added, a hash changed: refused at step 2."""
    story, batch, _ = two
    chosen = leaves_of(story, batch)
    cuts = cuts_of(story, chosen)
    good = part_of(story, "batch", chosen, cuts)
    part = Part.read(good["part.json"], len(story.leaves))
    name, _ = next(part.entry_files())
    other = Part("batch", cuts, [(first + 1, count) if first else (first, count) for first, count in part.places])
    entry, rng = good[name], random.Random(5)
    bent = [
        good | {"hashes": good["hashes"][:-32]},
        good | {"hashes": good["hashes"] + bytes(32)},
        good | {"hashes": bytes(32) + good["hashes"][32:]},
        good | {name: entry.replace(digest("engagements").encode(), digest("others").encode())},
        good | {name: entry[:-40]},
        good | {"part.json": other.text()},
        good | {"part.json": Part("batch", cuts[1:], part.places).text()},
    ]
    for at in rng.sample(range(len(good["hashes"])), 20):
        data = bytearray(good["hashes"])
        data[at] ^= 1 << rng.randrange(8)
        bent.append(good | {"hashes": bytes(data)})
    for files in bent:
        assert checked(story, story.signed(files)).step == 2


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"cuts":[],"kind":"everything","places":[]}',
        b'{"cuts":[],"kind":"batch","places":[[0,99999999]]}',
        b'{"cuts":[-1],"kind":"batch","places":[]}',
        b'{"cuts":[],"kind":"batch","places":[[0]]}',
        b'{"cuts":[],"kind":"batch","places":{}}',
        b'{"cuts":[], "kind":"batch","places":[]}',
        b'{"cuts":[],"cuts":[],"kind":"batch","places":[]}',
        b"[]",
        b"",
    ],
)
def test_a_part_that_does_not_say_which_is_refused(two: tuple[Story, str, list[str]], text: bytes) -> None:
    story, batch, _ = two
    good = part_of(story, "batch", leaves_of(story, batch), [])
    assert checked(story, story.signed(good | {"part.json": text})).step == 1
