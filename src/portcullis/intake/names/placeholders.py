"""Placeholders: words that stand where a name should be and name nobody (placeholders.txt).

Strong words name nobody wherever they stand; relations ("Wife", "Baby girl") are nobody's given name; weak ones are also real
names somewhere (Null, Na, Doe, Boy are surnames), so they count only when the other part names nobody either.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

__all__ = ["empty", "strong"]


@lru_cache(maxsize=1)
def _words() -> dict[str, frozenset[str]]:
    """Section of the file → its words."""
    sections: dict[str, set[str]] = {}
    name = ""
    for line in resources.files(__package__).joinpath("placeholders.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name = line[1 : line.index("]")]
        elif not line.startswith("#"):
            sections.setdefault(name, set()).update(line.split())
    return {k: frozenset(v) for k, v in sections.items()}


def strong(compact: str | None, *, given: bool) -> bool:
    """Whether one part alone shows that nobody is named; relations only count in a given name."""
    words = _words()
    return compact in words["strong"] or (given and compact in words["relation"])


def empty(compact: str | None) -> bool:
    """Whether a part names nobody if the other part names nobody either (a part that is missing says nothing)."""
    words = _words()
    return compact in words["strong"] or compact in words["relation"] or compact in words["weak"]
