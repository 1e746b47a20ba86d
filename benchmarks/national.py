"""A national register and a hostile batch, made by rule from one seed, in the standardised form a prepared register is built from.

Households of one surname mostly, at doors of streets in ZIPs; given names and surnames from long dictionaries with the frequencies of real
ones (few common, very many rare); one person in five with an earlier address; a few sons who bear their father's name; and relatives who
are not on the register at all. The batch: 4 % on the register, 8 % relatives who are not, 4 % namesakes elsewhere, 6 % deficient,
the rest strangers; second initials on 68 %, birth dates on a fifth, and slips of the pen in a share of names and streets.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses import standardise_addresses
from portcullis.intake.names import NAME_SCHEMA
from portcullis.matching.build import Builder
from portcullis.matching.folder import work_folder, write_folder
from portcullis.matching.load import standardisers
from portcullis.matching.people import People
from portcullis.matching.places import ORIGINAL

__all__ = ["SHARES", "National", "batch", "national", "prepare"]

Rows = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
TOGETHER = 1_000_000
"""Households drawn at a time."""
PER_HOUSEHOLD, MOVED, ABSENT, JUNIOR = 2.4, 0.2, 0.05, 0.002
SHARES = {"registered": 0.04, "absent_kin": 0.08, "namesake": 0.04, "deficient": 0.06, "stranger": 0.78}
_ONSET = "B C D F G H J K L M N P R S T V W BR CH CL DR FR GR KR PH PR SCH SH SL ST TH TR".split()  # noqa: SIM905
_VOWEL = ["A", "E", "I", "O", "U", "AI", "EA", "EI", "IE", "OU", "AU"]
_END = ["N", "L", "R", "S", "T", "D", "M", "RD", "LD", "NN", "TT", "CK", "SON", "MAN", "LEY", "TON", "FORD"]
_ZIPS = {
    "NY": (10_001, 14_900), "PA": (15_001, 19_600), "VA": (22_001, 24_600), "NC": (27_006, 28_900), "GA": (30_002, 31_900),
    "FL": (32_003, 34_900), "AL": (35_004, 36_900), "TN": (37_010, 38_500), "OH": (43_001, 45_900), "IN": (46_001, 47_900),
    "MI": (48_001, 49_900), "WI": (53_001, 54_900), "MN": (55_001, 56_700), "IL": (60_001, 62_900), "MO": (63_001, 65_800),
    "TX": (75_001, 79_900), "CO": (80_001, 81_600), "CA": (90_001, 96_100), "WA": (98_001, 99_400),
}  # fmt: skip
_TYPES = ("Street", "Ave", "Road", "Dr", "Lane", "Ct", "Blvd", "Way")


def _words(rng: np.random.Generator, count: int, endings: bool) -> list[str]:
    """That many different made-up words in capitals."""
    found: dict[str, None] = {}
    while len(found) < count:
        parts = [rng.choice(_ONSET, count), rng.choice(_VOWEL, count), rng.choice(_ONSET, count), rng.choice(_VOWEL, count)]
        parts.append(rng.choice(_END if endings else ["", "N", "A", "NA", "S"], count))
        found.update(dict.fromkeys("".join(p) for p in zip(*parts, strict=True)))
        if len(found) < count:
            third = [rng.choice(_ONSET, count), rng.choice(_VOWEL, count)]
            found.update(dict.fromkeys("".join(p) for p in zip(*parts[:4], *third, parts[4], strict=True)))
    return list(found)[:count]


def _frequent(rng: np.random.Generator, count: int, size: int, flat: float) -> Rows:
    """`count` draws from `size` words of which word r has a frequency like 1 / (r + flat)."""
    weight = 1.0 / (np.arange(size) + flat)
    edges = np.cumsum(weight) / weight.sum()
    return np.searchsorted(edges, rng.random(count)).astype(np.int64)


@dataclass
class National:
    """Everybody (on the register or absent) as numbers into dictionaries; the standardised register of those present comes in portions."""

    seed: int
    given_words: list[str]
    family_words: list[str]
    streets: list[str]
    towns: list[tuple[str, str, str]]  # city, state and ZIP by the ZIP's number
    households: int
    given: Small
    family: Small
    middle: npt.NDArray[np.int8]  # 0-25, -1 none
    born: Small
    junior: npt.NDArray[np.int8]
    home: Small  # household of residence
    present: npt.NDArray[np.bool_]
    door: dict[str, Small]  # per household: house, street, zip

    @property
    def persons(self) -> int:
        """How many are on the register."""
        return int(self.present.sum())

    def forget(self) -> None:
        """Free the people."""
        for name in ("given", "family", "middle", "born", "junior", "home", "present"):
            setattr(self, name, getattr(self, name)[:0])

    def portions(self, size: int = 1_000_000) -> Iterator[tuple[People, pa.Table]]:
        """The register, so many people at a time, as `Builder.add` takes it."""
        words = _Words(self)
        for begin in range(0, len(self.given), size):
            rng = np.random.default_rng((self.seed, 1, begin))
            keep = begin + np.flatnonzero(self.present[begin : begin + size])
            moved = np.flatnonzero(rng.random(len(keep)) < MOVED)
            person = np.concatenate([np.arange(len(keep)), moved])
            household = np.concatenate([self.home[keep], rng.integers(0, self.households, len(moved))])
            last = np.concatenate([np.ones(len(keep), np.bool_), np.zeros(len(moved), np.bool_)])
            order = np.argsort(person, kind="stable")
            ids = pc.binary_join_element_wise("P", pc.utf8_lpad(pc.cast(pa.array(keep), pa.string()), 9, "0"), "")
            none = pa.array(np.zeros(len(keep), np.int8))
            folk = People(pa.table({"person_id": ids, "veto": none, "exclusions": none}), words.names(keep))
            yield folk, words.place(person[order], household[order], last[order])


def _people(rng: np.random.Generator, households: int, given_size: int, family_size: int) -> dict[str, Rows]:
    home = np.repeat(np.arange(households), rng.choice([1, 2, 3, 4, 5, 6], households, p=[0.28, 0.35, 0.15, 0.13, 0.06, 0.03]))
    count = len(home)
    shared = _frequent(rng, households, family_size, 60.0)
    family = np.where(rng.random(count) < 0.88, shared[home], _frequent(rng, count, family_size, 60.0))
    given = _frequent(rng, count, given_size, 25.0)
    middle = np.where(rng.random(count) < 0.85, rng.integers(0, 26, count), -1)
    born = rng.integers(-18_000, 13_000, count)
    heir = np.flatnonzero((home[1:] == home[:-1]) & (family[1:] == family[:-1]) & (rng.random(count - 1) < JUNIOR)) + 1
    given[heir], middle[heir] = given[heir - 1], middle[heir - 1]
    born[heir] = born[heir - 1] + rng.integers(7_000, 13_000, len(heir))
    junior = np.zeros(count, np.int64)
    junior[heir[rng.random(len(heir)) < 0.5]] = 2
    return {"home": home, "family": family, "given": given, "middle": middle, "born": born, "junior": junior}


class _Words:
    """The dictionaries as Arrow texts, and each street in standard form."""

    def __init__(self, made: National) -> None:
        self._made = made
        self._given, self._family = pa.array(made.given_words), pa.array(made.family_words)
        self._streets = pa.array(made.streets)
        size = len(made.streets)
        lines = {"address_line": [f"7 {s}" for s in made.streets], "city": ["X"] * size, "state": ["OH"] * size}
        parts = standardise_addresses(pa.table(lines | {"postal_code": ["43001"] * size}))
        self._parts = {c: parts[c].combine_chunks() for c in ("predir", "street_name", "street_type", "postdir")}
        self._tail = pc.utf8_slice_codeunits(parts["delivery_key"], len("street|7")).combine_chunks()
        self._towns = [pa.array([town[k] for town in made.towns]) for k in range(3)]

    def names(self, keep: Rows) -> pa.Table:
        """The names of these people in standard form."""
        made, size = self._made, len(keep)
        first, family = self._given.take(pa.array(made.given[keep])), self._family.take(pa.array(made.family[keep]))
        letters, marks = pa.array([chr(65 + i) for i in range(26)]), pa.array([None, "SR", "JR"])
        middle, junior = made.middle[keep], made.junior[keep]
        middle_text = letters.take(pa.array(middle, mask=middle < 0))
        one = pa.array(np.ones(size, np.int8))
        columns = {
            "given": first, "given_first": first, "given_rest": pa.nulls(size, pa.string()),
            "given_initial": pc.utf8_slice_codeunits(first, 0, 1),
            "middle": middle_text, "middle_initial": middle_text, "family": family, "family_tokens": family,
            "suffix": marks.take(pa.array(junior)), "generation": pa.array(junior, mask=junior == 0),
            "dob": pa.array(made.born[keep]), "dob_valid": one,
            "number": pc.cast(pa.array(900_000_000 + keep % 99_999_999), pa.string()), "number_valid": one,
            "name_placeholder": pa.array(np.zeros(size, np.int8)),
        }  # fmt: skip
        named = pa.table([columns[f.name] for f in NAME_SCHEMA], schema=NAME_SCHEMA)
        return named.add_column(0, "person", pa.array(np.arange(size, dtype=np.int32)))

    def place(self, person: Rows, household: Rows, last: npt.NDArray[np.bool_]) -> pa.Table:
        """Addresses on file in standard form: each street was standardised once, and the house number is put in its place."""
        house, street, zips = (self._made.door[c][household] for c in ("house", "street", "zip"))
        number, rows, count = pc.cast(pa.array(house), pa.string()), pa.array(street), len(person)
        city, state, five = (town.take(pa.array(zips)) for town in self._towns)
        blank = pa.nulls(count, pa.string())
        filed = pc.binary_join_element_wise(number, self._streets.take(rows), " ")
        columns = {
            "person": pa.array(person.astype(np.int32)), "kind": pa.array(["street"]).take(pa.array(np.zeros(count, np.int64))),
            "house": number, **{c: v.take(rows) for c, v in self._parts.items()}, "city": city, "state": state, "zip5": five,
            "delivery_key": pc.binary_join_element_wise("street|", number, self._tail.take(rows), ""), "unit_key": blank,
            "period_from": pa.array(np.where(last, 2021, 2012).astype(np.int32)),
            "period_to": pa.array(np.where(last, 2024, 2020).astype(np.int32)),
            "last_known": pa.array(last.astype(np.int8)), "joint": pa.array(np.zeros(count, np.int8)),
        }  # fmt: skip
        as_filed = {"address_line": filed, "unit": blank, "city": city, "state": state, "postal_code": five}
        return pa.table(columns | {f"as_filed_{c}": as_filed[c] for c in ORIGINAL})


def _towns(rng: np.random.Generator, count: int) -> list[tuple[str, str, str]]:
    """(city, state, ZIP) for that many ZIPs, a dozen to a city."""
    every = [(state, five) for state, (first, last) in _ZIPS.items() for five in range(first, last)]
    chosen = every[:: max(1, len(every) // count)][:count]
    names = _words(rng, max(count // 12 + 1, 50), True)
    return [(names[i // 12], state, f"{five:05d}") for i, (state, five) in enumerate(chosen)]


def national(rows: int, seed: int = 5) -> National:
    """A register of about that many person-addresses."""
    rng = np.random.default_rng(seed)
    households = int(rows / (1 + MOVED) / PER_HOUSEHOLD / (1 - ABSENT))
    sizes = {"given": max(2_000, min(60_000, rows // 200)), "family": max(5_000, min(2_000_000, rows // 20))}
    words, surnames = _words(rng, sizes["given"], False), _words(rng, sizes["family"], True)
    street_words = _words(rng, max(1_000, min(400_000, rows // 100)), True)
    streets = [f"{w.title()} {_TYPES[i % len(_TYPES)]}" for i, w in enumerate(street_words)]
    towns = _towns(rng, max(40, min(40_000, rows // 4_000)))
    parts: dict[str, list[npt.NDArray[Any]]] = {}
    for begin in range(0, households, TOGETHER):
        size = min(TOGETHER, households - begin)
        portion = _people(np.random.default_rng((seed, 2, begin)), size, *sizes.values())
        portion["home"] += begin
        for name, values in portion.items():
            parts.setdefault(name, []).append(values.astype(np.int8 if name in ("middle", "junior") else np.int32))
    table = {name: np.concatenate(values) for name, values in parts.items()}
    zips = rng.integers(0, len(towns), households, dtype=np.int32)
    door = {"zip": zips, "house": (1 + (rng.random(households) ** 2 * 9_000)).astype(np.int32)}
    door["street"] = ((zips.astype(np.int64) * 7_919 + rng.integers(0, 150, households)) % len(streets)).astype(np.int32)
    present = rng.random(len(table["home"])) >= ABSENT
    return National(seed, words, surnames, streets, towns, households, present=present, door=door, **table)


def prepare(made: National, folder: Path, seen: Callable[[People, pa.Table], None] = lambda _folk, _place: None) -> dict[str, Any]:
    """Prepare the register in `folder` by the product's own builder: seconds to number and to arrange and write, addresses, megabytes.

    `seen` is shown each portion; its time is not counted. `made` is empty afterwards: at full size the memory is needed.
    """
    builder, numbering = Builder(work_folder(folder)), 0.0
    for folk, place in made.portions():
        seen(folk, place)
        begun = time.monotonic()
        builder.add(folk, place)
        numbering += time.monotonic() - begun
    made.forget()
    facts: dict[str, Any] = {"synthetic": True, "source": "benchmark", "date": "2026-01-01", "standardisers": standardisers()}
    facts |= {"persons": builder.persons, "addresses": builder.addresses, "warnings": dict(builder.warnings)}
    begun = time.monotonic()
    write_folder(folder, builder.tables(), facts)
    shutil.rmtree(work_folder(folder), ignore_errors=True)
    return {
        "addresses": builder.addresses,
        "numbering": numbering,
        "arranging": time.monotonic() - begun,
        "megabytes": sum(f.stat().st_size for f in folder.iterdir()) / 1e6,
    }


def _slip(rng: random.Random, word: str) -> str:
    """One slip of the pen inside a word."""
    at = rng.randrange(1, max(len(word) - 1, 2))
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
    return rng.choice((word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :]))


def batch(made: National, count: int, *, dob: float = 0.2, seed: int = 6) -> tuple[pa.Table, dict[str, str | None]]:
    """(`count` raw requests with `ordinal`, truth by request_id)."""
    rng, dice = np.random.default_rng(seed), random.Random(seed)
    present, absent = np.flatnonzero(made.present), np.flatnonzero(~made.present)
    lived = np.zeros(made.households, np.bool_)
    lived[made.home[present]] = True
    absent = absent[lived[made.home[absent]]]
    who = rng.choice(list(SHARES), count, p=list(SHARES.values()))
    named = np.where(who == "absent_kin", rng.choice(absent, count), rng.choice(present, count))
    elsewhere = rng.integers(0, len(made.door["zip"]), count)
    home = np.where(np.isin(who, ["registered", "absent_kin", "deficient"]), made.home[named], elsewhere)
    stranger = who == "stranger"
    given = np.where(stranger, rng.permutation(made.given[named]), made.given[named])
    family = np.where(stranger, rng.permutation(made.family[named]), made.family[named])
    middle_stated, born_stated = rng.random(count) < 0.68, rng.random(count) < dob
    rows, truth = [], {}
    for i in range(count):
        person, door = int(named[i]), int(home[i])
        first, last, street = (
            made.given_words[given[i]].title(),
            made.family_words[family[i]].title(),
            made.streets[made.door["street"][door]],
        )
        if not stranger[i]:
            noise = dice.random()
            first = _slip(dice, first) if noise < 0.03 else first[:1] if noise < 0.08 else first
            last = _slip(dice, last) if 0.08 <= noise < 0.12 else last
            street = _slip(dice, street) if 0.12 <= noise < 0.16 else street
        second = chr(65 + int(made.middle[person])) if middle_stated[i] and made.middle[person] >= 0 else None
        if second and dice.random() < 0.01:
            second = chr(65 + dice.randrange(26))
        zips = int(made.door["zip"][door])
        line = (
            f"{made.door['house'][door]} {street}" if who[i] != "deficient" else dice.choice(("Unknown", "No Address", street, "", "00000"))
        )
        born = np.datetime64(int(made.born[person]), "D") if born_stated[i] else None
        name = f"n{i:08d}"
        rows.append((name, first, second, last, str(born) if born else None, line, *made.towns[zips]))
        truth[name] = f"P{person:09d}" if who[i] == "registered" else None
    columns = ("request_id", "given_name", "middle_name", "family_name", "date_of_birth", "address_line", "city", "state", "postal_code")
    table = pa.table({c: pa.array(list(v), pa.string()) for c, v in zip(columns, zip(*rows, strict=True), strict=True)})
    return table.append_column("ordinal", pa.array(np.arange(1, count + 1))), truth
