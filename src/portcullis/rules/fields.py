"""The field catalogue: every fact a rule may name, with type, scope and stage (agreements/fields.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portcullis.rules.document import Node, read

__all__ = ["FIRST_DAY", "LAST_DAY", "Catalogue", "Field", "load_fields"]

TYPES = ("int", "text", "flag", "date")
SCOPES = ("batch", "request", "officer", "document")
STAGES = ("check", "match")
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31 as days since 1970-01-01: a date outside is null, so day arithmetic never overflows."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True, slots=True)
class Field:
    """One fact: `type` int, text, flag or date (epoch days); `keep` false when it may not stand in evidence."""

    name: str
    type: str
    scope: str
    stage: str
    meaning: str
    keep: bool = True


Catalogue = Mapping[str, Field]


def load_fields(path: Path) -> Catalogue:
    """Read the catalogue. Raises Refused on anything unknown, missing or repeated."""
    fields: dict[str, Field] = {}
    for entry in read(path).mapping(("fields",))["fields"].items():
        parsed = _field(entry)
        if parsed.name in fields:
            entry.refuse(f"the field {parsed.name!r} is listed twice", next_step="Remove one.")
        fields[parsed.name] = parsed
    return fields


def _field(entry: Node) -> Field:
    keys = entry.mapping(("name", "type", "scope", "stage", "meaning"), ("keep",))
    name = keys["name"].text()
    if not _NAME.fullmatch(name):
        keys["name"].refuse("a field's name is lower-case letters, digits and underscores")
    return Field(
        name,
        keys["type"].text(TYPES),
        keys["scope"].text(SCOPES),
        keys["stage"].text(STAGES),
        keys["meaning"].text(),
        keys["keep"].flag() if "keep" in keys else True,
    )
