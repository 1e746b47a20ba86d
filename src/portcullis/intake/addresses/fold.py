"""Text of any script to plain ASCII, one value at a time; ASCII values never come here.

1. Phrases in other scripts that mean "not known" or "held" become the English word (scripts.yaml).
2. Compatibility forms (full-width, fractions, ligatures) are resolved, accents and invisible characters dropped.
3. A word of look-alike letters becomes the Latin word it looks like.
4. What is then still not ASCII becomes `~`, one per run: writing that no carrier here can deliver.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from portcullis.intake.addresses.vocabulary import read_yaml

__all__ = ["fold"]

_FRACTION = re.compile("(?<=[0-9])(?=[¼-¾⅐-⅟])")
_RUN = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W\d_]+")
_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINES = re.compile(r"[\u0085\u2028\u2029]")


@cache
def _phrases() -> list[tuple[re.Pattern[str], str]]:
    scripts = read_yaml("scripts.yaml")
    found = []
    for key, english in (("unknown", " UNKNOWN "), ("held", " CUSTODY ")):
        alternatives = sorted({_bare(phrase) for phrase in scripts[key]}, key=lambda text: (-len(text), text))
        found.append((re.compile("|".join(map(_whole, alternatives))), english))
    return found


def _whole(phrase: str) -> str:
    """The phrase as a pattern: whole words in scripts that put spaces between words, anywhere in those that do not."""
    spaced = all(not ("\u0e00" <= char <= "\u0eff" or "\u1780" <= char <= "\u17ff" or "\u3040" <= char <= "\u9fff") for char in phrase)
    return rf"(?<!\w){re.escape(phrase)}(?!\w)" if spaced else re.escape(phrase)


@cache
def _letters() -> tuple[dict[str, str], dict[int, str]]:
    scripts = read_yaml("scripts.yaml")
    return scripts["lookalikes"], {ord(char): text for char, text in scripts["letters"].items()}


def _bare(text: str) -> str:
    """Without accents, marks and invisible characters, in lower case."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if unicodedata.category(char) not in ("Mn", "Cf", "Cc", "Me") or char in "\t\n")


def _lookalike(match: re.Match[str]) -> str:
    table, _ = _letters()
    word = match.group()
    if word.isascii() or any(ord(char) > 127 and char not in table for char in word):
        return word
    return "".join(table.get(char, char) for char in word)


def fold(text: str) -> str:
    """ASCII text saying the same to a carrier. Total: any string gives a string, and ASCII gives itself."""
    if text.isascii():
        return text
    _, letters = _letters()
    text = _FRACTION.sub(" ", _LINES.sub("\n", _SPACES.sub(" ", text)))
    text = unicodedata.normalize("NFKC", text).translate(letters)
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) not in ("Mn", "Cf", "Me", "Cs"))
    if plain.isascii():
        return plain
    lowered = _bare(plain)
    for pattern, english in _phrases():
        lowered = pattern.sub(english, lowered)
    if any(word in lowered for word in (" UNKNOWN ", " CUSTODY ")):
        plain = lowered
    return _RUN.sub(" ~ ", _WORD.sub(_lookalike, plain))
