"""The words of one part of an address, and what they say together: that nothing is known, that somebody refused, that a person is held."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from portcullis.intake.addresses.suspicion import gibberish, near, plain_letters, unpronounceable, vocabulary
from portcullis.intake.addresses.vocabulary import read_yaml

__all__ = ["Remarks", "remarks"]

_TELLING = ("strong", "deny", "told", "about", "statement", "any_street", "remark")
_KINDS = (*_TELLING, "where", "joining", "never_street", "custody", "place", "agency")
_SPELT_OUT = 3


@cache
def _listed() -> frozenset[str]:
    """The words of all kinds: most words of an address are none of them, and need not be held against each list."""
    return frozenset().union(*map(vocabulary, _KINDS))


@dataclass(frozen=True, slots=True)
class Remarks:
    """Words in their order, and those of them that stand in a list. The kinds are those of placeholders.yaml and institutions.yaml."""

    words: tuple[str, ...]
    listed: tuple[str, ...]

    def any(self, *kinds: str) -> bool:
        """Whether a word is of one of these kinds."""
        return any(word in vocabulary(kind) for word in self.listed for kind in kinds)

    def loud(self, *kinds: str) -> bool:
        """As `any`, without the words that are too common in street names."""
        return any(word in vocabulary(kind) and word not in vocabulary("quiet") for word in self.listed for kind in kinds)

    @property
    def first(self) -> str:
        """The first word, or nothing."""
        return self.words[0] if self.words else ""

    @property
    def strong(self) -> bool:
        """A word that alone says there is no address."""
        return self.any("strong")

    @property
    def misspelt(self) -> str | None:
        """The strong word that one of the words is a misspelling of."""
        return next((known for known in map(near, self.words) if known in vocabulary("strong")), None)

    @property
    def statement(self) -> bool:
        """A denial and something that could have been told, in this order or the other."""
        told = any(word in vocabulary("told") and word not in vocabulary("deny") for word in self.listed)
        return told and self.any("deny") and (self.loud("deny", "told") or self.only_remarks)

    @property
    def only_remarks(self) -> bool:
        """No word that could be a name."""
        return bool(self.words) and all((word in _listed() and _tells(word)) or near(word) for word in self.words)

    @property
    def institution(self) -> bool:
        """A word of custody, of a house or an agency, or two that are one together."""
        held = any(near(word) in vocabulary("custody") for word in self.words)
        return held or self.any("custody", "place", "agency") or self.with_pair()

    def with_pair(self, *more: str) -> bool:
        """Two words that only together name an institution, among these and `more`."""
        words = (*self.words, *more)
        return not vocabulary("joined").isdisjoint(words) and any(
            first in words and second in words for first, second in read_yaml("institutions.yaml")["joined"]
        )

    @property
    def keys(self) -> bool:
        """Mere keys."""
        return any(map(gibberish, self.words))

    @property
    def unreadable(self) -> bool:
        """A word nobody can say."""
        return any(map(unpronounceable, self.words))


def remarks(tokens: list[str], pairs: bool = True) -> Remarks:
    """Words with look-alike digits read as letters, spelt-out words put together, and with `pairs` also neighbours that are one word."""
    found: list[str] = []
    run: list[str] = []
    for token in [*map(plain_letters, tokens), ""]:
        if len(token) == 1 and token.isalpha():
            run.append(token)
            continue
        found.extend(["".join(run)] if len(run) >= _SPELT_OUT else run)
        run = []
        if any(char.isalpha() for char in token):
            found.append(token)
    words = (*found, *_pairs(found)) if pairs else tuple(found)
    return Remarks(words, tuple([word for word in words if word in _listed()]))


def _tells(word: str) -> bool:
    return any(word in vocabulary(kind) for kind in _TELLING)


def _pairs(words: list[str]) -> list[str]:
    """UN KNOWN and HOME LESS: two neighbours that are one strong word."""
    return [first + second for first, second in pairwise(words) if first + second in vocabulary("strong")]
