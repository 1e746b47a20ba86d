"""Every command of the program, its options, and words with which it gets past its usage: for tests that hold of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from portcullis.cli.app import app

__all__ = ["COMMANDS", "GROUPS", "NAMED", "READS", "needed", "options"]


def _commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        for name, sub in sorted(getattr(command, "commands", {}).items()):
            yield from walk(sub, (*words, name))
        if not hasattr(command, "commands"):
            yield words, command

    return walk(typer.main.get_command(app), ())


COMMANDS: dict[tuple[str, ...], Any] = dict(_commands())
"""The words that lead to a command → the command."""
GROUPS = sorted({words[:length] for words in COMMANDS for length in range(len(words))})
NAMED = {" ".join(words): words for words in COMMANDS}
READS = frozenset(
    {
        *(
            "accounting",
            "address check",
            "agreement list",
            "agreement show",
            "agreement validate",
            "agreement verify-public",
            "batch list",
            "batch redecide",
            "batch status",
            "key list",
            "key suspicious",
        ),
        *(
            "recipient state",
            "ledger prove",
            "ledger trust",
            "ledger verify",
            "ledger witness list",
            "ledger witness show",
            "match evaluate",
            "match explain",
            "report plausibility",
            "officer list",
            "order list",
            "order conflicts",
            "order effects",
        ),
        *("register profile", "release list", "replay june-2025", "review next", "report looks", "review show", "safeguard hold list"),
        *("safeguard status", "safeguard training", "safeguard due"),
        *("rules diff", "rules explain", "rules list", "rules test"),
    }
)
"""Commands that change nothing but, some of them, the record of who looked."""


def options(words: tuple[str, ...]) -> set[str]:
    """The options of a command."""
    return {name for parameter in COMMANDS[words].params for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("-")}


_VALUES = {
    "batch": "B-2026-000001",
    "ordinal": "1",
    "index": "1",
    "court_time": "2026-11-21",
    "year": "2025",
    "discovered": "2026-11-21",
    "identified": "2026-11-21",
    "told": "2026-11-21",
    "public": "A" * 43 + "=",
    "verdict": "accept",
    "code": "same-person",
    "name": "irs-ice-2025",
}
_FOLDERS = {"folder", "bundle"}


def needed(name: str, place: Path) -> list[str]:
    """The command with what it cannot be typed without; `place` holds `file` and `folder`. Only the home is left out."""
    words: list[str] = list(NAMED[name])
    for parameter in COMMANDS[NAMED[name]].params:
        if not parameter.required or "--home" in parameter.opts:
            continue
        if getattr(parameter, "is_flag", False):
            words.append(max(parameter.opts, key=len))
            continue
        value = _VALUES.get(parameter.name, "CODE-1")
        annotation = parameter.type_descriptor.annotation
        if isinstance(annotation, type) and issubclass(annotation, Enum):
            value = str(next(iter(annotation)).value)
        if parameter.type_descriptor.annotation is Path or parameter.name == "files":
            value = str(place / ("folder" if parameter.name in _FOLDERS else "file"))
        words += [value] if parameter.param_type_name == "argument" else [max(parameter.opts, key=len), value]
    return words
