"""What is known of given names before any register is read: spellings, nicknames, and which tokens are names at all.

Three text files, facts only. `code(token)` names the set of spellings a token belongs to; `roots(token)` the full names it is a
short form of. Both are small integers, so that millions of pairs compare without touching text.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

__all__ = ["LEXICON_VERSION", "Lexicon", "lexicon"]

_FILES = ("variants.txt", "nicknames.txt", "given_names.txt")


def _lines(name: str) -> list[str]:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@dataclass(frozen=True)
class Lexicon:
    """Spellings, short forms and common names; tokens are folded capitals."""

    codes: dict[str, int]
    short_for: dict[str, frozenset[int]]
    common: frozenset[str]

    def code(self, token: str) -> int:
        """The set of spellings `token` belongs to, or 0."""
        return self.codes.get(token, 0)

    def roots(self, token: str) -> frozenset[int]:
        """Codes of the full names that `token` is short for."""
        return self.short_for.get(token, frozenset())

    def is_name(self, token: str) -> bool:
        """Whether `token` is a given name in common use in any file here."""
        return token in self.common


def _codes() -> dict[str, int]:
    codes: dict[str, int] = {}
    for number, line in enumerate(_lines("variants.txt"), 1):
        codes.update(dict.fromkeys(line.split(), number))
    return codes


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The shipped lexicon, read once."""
    codes = _codes()
    short_for: dict[str, set[int]] = {}
    for line in _lines("nicknames.txt"):
        full, _, shorts = line.partition(": ")
        root = codes.setdefault(full, len(codes) + 1_000)
        for short in shorts.split():
            short_for.setdefault(short, set()).add(root)
    common = {token for line in _lines("given_names.txt") for token in line.split()}
    return Lexicon(codes, {k: frozenset(v) for k, v in short_for.items()}, frozenset(common | codes.keys() | short_for.keys()))


def _version() -> str:
    text = "\0".join("\n".join(_lines(name)) for name in _FILES)
    return "lexicon/" + hashlib.sha256(text.encode()).hexdigest()[:16]


LEXICON_VERSION = _version()
"""Changes with any line of the files; a prepared register and a decision carry it (R35, R59)."""
