"""Placeholders: words that stand where a name should be and name nobody (placeholders.txt).

Strong words name nobody wherever they stand; relations ("Wife", "Baby girl") are nobody's given name; weak ones are also real
names somewhere (Null, Na, Doe, Boy are surnames), so they count only when the other part names nobody either.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

__all__ = ["is_placeholder_pair", "strong"]


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


def is_placeholder_pair(given: str | None, family: str | None) -> bool:
    """Whether given and family name together name nobody."""
    if strong(given, given=True) or strong(family, given=False):
        return True
    if given in {"JOHN", "JANE"} and family in {"DOE", "ROE"}:
        return True
    words = _words()
    empty = words["strong"] | words["relation"] | words["weak"]
    return given in empty and family in empty
