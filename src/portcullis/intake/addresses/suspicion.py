"""Whether one word says that there is no address, or that a person is held: exactly, misspelt, in look-alike digits, or as mere keys.

A suspect word decides nothing alone; `doubt.py` reads the row it stands in. What is missed here is still refused
for want of a number and a street.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from portcullis.intake.addresses.vocabulary import read_yaml, words

__all__ = ["HINT", "SUSPECT", "far", "gibberish", "near", "plain_letters", "suspect", "unpronounceable", "vocabulary"]

_MIN_FUZZY, _MIN_FUZZY_TWO = 6, 8
_LEET = str.maketrans("0134578", "OIEASTB")
_KEYS = re.compile(
    "ASDF|SDFG|DFGH|FGHJ|GHJK|HJKL|ZXCV|XCVB|CVBN|VBNM|QWER|UIOP|YUIO|RTYU|LKJH|KJHG|JHGF|HGFD|GFDS|FDSA|REWQ|MNBV|NBVC|BVCX|VCXZ|QAZ|WSX|QWE|DFKJ|SDFJ|KSDF|JSDF"
)
_INSIDE_WORDS = {
    "UNKNOWN": "UNKNOWN",
    "HOMELESS": "HOMELESS",
    "DESCONOCID": "DESCONOCIDO",
    "NOTPROVID": "NOTPROVIDED",
    "FAILEDTO": "FAILED",
    "NOADDR": "NOADDRESS",
}
_INSIDE = re.compile("|".join(_INSIDE_WORDS))
_SIX_CONSONANTS = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{6,}")
_EIGHT_CONSONANTS = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{8,}")
_REPEATED = re.compile(r"(.)\1{2,}|(..)\2{2,}|(...)\3{2,}|(...)\4")
_ODD = re.compile(rf"{_KEYS.pattern}|{_INSIDE.pattern}|{_SIX_CONSONANTS.pattern}|^(?:{_REPEATED.pattern})$")
"""What `gibberish`, `unpronounceable` and `near` look at more closely, in one pass."""


@cache
def vocabulary(kind: str) -> frozenset[str]:
    """The words of one kind: strong, deny, told, about, statement, where, any_street; custody, place, agency, joined; pieces."""
    if kind in ("custody", "place", "agency"):
        return words("institutions.yaml", kind)
    if kind == "joined":
        return frozenset(word for pair in read_yaml("institutions.yaml")["joined"] for word in pair)
    if kind == "pieces":
        return words("abroad.yaml", "pieces")
    return words("placeholders.yaml", kind)


_KINDS = ("strong", "deny", "told", "statement", "where", "any_street", "remark", "custody", "place", "agency", "joined", "pieces")


@cache
def _looked_at() -> frozenset[str]:
    """Words whose row is read a second time although it has a number and a street."""
    return frozenset().union(*map(vocabulary, _KINDS)) - vocabulary("quiet")


@cache
def _hints() -> frozenset[str]:
    """Words too common in streets for that, and words that spaces have parted (HOME LESS)."""
    return vocabulary("quiet").intersection(frozenset().union(*map(vocabulary, _KINDS))) | vocabulary("about") | vocabulary("joining")


def _deletions(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))} | {word}


@cache
def _near_index() -> dict[str, tuple[str, ...]]:
    """Every way of dropping one letter from the strong words that are long enough to be recognised misspelt."""
    found: dict[str, tuple[str, ...]] = {}
    for word in sorted(vocabulary("strong") | vocabulary("custody")):
        if len(word) >= _MIN_FUZZY and word not in vocabulary("short"):
            for piece in _deletions(word):
                found[piece] = (*found.get(piece, ()), word)
    return found


@cache
def _long_words() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for word in sorted(vocabulary("strong") | vocabulary("custody")):
        if len(word) >= _MIN_FUZZY_TWO:
            found[word[0]] = (*found.get(word[0], ()), word)
    return found


@lru_cache(maxsize=200_000)
def near(word: str) -> str | None:
    """The strong word this one misspells: one edit from six letters, two from eight with the same first letter. Known words do not."""
    if len(word) < _MIN_FUZZY - 1 or word in vocabulary("protected") or word in vocabulary("strong") or word in vocabulary("custody"):
        return None
    inside = _INSIDE.search(word)
    if inside:
        return _INSIDE_WORDS[inside.group()]
    index = _near_index()
    pieces = {word[:i] + word[i + 1 :] for i in range(len(word))}
    pieces.add(word)
    hits = {known for piece in pieces & index.keys() for known in index[piece] if OSA.distance(word, known) <= 1}
    if hits or len(word) < _MIN_FUZZY_TWO - 1 or word[0] not in _long_words():
        return min(hits, default=None)
    found = process.extractOne(word, _long_words()[word[0]], scorer=OSA.distance, score_cutoff=2)
    return found[0] if found else None


def _letter_bits(words_: list[str]) -> npt.NDArray[np.uint32]:
    """Which letters occur in each word of capital letters; every word has one."""
    letters = np.frombuffer("".join(words_).encode("ascii"), np.uint8).astype(np.uint32) - np.uint32(ord("A"))
    begins = np.cumsum([0, *map(len, words_[:-1])])
    return np.bitwise_or.reduceat(np.uint32(1) << letters, begins)


@cache
def _sought() -> tuple[list[str], npt.NDArray[np.uint32]]:
    """The words that `near` looks for, and their letters."""
    known = sorted(word for word in vocabulary("strong") | vocabulary("custody") if len(word) >= _MIN_FUZZY and word.isalpha())
    return known, _letter_bits(known)


def far(found: list[str]) -> list[bool]:
    """Which of many words surely misspell none, so that `near` need not be asked. Only words of capital letters are told.

    An edit that keeps the length changes at most two of the letters present, one that does not at most one. `near` forgives two edits at
    most, and two only in long words of the same first letter.
    """
    plain = [i for i, word in enumerate(found) if word.isalpha() and "VV" not in word]
    result = [False] * len(found)
    if not plain:
        return result
    bits, lengths = _letter_bits([found[i] for i in plain]), np.array([len(found[i]) for i in plain], np.int8)
    first = np.array([ord(found[i][0]) for i in plain], np.uint8)
    maybe = np.zeros(len(plain), np.bool_)
    for word, known in zip(*_sought(), strict=True):
        apart, longer = np.bitwise_count(bits ^ known), np.abs(lengths - np.int8(len(word)))
        maybe |= (longer <= 1) & (apart <= 2 - longer)
        if len(word) >= _MIN_FUZZY_TWO:
            maybe |= (longer <= 2) & (apart <= 4 - longer) & (first == ord(word[0]))
    for i, near_one in zip(plain, maybe.tolist(), strict=True):
        result[i] = not near_one
    return result


def plain_letters(word: str) -> str:
    """The word with what stands for letters read as those letters: UNKN0WN and UNKNOVVN are UNKNOWN."""
    if word.isalpha():
        return word.replace("VV", "W")
    return word.translate(_LEET) if any(char.isalpha() for char in word) else word


def gibberish(word: str) -> bool:
    """Mere keys: XXX, ASDF, QWERTY, BLABLA, or eight consonants on end. Roman numerals stay words."""
    if len(word) < 3 or word in ("III", "VIII", "XIII", "XVIII", "XXIII"):
        return False
    if not word.isalpha():
        return False
    if len(set(word)) == 1 or _KEYS.search(word) or _REPEATED.fullmatch(word):
        return True
    return _EIGHT_CONSONANTS.search(word) is not None


def unpronounceable(word: str) -> bool:
    """Six consonants on end: keys or a bad copy. Shorter ones are abbreviations (CNTRL, SPRNGS)."""
    return _SIX_CONSONANTS.search(word) is not None and word not in vocabulary("protected")


SUSPECT, HINT = 1, 2


def suspect(word: str, surely_far: bool = False) -> int:
    """SUSPECT where a row with this word is read a second time whatever it is, HINT where only if it is no plain address, else 0.

    `surely_far` as `far` says of the word.
    """
    word = plain_letters(word)
    if word in _looked_at():
        return SUSPECT
    if word in _hints():
        return HINT
    return SUSPECT if _ODD.search(word) or not (surely_far or near(word) is None) else 0
