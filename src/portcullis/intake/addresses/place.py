"""City, state and ZIP: what each value says, and whether they agree. Pure; one answer per different value.

ZIP is checked by its first three digits (USPS), with the single codes that serve a place across a state line. A neighbouring state
is a doubt, any other disagreement a defect. A leading zero lost in a spreadsheet is put back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz.distance import OSA

from portcullis.intake.addresses.fold import fold
from portcullis.intake.addresses.lexicon import classify
from portcullis.intake.addresses.suspicion import gibberish, near, plain_letters, vocabulary
from portcullis.intake.addresses.vocabulary import places, read_yaml, words

__all__ = ["AGREES", "DISAGREES", "DOUBTFUL", "STATUSES", "Value", "agreement", "city", "region_names", "state", "zip5", "zip_state"]

AGREES, DOUBTFUL, DISAGREES = 1, 2, 3
STATUSES = ("ok", "blank", "placeholder", "odd", "far", "abroad", "filler", "bad")
_NOT_WORD = re.compile(r"[^A-Z0-9 ]+")
_SPACES = re.compile(r" +")
_ZIP = re.compile(r"(\d{5})(?:[-\s]*\d{4})?|(\d{3,4})|(\d{8})")
_COUNTRY = frozenset({"US", "USA", "U S A", "U S", "UNITED STATES", "UNITED STATES OF AMERICA", "ESTADOS UNIDOS", "EE UU", "EEUU"})


@dataclass(frozen=True, slots=True)
class Value:
    """Normal form, and what it is, one of STATUSES.

    `odd`: a person looks. `far`: a town abroad. `filler`: a ZIP typed for want of one. `bad`: unreadable.
    """

    text: str | None
    status: str


def _clean(text: str | None) -> str:
    if not text:
        return ""
    upper = fold(text).upper().replace("'", "").replace(".", "" if re.fullmatch(r"\W*(\w\.?\s*){1,3}\W*", text) else " ")
    return _SPACES.sub(" ", _NOT_WORD.sub(" ", upper)).strip()


@cache
def region_names() -> frozenset[str]:
    """Names of states and countries: never a street without its type."""
    return frozenset(name for name in places().by_name if len(name) > 2) | words("abroad.yaml", "countries", "regions")


@lru_cache(maxsize=100_000)
def state(text: str | None) -> Value:
    """A state's two letters from any of its names; one slip in a long name is forgiven."""
    cleaned = _clean(text)
    if not cleaned.strip("0 "):
        return Value(None, "blank")
    known = places().by_name
    if cleaned in known:
        return Value(known[cleaned], "ok")
    joined = cleaned.replace(" ", "")
    if joined in places().codes:
        return Value(joined, "ok")
    if cleaned in words("abroad.yaml", "regions", "countries"):
        return Value(None, "abroad")
    if _placeholder(cleaned.split()) or cleaned in _COUNTRY:
        return Value(None, "placeholder")
    return _misspelt_state(cleaned)


def _misspelt_state(cleaned: str) -> Value:
    hits = {code for name, code in places().by_name.items() if len(name) > 4 and OSA.distance(cleaned, name) <= 1}
    return Value(hits.pop(), "odd") if len(hits) == 1 else Value(None, "bad")


@lru_cache(maxsize=200_000)
def zip5(text: str | None) -> Value:
    """Five digits of a ZIP in any layout."""
    cleaned = fold(text or "").strip(" .,-#'\"")
    match = _ZIP.fullmatch(cleaned)
    if cleaned and not cleaned.strip("0 -"):
        return Value(None, "placeholder")
    if match:
        digits = match.group(1) or (match.group(2) or match.group(3)).zfill(5 if match.group(2) else 9)[:5]
        return _known_zip(digits)
    if not any(char.isalnum() for char in cleaned):
        return Value(None, "blank")
    if not any(char.isdigit() for char in cleaned):
        return Value(None, "placeholder")
    return Value(None, "bad")


def _known_zip(digits: str) -> Value:
    if not digits.strip("0"):
        return Value(None, "placeholder")
    if digits in places().filler:
        return Value(digits, "filler")
    return Value(digits, "ok" if digits[:3] in places().by_zip3 else "bad")


def zip_state(digits: str | None) -> str | None:
    """The one state a ZIP belongs to, or None."""
    if not digits:
        return None
    single = places().elsewhere.get(digits)
    found = places().by_zip3.get(digits[:3], frozenset())
    return single or (next(iter(found)) if len(found) == 1 else None)


@lru_cache(maxsize=200_000)
def agreement(state_code: str | None, digits: str | None) -> int:
    """Whether a ZIP can lie in a state: AGREES, DOUBTFUL (only across one border) or DISAGREES."""
    if state_code is None or digits is None:
        return DOUBTFUL
    home = places().by_zip3.get(digits[:3], frozenset())
    if state_code in home or places().elsewhere.get(digits) == state_code:
        return AGREES
    return DOUBTFUL if places().neighbours[state_code] & home else DISAGREES


@lru_cache(maxsize=300_000)
def city(text: str | None, state_code: str | None) -> Value:
    """A town's normal form, and whether it is a town's name at all."""
    cleaned = _clean(text)
    tokens = cleaned.split()
    if not any(char.isalpha() for char in cleaned):
        return Value(None, "blank" if not cleaned.strip("0 ") else "bad")
    if len(tokens) > 1 and tokens[-1].isdigit() and len(tokens[-1]) == 5:
        tokens = tokens[:-1]
    if len(tokens) > 1 and tokens[-1] == state_code:
        tokens = tokens[:-1]
    cleaned = " ".join(tokens)
    form = " ".join(classify(token).town for token in tokens)
    real = read_yaml("placeholders.yaml")["real_cities"].get(state_code or "", [])
    if cleaned in real:
        return Value(form, "ok")
    if _placeholder(tokens) or cleaned in words("placeholders.yaml", "cities"):
        return Value(form, "placeholder")
    return Value(form, _city_status(tokens, cleaned, state_code))


def _city_status(tokens: list[str], cleaned: str, state_code: str | None) -> str:
    said = vocabulary("strong") | vocabulary("deny") | vocabulary("told") | vocabulary("statement") | vocabulary("custody")
    if "~" in cleaned or any(token in said and token not in vocabulary("quiet") for token in tokens):
        return "odd"
    if places().by_name.get(cleaned) == state_code and state_code and cleaned != "NEW YORK":
        return "odd"
    if any(gibberish(token) for token in tokens) or len(cleaned.replace(" ", "")) < 2:
        return "odd"
    if cleaned in words("abroad.yaml", "towns") or any(token in words("abroad.yaml", "countries") for token in tokens):
        return "far" if state_code is None else "ok"
    return "odd" if any(char.isdigit() for char in cleaned) or cleaned in places().codes else "ok"


def _placeholder(tokens: list[str]) -> bool:
    """Whether a field holds only words that say nothing is known."""
    plain = [plain_letters(token) for token in tokens]
    whole = "".join(plain)
    strong, others = vocabulary("strong"), vocabulary("deny") | vocabulary("told") | vocabulary("about")
    if whole in strong or near(whole) or set(whole) == {"X"}:
        return True
    named = any(token in strong or near(token) for token in plain)
    denied = any(token in vocabulary("deny") for token in plain) and any(token in vocabulary("told") for token in plain)
    return (named or denied) and all(token in strong or token in others or near(token) for token in plain)
