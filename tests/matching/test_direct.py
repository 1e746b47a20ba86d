"""The direct index loses nobody: whatever full comparison finds at an address, looking past impossible rows finds as well."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from matching_world import HOME, World, asked, named
from portcullis.matching import direct
from portcullis.matching import register as opened
from portcullis.matching.compare.place import Place
from portcullis.matching.direct import beginnings, buckets, fingerprints, in_order
from portcullis.matching.hashing import Keys, combine
from portcullis.matching.meet import meet_places
from portcullis.matching.places import look_up_keys
from portcullis.matching.register import Register
from portcullis.matching.shelf.places import place_keys

STREETS = ["Marion", "Larkspur", "San Pablo", "Oak Hill", "4th", "Martin Luther King", "Bartholomaeusz-Maximilianostrasse", "Élysée", "J"]
TYPES = [" St", " Street", " Dr", " Drive", " Deive", " Ave", "", " Lane"]
LETTERS = "abcdeiorst '-9"


def scribble(rng: random.Random, line: str) -> str:
    """The line with up to two slips of the pen."""
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        at = rng.randrange(4, len(line))
        line = rng.choice(
            (line[:at] + line[at + 1 :], line[:at] + rng.choice(LETTERS) + line[at:], line[:at] + rng.choice(LETTERS) + line[at + 1 :])
        )
    return line


def lines(rng: random.Random, count: int) -> list[dict[str, str | None]]:
    return [
        {
            "address_line": scribble(rng, f"{rng.choice((100, 101))} {rng.choice(('', 'N '))}{rng.choice(STREETS)}{rng.choice(TYPES)}"),
            "unit": rng.choice((None, None, "Apt 1", "Apt 2")),
            "city": rng.choice(("Kent", "Auburn", None)),
            "state": "WA",
            "postal_code": rng.choice(("98030", "98031", None)),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_nothing_equal_or_within_tolerance_is_passed_over(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    world = World(tmp_path)
    for i, home in enumerate(lines(rng, 1500)):
        world.add(f"p{i}", named("Walter", "Haines"), homes=[home])
    batch, register = asked([named("Walter", "Haines") | home for home in lines(rng, 400)]), world.register()

    def told(near: bool) -> list[tuple[int, ...]]:
        met = meet_places(batch, register, near=near)
        kept = met.only(met.place >= Place.WITHIN)
        return list(zip(*(getattr(kept, f).tolist() for f in ("request", "person", "row", "place", "unit", "period")), strict=True))

    assert len(told(near=True)) > 100
    assert {place for *_, place, _, _ in told(near=True)} == {Place.WITHIN, Place.EQUAL}
    assert told(near=False) == told(near=True)
    monkeypatch.setattr(opened, "close", lambda asked_, filed: asked_ == (filed & 0xFFFF))
    assert told(near=False) != told(near=True)  # without room for an edit the tolerance would be lost


def test_every_row_of_a_key_is_found() -> None:
    rng = np.random.default_rng(4)
    keys: Keys = combine(rng.integers(0, 300, 2000).astype(np.uint64))
    keys[:1000] = combine(keys[:1000], keys[:1000])  # half of them well mixed, half crowded in the first bucket
    keys[5:9] = np.uint64((1 << 64) - 1)
    order, live = in_order(keys)
    assert live == np.count_nonzero(keys)
    assert not keys[order[live:]].any()
    known = keys[order[:live]]
    wanted = np.unique(np.append(keys, [np.uint64(0), np.uint64(12345678901234567890)]))
    owner, at = buckets(beginnings(known), wanted)
    hit = fingerprints(known)[at] == fingerprints(wanted)[owner]
    found = {(int(wanted[o]), int(order[a])) for o, a in zip(owner[hit], at[hit], strict=True)}
    assert found >= {(int(k), i) for i, k in enumerate(keys) if k}


def test_an_empty_index_finds_nothing() -> None:
    owner, _ = buckets(beginnings(np.zeros(0, np.uint64)), np.array([0, 7], np.uint64))
    assert len(owner) == 0


def test_a_fingerprint_shared_by_another_key_brings_nobody_else_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen bits may agree by chance; what is found is held against the whole key."""
    monkeypatch.setattr(direct, "fingerprints", lambda keys: np.zeros(len(keys), np.uint16))
    monkeypatch.setattr(opened, "fingerprints", lambda keys: np.zeros(len(keys), np.uint16))
    world = World(tmp_path)
    homes = [HOME | {"address_line": f"{number} Larkspur Lane"} for number in range(1, 400)]
    for i, home in enumerate(homes):
        world.add(f"p{i}", named("Walter", "Haines"), homes=[home])
    batch, register = asked([named("Walter", "Haines") | home for home in homes[:50]]), world.register()
    keys, _ = look_up_keys(batch)
    owner, row = register.find("index_zip", keys)
    assert len(row)
    assert (place_keys(register.filed(row).sets, register.filed(row).codes)[0] == keys[owner]).all()
    monkeypatch.setattr(Register, "_verified", lambda self, index, wanted, of, at: np.ones(len(at), np.bool_))
    assert len(register.find("index_zip", keys)[1]) > len(row)


def test_thousands_at_one_address(tmp_path: Path) -> None:
    world = World(tmp_path)
    for i in range(3000):
        world.add(f"p{i}", named("Walter", f"Quimby{i % 7}", "Z"), homes=[HOME])
    world.add("subject", named("Rosalind", "Haines", "E"), homes=[HOME])
    assert world.answered(named("Rosalind", "Haines", "E")) == "subject"
    assert world.ask(named("Walter", "Quimby3", "Z"))["candidates"] > 400
    assert world.ask(named("Rosalind", "Haines", "E"))["occupancy"] == 8
