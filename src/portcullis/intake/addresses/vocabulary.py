"""The word lists of the package, read once from `data/` and turned into lookups. Facts only; nothing here decides.

Every list holds upper-case ASCII spellings, except `scripts.yaml`, which holds phrases in other scripts and look-alike letters.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = ["Entry", "Places", "places", "read_yaml", "town_openers", "word_entries", "words"]

_STREET_TYPE = {"strong": "t", "road": "W", "named": ":", "weak": "T"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What one spelling is: its class letter (patterns.py), its normal form, and its form inside a street name."""

    letter: str
    form: str
    name: str


@dataclass(frozen=True, slots=True)
class Places:
    """States by every name they go by, the states of each three-digit ZIP prefix, neighbours, and ZIP codes that are exceptions."""

    codes: tuple[str, ...]
    by_name: dict[str, str]
    neighbours: dict[str, frozenset[str]]
    by_zip3: dict[str, frozenset[str]]
    elsewhere: dict[str, str]
    filler: dict[str, frozenset[str]]


def _text(name: str) -> str:
    return files(__package__).joinpath("data", name).read_text(encoding="utf-8")


@cache
def read_yaml(name: str) -> Any:
    """A data file as nested lists of text. Every scalar stays text, so that NO is a word and not a denial."""
    return yaml.load(_text(name), Loader=yaml.BaseLoader)  # noqa: S506  # BaseLoader builds text, lists and maps only


def words(name: str, *keys: str) -> frozenset[str]:
    """The union of the named lists of a data file."""
    data = read_yaml(name)
    return frozenset(word for key in keys for word in data[key])


@cache
def town_openers() -> frozenset[str]:
    """First words of towns with names of several words."""
    return words("words.yaml", "town_openers")


@cache
def word_entries() -> dict[str, Entry]:
    """Every word with a part to play. Later lists never displace earlier ones."""
    found: dict[str, Entry] = {}
    data = read_yaml("words.yaml")
    for group, letter in (("directions", "D"), ("quadrants", "6")):
        for form, spellings in data[group].items():
            _put(found, spellings, letter, form)
    for group in ("roads", "boxes", "military", "puerto_rico", "leading", "units", "other"):
        for form, item in data[group].items():
            _put(found, item["words"], item["class"], form, own=item["class"] in "uieLd")
    for strength, letter in _STREET_TYPE.items():
        for form, spellings in read_yaml("suffixes.yaml")[strength].items():
            _put(found, spellings, letter, form, name=spellings[0])
    for code in places().codes:
        _put(found, [code], "z", code)
    for name in places().by_name:
        if name.isalpha() and len(name) > 3:
            _put(found, [name], "F" if name in town_openers() else "z", name)
    _put(found, sorted(town_openers()), "8", "")
    return found


def _put(found: dict[str, Entry], spellings: list[str], letter: str, form: str, name: str = "", own: bool = False) -> None:
    for spelling in spellings:
        found.setdefault(spelling, Entry(letter, form or spelling, spelling if own else name or form or spelling))


@cache
def places() -> Places:
    """States, ZIP prefixes and exceptions."""
    rows = list(csv.DictReader(io.StringIO(_text("states.csv"))))
    by_name = {row["code"]: row["code"] for row in rows}
    by_name.update({name: row["code"] for row in rows for name in row["names"].split("|")})
    zips = read_yaml("zip5.yaml")
    return Places(
        codes=tuple(row["code"] for row in rows),
        by_name=by_name,
        neighbours={row["code"]: frozenset(row["neighbours"].split()) for row in rows},
        by_zip3=_zip3(),
        elsewhere=zips["elsewhere"],
        filler={code: frozenset(towns) for code, towns in zips["filler"].items()},
    )


def _zip3() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in csv.DictReader(io.StringIO(_text("zip3.csv"))):
        for prefix in range(int(row["low"]), int(row["high"]) + 1):
            found[f"{prefix:03d}"] = frozenset(row["states"].split())
    return found
